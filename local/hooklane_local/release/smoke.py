"""`make smoke`: tries the very files that will be published, before they are.

They are installed in an empty account of the emulator with `install.sh`, and every function is started: one event by
the API and one by the event queue are delivered, a page is shown, and what is hostile is refused.
"""

import http.client
import json
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from hooklane_local import shell_programs
from hooklane_local.client import Api, LocalStack
from hooklane_local.observations import Observations
from hooklane_local.polling import eventually
from hooklane_local.portal import link
from hooklane_local.profile import Profile, host_architecture
from hooklane_local.progress import Failure, print_durations, say, step
from hooklane_local.receiver import Receiver, Response
from hooklane_local.release import names
from hooklane_local.release.account import empty_account, parameters_for, reached
from hooklane_local.release.inside import crates_inside, crates_of_bill
from hooklane_local.release.operator import options
from hooklane_local.signature import SignatureError, verified

_TENANT = "smoke"
# The address at which a machine on AWS tells its own credentials.
_METADATA = "http://169.254.169.254/latest/meta-data/"
_PATIENCE_SECONDS = 60.0


def smoke(given: Path, profile: Profile) -> bool:
    """Tries a release, a folder or the archive that is downloaded. True if everything was as expected."""
    shell_programs.require_all()
    seen = Observations()
    with unpacked(given) as release:
        _compare_bills(release, seen)
        if not (release / names.archive("hooklane-api", host_architecture())).exists():
            raise Failure(f"{release.name} has no functions for this machine ({host_architecture()}), so it cannot be tried here")
        with empty_account(profile) as operator, Receiver() as receiver:
            try:
                with step("install.sh, with the AWS CLI alone"):
                    operator.install(release, *options(parameters_for(release, profile)))
                _show(reached(profile), receiver, (release / names.VERSION).read_text().strip(), seen)
            except AssertionError as error:
                seen.note("the API answers as expected", error, False)
    seen.print_table()
    print_durations()
    if not seen.all_hold:
        say("\nThis release must not be published. Not as expected: " + "; ".join(each.what for each in seen.failed))
        say(f"The emulator's log, with those of the functions: {profile.emulator_log}")
    return seen.all_hold


@contextmanager
def unpacked(given: Path) -> Iterator[Path]:
    """The folder of a release."""
    if given.is_dir():
        if not (given / names.SBOM).is_file():
            raise Failure(f"{given.resolve()} is not the folder of a release: name one, or its archive, with FROM")
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(given) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as error:
            raise Failure(f"{given} is neither a folder nor the archive of a release: {error}") from error
        found = [bill.parent for bill in Path(folder).glob(f"*/{names.SBOM}")]
        if len(found) != 1:
            raise Failure(f"{given} is not the archive of one release")
        yield found[0]


def _compare_bills(release: Path, seen: Observations) -> None:
    bill = json.loads((release / names.SBOM).read_text())
    for archive in sorted(release.glob("hooklane-*.zip")):
        what = f"{names.SBOM} names every crate of {archive.name}"
        inside = crates_inside(archive)
        if inside is None:
            seen.note(what, "the program does not say which crates it holds", False)
            continue
        lacking = sorted(inside - crates_of_bill(bill, archive.name))
        seen.note(what, ", ".join(" ".join(one) for one in lacking) or f"{len(inside)} crates", bool(inside) and not lacking)


def _show(installed: LocalStack, receiver: Receiver, released: str, seen: Observations) -> None:
    api = installed.api(_TENANT)
    began = time.monotonic()
    version = api.get("/api/v1/status").expect(200).body["version"]
    what = f"the first answer, from a cold start, of a function of version {released}"
    seen.note(what, f"version {version}, {time.monotonic() - began:.2f} s", released.split("-dev.")[0] == version)
    with step("delivering an event of the API and one of the event queue"):
        _deliver(installed, api, receiver, seen)
    with step("asking for what is hostile"):
        _refuse(api, receiver, seen)
    with step("starting the other functions"):
        listed = eventually(lambda: api.get("/api/v1/events").expect(200).body["data"], _PATIENCE_SECONDS) or []
        seen.note("stats lists the events", f"{len(listed)} listed", bool(listed))
        looked = installed.invoke("UpkeepFunction", {})["looked"]
        seen.note("upkeep runs", f"it looked at {looked} webhook(s)", True)
        status, page = _signed_in(link(installed.description, _TENANT))
        seen.note("dashboard signs in and shows a page", f"{status}, {len(page)} characters", "Webhooks" in page)
    letters = [queue for queue in installed.description["deadLetterQueueUrls"] if installed.dead_letters(queue)]
    seen.note("dead letters", ", ".join(letters) or "none", not letters)


def _deliver(installed: LocalStack, api: Api, receiver: Receiver, seen: Observations) -> None:
    types = [{"type": "order.created", "sample": {"orderId": "A-0"}}]
    body = {"name": "Orders", "url": receiver.url("/orders"), "events": ["order.*"], "eventTypes": types}
    webhook = api.post("/api/v1/webhooks", body).expect(201).body
    api.post("/api/v1/events", {"type": "order.created", "data": {"orderId": "A-1"}}).expect(202)
    installed.send_event({"tenant": _TENANT, "type": "order.created", "data": {"orderId": "A-2"}})
    requests = receiver.wait_for(2, _PATIENCE_SECONDS, "/orders")
    for order in ("A-1", "A-2"):
        of_order = [request for request in requests if order.encode() in request.body]
        try:
            payload = verified(of_order[0], webhook["secret"]) if len(of_order) == 1 else None
        except SignatureError as error:
            payload = None
            say(f"    {error}")
        seen.note(f"delivered once, with a valid signature: {order}", f"{len(of_order)} request(s)", payload is not None)


def _signed_in(address: str) -> tuple[int, str]:
    """The page behind a link that signs in. The cookie is for https alone, so it is kept by hand."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        entered = connection.getresponse()
        entered.read()
        cookie = (entered.getheader("Set-Cookie") or "").split(";")[0]
        connection.request("GET", entered.getheader("Location") or parts.path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _refuse(api: Api, receiver: Receiver, seen: Observations) -> None:
    inward = {"name": "Inward", "url": _METADATA, "events": ["order.*"]}
    answer = api.post("/api/v1/webhooks", inward)
    seen.note(f"a webhook at {_METADATA}", answer.status, answer.status in (400, 422))
    deep = b'{"type": "order.created", "data": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    answer = api.post("/api/v1/events", deep)
    seen.note("an event of 20,000 levels", answer.status, answer.status in (400, 422))
    receiver.respond = lambda request: Response(302, {"Location": receiver.url("/inward")})
    api.post("/api/v1/events", {"type": "order.created", "data": {"orderId": "A-3"}}).expect(202)
    redirected = receiver.wait_for(3, _PATIENCE_SECONDS, "/orders")
    followed = receiver.wait_for(1, 1.0, "/inward")
    held = len(redirected) == 3 and not followed
    seen.note("a redirect is not followed", f"{len(redirected) - 2} asked, {len(followed)} followed", held)
    receiver.respond = lambda _request: Response()
