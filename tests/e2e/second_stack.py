"""Further stacks beside the shared one, in the same account of the emulator, with parameters of their own."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.profile import STACK_NAME

_BUCKET = "second-stacks"
_FUNCTIONS = ("ApiFunction", "IngestFunction", "FanoutFunction", "StatsFunction", "DeliveryFunction", "UpkeepFunction")
_DEAD_LETTERS = {"events": "Event", "fanout": "Fanout", "stats": "Stats", "deliveries": "Delivery", "upkeep": "Upkeep"}


def create(endpoint: str, name: str, given: dict[str, str]) -> dict:
    """Creates the stack and waits until it is there. Returns its description."""
    # The emulator has no composite alarms.
    given = {"CompositeAlarms": "false"} | given
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


@contextmanager
def second_stack(shared: LocalStack, **parameters: str) -> Iterator[LocalStack]:
    """A stack that is deployed like the shared one but for these parameters, until the end of the block. The API is
    called with the header `Host` of its description's `apiHost`."""
    endpoint = shared.description["awsEndpointUrl"]
    cloudformation = client("cloudformation", endpoint)
    (other,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in other["Parameters"]} | parameters
    name = f"second-{uuid.uuid4().hex[:12]}"
    try:
        made = create(endpoint, name, given)
        yield LocalStack(_description(made, shared))
    finally:
        cloudformation.delete_stack(StackName=name)


def _description(made: dict, shared: LocalStack) -> dict:
    """What `stack.json` says of a stack, and its name."""
    outputs = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    key = shared.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
    api_id = outputs["ApiUrl"].split("://", 1)[1].split(".", 1)[0]
    endpoint = shared.description["awsEndpointUrl"]
    return {
        "stackName": made["StackName"],
        "apiUrl": endpoint,
        "apiHost": f"{api_id}.execute-api.localhost",
        "operatorKey": key,
        "eventQueueUrl": outputs["EventQueueUrl"],
        "deliveryQueueUrl": outputs["DeliveryQueueUrl"],
        "retryQueueUrl": outputs["RetryQueueUrl"],
        "deadLetterQueueUrls": {
            source: outputs[f"{queue}DeadLetterQueueUrl"] for source, queue in _DEAD_LETTERS.items()
        },
        "registryTable": outputs["RegistryTableName"],
        "ledgerTable": outputs["LedgerTableName"],
        "awsEndpointUrl": endpoint,
        "region": shared.description["region"],
        "functions": {function: outputs[f"{function}Name"] for function in _FUNCTIONS},
    }
