"""The ways of the operator, across all tenants."""

import json
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from conftest import ROOT
from test_hostile_texts import HOSTILE, MARKUP, side_by_side, watch
from test_pages import looked_at

from hooklane_local import portal
from hooklane_local.receiver import Response

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import inside  # noqa: E402 - after the path is known


@pytest.fixture
def base(stack) -> str:
    return f"{stack.description['apiUrl']}/operator"


@pytest.fixture
def enter(visit, stack):
    """`enter(script)`: a page of a browser that is signed in as the operator."""

    def entered(script=True, **window):
        page = visit(script, **window)
        page.goto(portal.operator_link(stack.description))
        return page

    return entered


def heading(page):
    return page.get_by_role("heading", level=1).inner_text()


def publish(api, **more):
    body = {"type": "order.created", "data": {"id": "o-1"}, **more}
    return api.post("/events", body).expect(202).body["id"]


def settled(api, webhook, status, count=1):
    found = api.get(f"/webhooks/{webhook}/deliveries", status=status, limit=100).expect(200).body["data"]
    return found if len(found) >= count else None


def test_sign_in_with_the_key_or_by_a_link_and_out(visit, base, stack, script):
    page = visit(script)
    assert page.goto(f"{base}/overview").status == 401
    assert heading(page) == "Sign in as the operator"
    page.get_by_label("Operator key").fill("not-the-operator-key")
    page.get_by_role("button", name="Sign in").click()
    assert "This is no operator key." in page.get_by_role("alert").inner_text()
    page.get_by_label("Operator key").fill(stack.description["operatorKey"])
    page.get_by_role("button", name="Sign in").click()
    assert heading(page) == "Overview"
    [session] = [one for one in page.context.cookies() if one["name"].startswith("__Host-")]
    assert session["httpOnly"] and session["secure"] and session["sameSite"] == "Lax"
    page.get_by_role("button", name="Sign out").click()
    assert heading(page) == "You are signed out"
    page.get_by_role("link", name="Sign in again").click()
    assert heading(page) == "Sign in as the operator"
    assert page.goto(f"{base}/tenants").status == 401

    page.goto(portal.operator_link(stack.description))
    assert heading(page) == "Overview" and page.url == f"{base}/overview"
    link = portal.operator_link(stack.description)
    assert page.goto(f"{link[:-3]}AAA").status == 401
    assert "This link no longer works" in page.content()


def test_find_an_event_of_any_tenant_and_see_what_became_of_it(enter, api, tenant, receiver, eventually, script):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    event = publish(api, id=f"evt_{uuid.uuid4().hex}")
    [delivery] = eventually(lambda: settled(api, made["id"], "delivered"))
    page = enter(script)
    search = page.get_by_role("searchbox")
    search.fill(event)
    search.press("Enter")
    assert page.get_by_role("rowheader").all_inner_texts() == [f"Event\n{event}"]
    page.get_by_role("button", name="What became of it").click()
    assert f"You view {tenant} as the operator. You can look, but change nothing." in page.locator("aside").inner_text()
    page.get_by_role("link", name="order.created").first.click()
    assert "Delivered" in page.locator(".lead").inner_text()
    assert page.url.endswith(f"/portal/{tenant}/deliveries/{delivery['id']}")

    for wanted, button in ((delivery["id"], "Open the delivery"), (made["id"], "Open the webhook"), (tenant, "View as tenant")):
        page.goto(f"{page.url.split('/portal/')[0].split('/operator')[0]}/operator/find?id={wanted}")
        page.get_by_role("button", name=button, exact=True).click()
        assert f"/portal/{tenant}/" in page.url, wanted


