"""`make demo`: the whole way of an event, watched from the outside."""

import math

from hooklane_local import behaviours
from hooklane_local.client import Api, LocalStack
from hooklane_local.observations import Observations
from hooklane_local.polling import eventually
from hooklane_local.profile import Profile
from hooklane_local.progress import print_durations, say, step
from hooklane_local.receiver import Receiver, Request
from hooklane_local.session import temporary_stack
from hooklane_local.signature import SignatureError, verified
from hooklane_local.testing import print_function_logs

_TENANT = "demo"
_STEADY, _FLAKY = "/orders", "/invoices"
_DELAYS = [1, 2, 4]
# How late an attempt may come after its delay, rounded up to whole seconds.
_LATENESS_SECONDS = 2.0


def run_demo(profile: Profile) -> bool:
    """Shows it and checks it; says whether everything was seen."""
    seen = Observations()
    with temporary_stack(profile) as stack:
        receiver = Receiver(behaviours.by_path({_STEADY: behaviours.ok(), _FLAKY: behaviours.failing(len(_DELAYS))}))
        with receiver:
            try:
                _show(stack, receiver, seen)
            except AssertionError as error:
                seen.note("the API answers as it should", error, False)
        if not seen.all_hold:
            print_function_logs(stack)
    seen.print_table()
    print_durations()
    if not seen.all_hold:
        say("\nThe demo did not see everything. Missing: " + "; ".join(each.what for each in seen.failed))
        say(f"The emulator's whole log: {profile.emulator_log}")
        return False
    say("\nEverything was seen. Keep a stack running with `make up`.")
    return True


def _show(stack: LocalStack, receiver: Receiver, seen: Observations) -> None:
    api = stack.api(_TENANT)
    with step("registering two webhooks"):
        steady = _register(api, "Orders", receiver.url(_STEADY), ["order.*"])
        flaky = _register(api, "Invoices", receiver.url(_FLAKY), ["invoice.paid"], {"schedule": _DELAYS})
    with step("an event through the API, one through the event queue"):
        _publish(api, "order.created", {"orderId": "A-1", "total": 49.9})
        stack.send_event({"tenant": _TENANT, "type": "order.shipped", "data": {"orderId": "A-1"}})
        _watch_steady(receiver, steady["secret"], seen)
    with step(f"an event to a receiver that fails {len(_DELAYS)} times"):
        _publish(api, "invoice.paid", {"invoiceId": "I-7", "amount": 120})
        _watch_flaky(receiver, flaky["secret"], seen)
    with step("what the delivery log says"):
        _read_log(api, steady["id"], ["order.created", "order.shipped"], [[200], [200]], seen)
        _read_log(api, flaky["id"], ["invoice.paid"], [[500] * len(_DELAYS) + [200]], seen)


def _register(api: Api, name: str, url: str, events: list[str], retry_policy: dict | None = None) -> dict:
    body = {"name": name, "url": url, "events": events}
    if retry_policy:
        body["retryPolicy"] = retry_policy
    webhook = api.post("/api/v1/webhooks", body).expect(201).body
    say(f"    {webhook['id']}  {', '.join(events)} -> {url}")
    return webhook


def _publish(api: Api, event_type: str, data: dict) -> None:
    accepted = api.post("/api/v1/events", {"type": event_type, "data": data}).expect(200, 201, 202).body
    say(f"    published {event_type}: {accepted.get('id')}")


def _watch_steady(receiver: Receiver, secret: str, seen: Observations) -> None:
    requests = receiver.wait_for(2, timeout=30, path=_STEADY)
    for path, event_type in (("the API", "order.created"), ("SQS", "order.shipped")):
        delivered = [request for request in requests if event_type.encode() in request.body]
        what = f"delivery of the event published through {path}"
        seen.note(what, f"{len(delivered)} request(s)", len(delivered) == 1)
        for request in delivered:
            _print_request(request)
            seen.note(f"its signature, checked by standardwebhooks ({event_type})", *_verify(request, secret))


def _watch_flaky(receiver: Receiver, secret: str, seen: Observations) -> None:
    wanted = len(_DELAYS) + 1
    requests = receiver.wait_for(wanted, timeout=sum(_DELAYS) + 30, path=_FLAKY)
    seen.note("attempts at the failing receiver", f"{len(requests)} of {wanted}", len(requests) == wanted)
    for number, (before, after, delay) in enumerate(zip(requests, requests[1:], _DELAYS, strict=False), start=2):
        waited = after.at - receiver.answered_at[before.number]
        latest = math.ceil(delay) + _LATENESS_SECONDS
        seen.note(
            f"attempt {number} comes {delay} s after the one before (up to {latest:.0f} s)",
            f"{waited:.2f} s",
            delay <= waited <= latest,
        )
    if requests:
        ids = {request.headers.get("webhook-id") for request in requests}
        seen.note("the same webhook-id on every attempt", ", ".join(map(str, ids)), len(ids) == 1)
        verdicts = [_verify(request, secret) for request in requests]
        good = sum(holds for _, holds in verdicts)
        seen.note("signatures of all attempts", f"{good} of {len(verdicts)} valid", good == len(verdicts))


def _read_log(api: Api, webhook: str, types: list[str], statuses: list[list[int]], seen: Observations) -> None:
    path = f"/api/v1/webhooks/{webhook}/deliveries"

    def finished() -> list[dict] | None:
        deliveries = api.get(path).expect(200).body["data"]
        delivered = [delivery for delivery in deliveries if delivery["status"] == "delivered"]
        return deliveries if len(delivered) == len(types) else None

    deliveries = eventually(finished, 15) or api.get(path).expect(200).body["data"]
    by_type = {delivery["eventType"]: delivery for delivery in deliveries}
    for event_type, wanted in zip(types, statuses, strict=True):
        delivery = by_type.get(event_type)
        if delivery is None:
            seen.note(f"the log's entry for {event_type}", "none", False)
            continue
        attempts = api.get(f"{path}/{delivery['id']}").expect(200).body["attempts"]
        for attempt in attempts:
            outcome = attempt.get("statusCode") or attempt.get("error")
            say(f"      {attempt['number']}  {attempt['at']}  {attempt['durationMs']} ms  {outcome}")
        got = [attempt.get("statusCode") for attempt in attempts]
        seen.note(
            f"the log's final state of {event_type}",
            f"{delivery['status']}, answers {' '.join(map(str, got))}",
            delivery["status"] == "delivered" and got == wanted,
        )


def _verify(request: Request, secret: str) -> tuple[str, bool]:
    try:
        verified(request, secret)
    except SignatureError as error:
        return str(error), False
    return "valid, and refused with one byte more", True


def _print_request(request: Request) -> None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent"):
        say(f"      {name}: {request.headers.get(name)}")
    say(f"      {request.body.decode(errors='replace')}")
