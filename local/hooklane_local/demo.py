"""`make demo`: events from publishing to the delivery log, as a receiver and a client of the API see them."""

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
# How late an attempt may be after its delay, rounded up to whole seconds.
_LATENESS_SECONDS = 2.0


def run_demo(profile: Profile) -> bool:
    """Runs the demo. True if every observation was as expected."""
    seen = Observations()
    with temporary_stack(profile) as stack:
        receiver = Receiver(behaviours.by_path({_STEADY: behaviours.ok(), _FLAKY: behaviours.failing(len(_DELAYS))}))
        with receiver:
            try:
                _show(stack, receiver, seen)
            except AssertionError as error:
                seen.note("the API answers as expected", error, False)
        if not seen.all_hold:
            print_function_logs(stack)
    seen.print_table()
    print_durations()
    if not seen.all_hold:
        say("\nThe demo failed. Not as expected: " + "; ".join(each.what for each in seen.failed))
        say(f"The emulator's full log: {profile.emulator_log}")
        return False
    say("\nEverything is as expected. To start a stack and keep it running: make up")
    return True


def _show(stack: LocalStack, receiver: Receiver, seen: Observations) -> None:
    api = stack.api(_TENANT)
    with step("registering two webhooks"):
        # The stack knows no event types of its platform yet, so the webhooks bring theirs.
        ordered = {"type": "order.created", "sample": {"orderId": "A-0", "total": 9.9}}
        steady = _register(api, "Orders", receiver.url(_STEADY), ["order.*"], eventTypes=[ordered])
        hasty = {"scheduleSeconds": _DELAYS}
        flaky = _register(api, "Invoices", receiver.url(_FLAKY), ["invoice.paid"], register=True, retryPolicy=hasty)
    with step("publishing one event through the API and one through the event queue"):
        order = _publish(api, "order.created", {"orderId": "A-1", "total": 49.9})
        stack.send_event({"tenant": _TENANT, "type": "order.shipped", "data": {"orderId": "A-1"}})
        _watch_steady(receiver, steady["secret"], seen)
    with step(f"publishing an event whose receiver fails {len(_DELAYS)} times"):
        _publish(api, "invoice.paid", {"invoiceId": "I-7", "amount": 120})
        _watch_flaky(receiver, flaky["secret"], seen)
    with step("reading the delivery log"):
        _read_log(api, steady["id"], ["order.created", "order.shipped"], [[200], [200]], seen)
        _read_log(api, flaky["id"], ["invoice.paid"], [[500] * len(_DELAYS) + [200]], seen)
    with step("asking why the order went to one webhook and not to the other"):
        _explain(api, order, {steady["id"]: "delivered", flaky["id"]: "not_subscribed"}, seen)


def _register(api: Api, name: str, url: str, events: list[str], **more) -> dict:
    body = {"name": name, "url": url, "events": events, **more}
    webhook = api.post("/api/v1/webhooks", body).expect(201).body
    say(f"    {webhook['id']}  {', '.join(events)} -> {url}")
    return webhook


def _publish(api: Api, event_type: str, data: dict) -> str:
    accepted = api.post("/api/v1/events", {"type": event_type, "data": data}).expect(200, 201, 202).body
    say(f"    published {event_type}: {accepted.get('id')}")
    return accepted.get("id")


def _watch_steady(receiver: Receiver, secret: str, seen: Observations) -> None:
    requests = receiver.wait_for(2, timeout=30, path=_STEADY)
    for path, event_type in (("the API", "order.created"), ("SQS", "order.shipped")):
        delivered = [request for request in requests if event_type.encode() in request.body]
        what = f"delivery of the event published through {path}"
        seen.note(what, f"{len(delivered)} request(s)", len(delivered) == 1)
        for request in delivered:
            _print_request(request)
            seen.note(f"signature of {event_type}, verified by the standardwebhooks package", *_verify(request, secret))


def _watch_flaky(receiver: Receiver, secret: str, seen: Observations) -> None:
    wanted = len(_DELAYS) + 1
    requests = receiver.wait_for(wanted, timeout=sum(_DELAYS) + 30, path=_FLAKY)
    seen.note("attempts at the receiver that fails", f"{len(requests)} of {wanted}", len(requests) == wanted)
    for number, (before, after, delay) in enumerate(zip(requests, requests[1:], _DELAYS, strict=False), start=2):
        waited = after.at - receiver.answered_at[before.number]
        latest = math.ceil(delay) + _LATENESS_SECONDS
        seen.note(
            f"attempt {number} comes {delay} to {latest:.0f} s after attempt {number - 1} failed",
            f"{waited:.2f} s",
            delay <= waited <= latest,
        )
    if requests:
        ids = {request.headers.get("webhook-id") for request in requests}
        seen.note("every attempt has the same webhook-id", ", ".join(map(str, ids)), len(ids) == 1)
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
            seen.note(f"delivery of {event_type} in the log", "none", False)
            continue
        attempts = api.get(f"{path}/{delivery['id']}").expect(200).body["attempts"]
        for attempt in attempts:
            outcome = attempt.get("statusCode") or attempt.get("error")
            say(f"      {attempt['number']}  {attempt['at']}  {attempt['durationMs']} ms  {outcome}")
        got = [attempt.get("statusCode") for attempt in attempts]
        seen.note(
            f"delivery of {event_type} in the log",
            f"{delivery['status']}, status codes {' '.join(map(str, got))}",
            delivery["status"] == "delivered" and got == wanted,
        )


def _explain(api: Api, event: str, wanted: dict[str, str], seen: Observations) -> None:
    explanations = api.get(f"/api/v1/events/{event}", explain="true").expect(200).body["explanations"]
    verdicts = {one["webhookId"]: one["verdict"] for one in explanations}
    for one in explanations:
        say(f"      {one['webhookName']}: {one['verdict']}. {one['detail']}")
    found = {webhook: verdicts.get(webhook) for webhook in wanted}
    seen.note("what became of the order at each webhook", ", ".join(map(str, found.values())), found == wanted)


def _verify(request: Request, secret: str) -> tuple[str, bool]:
    try:
        verified(request, secret)
    except SignatureError as error:
        return str(error), False
    return "valid, and invalid with one more byte", True


def _print_request(request: Request) -> None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent"):
        say(f"      {name}: {request.headers.get(name)}")
    say(f"      {request.body.decode(errors='replace')}")
