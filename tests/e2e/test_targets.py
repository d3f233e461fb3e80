"""The addresses that webhooks may reach, on a stack that allows the loopback."""

import pytest
from problems import wrong_fields


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0xa9fea9fe/",
        "https://[::ffff:10.0.0.1]/",
        "https://a..b/",
        "https://user@example.com/",
        "https://example.com:22/",
    ],
)
def test_a_url_with_a_forbidden_address_cannot_be_registered(url, api):
    assert wrong_fields(api.post("/api/v1/webhooks", {"url": url, "events": ["*"]})) == ["url"]


def test_finding_12_a_webhook_does_not_reach_the_stacks_own_ports(api, stack):
    """The emulator answers with the operator key to whoever asks."""
    for own in (stack.description["awsEndpointUrl"], stack.description["apiUrl"]):
        assert wrong_fields(api.post("/api/v1/webhooks", {"url": f"{own}/", "events": ["*"]})) == ["url"]


def test_finding_11_header_values_do_not_follow_the_url(api, register, receiver):
    webhook = register(headers={"Authorization": "Bearer s3cr3t-t0ken"})
    path = f"/api/v1/webhooks/{webhook['id']}"
    elsewhere = {"url": "https://elsewhere.example.org/"}
    kept = elsewhere | {"headers": {"Authorization": "***"}}
    for change in (elsewhere, kept):
        assert wrong_fields(api.patch(path, change)) == ["headers"]
        assert wrong_fields(api.put(path, change)) == ["headers"]
    api.patch(path, {"url": receiver.url("/other/path")}).expect(200)
    api.patch(path, elsewhere | {"headers": {}}).expect(200)


def test_a_webhooks_url_must_be_in_its_own_ranges(api, receiver, register, publish, requests, delivery_of):
    inside = register(["order.completed"], targetCidrs=["127.0.0.1"])
    assert inside["targetCidrs"] == ["127.0.0.1/32"]
    publish(event_type="order.completed")
    delivery_of(inside)

    answer = api.patch(f"/api/v1/webhooks/{inside['id']}", {"targetCidrs": ["127.0.0.2"]})
    assert wrong_fields(answer) == ["url"], "the address is not in the new ranges"
    requests(1)


def test_the_sender_blocks_an_address_outside_the_ranges(stack, tenant, receiver, register, publish, delivery_of):
    """The ranges are narrowed in the table, not through the API, so only the sender can block it."""
    webhook = register(["order.cancelled"], targetCidrs=["127.0.0.1"], retryPolicy="none")
    stack.dynamodb.update_item(
        TableName=stack.description["registryTable"],
        Key={"pk": {"S": f"T#{tenant}"}, "sk": {"S": f"WH#{webhook['id']}"}},
        UpdateExpression="SET target_cidrs = :other",
        ExpressionAttributeValues={":other": {"L": [{"S": "198.51.100.0/24"}]}},
    )
    publish(event_type="order.cancelled")

    (attempt,) = delivery_of(webhook, "failed")["attempts"]
    assert attempt["error"]["kind"] == "blocked"
    assert "targetCidrs" in attempt["error"]["detail"]
    assert receiver.requests == []
