"""The settings pages of docs/embedding.md, as a platform's customer uses them."""

import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from conftest import ROOT
from hooklane_local.ports import a_free_one
from hooklane_local.receiver import Response

sys.path.append(str(ROOT / "tests" / "e2e"))

from own_stack import own_stack  # noqa: E402 - after the path is known

PROGRAMS = ROOT / "docs" / "examples" / "settings-page"
# A page of another site then gets no cookies, as in Safari, Firefox and Chrome's private windows.
BLOCKED = {
    "enableThirdPartyCookieRestriction": True,
    "disableThirdPartyCookieMetadata": True,
    "disableThirdPartyCookieHeuristics": True,
}


@contextmanager
def served(name: str, stack, tenant: str, port: int):
    """A program of the page, with the address that it prints."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOOKLANE_URL": f"{stack.description['apiUrl']}/api/v1",
        "HOOKLANE_KEY": stack.description["operatorKey"],
        "TENANT": tenant,
        "PORT": str(port),
    }
    command = [sys.executable, PROGRAMS / name]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


@pytest.fixture
def blocking(visit):
    """A page that blocks third-party cookies."""
    page = visit()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCookieControls", BLOCKED)
    page.reload()
    return page


@pytest.fixture
def framed(stack, tmp_path):
    """A stack whose portal may be framed by one origin, and the port of that origin.

    The parameter takes origins with https alone, so the function gets what it would get from the parameter.
    """
    port = a_free_one()
    with own_stack(stack, tmp_path, PortalFrameAncestors="https://app.example.com") as (_, own, _):
        name = own.description["functions"]["DashboardFunction"]
        settings = own.lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert settings["PORTAL_FRAME_ANCESTORS"] == "https://app.example.com"
        settings["PORTAL_FRAME_ANCESTORS"] = f"http://localhost:{port}"
        own.lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": settings})
        yield own, port


@contextmanager
def site(answer):
    """A site at an address of its own; `answer(path, cookie)` is the body and the headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body, headers = answer(self.path, self.headers.get("Cookie", ""))
            self.send_response(200)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.long(60)
def test_the_portal_works_in_a_frame_of_the_page_that_the_stack_names_and_in_no_other(
    framed, tenant, blocking, visit, pictures
):
    """With third-party cookies blocked, and with them allowed."""
    own, port = framed
    with served("embedded.py", own, tenant, port) as address:
        blocking.goto(address)
        frame = blocking.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Your first webhook")
        blocking.screenshot(path=pictures / "embedded-light.png")
        # The session is there on the next page, and for a form.
        frame.get_by_role("textbox", name="Address").fill("https://example.com/hook")
        frame.locator("#others").fill("order.created")
        frame.get_by_role("button", name="Create webhook").click()
        expect(frame.get_by_role("heading", level=1)).to_contain_text("It is created")
        frame.get_by_role("link", name="Deliveries").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Deliveries")
        (made,) = own.api(tenant).get("/webhooks").expect(200).body["data"]
        assert made["url"] == "https://example.com/hook"

        allowing = visit()
        allowing.goto(address)
        frame = allowing.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Webhooks")
        frame.get_by_role("rowheader").get_by_role("link").click()
        frame.get_by_role("button", name="Pause", exact=True).click()
        expect(frame.get_by_text("It is paused.")).to_be_visible()
    assert own.api(tenant).get(f"/webhooks/{made['id']}").expect(200).body["status"] == "paused"

    with served("embedded.py", own, tenant, a_free_one()) as address:
        said = []
        blocking.on("console", lambda message: said.append(message.text))
        blocking.goto(address)
        blocking.wait_for_timeout(500)
        (inner,) = [one for one in blocking.frames if one.parent_frame]
        assert "webhook" not in inner.content().lower(), "another origin's page shows nothing of it"
        assert any("frame-ancestors" in text for text in said), said


def test_that_browser_blocks_third_party_cookies(blocking):
    """Without this the test above would say nothing about them."""
    def inner(path, cookie):
        return f"<p>got: {cookie}</p>", {"Set-Cookie": "kept=1; SameSite=None; Secure"}

    with site(inner) as port:
        def outer(path, cookie):
            return f"<iframe src='http://127.0.0.1:{port}/'></iframe>", {}

        with site(outer) as outer_port:
            for _ in range(2):
                blocking.goto(f"http://localhost:{outer_port}/")
                expect(blocking.frame_locator("iframe").locator("p")).to_have_text("got:")


def test_a_page_of_ones_own_registers_tests_and_sends_again(
    visit, stack, tenant, api, receiver, eventually, pictures
):
    page = visit()
    with served("own.py", stack, tenant, a_free_one()) as address:
        page.goto(address)
        page.get_by_label("Address").fill("ftp://example.com")
        page.get_by_role("button", name="Create").click()
        assert page.get_by_role("status").inner_text().startswith("Not done. url: must be an https URL")

        page.get_by_label("Address").fill(receiver.url("/own"))
        page.get_by_role("button", name="Create").click()
        secret = page.get_by_role("status").inner_text().rsplit(" ", 1)[1]
        (made,) = api.get("/webhooks").expect(200).body["data"]
        assert secret == api.get(f"/webhooks/{made['id']}/secret").expect(200).body["secret"]

        page.get_by_role("button", name="Send a test").click()
        assert page.get_by_role("status").inner_text() == "The test arrived."

        receiver.respond = lambda _: Response(503)
        api.post("/events", {"type": "order.created", "data": {"id": "<b>1</b>"}}).expect(202)
        path = f"/webhooks/{made['id']}/deliveries"
        eventually(lambda: api.get(path, status="retrying").expect(200).body["data"], "the attempt failed")
        receiver.respond = lambda _: Response(200)
        page.goto(address)
        assert page.get_by_role("cell", name="retrying").count() == 1
        page.screenshot(path=pictures / "own-light.png")
        page.set_viewport_size({"width": 390, "height": 900})
        page.screenshot(path=pictures / "own-phone.png")
        page.get_by_role("button", name="Send again").click()
        assert page.get_by_role("status").inner_text() == "It is sent again."
        eventually(lambda: api.get(path, status="delivered").expect(200).body["data"], "it arrived")

        page.get_by_role("button", name="Delete").click()
        assert page.get_by_role("status").inner_text() == "Deleted."
        assert api.get("/webhooks").expect(200).body["data"] == []
