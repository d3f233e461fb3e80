"""Living sample data for the portal: receivers of every kind on the loopback, webhooks to them, and events.

`make up` starts it beside the stack, and the stack's end is its end. Run as a program:
`python -m hooklane_local.samples STACK_FILE`.
"""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.background import Background
from hooklane_local.client import Api
from hooklane_local.environment import for_reverse_proxy
from hooklane_local.paths import EMULATOR_PYTHON
from hooklane_local.portal import TENANT
from hooklane_local.profile import Profile
from hooklane_local.receiver import Receiver, Request, Response

_EVERY_SECONDS = 1.5
# Longer than what counts as slow.
_SLOW_SECONDS = 6.0
# The receiver that recovers fails for this long.
_DOWN_SECONDS = 100
# Published at once, so that no page is empty.
_FIRST_EVENTS = 25


@dataclass(frozen=True)
class Sample:
    """A webhook and how its receiver behaves."""

    name: str
    path: str
    events: tuple[str, ...]
    more: dict


SAMPLES = (
    Sample("Warehouse sync", "/wms/orders", ("order.*",), {}),
    Sample("Customer mail", "/mail/events", ("order.*", "user.*"), {"contract": "github"}),
    Sample("Search index", "/slow/catalogue", ("order.created",), {"contract": "cloudevents"}),
    Sample("Invoice ledger", "/failing/ledger", ("invoice.*",), {"headers": {"X-Shop": "fernhill"}}),
    Sample("Returns desk", "/paused/returns", ("order.*",), {"contract": "stripe"}),
    Sample("Accounting export", "/recovers/export", ("invoice.*",), {}),
    Sample("Big orders", "/wms/big", ("order.created",), {"filter": "event.data.total > 150.0"}),
    Sample("Staging playground", "/wms/staging", ("*",), {"testMode": True}),
)
_TYPES = ("order.created", "order.created", "order.shipped", "invoice.paid", "invoice.overdue", "user.created")


def start(profile: Profile) -> None:
    """Starts the program, unless it runs already."""
    program = Background(_record(profile))
    if program.settings() is not None:
        return
    command = [EMULATOR_PYTHON, "-m", "hooklane_local.samples", profile.stack_file]
    with (profile.state / "samples.log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=for_reverse_proxy(),
            cwd=profile.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    program.write(process.pid, {})


def stop(profile: Profile) -> bool:
    """Ends the program. True if it was running."""
    return Background(_record(profile)).stop()


def _record(profile: Profile) -> Path:
    return profile.state / "samples.json"


def behave(began: float):
    """How the receivers answer, by path."""

    def respond(request: Request) -> Response:
        kind = request.path.split("/")[1]
        if kind == "slow":
            return Response(202, {"content-type": "text/plain"}, b"indexed", delay=_SLOW_SECONDS)
        if kind == "failing" or (kind == "recovers" and time.monotonic() - began < _DOWN_SECONDS):
            body = json.dumps({"error": "upstream ledger-db: too many connections", "retry": True}).encode()
            return Response(503, {"content-type": "application/json", "server": "ledger-gateway"}, body)
        return Response(200, {"content-type": "application/json"}, b'{"accepted":true}', delay=random.uniform(0.02, 0.3))

    return respond


def register(api: Api, origin: str) -> None:
    """Registers the sample webhooks that are not there yet, and points all of them to the receivers' address."""
    existing = {one["name"]: one for one in api.get("/webhooks", limit=100).expect(200).body["data"]}
    for sample in SAMPLES:
        url = f"{origin}{sample.path}"
        if known := existing.get(sample.name):
            api.patch(f"/webhooks/{known['id']}", {"url": url}).expect(200)
            continue
        body = {"name": sample.name, "url": url, "events": list(sample.events), **sample.more}
        created = api.post("/webhooks", body).expect(201).body
        if sample.path.startswith("/paused"):
            api.post(f"/webhooks/{created['id']}/pause").expect(200)


def event(number: int) -> dict:
    """An event as a shop would publish it."""
    kind = random.choice(_TYPES)
    total = round(random.uniform(12, 320), 2)
    data = {
        "id": f"{kind.split('.')[0]}_{20_000 + number}",
        "number": f"FS-2026-{10_400 + number}",
        "total": total,
        "currency": "EUR",
        "lines": [{"sku": "OAK-220", "quantity": 2, "amount": total}],
        "customer": {"id": f"cus_{7_000 + number % 90}", "country": random.choice(["DE", "AT", "CH", "NL"])},
    }
    return {"type": kind, "data": data}


def main(stack_file: str) -> None:
    stack = json.loads(Path(stack_file).read_text())
    api = Api(stack, TENANT)
    settings = {"catalog": "default"}
    Api(stack, tenant=None).put(f"/tenants/{TENANT}", settings).expect(200)
    with Receiver(behave(time.monotonic())) as receiver:
        register(api, receiver.url("").rstrip("/"))
        number = int(time.time()) % 50_000
        for _ in range(_FIRST_EVENTS):
            number += 1
            api.post("/events", event(number))
        while True:
            number += 1
            api.post("/events", event(number))
            time.sleep(_EVERY_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
