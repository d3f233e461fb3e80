"""A failed attempt is retried by the webhook's policy and by the receiver's `Retry-After`."""

import email.utils
import time
from datetime import datetime

import inside
import pytest
from hooklane_local import behaviours
from hooklane_local.signature import verified


def waits(receiver, attempts) -> list[float]:
    """Seconds from each answer to the request after it."""
    return [after.at - receiver.answered_at[before.number] for before, after in zip(attempts, attempts[1:])]


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_a_delivery_that_fails_twice_succeeds_with_the_third_attempt(
    publish, register, receiver, requests, delivery_of, drained
):
    receiver.respond = behaviours.failing(2)
    webhook = register(retryPolicy={"schedule": [1, 2, 1]})

    event = publish()

    delivery = delivery_of(webhook, "delivered")
    drained()
    attempts = requests(3)
    first, second = waits(receiver, attempts)
    assert first >= 1
    assert second >= 2
    assert {request.headers["webhook-id"] for request in attempts} == {event}
    assert len({request.body for request in attempts}) == 1
    for request in attempts:
        verified(request, webhook["secret"])
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [500, 500, 200]
    assert [attempt["number"] for attempt in delivery["attempts"]] == [1, 2, 3]
    assert delivery["attemptCount"] == 3


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        ({"strategy": "fixed", "initialDelay": 1500, "maxRetries": 2}, [1.5, 1.5]),
        ({"strategy": "linear", "initialDelay": 1000, "maxRetries": 2}, [1, 2]),
        ({"strategy": "exponential", "initialDelay": 500, "multiplier": 4, "maxRetries": 2}, [0.5, 2]),
    ],
    ids=["fixed", "linear", "exponential"],
)
def test_the_delays_follow_the_policy(policy, delays, publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.always(503)
    webhook = register(retryPolicy=policy)

    publish()

    delivery_of(webhook, "failed")
    attempts = requests(len(delays) + 1)
    for waited, delay in zip(waits(receiver, attempts), delays, strict=True):
        assert waited >= delay


def test_the_delays_follow_the_preset_of_a_platform_guide(publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.always(503)
    webhook = register(contract="virtual-queue", retryPolicy="standard")

    publish()

    delivery_of(webhook, "failed")
    for waited, delay in zip(waits(receiver, requests(4)), [1, 2, 4], strict=True):
        assert waited >= delay


def test_an_exhausted_delivery_fails_and_shows_every_attempt(
    api, publish, register, receiver, requests, delivery_of, drained
):
    receiver.respond = behaviours.always(500, b"out of order")
    webhook = register(retryPolicy={"schedule": [1, 1]})

    publish()

    delivery = delivery_of(webhook, "failed")
    drained()
    requests(3)
    assert delivery["reason"] == "exhausted"
    assert "nextAttemptAt" not in delivery
    assert [attempt["number"] for attempt in delivery["attempts"]] == [1, 2, 3]
    assert {attempt["response"]["body"] for attempt in delivery["attempts"]} == {"out of order"}
    listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", status="failed").expect(200).body["data"]
    assert [found["id"] for found in listed] == [delivery["id"]]


def test_a_policy_without_retries_makes_one_attempt(publish, register, receiver, requests, delivery_of, drained):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy="none")

    publish()

    assert delivery_of(webhook, "failed")["attemptCount"] == 1
    drained()
    requests(1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_later_retry_after_in_seconds_is_honoured(status, publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.busy("4", status)
    webhook = register(retryPolicy={"schedule": [1]})

    publish()

    delivery_of(webhook, "delivered")
    (waited,) = waits(receiver, requests(2))
    assert waited >= 4


def test_a_later_retry_after_as_a_date_is_honoured(publish, register, receiver, requests, delivery_of):
    not_before = int(time.time()) + 6
    receiver.respond = behaviours.busy(email.utils.formatdate(not_before, usegmt=True))
    webhook = register(retryPolicy={"schedule": [1]})

    publish()

    delivery_of(webhook, "delivered")
    _, second = requests(2)
    assert second.wall_time >= not_before


def test_an_earlier_retry_after_does_not_shorten_the_policys_delay(publish, register, receiver, requests, delivery_of):
    receiver.respond = behaviours.busy("0")
    webhook = register(retryPolicy={"schedule": [3]})

    publish()

    delivery_of(webhook, "delivered")
    (waited,) = waits(receiver, requests(2))
    assert waited >= 3


def test_a_retry_after_with_another_status_is_ignored(publish, register, receiver, delivery_of):
    receiver.respond = behaviours.busy("3600", status=500)
    webhook = register(retryPolicy={"schedule": [1]})

    publish()

    assert delivery_of(webhook, "delivered")["attemptCount"] == 2


def test_a_wait_over_a_minute_moves_to_the_retry_queue(
    stack, tenant, publish, register, receiver, requests, delivery_of
):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [90]})

    event = inside.event_item(stack, tenant, publish())

    delivery = delivery_of(webhook, "retrying")
    requests(1)
    (attempt,) = delivery["attempts"]
    assert 90 <= seconds_between(attempt["at"], delivery["nextAttemptAt"]) < 120
    (message,) = inside.messages_of(stack, "retryQueueUrl", delivery["id"])
    assert '"generation":1' in message["Body"]
    assert not message["IsVisible"]
    assert message["MessageGroupId"] == webhook["id"]
    item = inside.delivery_item(stack, webhook["id"], event)
    assert item["g"]["N"] == "1"
    assert item["s"]["M"]["w"]["L"][1] == {"S": message["MessageId"]}


def test_a_wait_that_moves_leaves_no_message_in_the_fast_lane(
    stack, publish, register, receiver, delivery_of, eventually
):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [90]})

    publish()

    delivery = delivery_of(webhook, "retrying")
    eventually(lambda: not inside.messages_of(stack, "deliveryQueueUrl", delivery["id"]))
    assert len(inside.messages_of(stack, "retryQueueUrl", delivery["id"])) == 1


