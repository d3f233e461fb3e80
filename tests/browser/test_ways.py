"""The ways of a person, each with and without JavaScript."""

import pytest

from hooklane_local.receiver import Response


@pytest.fixture
def sign_in(visit, link, script, api):
    def signed_in(**wanted):
        page = visit(script)
        page.goto(link(**wanted))
        return page

    return signed_in


def publish(api, count=1, kind="order.created", **more):
    ids = []
    for number in range(count):
        body = {"type": kind, "data": {"id": f"o-{number}", "total": 149.90}, **more}
        ids.append(api.post("/events", body).expect(202, 201, 200).body["id"])
    return ids


def deliveries(api, webhook, status=None):
    query = {"limit": 100} | ({"status": status} if status else {})
    return api.get(f"/webhooks/{webhook}/deliveries", **query).expect(200).body["data"]


def heading(page):
    return page.get_by_role("heading", level=1).inner_text()


def test_create_a_webhook_and_see_its_secret_once(sign_in, api, receiver, eventually):
    page = sign_in()
    page.get_by_role("textbox", name="Address").fill(receiver.url("/hook"))
    page.get_by_label("Name if you like").fill("Order desk")
    page.get_by_label("Others, or patterns if you like").fill("order.created")
    page.get_by_label("Filter if you like").fill("event.data.total > 50.0 &&")
    page.get_by_role("button", name="Create webhook").click()
    assert "One thing to correct" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Name if you like").input_value() == "Order desk", "what was typed is still there"

    page.get_by_label("Filter if you like").fill("event.data.total > 50.0")
    page.get_by_label("Transform if you like").fill("{'id': event.data.id}")
    page.get_by_role("button", name="Create webhook").click()

    assert heading(page).startswith("It is created")
    secret = page.get_by_label("Signing secret").input_value()
    assert secret.startswith("whsec_")
    page.get_by_role("link", name="Done").click()
    assert heading(page) == "Order desk"
    assert secret not in page.content()
    made = api.get("/webhooks").expect(200).body["data"][0]
    assert (made["filter"], made["transform"]) == ("event.data.total > 50.0", "{'id': event.data.id}")
    page.get_by_role("button", name="Send a test").first.click()
    assert heading(page) == "The test arrived", page.locator("main").inner_text()
    [request] = receiver.wait_for(1, 10, "/hook")
    assert request.headers["webhook-signature"].startswith("v1,")


def test_the_list_says_how_much_of_a_day_arrived(sign_in, api, receiver, eventually):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    publish(api, 3)
    eventually(lambda: len(deliveries(api, made["id"], "delivered")) == 3)
    page = sign_in()
    row = page.locator("tr", has=page.get_by_role("rowheader", name="Desk"))
    assert row.get_by_role("img", name="3 delivered").count() == 1
    assert "100%" in row.inner_text()