def test_redrive_a_dead_letter_and_see_it_delivered(enter, base, stack, api, tenant, receiver, eventually, script):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    reason = f"the browser's test {uuid.uuid4().hex}"
    for number in range(3):
        body = {"tenant": tenant, "id": f"letter-{number}-{tenant}", "type": "order.created", "data": {"n": number}}
        attributes = {"reason": reason, "source": "events", "time": datetime.now(timezone.utc).isoformat()}
        stack.sqs.send_message(
            QueueUrl=stack.description["deadLetterQueueUrls"]["events"],
            MessageBody=json.dumps(body),
            MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
        )
    page = enter(script)

    # Whoever looks at a queue hides its letters for a second, so of two tests that look each may see none.
    def press(button, wanted, sure=None):
        def pressed():
            page.goto(f"{base}/letters?source=events&reason={reason.replace(' ', '+')}")
            if page.locator("details.attempt").count() == 0:
                return False
            one = page.locator("details.attempt").first
            one.locator("> summary").click()
            assert tenant in one.inner_text() and reason in one.inner_text()
            one.get_by_role("button", name=button, exact=True).click()
            if sure and page.get_by_text(sure, exact=True).count() == 1:
                page.locator("main button").click()
            return page.get_by_text(wanted, exact=True).count() == 1

        eventually(pressed, f"{button}: {wanted}")

    press("Delete", "1 letter deleted.", "Delete 1 letter?")
    press("Send again", "1 letter sent again.")
    eventually(lambda: settled(api, made["id"], "delivered"), "it was not delivered")
    press("Send all with such a reason again", "1 letter sent again.", "Send 1 letter again?")
    eventually(lambda: settled(api, made["id"], "delivered", 2), "it was not delivered")
    assert len(settled(api, made["id"], "delivered", 2)) == 2, "the deleted one is lost"


@pytest.mark.long(60)
def test_a_receiver_dies_its_neighbour_is_unharmed_and_it_recovers(enter, base, stack, api, tenant, receiver, eventually):
    down = True
    receiver.respond = lambda request: Response(503 if down and request.path.startswith("/dead") else 200)
    body = {"url": receiver.url("/dead"), "events": ["*"], "name": "Ledger", "retryPolicy": {"schedule": [1] * 10}}
    dead = api.post("/webhooks", body).expect(201).body["id"]
    fine = api.post("/webhooks", {"url": receiver.url("/fine"), "events": ["*"], "name": "Desk"}).expect(201).body["id"]
    # The tenth failure opens the circuit, if they last a minute.
    streak = {"failures": 9, "since": "2024-01-15T10:30:00Z", "last": "2024-01-15T10:35:00Z"}
    inside.put_health(stack, dead, {"circuit": {"is": "closed"}, "streak": streak, "pace": {"mean_ms": 5, "attempts": 9}})
    page = enter()

    def row():
        page.goto(f"{base}/overview")
        while True:
            found = page.locator("tr", has=page.get_by_role("link", name=tenant, exact=True))
            more = page.get_by_role("link", name="The next part")
            if found.count() or not more.count():
                return found
            more.click()

    publish(api)
    eventually(lambda: row().count() == 1, "the overview does not show it")
    for _ in range(4):
        publish(api)
    eventually(lambda: settled(api, fine, "delivered", 5), "its neighbour waits")

    def parked():
        waiting = row().locator("[data-label=Waiting]")
        return waiting.count() and waiting.inner_text() == "5"

    eventually(parked, "the overview does not say how much waits")
    text = row().inner_text()
    assert "Failing" in text and "503" in text and "Ledger" in text
    assert page.locator(".lead").inner_text().endswith("so nobody else waits for them.")
    row().get_by_role("button", name="View as tenant").click()
    assert heading(page) == "Ledger"
    assert "Desk" not in page.locator("main").inner_text()

    down = False
    scheduled = json.loads((ROOT / "events" / "upkeep.json").read_text())

    def recovered():
        assert stack.invoke("UpkeepFunction", scheduled)["failed"] == 0
        return settled(api, dead, "delivered", 5)

    eventually(recovered, "what waited was not delivered")
    eventually(lambda: stack.invoke("UpkeepFunction", scheduled) and row().count() == 0, "it is still in trouble")