def test_a_wait_of_a_minute_stays_in_the_fast_lane(stack, publish, register, receiver, delivery_of):
    receiver.respond = behaviours.always(500)
    webhook = register(retryPolicy={"schedule": [60]})

    publish()

    delivery = delivery_of(webhook, "retrying")
    assert len(inside.messages_of(stack, "deliveryQueueUrl", delivery["id"])) == 1
    assert not inside.messages_of(stack, "retryQueueUrl", delivery["id"])


def test_a_message_before_its_time_is_hidden_again_without_an_attempt(
    stack, tenant, publish, register, receiver, requests, delivery_of, drained
):
    receiver.respond = behaviours.failing(1)
    webhook = register(retryPolicy={"schedule": [5]})
    event = inside.event_item(stack, tenant, publish())
    delivery_of(webhook, "retrying")

    # A message of the next generation takes the delivery over, as if its sender had failed before the write.
    inside.send(stack, "retryQueueUrl", inside.message(webhook["id"], event, generation=1))

    delivery = delivery_of(webhook, "delivered")
    drained()
    (waited,) = waits(receiver, requests(2))
    assert waited >= 5
    assert delivery["attemptCount"] == 2


def test_a_410_disables_the_webhook(api, publish, register, receiver, requests, delivery_of, drained):
    receiver.respond = behaviours.by_path({"/gone": behaviours.gone(), "/there": behaviours.ok()})
    webhook, other = register(path="/gone"), register(path="/there")

    publish()

    delivery = delivery_of(webhook, "failed")
    assert delivery["reason"] == "gone"
    assert [attempt["statusCode"] for attempt in delivery["attempts"]] == [410]
    disabled = api.get(f"/api/v1/webhooks/{webhook['id']}").expect(200).body
    assert (disabled["active"], disabled["status"]) == (False, "disabled")
    # Later events go only to the other webhook.
    publish()
    requests(2, "/there")
    drained()
    requests(1, "/gone")
    assert api.get(f"/api/v1/webhooks/{other['id']}").expect(200).body["status"] == "active"


def test_deleting_a_webhook_cancels_its_waiting_delivery(
    stack, tenant, api, publish, register, receiver, requests, delivery_of, drained, eventually
):
    receiver.respond = behaviours.always(500)
    # Longer than the five seconds for which a function may cache a webhook.
    webhook = register(retryPolicy={"schedule": [7, 1]})
    event = inside.event_item(stack, tenant, publish())
    delivery_of(webhook, "retrying")

    api.delete(f"/api/v1/webhooks/{webhook['id']}").expect(204)

    # The log is deleted with the webhook, so this reads the ledger.
    eventually(lambda: "c" in inside.delivery_item(stack, webhook["id"], event)["s"]["M"])
    drained()
    requests(1)