def test_a_webhooks_chart_says_what_it_shows_and_is_a_table_too(sign_in, api, receiver, eventually):
    receiver.respond = lambda _: Response(503)
    made = api.post("/webhooks", {"name": "Ledger", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    publish(api, 2)
    eventually(lambda: len(deliveries(api, made["id"], "retrying")) == 2)
    page = sign_in()
    page.get_by_role("link", name="Ledger").first.click()
    chart = page.locator("figure", has=page.get_by_role("heading", name="How many, and what became of them"))
    assert "2 waiting" in chart.get_by_role("img").get_attribute("aria-label")
    chart.get_by_text("Show as a table").click()
    counts = [int(cell) for cell in chart.locator("tbody tr td:nth-of-type(3)").all_inner_texts()]
    assert sum(counts) == 2
    page.set_viewport_size({"width": 320, "height": 900})
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "an open table scrolls by itself"
    errors = page.get_by_role("region", name="Errors by kind").inner_text()
    assert "Answered with an error" in errors
    codes = page.get_by_role("region", name="Answers by code").inner_text()
    assert "503 Service Unavailable" in codes
    assert "Counted at" in page.locator("main").inner_text()
    page.get_by_role("link", name="503 Service Unavailable").click()
    assert heading(page) == "Deliveries" and page.locator("tbody [data-row]").count() == 2
    assert page.get_by_label("Answer code").input_value() == "503", "filters that are set are open"


def test_find_a_delivery_and_read_why_it_waits_and_retry_it(sign_in, api, receiver, eventually):
    receiver.respond = lambda _: Response(503, {"content-type": "application/json"}, b'{"error":"no room"}')
    made = api.post("/webhooks", {"name": "Ledger", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    [event] = publish(api)
    eventually(lambda: deliveries(api, made["id"], "retrying"))
    page = sign_in()

    page.get_by_role("searchbox", name="Find by event or delivery id").fill(event)
    page.get_by_role("searchbox", name="Find by event or delivery id").press("Enter")
    page.locator("tbody a.name").first.click()

    assert heading(page) == "order.created to Ledger"
    assert "Retrying" in page.locator(".lead").inner_text()
    life = page.locator(".life").inner_text()
    assert "Accepted" in life and "503 Service Unavailable" in life and "Next attempt, at the earliest" in life
    assert "no room" in page.locator(".attempt").first.inner_text()
    receiver.respond = lambda _: Response(200)
    page.get_by_role("button", name="Retry now").click()
    assert "sent again now" in page.get_by_role("status").first.inner_text()
    eventually(lambda: deliveries(api, made["id"], "delivered"))
    page.reload()
    assert "Delivered" in page.locator(".lead").inner_text()
    assert page.get_by_role("button", name="Retry now").count() == 0


def test_cancel_one(sign_in, api, receiver, eventually):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    api.post(f"/webhooks/{made['id']}/pause").expect(200)
    publish(api)
    one = eventually(lambda: [d for d in deliveries(api, made["id"]) if "parked" in d])[0]
    page = sign_in()
    page.goto(page.url.replace("/webhooks", f"/deliveries/{one['id']}"))
    assert "The webhook is paused" in page.locator(".lead").inner_text()

    page.get_by_role("button", name="Cancel this delivery").click()

    assert "It is cancelled" in page.get_by_role("status").first.inner_text()
    assert deliveries(api, made["id"])[0]["status"] == "cancelled"


def test_retry_thirty_and_cancel_thirty_with_the_number_in_the_act(sign_in, api, receiver, eventually, script):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    api.post(f"/webhooks/{made['id']}/pause").expect(200)
    publish(api, 30)
    eventually(lambda: len([d for d in deliveries(api, made["id"]) if "parked" in d]) == 30)
    page = sign_in()
    page.get_by_role("link", name="Deliveries", exact=True).click()
    boxes = page.locator("[name=d]")
    assert boxes.count() == 30
    if script:
        page.get_by_label("Select all on this page").check()
        assert page.locator("#picked").inner_text() == "30 selected."
    else:
        for number in range(30):
            boxes.nth(number).check()

    page.locator("[name=do][value=cancel]").click()
    assert heading(page) == "Cancel 30 deliveries?"
    page.get_by_role("link", name="Keep them").click()
    assert not deliveries(api, made["id"], "cancelled")

    for number in range(30):
        page.locator("[name=d]").nth(number).check()
    page.locator("[name=do][value=cancel]").click()
    page.get_by_role("button", name="Cancel 30 deliveries").click()
    assert "30 deliveries are cancelled." in page.get_by_role("status").first.inner_text()
    assert len(deliveries(api, made["id"], "cancelled")) == 30

    for number in range(30):
        page.locator("[name=d]").nth(number).check()
    api.post(f"/webhooks/{made['id']}/resume").expect(200)
    page.locator("[name=do][value=retry]").click()
    assert "30 deliveries are sent again now." in page.get_by_role("status").first.inner_text()
    eventually(lambda: len(deliveries(api, made["id"], "delivered")) == 30)


@pytest.mark.parametrize("discards", [False, True])
def test_pause_and_resume_with_or_without_what_waited(sign_in, api, receiver, eventually, discards, stack):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    page = sign_in()
    page.get_by_role("link", name="Desk").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    assert "It is paused" in page.get_by_role("status").first.inner_text()
    publish(api, 2)
    eventually(lambda: len([d for d in deliveries(api, made["id"]) if "parked" in d]) == 2)

    page.get_by_role("link", name="Resume…").click()
    assert "the 2 deliveries that wait" in page.locator("main").inner_text()
    if discards:
        page.get_by_label("Cancel the 2 deliveries that wait").check()
    page.get_by_role("button", name="Resume").click()

    assert "It is resumed" in page.get_by_role("status").first.inner_text()
    wanted = "cancelled" if discards else "delivered"

    def ended():
        stack.invoke("UpkeepFunction", {})
        return len(deliveries(api, made["id"], wanted)) == 2

    eventually(ended)


def test_recover_after_the_count(sign_in, api, receiver, eventually, stack):
    receiver.respond = lambda _: Response(410)
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    publish(api)
    eventually(lambda: len(deliveries(api, made["id"], "failed")) == 1)
    receiver.respond = lambda _: Response(200)
    api.patch(f"/webhooks/{made['id']}", {"active": True}).expect(200)
    page = sign_in()
    page.get_by_role("link", name="Desk").first.click()
    page.get_by_role("link", name="Choose a time…").click()
    assert heading(page) == "Recover"

    page.get_by_role("button", name="Count them first").click()

    assert "Send 1 delivery again?" in page.locator("main").inner_text()
    assert deliveries(api, made["id"], "failed"), "nothing was sent yet"
    page.get_by_role("button", name="Send 1 again").click()
    assert "It has begun" in page.get_by_role("status").first.inner_text()

    def ended():
        stack.invoke("UpkeepFunction", {})
        return deliveries(api, made["id"], "delivered")

    eventually(ended)
    page.reload()
    assert "1 delivery sent again" in page.locator("main").inner_text()


@pytest.fixture
def slow_recovery(api, receiver, eventually):
    """A webhook with a recovery that sends two deliveries an hour apart, so that it is under way."""
    receiver.respond = lambda _: Response(500)
    body = {"name": "Desk", "url": receiver.url("/"), "events": ["*"], "retryPolicy": "none"}
    made = api.post("/webhooks", body).expect(201).body
    publish(api, 2)
    eventually(lambda: len(deliveries(api, made["id"], "failed")) == 2)
    wanted = {"since": made["createdAt"], "include": "failed", "rateLimit": {"requests": 1, "perSeconds": 3600}}
    api.post(f"/webhooks/{made['id']}/recover", wanted).expect(202)
    return made


def test_stop_a_recovery_that_is_under_way(sign_in, api, slow_recovery):
    page = sign_in()
    page.get_by_role("link", name="Desk").first.click()
    page.get_by_role("link", name="Choose a time…").click()
    assert page.get_by_role("heading", name="A recovery is running").count() == 1
    assert page.get_by_role("button", name="Count them first").count() == 0, "one at a time"

    page.get_by_role("button", name="Stop it").click()

    assert "It was stopped. What was sent stays sent." in page.get_by_role("status").first.inner_text()
    assert page.get_by_role("button", name="Stop it").count() == 0
    assert page.get_by_role("button", name="Count them first").count() == 1, "another one can begin"
    assert api.get(f"/webhooks/{slow_recovery['id']}/recover").expect(200).body["state"] == "stopped"


def test_rotate_and_see_how_long_both_count(sign_in, api, receiver):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    page = sign_in()
    page.get_by_role("link", name="Desk").click()
    page.get_by_role("link", name="Rotate…").click()
    page.get_by_label("Sign with both for an hour").check()
    page.get_by_role("button", name="Rotate").click()

    secret = page.get_by_label("Signing secret").input_value()
    assert secret == api.get(f"/webhooks/{made['id']}/secret").expect(200).body["secret"]
    page.get_by_role("link", name="Done").click()
    left = page.locator("section", has=page.get_by_role("heading", name="Signing secret")).inner_text()
    assert "59 min" in left or "1 h" in left
    assert page.get_by_role("link", name="Replace both…").count() == 1


def test_delete_says_how_many_are_cancelled(sign_in, api, receiver, eventually):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    api.post(f"/webhooks/{made['id']}/pause").expect(200)
    publish(api, 3)
    eventually(lambda: len([d for d in deliveries(api, made["id"]) if "parked" in d]) == 3)
    page = sign_in()
    page.get_by_role("link", name="Desk").first.click()
    page.get_by_role("link", name="Delete and cancel 3…").click()
    assert "the 3 deliveries that wait are cancelled" in page.locator("main").inner_text()
    page.get_by_role("button", name="Delete and cancel 3").click()

    assert "The webhook is deleted" in page.get_by_role("status").first.inner_text()
    api.get(f"/webhooks/{made['id']}").expect(404)


def test_a_shared_delivery_needs_no_session_and_shows_no_secret(sign_in, visit, api, receiver, eventually, script):
    headers = {"Authorization": "Bearer the-receivers-own"}
    receiver.respond = lambda _: Response(200, {"Set-Cookie": "session=of-the-receiver"}, b"ok")
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"], "headers": headers})
    made = made.expect(201).body
    publish(api)
    one = eventually(lambda: deliveries(api, made["id"], "delivered"))[0]
    page = sign_in()
    page.goto(page.url.replace("/webhooks", f"/deliveries/{one['id']}"))
    page.get_by_label("Works for").select_option("1 hour")
    page.get_by_role("button", name="Make a link").click()
    shared = page.get_by_label("The link").input_value()
    path = shared[shared.index("/portal/") :]

    other = visit(script)
    other.goto(page.url[: page.url.index("/portal/")] + path)

    assert heading(other) == "order.created to Desk"
    text = other.content()
    assert "the-receivers-own" not in text and "of-the-receiver" not in text
    assert other.get_by_role("button", name="Retry now").count() == 0 and other.locator("nav").count() == 0
    assert other.goto(other.url.split("/shared")[0] + "/webhooks").status == 401
    assert other.goto(page.url[: page.url.index("/portal/")] + path[:-4] + "AAAA").status == 401


def test_the_list_can_be_taken_away_as_a_file(sign_in, api, receiver, eventually):
    made = api.post("/webhooks", {"name": "=cmd|calc", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    publish(api, 2)
    eventually(lambda: len(deliveries(api, made["id"], "delivered")) == 2)
    page = sign_in()
    base = page.url.replace("/webhooks", "")

    csv = page.request.get(f"{base}/deliveries.csv").text().splitlines()
    exported = page.request.get(f"{base}/deliveries.json").json()

    assert len(csv) == 3 and csv[0].startswith("delivery,event,eventType,webhook,webhookName,status")
    assert all("\"'=cmd|calc\"" in line for line in csv[1:]), "no spreadsheet computes a name"
    assert {one["status"] for one in exported} == {"delivered"}
    assert {one["webhook"] for one in exported} == {made["id"]}


def test_the_catalog_shows_fields_sample_and_schema(sign_in):
    page = sign_in()
    page.get_by_role("link", name="Event types").click()
    page.get_by_label("Name or description").fill("order.created")
    page.get_by_role("button", name="Apply").click()
    page.locator("a.name").first.click()

    chosen = page.locator("#chosen").inner_text()
    assert "Sample" in chosen and "{" in chosen
    page.get_by_role("link", name="New webhook for it").click()
    assert page.locator("[name=events]:checked").count() == 1
