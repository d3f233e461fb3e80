"""Events come through a topic of SNS or a rule of EventBridge, as the templates of docs/examples make them."""

import json
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from hooklane_local.aws import client
from hooklane_local.paths import ROOT
from hooklane_local.profile import REGION
from hooklane_local.signature import verified


@pytest.fixture
def endpoint(stack) -> str:
    return stack.description["awsEndpointUrl"]


@pytest.fixture
def queue_arn(stack) -> str:
    attributes = stack.sqs.get_queue_attributes(
        QueueUrl=stack.description["eventQueueUrl"], AttributeNames=["QueueArn"]
    )
    return attributes["Attributes"]["QueueArn"]


@pytest.fixture
def deployed(endpoint, queue_arn):
    """`deployed(example, parameters)`: the outputs of a template of docs/examples, deployed for this test."""
    cloudformation = client("cloudformation", endpoint)
    names = []

    def deploy(example: str, **parameters: str) -> dict[str, str]:
        name = f"example-{uuid.uuid4().hex[:12]}"
        names.append(name)
        given = {"EventQueueArn": queue_arn, **parameters}
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=(ROOT / "docs" / "examples" / example).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}

    yield deploy
    for name in names:
        cloudformation.delete_stack(StackName=name)


@pytest.fixture
def reason_of(stack, eventually):
    """`reason_of(marker)`: the reason of the dead letter whose body contains this text."""

    def wait(marker: str) -> str:
        def find() -> str | None:
            found = [letter for letter in stack.dead_letters("events") if marker in letter["Body"]]
            return found[0]["MessageAttributes"]["reason"]["StringValue"] if found else None

        return eventually(find, f"no dead letter contains {marker}")

    return wait


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_message_of_a_topic_is_an_event(raw, deployed, endpoint, tenant, register, requests, reason_of):
    webhook = register(["order.*"])
    topic = deployed("sns.yaml", RawMessageDelivery=raw)["TopicArn"]
    sns = client("sns", endpoint)
    event = {"tenant": tenant, "type": "order.created", "data": {"text": 'größer "\\'}}
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}

    for message in ({**event, "id": "order-1"}, {**event, "id": "order-1"}, event):
        sent = sns.publish(TopicArn=topic, Message=json.dumps(message), Subject="An order", MessageAttributes=attributes)

    received = {request.headers["webhook-id"]: verified(request, webhook["secret"]) for request in requests(2)}
    assert [payload["data"] for payload in received.values()] == [event["data"]] * 2
    (other,) = received.keys() - {"order-1"}
    if raw == "false":
        assert other == f"msg_{sent['MessageId']}"

    sns.publish(TopicArn=topic, Message=f"no JSON {tenant}")
    assert reason_of(f"no JSON {tenant}").startswith(
        "is not valid JSON" if raw == "true" else "Message: is not valid JSON"
    )


def test_an_event_of_a_bus_is_an_event(deployed, endpoint, tenant, register, requests, drained, reason_of):
    webhook = register(["order.*", "invoice.paid"])
    bus = deployed("eventbridge.yaml")["BusName"]
    events = client("events", endpoint)

    def put(source: str, detail_type: str, detail: dict) -> None:
        entry = {"EventBusName": bus, "Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    # A producer that repeats its event: EventBridge gives it another id.
    for _ in range(2):
        put("shop.orders", "order.created", {"id": "order-1", "tenant": tenant, "data": {"n": 1}})
    put("shop.orders", "order.completed", {"tenant": tenant, "n": 2})
    put("shop.billing", "Invoice Paid", {"invoice": {"number": "7", "n": 3}, "customer": {"account": tenant}})
    put("shop.orders", "refund.made", {"tenant": tenant, "n": 4})

    received = {request.headers["webhook-id"]: verified(request, webhook["secret"]) for request in requests(3)}
    assert received["order-1"]["data"] == {"n": 1}
    assert received["invoice-7-paid"]["type"] == "invoice.paid"
    assert received["invoice-7-paid"]["data"] == {"number": "7", "n": 3}
    (other,) = received.keys() - {"order-1", "invoice-7-paid"}
    assert uuid.UUID(other) and received[other]["data"] == {"n": 2}

    put("shop.orders", "order.created", {"marker": tenant})
    assert reason_of(f'"marker": "{tenant}"') == "detail.tenant: is required"
    drained()
    requests(3)


@pytest.mark.parametrize("example", ["sns.yaml", "eventbridge.yaml"])
def test_the_policy_of_an_example_is_enough_for_its_producer(
    example, deployed, stack, stack_file: Path, endpoint, tenant, register, requests
):
    record = json.loads((stack_file.parent / "emulator.json").read_text())
    if not record["settings"]["enforceIam"]:
        pytest.skip("the emulator does not enforce IAM: start the stack with IAM=1")
    register(["order.*"])
    outputs = deployed(example)
    iam, user = client("iam", endpoint), f"producer-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=outputs["ProducerPolicyArn"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    producer = boto3.Session(region_name=REGION, **keys)

    try:
        event = {"id": f"allowed-{tenant}", "tenant": tenant, "data": 1}
        if example == "sns.yaml":
            message = json.dumps({**event, "type": "order.created"})
            producer.client("sns", endpoint_url=endpoint).publish(TopicArn=outputs["TopicArn"], Message=message)
        else:
            entry = {"Source": "shop.orders", "DetailType": "order.created", "Detail": json.dumps(event)}
            answer = producer.client("events", endpoint_url=endpoint).put_events(
                Entries=[{"EventBusName": outputs["BusName"], **entry}]
            )
            assert answer["FailedEntryCount"] == 0
        with pytest.raises(ClientError, match="AccessDenied"):
            producer.client("sqs", endpoint_url=endpoint).send_message(
                QueueUrl=stack.description["eventQueueUrl"], MessageBody="{}"
            )
    finally:
        iam.detach_user_policy(UserName=user, PolicyArn=outputs["ProducerPolicyArn"])
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=user)
    assert requests(1)[0].headers["webhook-id"] == event["id"]