def test_view_as_tenant_and_back(enter, base, api, tenant, receiver, script):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/?token=secret-of-nobody-12345"), "events": ["*"]})
    webhook = made.expect(201).body["id"]
    page = enter(script)
    page.goto(f"{base}/tenants/{tenant}")
    page.get_by_role("button", name="View as tenant").click()
    band = page.get_by_role("complementary", name="You are the operator")
    for path in ("webhooks", f"webhooks/{webhook}", "deliveries", "types"):
        page.goto(f"{page.url.split('/portal/')[0]}/portal/{tenant}/{path}")
        assert "You can look, but change nothing." in band.inner_text(), path
    page.goto(f"{page.url.split('/portal/')[0]}/portal/{tenant}/webhooks/{webhook}")
    assert page.get_by_role("button", name="Pause", exact=True).count() == 0
    assert "secret-of-nobody" not in page.content()
    page.get_by_role("link", name="Change something").click()
    page.get_by_role("button", name="View and change").click()
    assert "You can change what its own people can." in band.inner_text()
    assert heading(page) == "Desk", "it is the same page"
    page.get_by_role("button", name="Pause", exact=True).click()
    assert api.get(f"/webhooks/{webhook}").expect(200).body["status"] == "paused"
    page.get_by_role("button", name="Back to the operator’s pages").click()
    assert heading(page) == tenant and page.url == f"{base}/tenants/{tenant}"
    assert page.goto(f"{base.removesuffix('/operator')}/portal/{tenant}/webhooks").status == 401


def test_a_tenants_page_shows_its_keys_and_when_they_were_used(enter, base, stack, api, tenant):
    made = api.post("/keys", {"name": "<b>Nightly</b> job", "scopes": ["webhooks:read"]}).expect(201).body
    page = enter()
    page.goto(f"{base}/tenants/{tenant}")
    row = page.get_by_role("table", name="Keys of the tenant").locator("tbody tr")
    assert "<b>Nightly</b> job" in row.inner_text() and "webhooks:read" in row.inner_text()
    used = row.locator("[data-label='Last used']")
    assert used.inner_text() == "never"
    stack.api(None, made["secret"]).get("/webhooks").expect(200)
    page.reload()
    assert used.inner_text() != "never"


