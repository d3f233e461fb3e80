"""A stack of a test's own, in the account of the shared one, for tests that change what all tenants share."""

import json
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.environment import for_reverse_proxy
from hooklane_local.paths import EMULATOR_PYTHON
from hooklane_local.polling import eventually
from hooklane_local.ports import a_free_one
from hooklane_local.profile import STACK_NAME

_FUNCTIONS = ("Api", "Dashboard", "Ingest", "Fanout", "Stats", "Delivery", "Upkeep")


@contextmanager
def own_stack(shared: LocalStack, folder: Path, **parameters: str) -> Iterator[tuple[str, LocalStack, Path]]:
    """Deploys the shared stack's template again, with these parameters changed. Yields the stack's name, the
    stack, and the file that describes it."""
    endpoint = shared.description["awsEndpointUrl"]
    cloudformation = client("cloudformation", endpoint)
    name = f"own-{uuid.uuid4().hex[:8]}"
    (model,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in model["Parameters"]} | parameters
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(cloudformation.get_template(StackName=STACK_NAME)["TemplateBody"]),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    proxy = None
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
        port, emulator_port = a_free_one(), endpoint.rsplit(":", 1)[1]
        api_id = outputs["ApiUrl"].split("://", 1)[1].split(".", 1)[0]
        proxy = subprocess.Popen(
            [
                EMULATOR_PYTHON,
                "-m",
                "hooklane_local.reverse_proxy",
                str(port),
                emulator_port,
                f"{api_id}.execute-api.localhost:{emulator_port}",
            ],
            env=for_reverse_proxy(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert eventually(lambda: _answers(port), 30)
        key = shared.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
        stack = LocalStack(_description(outputs, f"http://127.0.0.1:{port}", key, shared.description))
        file = folder / "own-stack.json"
        file.write_text(json.dumps(stack.description))
        yield name, stack, file
    finally:
        if proxy:
            proxy.terminate()
            proxy.wait()
        cloudformation.delete_stack(StackName=name)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _description(outputs: dict[str, str], api_url: str, operator_key: str, shared: dict) -> dict:
    """What `stack.json` says of a stack."""
    letters = {"events": "Event", "fanout": "Fanout", "stats": "Stats", "deliveries": "Delivery", "upkeep": "Upkeep"}
    return {
        "apiUrl": api_url,
        "operatorKey": operator_key,
        "eventQueueUrl": outputs["EventQueueUrl"],
        "deliveryQueueUrl": outputs["DeliveryQueueUrl"],
        "retryQueueUrl": outputs["RetryQueueUrl"],
        "deadLetterQueueUrls": {
            source: outputs[f"{queue}DeadLetterQueueUrl"] for source, queue in letters.items()
        },
        "registryTable": outputs["RegistryTableName"],
        "ledgerTable": outputs["LedgerTableName"],
        "awsEndpointUrl": shared["awsEndpointUrl"],
        "region": shared["region"],
        "functions": {f"{name}Function": outputs[f"{name}FunctionName"] for name in _FUNCTIONS},
    }
