"""No accepted event is lost on the deployed template, whatever fails.

Functions are killed during batches, every AWS call may fail, messages come twice and in any order, the
stream is replayed, and receivers misbehave. Then all faults stop, and the accepted events are compared
with the requests that receivers got and with the delivery log.
"""

import json
import os
import random
import time
import uuid

from chaos import Chaos, functions_of, killed_while_running
from hooklane_local import polling
from hooklane_local.receiver import Receiver
from producers import events_of, publish
from receivers import FaultyReceivers
from reconciliation import events_for, reconcile

EVENTS = int(os.environ.get("HOOKLANE_FAULT_EVENTS") or 2000)
RATE = 0.10
SETTLING_SECONDS = 600.0

_SCHEDULE = {"scheduleSeconds": [1, 2, 4, 8, 15, 30]}
_WEBHOOKS = [
    (0, "/acme/all", ["*"], "standard"),
    (0, "/acme/orders", ["order.*"], "github"),
    (0, "/acme/users", ["user.*"], "standard"),
    (1, "/globex/all", ["*"], "github"),
    # Its second retry waits for longer than a minute, so that wait moves to the retry queue.
    (1, "/globex/created", ["order.created"], "standard"),
]


def test_nothing_is_lost(stack, state, proxy, seed, capsys):
    chance = random.Random(seed)
    tenants = [f"t-{uuid.uuid4().hex[:12]}" for _ in range(2)]
    receivers = FaultyReceivers(seed, stalling={"/acme/orders", "/globex/all"})
    chaos = Chaos(stack, state, seed)
    started = time.monotonic()
    with Receiver(receivers) as receiver:
        webhooks = [_register(stack, receiver, tenants[owner], *rest) for owner, *rest in _WEBHOOKS]
        events = events_of(tenants, EVENTS, chance)
        proxy.fail(RATE)
        with chaos.running():
            publish(stack, events, chance, chaos.add_accepted)
            published = time.monotonic()
            # The faults go on until most events have been received.
            most = 0.9 * sum(len(events_for(webhook, tenant, events)) for tenant, webhook in webhooks)
            assert polling.eventually(lambda: len(receivers.accepted()) >= most, SETTLING_SECONDS, every=1.0)
        proxy.fail(0)
        receivers.healthy = True
        healed = time.monotonic()
        is_settled = polling.eventually(lambda: _is_settled(stack, webhooks), SETTLING_SECONDS, every=1.0)
        assert is_settled, _left(stack, webhooks)
        settled = time.monotonic()
        figures = reconcile(stack, webhooks, events, receiver, receivers.accepted(), chaos.doubled)
        for tenant in tenants:
            accepted = sorted(event["id"] for owner, event in events if owner == tenant)
            # The list lags behind the events.
            polling.eventually(lambda: len(_listed(stack, tenant)) >= len(accepted), SETTLING_SECONDS, every=1.0)
            assert sorted(_listed(stack, tenant)) == accepted, "the list of events is not that of the published ones"
        assert receiver.endless_bytes_sent < 50_000_000, "a response body of 1 GB was not cut off"
    for source in ("events", "fanout", "stats", "deliveries"):
        assert stack.dead_letters(source) == [], "a valid message was dead-lettered"
    report = {
        "seed": seed,
        "figures": figures,
        "seconds": {
            "publishing": round(published - started),
            "faults after publishing": round(healed - published),
            "settling": round(settled - healed),
        },
        "receivers": dict(receivers.counts),
        "chaos": dict(chaos.counts),
        "killed during an invocation": killed_while_running(state),
        "AWS calls": proxy.counts(),
    }
    with capsys.disabled():
        print("\n" + json.dumps(report, indent=2))
    # The test proves something only if these faults did happen.
    assert chaos.counts["functions killed"] and sum(killed_while_running(state).values())
    assert chaos.counts["messages handed out twice"] and chaos.counts["stream records replayed"]
    assert functions_of(state), "the functions' processes were not found"


def _register(stack, receiver: Receiver, tenant: str, path: str, events: list[str], contract: str):
    policy = {"scheduleSeconds": [1, 61]} if path == "/globex/created" else _SCHEDULE
    body = {"name": path, "url": receiver.url(path), "events": events, "contract": contract, "retryPolicy": policy}
    answer = stack.api(tenant).post("/api/v1/webhooks", body).expect(201).body
    return tenant, {**body, "id": answer["id"], "path": path}


def _listed(stack, tenant: str) -> list[str]:
    """The ids of the published events by the tenant's list, over all pages. Those of Hooklane's own events, such as
    `webhook.failing`, begin with `op_`."""
    ids, cursor = [], {}
    while True:
        page = stack.api(tenant).get("/api/v1/events", deliveries="false", limit=100, **cursor).expect(200).body
        ids += [event["id"] for event in page["data"] if not event["id"].startswith("op_")]
        if "nextCursor" not in page:
            return ids
        cursor = {"cursor": page["nextCursor"]}


def _queues(stack) -> list[list[dict]]:
    names = ("eventQueueUrl", "deliveryQueueUrl", "retryQueueUrl")
    return [stack.messages(stack.description[name]) for name in names]


def _is_settled(stack, webhooks) -> bool:
    """Whether all work is done: no queue holds a message, not even a hidden one, and no delivery waits,
    not even a parked one, which has no message. The queues are checked several times, because the stream
    lags behind.
    """
    for _ in range(4):
        if any(_queues(stack)):
            return False
        time.sleep(1)
    return not _waiting(stack, webhooks)


def _waiting(stack, webhooks) -> list[dict]:
    """Deliveries that are not finished, parked ones too: one for each webhook and status."""
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
    return "not finished: " + json.dumps([queues, _waiting(stack, webhooks)])