@pytest.mark.long(40)
def test_the_operators_pages_in_light_and_dark_and_on_a_phone(enter, base, stack, api, tenant, receiver, eventually, pictures, axe):
    receiver.respond = lambda _: Response(503)
    body = {"url": receiver.url("/ledger"), "events": ["*"], "name": "Ledger", "retryPolicy": {"schedule": [3600]}}
    dead = api.post("/webhooks", body).expect(201).body["id"]
    api.post("/keys", {"name": "Nightly job", "scopes": ["webhooks:read", "events:publish"]}).expect(201)
    since = int(time.time() * 1000) - 8_000_000
    moment = datetime.fromtimestamp(since / 1000, timezone.utc).isoformat().replace("+00:00", "Z")
    open_ = {"is": "open", "since": moment, "probe_at": "2100-01-01T00:00:00Z", "probes": 3}
    event = publish(api)
    eventually(lambda: settled(api, dead, "retrying"))
    inside.put_health(stack, dead, {"circuit": open_, "pace": {"mean_ms": 5, "attempts": 9}})
    inside.watch(stack, tenant, dead)
    # As long as reasons get: a word of its own is wider than a phone.
    reason = "reading the stored delivery dlv_AQGiH6L8bjVQ8DvgQiXQIWkBoh-i_SsBoh-i_SvJZyd64t0sdfhJ failed: it is corrupt"
    attributes = {"reason": reason, "source": "deliveries", "time": moment}
    stack.sqs.send_message(
        QueueUrl=stack.description["deadLetterQueueUrls"]["deliveries"],
        MessageBody=json.dumps({"version": 1, "kind": "deliver", "body": {"tenant": tenant}}),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
    pages = {
        "operator-overview": "overview",
        "operator-tenants": "tenants",
        "operator-tenant": f"tenants/{tenant}",
        "operator-letters": "letters?source=deliveries",
        "operator-find": f"find?id={event}",
        "operator-find-none": "find?id=nothing-of-nobody",
        "operator-sign-in": "sign-in",
    }
    wrong = []
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
        page = enter(width=width, scheme=scheme)
        forbidden = []
        page.on("console", lambda message: forbidden.append(message.text) if "Content Security" in message.text else None)
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        for name, path in pages.items():
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{base}/{path}", wait_until="load")
            if name == "operator-letters":
                page.locator("details.attempt > summary").first.click()
            wrong += looked_at(page, axe, pictures, name, (scheme, width))
        page.goto(f"{base}/find?id={event}")
        page.get_by_role("button", name="What became of it").click()
        wrong += looked_at(page, axe, pictures, "operator-as-tenant", (scheme, width))
        wrong += [f"{scheme}, {width} px: {one}" for one in forbidden]
    assert not wrong, "\n".join(wrong)


def in_xml(text: str) -> str:
    """What SQS takes of a text: the characters that XML 1.0 has (*Amazon SQS API Reference*, SendMessage)."""
    return "".join(one for one in text if one in "\t\n\r" or " " <= one)


@pytest.mark.long(40)
def test_hostile_texts_stay_text_on_the_operators_pages(visit, base, stack, api, tenant, receiver, eventually):
    page = visit()
    check = watch(page)
    page.goto(portal.operator_link(stack.description))
    marker, queue = uuid.uuid4().hex, stack.description["deadLetterQueueUrls"]["upkeep"]
    for text in HOSTILE:
        reason = {"DataType": "String", "StringValue": f"{marker} {in_xml(text)}"}
        body = json.dumps({"tenant": text, "type": text, text: text}) if len(text) % 2 else in_xml(text)
        stack.sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes={"reason": reason})
    try:
        letters = f"{base}/letters?source=upkeep&reason={marker}"
        eventually(lambda: check(letters).locator("details.attempt").count() == 25)
        # Closed letters too.
        shown = page.evaluate("document.querySelector('main').textContent")
        page.get_by_role("link", name="Older").click()
        shown += page.evaluate("document.querySelector('main').textContent")
        assert page.evaluate("window.ran") is None and page.evaluate("window.breaches") == []
        assert sum(text in shown for text in MARKUP) > 30
        page.locator("details.attempt > summary").first.click()
        page.get_by_role("button", name="Delete all with such a reason").first.click()
        assert page.evaluate("window.ran") is None and page.evaluate("window.breaches") == []
    finally:
        for _ in range(3):
            stack.api(None).post("/dead-letters/delete", {"source": "upkeep", "reason": marker}).expect(200)
    name = " ".join(MARKUP[:6])[:200]
    made = api.post("/webhooks", {"name": name, "url": receiver.url("/"), "events": ["*"]}).expect(201).body["id"]
    api.post("/keys", {"name": MARKUP[0], "scopes": ["webhooks:read"]}).expect(201)
    open_ = {"is": "open", "since": "2001-01-01T00:00:00Z", "probe_at": "2100-01-01T00:00:00Z", "probes": 1}
    inside.put_health(stack, made, {"circuit": open_, "pace": {"mean_ms": 5, "attempts": 9}})
    inside.watch(stack, tenant, made)
    assert MARKUP[0] in check(f"{base}/overview").locator("main").inner_text()
    assert MARKUP[0] in check(f"{base}/tenants/{tenant}").locator("main").inner_text()
    # A look at dead letters takes a second.
    for text in side_by_side(HOSTILE):
        address = quote(text[:200])
        check(f"{base}/find?id={address}&after={address}")
        check(f"{base}/letters?source=upkeep&reason={address}&after={address}&done={address}&n={address}")
        check(f"{base}/tenants?after={address}")
