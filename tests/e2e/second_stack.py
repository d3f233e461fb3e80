"""Further stacks beside the shared one, in the same account of the emulator, with parameters of their own."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.profile import STACK_NAME

_FUNCTIONS = ("ApiFunction", "IngestFunction", "FanoutFunction", "StatsFunction", "DeliveryFunction", "UpkeepFunction")


@contextmanager
def second_stack(shared: LocalStack, **parameters: str) -> Iterator[LocalStack]:
    """A stack that is deployed like the shared one but for these parameters, until the end of the block. The API is
    called with the header `Host` of its description's `apiHost`."""
    endpoint = shared.description["awsEndpointUrl"]
    cloudformation = client("cloudformation", endpoint)
    (other,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in other["Parameters"]} | parameters
    name = f"second-{uuid.uuid4().hex[:12]}"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(cloudformation.get_template(StackName=STACK_NAME)["TemplateBody"]),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
        key = shared.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
        api_id = outputs["ApiUrl"].split("://", 1)[1].split(".", 1)[0]
        yield LocalStack(
            {
                "apiUrl": endpoint,
                "apiHost": f"{api_id}.execute-api.localhost",
                "operatorKey": key,
                "eventQueueUrl": outputs["EventQueueUrl"],
                "deadLetterQueueUrls": {
                    "events": outputs["EventDeadLetterQueueUrl"],
                    "fanout": outputs["FanoutDeadLetterQueueUrl"],
                    "stats": outputs["StatsDeadLetterQueueUrl"],
                    "deliveries": outputs["DeliveryDeadLetterQueueUrl"],
                    "upkeep": outputs["UpkeepDeadLetterQueueUrl"],
                },
                "ledgerTable": outputs["LedgerTableName"],
                "awsEndpointUrl": endpoint,
                "functions": {function: outputs[f"{function}Name"] for function in _FUNCTIONS},
            }
        )
    finally:
        cloudformation.delete_stack(StackName=name)
