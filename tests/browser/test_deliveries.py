"""Deliveries: by answer and by event, live, as a command, and what a receiver has compared with what was sent."""

import base64
import subprocess

import pytest
from playwright.sync_api import expect

from hooklane_local.receiver import Response


@pytest.fixture
def sign_in(visit, link, script, api):
    def signed_in(path="deliveries", **wanted):
        page = visit(script)
        page.goto(link(**wanted))
        page.goto(page.url.replace("/webhooks", f"/{path}"))
        return page

    return signed_in


@pytest.fixture
def publish(api):
    def published(data=None, kind="order.created"):
        body = {"type": kind, "data": data or {"id": "o-1", "total": 149.90}}
        return api.post("/events", body).expect(200, 201, 202).body["id"]

    return published


@pytest.fixture
def register(api, receiver):
    def registered(name, path, **more):
        body = {"name": name, "url": receiver.url(path), "events": ["*"], **more}
        return api.post("/webhooks", body).expect(201).body["id"]

    return registered


@pytest.fixture
def tried(api, eventually):
    """The delivery of a webhook once it has this status."""

    def found(webhook, status):
        def look():
            return api.get(f"/webhooks/{webhook}/deliveries", status=status).expect(200).body["data"]

        return eventually(look)[0]

    return found


def respond(request):
    return Response(503, {}, b"full") if request.path.startswith("/bad") else Response(200, {}, b"ok")


def ids(page):
    return page.locator("[data-id]").evaluate_all("all => all.map(one => one.dataset.id)")


def test_find_by_answer_and_group_by_event(sign_in, register, publish, tried, receiver):
    receiver.respond = respond
    good, bad = register("Desk", "/good"), register("Ledger", "/bad")
    event = publish()
    delivered, failing = tried(good, "delivered")["id"], tried(bad, "retrying")["id"]
    page = sign_in()
    assert set(ids(page)) == {delivered, failing}

    page.get_by_label("Answer code").fill("503")
    page.get_by_role("button", name="Apply").click()
    assert ids(page) == [failing] and "code=503" in page.url
    page.get_by_label("Answer code").fill("")
    page.get_by_label("Error", exact=True).select_option("No answer in time")
    page.get_by_role("button", name="Apply").click()
    assert ids(page) == [] and "error=timeout" in page.url
    page.get_by_label("Error", exact=True).select_option("all")
    page.get_by_role("button", name="Apply").click()

    page.get_by_role("link", name="By event").click()
    group = page.locator("tbody").first
    assert event in group.inner_text() and "1 delivered" in group.inner_text()
    assert set(ids(page)) == {delivered, failing}
    page.get_by_label("Answer code").fill("503")
    page.get_by_role("button", name="Apply").click()
    assert "group=event" in page.url and ids(page) == [failing], "a filter keeps the groups"
    page.locator("tr.group a").click()
    assert f"id={event}" in page.url
    assert len(ids(page)) == 2, "all deliveries of the event"


def test_new_deliveries_are_counted_and_come_when_they_are_asked_for(sign_in, register, publish, tried, receiver, script):
    receiver.respond = respond
    webhook = register("Desk", "/good")
    publish()
    tried(webhook, "delivered")
    page = sign_in()
    before = ids(page)
    assert len(before) == 1
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/deliveries/rows" in request.url else None)
    if not script:
        assert page.locator("#live").is_hidden()
        publish()
        page.wait_for_timeout(6_000)
        assert asked == [] and ids(page) == before, "nothing changes by itself"
        return
    assert page.locator("#live [role=status]").inner_text() == "Live"
    page.locator("[name=d]").check()
    publish()
    publish()
    show = page.get_by_role("button", name="Show them")
    place = page.locator("[data-id]").first.bounding_box()["y"]
    show.wait_for()
    page.get_by_text("2 new deliveries.").wait_for()
    assert ids(page) == before and page.locator("[data-id]").first.bounding_box()["y"] == place, "nothing moved"
    show.click()
    assert len(ids(page)) == 3 and ids(page)[-1] == before[0]
    assert page.locator("[name=d]:checked").count() == 1, "what was selected still is"
    assert page.locator("#picked").inner_text() == "1 selected."
    assert page.evaluate("document.activeElement.closest('tr')?.dataset.id") == ids(page)[0]
    count = len(asked)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(6_000)
    assert len(asked) <= count + 1 and page.locator("#live [role=status]").inner_text() == "Paused"


