"""Deploys the template once more, beside the shared stack."""

import json

from hooklane_local.aws import client
from hooklane_local.profile import STACK_NAME

_BUCKET = "second-stacks"


def create(endpoint: str, name: str, given: dict[str, str]) -> dict:
    """Creates the stack and waits until it is there. Returns its description."""
    cloudformation, s3 = client("cloudformation", endpoint), client("s3", endpoint)
    # The template that was packaged for the shared stack, with the archives of the functions. By way of S3, because a
    # template that is sent with the request may have 51,200 bytes, on AWS too.
    template = cloudformation.get_template(StackName=STACK_NAME)["TemplateBody"]
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=name, Body=json.dumps(template).encode())
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"{endpoint}/{_BUCKET}/{name}",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return made
