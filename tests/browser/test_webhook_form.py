"""Making and changing a webhook: tried before it is saved, with and without JavaScript."""

import json

import pytest


@pytest.fixture
def sign_in(visit, link, script, api):
    def signed_in(**wanted):
        page = visit(script)
        page.goto(link(**wanted))
        return page

    return signed_in


def heading(page):
    return page.get_by_role("heading", level=1).inner_text()


def fields(page):
    """What the texts of the form say."""
    names = ("url", "name", "others", "filter", "transform", "timeout", "rate", "per", "headers")
    return {name: page.locator(f"#{name}").input_value() for name in names}


def test_create_after_a_preview_and_a_sample(sign_in, api, receiver):
    page = sign_in()
    page.locator("#url").fill(receiver.url("/hook"))
    page.get_by_label("Name if you like").fill('Order "desk" <1>')
    page.get_by_label("Others, or patterns if you like").fill("order.created")
    page.get_by_label("Filter if you like").fill("event.type == 'order.created'")
    page.get_by_label("Transform if you like").fill("{'kind': event.type}")
    page.get_by_label("With the sample of").select_option("order.created")

    page.get_by_role("button", name="Preview").click()

    panel = page.get_by_role("status", name="This would arrive")
    text = panel.inner_text()
    assert "The filter matches." in text and "order.created" in text and "webhook-signature:" in text
    assert "kind" in panel.get_by_role("group", name="Body of the request").inner_text()
    assert not receiver.requests, "a preview sends nothing"
    typed = fields(page)
    assert typed["name"] == 'Order "desk" <1>' and typed["transform"] == "{'kind': event.type}"
    assert page.get_by_label("With the sample of").input_value() == "order.created"

    page.get_by_role("button", name="Send a sample").click()

    assert "The sample arrived" in page.locator("main").inner_text()
    [request] = receiver.wait_for(1, 10, "/hook")
    assert json.loads(request.body)["data"] == {"kind": "order.created"}
    assert api.get("/webhooks").expect(200).body["total"] == 0, "nothing is saved"
    assert fields(page)["name"] == 'Order "desk" <1>'

    page.get_by_role("button", name="Create webhook").click()
    assert heading(page).startswith("It is created")
    made = api.get("/webhooks").expect(200).body["data"][0]
    assert (made["name"], made["transform"]) == ('Order "desk" <1>', "{'kind': event.type}")


def test_an_address_is_judged_with_the_apis_reason(sign_in, api, script):
    page = sign_in()
    body = {"url": "http://169.254.169.254/latest", "events": ["*"]}
    reason = api.post("/webhooks", body).expect(422).body["errors"][0]["message"]
    page.locator("#url").fill(body["url"])
    if not script:
        page.get_by_role("button", name="Preview").click()
    said = page.locator("#url-mistake")
    said.filter(has_text=reason).wait_for()
    assert page.locator("#url").get_attribute("aria-invalid") == "true"
    page.locator("#url").fill("https://example.com/hook")
    if script:
        said.wait_for(state="hidden")
        assert page.locator("#url").get_attribute("aria-invalid") == "false"


def make(api, receiver, **more):
    body = {"name": "Desk", "url": receiver.url("/hook"), "events": ["order.created", "order.*"]} | more
    return api.post("/webhooks", body).expect(201).body


def test_edit_with_a_preview_and_a_sample(sign_in, api, receiver):
    limit = {"requests": 5, "perSeconds": 1}
    made = make(api, receiver, headers={"X-Key": "s3cret"}, rateLimit=limit, description="stays")
    page = sign_in()
    page.get_by_role("link", name="Desk").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    assert heading(page) == "Edit"
    assert fields(page)["headers"] == "X-Key: ***" and "s3cret" not in page.content()
    page.get_by_label("Name").first.fill("Returns")
    page.locator("#transform").fill("{'kind': event.type}")
    page.locator("#rate").fill("9")

    page.get_by_role("button", name="Preview").click()
    assert "kind" in page.get_by_role("status", name="This would arrive").inner_text()
    page.get_by_role("button", name="Send a sample").click()
    assert "Your changes are not saved yet." in page.locator("main").inner_text()
    [request] = receiver.wait_for(1, 10, "/hook")
    assert request.headers["x-key"] == "s3cret", "the header that stays is sent"
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["name"] == "Desk"

    page.get_by_role("button", name="Save").click()
    assert "It is saved." in page.get_by_role("status").first.inner_text()
    assert heading(page) == "Returns"
    saved = api.get(f"/webhooks/{made['id']}").expect(200).body
    assert (saved["rateLimit"], saved["description"]) == ({"requests": 9, "perSeconds": 1}, "stays")
    assert saved["events"] == made["events"], "what nobody touched is as it was"
    api.post(f"/webhooks/{made['id']}/test").expect(200)
    assert receiver.wait_for(2, 10, "/hook")[1].headers["x-key"] == "s3cret"


