"""Producers that publish each event until it is accepted: through the API in batches, or on the event queue."""

import http.client
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from hooklane_local.client import LocalStack

_TYPES = ("order.created", "order.updated", "user.updated")
_BATCH = 25


def events_of(tenants: list[str], count: int, chance: random.Random) -> list[tuple[str, dict]]:
    """Events of all tenants. Each tenant has the same ids, and some events are too large for a message."""
    events = []
    for number in range(count):
        tenant, event = tenants[number % len(tenants)], f"e{number // len(tenants)}"
        data = {"tenant": tenant, "key": event}
        if chance.random() < 0.01:
            data["pad"] = chance.randbytes(40_000).hex()
        events.append((tenant, {"id": event, "type": chance.choice(_TYPES), "data": data}))
    return events


def publish(stack: LocalStack, events: list[tuple[str, dict]], chance: random.Random, accepted) -> None:
    """Returns when Hooklane has accepted every event. Calls `accepted` with each batch."""
    by_api = [event for event in events if chance.random() < 0.5]
    ids = {(tenant, event["id"]) for tenant, event in by_api}
    by_queue = [event for event in events if (event[0], event[1]["id"]) not in ids]
    ways = [(_post, batch) for tenant in {tenant for tenant, _ in by_api} for batch in _batches(
        [event for event in by_api if event[0] == tenant])]
    ways += [(_queue, batch) for batch in _batches(by_queue, 10)]
    chance.shuffle(ways)
    over = threading.Event()

    def run(way_and_batch) -> None:
        way, batch = way_and_batch
        way(stack, batch, over)
        accepted([(tenant, event["id"]) for tenant, event in batch])

    with ThreadPoolExecutor(3) as pool:
        try:
            list(pool.map(run, ways))
        finally:
            over.set()


def _batches(events: list, size: int = _BATCH) -> list[list]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def _post(stack: LocalStack, batch: list[tuple[str, dict]], over: threading.Event) -> None:
    """Posts the batch, and again what failed of it under the same ids, until every event is accepted."""
    api = stack.api(batch[0][0])
    left = [event for _, event in batch]
    while left and not over.is_set():
        try:
            answer = api.post("/api/v1/events/batch", {"events": left})
        except (OSError, http.client.HTTPException):
            continue
        if answer.status != 200:
            # The function was killed or could not reach AWS.
            assert answer.status >= 500, answer.raw
            continue
        results = answer.body["results"]
        assert len(results) == len(left)
        wrong = [result for result in results if result["status"] not in (200, 202) and result["status"] < 500]
        assert not wrong, wrong
        left = [event for event, result in zip(left, results, strict=True) if result["status"] >= 500]


def _queue(stack: LocalStack, batch: list[tuple[str, dict]], _over: threading.Event) -> None:
    """Sends the batch to the event queue, its first event twice, as a producer does that saw no answer."""
    twice = batch[:1]
    entries = [
        {"Id": str(number), "MessageBody": json.dumps({**event, "tenant": tenant})}
        for number, (tenant, event) in enumerate(batch[:9] + twice)
    ]
    for some in (entries, [{"Id": "9", "MessageBody": json.dumps({**e, "tenant": t})} for t, e in batch[9:]]):
        if some:
            sent = stack.sqs.send_message_batch(QueueUrl=stack.description["eventQueueUrl"], Entries=some)
            assert not sent.get("Failed")
