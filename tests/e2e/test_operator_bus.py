"""Operational events of all tenants arrive on the platform's bus, and by the example's rule at its topic."""

import json
import uuid

import pytest
from hooklane_local.aws import client
from hooklane_local.paths import ROOT
from hooklane_local.receiver import Response
from second_stack import second_stack


@pytest.fixture(scope="module")
def endpoint(stack) -> str:
    return stack.description["awsEndpointUrl"]


@pytest.fixture(scope="module")
def example(endpoint):
    """The outputs of docs/examples/operator-email.yaml, deployed with a bus of this module."""
    cloudformation = client("cloudformation", endpoint)
    name = f"example-{uuid.uuid4().hex[:12]}"
    given = {"BusName": f"bus-{uuid.uuid4().hex[:12]}", "Email": "operator@example.com"}
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(ROOT / "docs" / "examples" / "operator-email.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    yield {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    cloudformation.delete_stack(StackName=name)


@pytest.fixture(scope="module")
def told(stack, example):
    """A stack that tells the example's bus."""
    with second_stack(stack, OperatorBusName=example["BusName"], CanaryMinutes="0") as second:
        yield second


@pytest.fixture
def queue(stack):
    """`queue()`: the URL and the ARN of a queue of this test."""
    urls = []

    def make() -> tuple[str, str]:
        urls.append(stack.sqs.create_queue(QueueName=f"heard-{uuid.uuid4().hex[:12]}")["QueueUrl"])
        attributes = stack.sqs.get_queue_attributes(QueueUrl=urls[-1], AttributeNames=["QueueArn"])["Attributes"]
        arn = attributes["QueueArn"]
        senders = {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}
        allow = {"Effect": "Allow", "Principal": senders, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        stack.sqs.set_queue_attributes(QueueUrl=urls[-1], Attributes={"Policy": policy})
        return urls[-1], arn

    yield make
    for url in urls:
        stack.sqs.delete_queue(QueueUrl=url)


def test_a_disabled_webhook_is_told_to_the_platform_also_without_a_subscriber(
    told, example, endpoint, queue, tenant, receiver, eventually
):
    events, sns = client("events", endpoint), client("sns", endpoint)
    (rule_url, rule_queue), (mail_url, mail_queue) = queue(), queue()
    pattern = json.dumps({"source": ["hooklane"], "detail": {"tenant": [tenant]}})
    events.put_rule(Name=tenant, EventBusName=example["BusName"], EventPattern=pattern)
    events.put_targets(
        Rule=tenant, EventBusName=example["BusName"], Targets=[{"Id": "queue", "Arn": rule_queue}]
    )
    # Beside the e-mail, which nobody reads here.
    sns.subscribe(
        TopicArn=example["TopicArn"], Protocol="sqs", Endpoint=mail_queue, Attributes={"RawMessageDelivery": "true"}
    )

    host = {"Host": told.description["apiHost"]}
    api = told.api(tenant)
    receiver.respond = lambda _request: Response(410)
    body = {"name": "gone", "url": receiver.url("/"), "events": ["order.created"]}
    made = eventually(
        lambda: (answer := api.post("/api/v1/webhooks", body, **host)).status == 201 and answer.body,
        "the second stack did not register a webhook",
    )
    api.post("/api/v1/events", {"type": "order.created", "data": {"n": 1}}, **host).expect(202)

    def heard(url: str) -> list[str]:
        told.invoke("UpkeepFunction", {})
        return [message["Body"] for message in told.messages(url)]

    (body,) = eventually(lambda: heard(rule_url), "the bus was not told")
    event = json.loads(body)
    assert (event["source"], event["detail-type"]) == ("hooklane", "webhook.disabled")
    detail = event["detail"]
    assert detail["tenant"] == tenant
    assert detail["type"] == "webhook.disabled"
    assert detail["id"].startswith("op_")
    assert (detail["data"]["webhookId"], detail["data"]["reason"]) == (made["id"], "gone")
    assert detail["timestamp"] == detail["data"]["disabledAt"]

    mails = eventually(lambda: [mail for mail in heard(mail_url) if tenant in mail], "no e-mail would have been sent")
    assert f"webhook.disabled, tenant {tenant}, webhook {made['id']}" in mails[0]
    assert told.dead_letters("fanout") == []
    events.remove_targets(Rule=tenant, EventBusName=example["BusName"], Ids=["queue"])
    events.delete_rule(Name=tenant, EventBusName=example["BusName"])