def test_rows_that_come_to_an_empty_list_can_be_selected_and_retried(visit, link, register, publish, tried, receiver, api):
    receiver.respond = respond
    webhook = register("Desk", "/bad")
    page = visit()
    page.goto(link())
    page.goto(page.url.replace("/webhooks", "/deliveries"))
    retry = page.locator("#dock [value=retry]")
    assert ids(page) == [] and not retry.is_visible()
    publish()
    one = tried(webhook, "retrying")["id"]
    page.get_by_role("button", name="Show them").click()
    assert ids(page) == [one] and retry.is_visible()
    page.locator("[name=d]").check()
    assert retry.inner_text() == "Retry 1 now" and page.locator("#picked").inner_text() == "1 selected."
    retry.click()
    assert "1 delivery" in page.get_by_role("status").first.inner_text()


def test_live_rows_change_in_place_and_stop_without_a_reader(visit, link, register, publish, tried, receiver, api):
    receiver.respond = respond
    webhook = register("Ledger", "/bad")
    publish()
    one = tried(webhook, "retrying")["id"]
    page = visit()
    page.clock.install()
    page.goto(link())
    page.goto(page.url.replace("/webhooks", "/deliveries"))
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/deliveries/rows" in request.url else None)
    receiver.respond = lambda _: Response(200)
    api.post(f"/webhooks/deliveries/{one}/retry").expect(202)
    tried(webhook, "delivered")
    with page.expect_response("**/deliveries/rows**"):
        page.clock.run_for(2_100)
    page.locator("[data-id] .state--good").wait_for()
    statuses = []
    for _ in range(3):
        with page.expect_response("**/deliveries/rows**") as answered:
            page.clock.run_for(2_100)
        statuses.append(answered.value.status)
        # Until the script has planned the next turn.
        page.wait_for_timeout(300)
    assert set(statuses[1:]) == {304}, "nothing is sent while nothing changes"
    # The turns are a little longer than two seconds, so one of them may have two.
    assert len(asked) in (4, 5), "every two seconds"
    status = page.locator("#live [role=status]")
    # The turn that is due comes once, and is the last: five minutes have gone since an act.
    with page.expect_response("**/deliveries/rows**"):
        page.clock.fast_forward(300_000)
    expect(page.locator("#live [role=status]")).to_have_text("Not live while you are away")
    count = len(asked)
    page.clock.run_for(60_000)
    page.wait_for_timeout(300)
    assert len(asked) == count, "it rests"
    assert status.inner_text() == "Not live while you are away"
    page.mouse.click(5, 5)
    with page.expect_response("**/deliveries/rows**"):
        page.clock.run_for(2_100)


def test_a_deliverys_page_follows_what_happens_until_it_has_ended(visit, link, register, publish, tried, receiver, api):
    receiver.respond = respond
    webhook = register("Ledger", "/bad", retryPolicy={"schedule": [3600]})
    publish()
    one = tried(webhook, "retrying")["id"]
    page = visit()
    page.goto(link())
    page.goto(page.url.replace("/webhooks", f"/deliveries/{one}"))
    status, answers = page.locator("#live [role=status]"), []
    page.on("response", lambda answer: answers.append(answer.status) if answer.url.endswith("/now") else None)
    expect(page.locator("#live [role=status]")).to_have_text("Live")
    page.locator("#a1 summary").click()
    was_open = page.locator("#a1").evaluate("one => one.open")
    page.locator("h1").click()
    page.wait_for_timeout(5_000)
    assert answers.count(200) <= 1 and answers.count(304) >= 1, "nothing is sent while nothing changes"
    receiver.respond = lambda _: Response(200)
    api.post(f"/webhooks/deliveries/{one}/retry").expect(202)
    page.locator("#a2").wait_for()
    page.locator("#head .state--good").wait_for()
    assert page.locator("#a1").evaluate("one => one.open") == was_open, "what was folded stays so"
    expect(page.locator("#live [role=status]")).to_have_text("It has ended.")
    count = len(answers)
    page.wait_for_timeout(4_500)
    assert len(answers) == count, "it asks no more"
    assert status.inner_text() == "It has ended."


