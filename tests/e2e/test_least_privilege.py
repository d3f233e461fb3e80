"""The emulator enforces the functions' roles: a function whose role lacks a needed action fails.

Each test runs a copy of a deployed function, with the same code and settings, under a role of its own.
"""

import json
import time
import uuid
from pathlib import Path

import inside
import pytest
from hooklane_local.aws import client


@pytest.fixture(autouse=True)
def enforced(stack_file: Path) -> None:
    record = stack_file.parent / "emulator.json"
    if not (record.exists() and json.loads(record.read_text())["settings"]["enforceIam"]):
        pytest.skip("the emulator does not enforce IAM: start the stack with IAM=1")


@pytest.fixture
def copy_of(stack, stack_file: Path):
    """`copy_of(function, without)`: the name of a copy whose role has the permissions of the original, minus
    one action on one resource."""
    endpoint = stack.description["awsEndpointUrl"]
    iam, lambdas = client("iam", endpoint), client("lambda", endpoint)
    undo = []

    def make(function: str, without: tuple[str, str] | None = None) -> str:
        original = lambdas.get_function_configuration(FunctionName=stack.description["functions"][function])
        name = f"copy-{uuid.uuid4().hex[:12]}"
        role = original["Role"].rsplit("/", 1)[1]
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        undo.append(lambda: iam.delete_role(RoleName=name))
        (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        if without:
            document = reduced(document, *without)
        iam.put_role_policy(RoleName=name, PolicyName="copy", PolicyDocument=json.dumps(document))
        undo.append(lambda: iam.delete_role_policy(RoleName=name, PolicyName="copy"))
        lambdas.create_function(
            FunctionName=name,
            Role=arn,
            Runtime=original["Runtime"],
            Handler=original["Handler"],
            Architectures=original["Architectures"],
            Timeout=original["Timeout"],
            MemorySize=original["MemorySize"],
            Environment={"Variables": original["Environment"]["Variables"]},
            Code={"ZipFile": (stack_file.parent / "package" / function).read_bytes()},
        )
        undo.append(lambda: lambdas.delete_function(FunctionName=name))
        return name

    yield make
    for step in reversed(undo):
        step()


def reduced(document: dict, action: str, resource: str) -> dict:
    """The policy without this action on the resource whose name contains this text."""
    statements, removed = [], 0
    for statement in document["Statement"]:
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        if action in actions and any(resource in each for each in resources):
            actions = [each for each in actions if each != action]
            removed += 1
        if actions:
            statements.append({**statement, "Action": actions})
    assert removed == 1, f"{action} on {resource} is not allowed by exactly one statement"
    return {**document, "Statement": statements}


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def invoke(stack, name: str, event: dict) -> dict:
    answer = stack.lambdas.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def published(tenant: str) -> dict:
    record = json.loads((Path(__file__).resolve().parents[2] / "events" / "ingest.json").read_text())
    body = {"id": "e1", "tenant": tenant, "type": "order.created", "data": {}}
    record["Records"][0] |= {"messageId": "m1", "body": json.dumps(body)}
    return record


def test_a_copy_with_the_full_role_works(stack, tenant, api, copy_of):
    name = copy_of("IngestFunction")

    assert invoke(stack, name, published(tenant)) == {"batchItemFailures": []}
    api.get("/api/v1/events/e1").expect(200)


@pytest.mark.parametrize("action", ["dynamodb:PutItem"])
def test_ingest_cannot_accept_an_event_without_permission_to_write_it(action, stack, tenant, api, copy_of):
    name = copy_of("IngestFunction", (action, stack.description["ledgerTable"]))

    answer = invoke(stack, name, published(tenant))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}, "the message was not kept in its queue"
    api.get("/api/v1/events/e1").expect(404)


def test_ingest_accepts_the_events_of_a_batch_together_only_with_permission(stack, tenant, api, copy_of):
    batch = published(tenant)
    body = json.dumps({"id": "e2", "tenant": tenant, "type": "order.created", "data": {}})
    batch["Records"].append({**batch["Records"][0], "messageId": "m2", "body": body})
    name = copy_of("IngestFunction", ("dynamodb:PartiQLInsert", stack.description["ledgerTable"]))

    answer = invoke(stack, name, batch)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}
    assert invoke(stack, copy_of("IngestFunction"), batch) == {"batchItemFailures": []}
    for event in ("e1", "e2"):
        api.get(f"/api/v1/events/{event}").expect(200)


def test_fanout_cannot_read_subscriptions_without_permission(stack, tenant, publish, copy_of):
    event = inside.event_item(stack, tenant, publish())
    name = copy_of("FanoutFunction", ("dynamodb:GetItem", stack.description["registryTable"]))
    payload = {"Records": [inside.stream_record(event)]}

    answer = stack.lambdas.invoke(FunctionName=name, Payload=json.dumps(payload).encode())

    assert "FunctionError" in answer, "the batch did not fail"


def test_fanout_strikes_an_old_record_that_is_alone_only_with_permission(stack, tenant, publish, copy_of):
    event = inside.event_item(stack, tenant, publish())
    record = inside.stream_record(event)
    record["dynamodb"] |= {"ApproximateCreationDateTime": int(time.time()) - 3600, "SequenceNumber": uuid.uuid4().hex}
    ledger = stack.description["ledgerTable"]

    assert invoke(stack, copy_of("FanoutFunction"), {"Records": [record]}) == {"batchItemFailures": []}
    name = copy_of("FanoutFunction", ("dynamodb:UpdateItem", ledger))
    answer = stack.lambdas.invoke(FunctionName=name, Payload=json.dumps({"Records": [record]}).encode())
    assert "FunctionError" in answer, "a record that could not be struck was fanned out"


def test_stats_cannot_list_an_event_without_permission(stack, tenant, publish, copy_of):
    event = inside.event_item(stack, tenant, publish())
    payload = {"Records": [inside.stream_record(event)]}

    assert invoke(stack, copy_of("StatsFunction"), payload) == {"batchItemFailures": []}
    name = copy_of("StatsFunction", ("dynamodb:PutItem", stack.description["ledgerTable"]))
    answer = stack.lambdas.invoke(FunctionName=name, Payload=json.dumps(payload).encode())
    assert "FunctionError" in answer, "an event that could not be indexed counts as done"


def test_delivery_cannot_read_a_secret_without_permission(stack, tenant, publish, register, receiver, copy_of):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    record = json.loads((Path(__file__).resolve().parents[2] / "events" / "delivery.json").read_text())
    record["Records"][0] |= {
        "messageId": "m1",
        "body": inside.message(webhook["id"], event, "order.cancelled"),
    }
    name = copy_of("DeliveryFunction", ("secretsmanager:GetSecretValue", ""))

    assert invoke(stack, name, record) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert receiver.requests == []
