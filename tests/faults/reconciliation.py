"""Compares the accepted events with what receivers got and with the delivery log."""

from collections import Counter
from urllib.parse import quote

from hooklane_local.client import LocalStack
from receivers import data_of


def log_of(stack: LocalStack, tenant: str, webhook: dict) -> dict[str, dict]:
    """A webhook's deliveries, as its tenant reads them, by the id of their event."""
    found, cursor = {}, None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = stack.api(tenant).get(f"/api/v1/webhooks/{quote(webhook['id'])}/deliveries", limit=100, **more)
        body = page.expect(200).body
        for delivery in body["data"]:
            assert delivery["eventId"] not in found, "listed twice"
            found[delivery["eventId"]] = delivery
        cursor = body.get("nextCursor")
        if not cursor:
            return found


def reconcile(stack: LocalStack, webhooks: list[tuple[str, dict]], events, receiver, accepted, doubled) -> dict:
    """Checks that no event was lost and none went to the wrong webhook. Returns the figures."""
    figures: Counter[str] = Counter({"events accepted": len(events)})
    tenant_of = {webhook["path"]: tenant for tenant, webhook in webhooks}
    for request in receiver.requests:
        assert data_of(request)["tenant"] == tenant_of[request.path], "delivered to the wrong tenant"
        figures["requests received"] += 1
    for tenant, webhook in webhooks:
        expected = events_for(webhook, tenant, events)
        log = log_of(stack, tenant, webhook)
        assert log.keys() == expected, f"{tenant} {webhook['path']}: {len(expected)} accepted, {len(log)} logged"
        got = {key for path, key in accepted if path == webhook["path"]}
        assert got <= expected, "received an event without a subscription to it"
        for event, delivery in log.items():
            times = accepted[(webhook["path"], event)]
            _check(delivery, times, len(webhook["retryPolicy"]["scheduleSeconds"]))
            figures["deliveries"] += 1
            figures[delivery["status"]] += 1
            figures["attempts in the log"] += delivery["attemptCount"]
            figures["requests accepted"] += times
            if times > 1:
                was_doubled = delivery["id"] in doubled or f"{tenant} {event}" in doubled
                why = "doubled or replayed" if was_doubled else "killed, or the ledger was unavailable"
                figures[f"duplicates: {why}"] += times - 1
            if times and delivery["status"] == "failed":
                figures["accepted by the receiver, but logged as failed"] += 1
    return dict(figures)


def events_for(webhook: dict, tenant: str, events) -> set[str]:
    """The ids of the events that a webhook is subscribed to."""
    return {event["id"] for owner, event in events if owner == tenant and _takes(webhook, event["type"])}


def _check(delivery: dict, times_accepted: int, retries: int) -> None:
    if delivery["status"] == "delivered":
        assert times_accepted > 0, f"no receiver got {delivery}"
        return
    assert delivery["status"] == "failed", f"not finished: {delivery}"
    assert delivery["reason"] == "exhausted", delivery
    assert delivery["attemptCount"] > retries, f"gave up early: {delivery}"


def _takes(webhook: dict, event_type: str) -> bool:
    (pattern,) = webhook["events"]
    return pattern == "*" or pattern == event_type or event_type.startswith(pattern.removesuffix("*"))
