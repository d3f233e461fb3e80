"""Nothing is lost on the deployed template, whatever breaks while it is used.

Functions are killed in the middle of batches, every AWS call may fail, messages come twice and in any
order, the stream is replayed, receivers do what receivers do. Afterwards everything heals, and what was
accepted is counted against what was received and logged.
"""

import json
import os
import random
import time
import uuid

from hooklane_local import polling
from hooklane_local.receiver import Receiver
from producers import events_of, publish
from receivers import Moods
from reckoning import events_for, reckon
from storm import Storm, functions_of, killed_in_the_middle

EVENTS = int(os.environ.get("HOOKLANE_FAULT_EVENTS") or 2000)
RATE = 0.10
SETTLING_SECONDS = 600.0

_SCHEDULE = {"schedule": [1, 2, 4, 8, 15, 30]}
_WEBHOOKS = [
    (0, "/acme/all", ["*"], "standard"),
    (0, "/acme/orders", ["order.*"], "github"),
    (0, "/acme/users", ["user.*"], "standard"),
    (1, "/globex/all", ["*"], "github"),
    # Waits that are moved to the retry queue.
    (1, "/globex/created", ["order.created"], "standard"),
]


def test_nothing_is_lost(stack, state, proxy, seed, capsys):
    chance = random.Random(seed)
    tenants = [f"t-{uuid.uuid4().hex[:12]}" for _ in range(2)]
    moods = Moods(seed, stalling={"/acme/orders", "/globex/all"})
    storm = Storm(stack, state, seed)
    started = time.monotonic()
    with Receiver(moods) as receiver:
        webhooks = [_register(stack, receiver, tenants[owner], *rest) for owner, *rest in _WEBHOOKS]
        events = events_of(tenants, EVENTS, chance)
        proxy.fail(RATE)
        with storm.raging():
            publish(stack, events, chance, storm.knows)
            published = time.monotonic()
            # The storm goes on until most of it was received, and then everything heals.
            most = 0.9 * sum(len(events_for(webhook, tenant, events)) for tenant, webhook in webhooks)
            assert polling.eventually(lambda: len(moods.taken()) >= most, SETTLING_SECONDS, every=1.0)
        proxy.fail(0)
        moods.good = True
        calm = time.monotonic()
        is_settled = polling.eventually(lambda: _is_settled(stack, webhooks), SETTLING_SECONDS, every=1.0)
        assert is_settled, _left(stack, webhooks)
        settled = time.monotonic()
        figures = reckon(stack, webhooks, events, receiver, moods.taken(), storm.doubled)
        assert receiver.endless_bytes_sent < 50_000_000, "1 GB was not cut off"
    for source in ("events", "fanout", "deliveries"):
        assert stack.dead_letters(source) == [], "something good was put away"
    told = {
        "seed": seed,
        "figures": figures,
        "seconds": {
            "publishing": round(published - started),
            "storm after it": round(calm - published),
            "settling": round(settled - calm),
        },
        "receivers": dict(moods.counts),
        "storm": dict(storm.counts),
        "killed in the middle": killed_in_the_middle(state),
        "AWS calls": proxy.counts(),
    }
    with capsys.disabled():
        print("\n" + json.dumps(told, indent=2))
    # A storm in which nothing happened would prove nothing.
    assert storm.counts["functions killed"] and sum(killed_in_the_middle(state).values())
    assert storm.counts["messages handed out twice"] and storm.counts["stream records replayed"]
    assert functions_of(state), "the functions are found by where they run"


def _register(stack, receiver: Receiver, tenant: str, path: str, events: list[str], contract: str):
    policy = {"schedule": [1, 61]} if path == "/globex/created" else _SCHEDULE
    body = {"name": path, "url": receiver.url(path), "events": events, "contract": contract, "retryPolicy": policy}
    answer = stack.api(tenant).post("/api/v1/webhooks", body).expect(201).body
    return tenant, {**body, "id": answer["id"], "path": path}


def _queues(stack) -> list[list[dict]]:
    names = ("eventQueueUrl", "deliveryQueueUrl", "retryQueueUrl")
    return [stack.messages(stack.description[name]) for name in names]


def _is_settled(stack, webhooks) -> bool:
    """No queue holds a message, hidden ones too, at several looks, because the stream is a moment behind;
    and nothing waits without a message, as what is parked does.
    """
    for _ in range(4):
        if any(_queues(stack)):
            return False
        time.sleep(1)
    return not _waiting(stack, webhooks)


def _waiting(stack, webhooks) -> list[dict]:
    """One delivery of each webhook and status that has not come to its end; what is parked has not."""
    return [
        delivery
        for tenant, webhook in webhooks
        for status in ("pending", "retrying")
        for delivery in stack.api(tenant)
        .get(f"/api/v1/webhooks/{webhook['id']}/deliveries", status=status, limit=1)
        .expect(200)
        .body["data"]
    ]


def _left(stack, webhooks) -> str:
    queues = [[message["Body"][:300] for message in queue[:3]] for queue in _queues(stack)]
    return "left behind: " + json.dumps([queues, _waiting(stack, webhooks)])