def test_mistakes_stand_beside_their_fields(sign_in, api, receiver):
    made = make(api, receiver)
    page = sign_in()
    page.goto(page.url.replace("/webhooks", f"/webhooks/{made['id']}/edit"))
    page.locator("#filter").fill("event.data.total >\n 1 1")
    more = page.locator("details.options")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    page.locator("#timeout").fill("99")
    page.get_by_role("button", name="Save").click()

    alert = page.get_by_role("alert")
    assert "2 things to correct" in alert.inner_text()
    assert page.locator("#filter-mistake").inner_text().startswith("line 2, column ")
    assert page.locator("#timeout").get_attribute("aria-invalid") == "true"
    assert fields(page)["timeout"] == "99"
    alert.get_by_role("link", name="Time limit").click()
    assert page.url.endswith("#timeout")
    assert "filter" not in api.get(f"/webhooks/{made['id']}").expect(200).body


def test_two_editors_do_not_overwrite_each_other(sign_in, api, receiver):
    made = make(api, receiver)
    page = sign_in()
    page.goto(page.url.replace("/webhooks", f"/webhooks/{made['id']}/edit"))
    api.patch(f"/webhooks/{made['id']}", {"name": "Of another"}).expect(200)
    page.get_by_label("Name").first.fill("Mine")
    page.get_by_role("button", name="Save").click()

    assert heading(page) == "Somebody else was faster"
    text = page.get_by_role("row", name="Name").inner_text()
    assert "Of another" in text and "Mine" in text
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["name"] == "Of another"
    page.get_by_role("button", name="Go on with mine").click()
    assert fields(page)["name"] == "Mine"
    page.get_by_role("button", name="Save").click()
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["name"] == "Mine"


def test_the_studio_on_real_events_and_back(sign_in, api, receiver, eventually):
    made = make(api, receiver)
    for total in (149.90, 10.5):
        data = {"id": f"o-{total}", "total": total}
        api.post("/events", {"type": "order.created", "data": data}).expect(200, 201, 202)
    body = {"eventType": "order.created"}
    eventually(lambda: len(api.post("/webhooks/try", body).expect(200).body["data"]) == 2, "both events are listed")
    page = sign_in()
    page.get_by_role("link", name="Desk").click()
    page.get_by_role("link", name="Open the studio").click()
    assert "2 of 2 match. These are the newest events." in page.locator("main").inner_text()

    page.locator("#filter").fill("event.data.total > 50.0")
    page.locator("#transform").fill("{'id': event.data.id}")
    page.get_by_role("button", name="Try").click()

    results = page.locator("#results")
    assert "1 of 2 match." in results.inner_text()
    for one in results.locator("details:not([open]) summary").all():
        one.click()
    removed = results.locator("del").all_inner_texts()
    assert removed == ['−   "total": 10.5', '−   "total": 149.9'], "newest first"
    assert results.get_by_text("Does not match").count() == 1

    page.locator("#filter").fill("event.data.total >")
    page.get_by_role("button", name="Try").click()
    assert "line 1, column" in page.locator("#filter-mistake").inner_text()
    page.locator("#filter").fill("event.data.total > 50.0")
    page.get_by_role("button", name="Use these").click()
    assert heading(page) == "Edit"
    assert "filter" not in api.get(f"/webhooks/{made['id']}").expect(200).body, "saved only on demand"
    page.get_by_role("button", name="Save").click()
    saved = api.get(f"/webhooks/{made['id']}").expect(200).body
    assert (saved["filter"], saved["transform"]) == ("event.data.total > 50.0", "{'id': event.data.id}")


def test_the_studio_of_an_unsaved_webhook_takes_samples_and_keeps_the_form(sign_in, api, receiver):
    page = sign_in()
    page.locator("#url").fill(receiver.url("/hook"))
    page.get_by_label("Others, or patterns if you like").fill("order.created")
    page.get_by_role("button", name="Try it on real events").click()
    assert "there was no such event yet" in page.locator("#results").inner_text()
    page.locator("#transform").fill("{'kind': event.type}")
    page.get_by_role("button", name="Try").click()
    assert '"kind": "order.created"' in page.locator("#results ins").first.inner_text()
    page.get_by_role("button", name="Use these").click()
    assert fields(page)["url"] == receiver.url("/hook")
    assert fields(page)["others"] == "order.created"
    page.get_by_role("button", name="Create webhook").click()
    made = api.get("/webhooks").expect(200).body["data"][0]
    assert made["transform"] == "{'kind': event.type}"


def test_who_may_only_look_sees_none_of_it(sign_in, api, receiver):
    made = make(api, receiver)
    page = sign_in(scope="read")
    page.get_by_role("link", name="Desk").click()
    for name in ("Edit", "Open the studio"):
        assert page.get_by_role("link", name=name).count() == 0
    for path in ("edit", "studio"):
        answer = page.goto(page.url.split("/webhooks")[0] + f"/webhooks/{made['id']}/{path}")
        assert answer.status == 403