def test_copy_a_delivery_as_a_command_that_a_receiver_believes(sign_in, register, publish, tried, receiver):
    receiver.respond = respond
    data = {"note": "it's `id` $(id) $HOME \\n ! \" \u202e\u009b31m", "lines": "a\nb\r\n\t"}
    webhook = register("Ledger", "/bad", headers={"X-Own": "s3cret"})
    publish(data)
    one = tried(webhook, "retrying")["id"]
    [sent] = receiver.wait_for(1, 10, "/bad")
    page = sign_in(f"deliveries/{one}")
    page.get_by_role("button", name="Make the command").click()
    command = page.get_by_label("The command").input_value()
    assert "s3cret" not in command and "X-Own" in page.locator("#curl .hint").inner_text()
    assert "\u202e" not in command and "\u009b" not in command
    page.get_by_role("button", name="Sign it anew").wait_for()

    count = len(receiver.requests)
    ran = subprocess.run(["bash", "-c", command.replace("curl ", "curl --insecure --silent ", 1)], capture_output=True)
    assert ran.returncode == 0, ran.stderr
    again = receiver.requests[count]
    assert again.body == sent.body
    assert again.headers["webhook-id"] == sent.headers["webhook-id"]
    assert again.headers["webhook-signature"] != sent.headers["webhook-signature"]
    answer = page.request.fetch(page.url.split("/request")[0])
    assert answer.ok


def test_check_what_a_receiver_has(sign_in, api, register, publish, tried, receiver):
    receiver.respond = respond
    webhook = register("Ledger", "/bad")
    publish({"total": 149.90, "name": "Müller"})
    one = tried(webhook, "retrying")["id"]
    secret = api.get(f"/webhooks/{webhook}/secret").expect(200).body["secret"]
    [sent] = receiver.wait_for(1, 10, "/bad")
    page = sign_in(f"deliveries/{one}")
    check = page.locator("#check")
    page.get_by_text("Check my signature").click()

    def compare(**values):
        for name in ("secret", "body", "headers"):
            page.locator(f"#check [name={name}]").fill(values.get(name, ""))
        page.locator("#as").select_option(values.get("written", "text"))
        page.get_by_role("button", name="Compare").click()
        found = check.get_by_role("status").inner_text()
        assert secret not in page.content(), "the secret is not shown again"
        return found

    headers = "\n".join(f"{name}: {value}" for name, value in sent.headers.items())
    body = sent.body.decode()
    found = compare(secret=secret, body=body, headers=headers)
    assert "The signature fits." in found and "The secret is right." in found and "byte for byte" in found
    found = compare(secret=secret.removeprefix("whsec_"))
    assert "The signature does not fit." in found and "whsec_" in found
    found = compare(body=body.replace("149.9", "149.90") if "149.90" not in body else body.replace("149.90", "149.9"))
    assert "the same JSON, written anew" in found
    assert check.locator("mark").count() == 2
    found = compare(body=base64.b64encode(sent.body + b"\r\n").decode(), written="base64")
    assert "white space at the end" in found and "U+000D" in found
    found = compare(headers="webhook-id: nobody\nwebhook-signature v1,x")
    assert "Line 2 of the headers cannot be read." in found
    found = compare(headers="webhook-id: nobody")
    assert "header with the signature is missing" in found


def test_who_may_only_look_sees_no_such_act(sign_in, register, publish, tried, receiver):
    webhook = register("Desk", "/good")
    publish()
    one = tried(webhook, "delivered")["id"]
    page = sign_in(f"deliveries/{one}", scope="read")
    assert page.get_by_role("heading", name="Copy as curl").count() == 0
    assert page.get_by_role("heading", name="Check my signature").count() == 0


def test_the_inbox_shows_what_a_webhook_sends(sign_in, api, publish, tried):
    page = sign_in("inbox")
    page.get_by_role("button", name="Turn on").click()
    url = page.get_by_label("Address of the inbox").input_value()
    page.get_by_role("link", name="New webhook for it").click()
    assert page.get_by_role("textbox", name="Address").input_value() == url
    webhook = api.post("/webhooks", {"name": "To the inbox", "url": url, "events": ["*"]}).expect(201).body["id"]
    publish({"total": 12})
    tried(webhook, "delivered")

    page.goto(page.url[: page.url.index("/new")] + "/inbox")
    chosen = page.locator("#chosen").inner_text()
    assert "Verified" in chosen and "It was sent by To the inbox" in chosen
    assert "webhook-signature" in chosen and "total" in chosen
    page.get_by_label("It answers with").fill("410")
    page.get_by_role("button", name="Set the answer").click()
    assert "answers like that" in page.get_by_role("status").first.inner_text()
    assert api.get("/inbox").expect(200).body["answer"]["status"] == 410
    page.get_by_text("Another address, or no requests").click()
    page.get_by_label("I do not need them any more").check()
    page.get_by_role("button", name="Delete 1 request").click()
    assert "None yet." in page.locator("main").inner_text()
    page.get_by_role("button", name="Turn off").click()
    assert not api.get("/inbox").expect(200).body["enabled"]
