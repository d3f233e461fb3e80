"""The keyboard alone."""

import pytest

from hooklane_local.receiver import Response

# More stops than any page has.
_STOPS = 150
_NAME = """() => {
  const one = document.activeElement;
  const label = one.labels?.[0]?.textContent ?? one.getAttribute("aria-label") ?? one.textContent;
  return label.replace(/\\s+/g, " ").trim();
}"""


@pytest.fixture
def tab_to():
    """`tab_to(page, "Pause")`: presses Tab until the focus is on what has this name, and sees where the focus is."""

    def pressed(page, name):
        passed = []
        for _ in range(_STOPS):
            page.keyboard.press("Tab")
            found = page.evaluate(_NAME)
            if found.startswith(name):
                assert page.locator(":focus-visible").count() == 1, f"the focus on {name} can be seen"
                return
            passed.append(found[:40])
        raise AssertionError(f"{name} cannot be reached; the stops were {passed}")

    return pressed


def enter(page):
    with page.expect_navigation():
        page.keyboard.press("Enter")


def heading(page):
    return page.get_by_role("heading", level=1).inner_text()


def test_from_the_list_to_a_webhook_and_its_pause_without_a_pointer(visit, link, api, receiver):
    for name in ("First", "Second"):
        api.post("/webhooks", {"name": name, "url": receiver.url("/"), "events": ["*"]}).expect(201)
    page = visit()
    page.goto(link())
    focused = "document.activeElement.textContent || document.activeElement.id"

    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to the content"
    assert page.locator(":focus-visible").count() == 1, "where one is can be seen"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("j")
    first = page.evaluate(focused)
    page.keyboard.press("j")
    second = page.evaluate(focused)
    assert {first, second} == {"First", "Second"}
    page.keyboard.press("k")
    assert page.evaluate(focused) == first
    page.keyboard.press("Enter")
    page.wait_for_url("**/webhooks/wh_*")
    page.get_by_role("button", name="Pause", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**done=pause")
    assert "It is paused" in page.get_by_role("status").first.inner_text()


def test_create_a_webhook_send_a_test_rotate_and_delete_without_a_pointer(visit, link, api, receiver, script, tab_to):
    page = visit(script)
    page.goto(link())
    tab_to(page, "Address")
    page.keyboard.type(receiver.url("/hook"))
    tab_to(page, "Others, or patterns")
    page.keyboard.type("order.created")
    tab_to(page, "Create webhook")
    enter(page)
    assert heading(page).startswith("It is created")
    tab_to(page, "Done")
    enter(page)
    assert heading(page)

    tab_to(page, "Send a test")
    enter(page)
    assert heading(page) == "The test arrived"
    assert receiver.wait_for(1, 10, "/hook")
    page.go_back()

    tab_to(page, "Rotate")
    enter(page)
    assert page.url.endswith("/rotate")
    tab_to(page, "Rotate")
    enter(page)
    [made] = api.get("/webhooks").expect(200).body["data"]
    secret = api.get(f"/webhooks/{made['id']}/secret").expect(200).body["secret"]
    assert page.get_by_label("Signing secret").input_value() == secret
    tab_to(page, "Done")
    enter(page)
    assert page.url.endswith(made["id"])

    tab_to(page, "Delete")
    enter(page)
    assert page.url.endswith("/delete")
    tab_to(page, "Delete")
    enter(page)
    assert api.get("/webhooks").expect(200).body["data"] == []


def test_find_select_retry_and_cancel_without_a_pointer(visit, link, api, receiver, eventually, tab_to):
    receiver.respond = lambda _: Response(503)
    made = api.post("/webhooks", {"name": "Ledger", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    ids = [api.post("/events", {"type": "order.created", "data": {"n": n}}).expect(202).body["id"] for n in range(2)]
    path = f"/webhooks/{made['id']}/deliveries"
    eventually(lambda: len(api.get(path, status="retrying").expect(200).body["data"]) == 2)
    page = visit()
    page.goto(link())
    page.keyboard.press("/")
    page.keyboard.type(ids[0])
    enter(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#picked").inner_text() == "1 selected."
    receiver.respond = lambda request: Response(200 if ids[0] in str(request.headers) else 503)
    tab_to(page, "Retry 1 now")
    enter(page)
    assert "sent again now" in page.get_by_role("status").first.inner_text()
    eventually(lambda: len(api.get(path, status="delivered").expect(200).body["data"]) == 1)

    page.keyboard.press("/")
    page.keyboard.type(ids[1])
    enter(page)
    page.keyboard.press("j")
    enter(page)
    assert "/deliveries/dlv_" in page.url
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.textContent") == "Retry now"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Cancel this delivery"
    enter(page)
    assert "It is cancelled" in page.get_by_role("status").first.inner_text()
    assert len(api.get(path, status="cancelled").expect(200).body["data"]) == 1


@pytest.mark.long(20)
def test_the_operator_signs_in_finds_and_sends_again_without_a_pointer(
    visit, stack, api, tenant, receiver, eventually, script, tab_to
):
    receiver.respond = lambda _: Response(503)
    body = {"name": "Ledger", "url": receiver.url("/"), "events": ["*"], "retryPolicy": {"schedule": [3600]}}
    made = api.post("/webhooks", body).expect(201).body["id"]
    event = api.post("/events", {"type": "order.created", "data": {}}).expect(202).body["id"]
    path = f"/webhooks/{made}/deliveries"
    eventually(lambda: api.get(path, status="retrying").expect(200).body["data"])
    receiver.respond = lambda _: Response(200)
    page = visit(script)
    page.goto(f"{stack.description['apiUrl']}/operator/overview")
    tab_to(page, "Operator key")
    page.keyboard.type(stack.description["operatorKey"])
    enter(page)
    assert heading(page) == "Overview"
    tab_to(page, "waits longest")
    enter(page)
    tab_to(page, "Find by the id")
    page.keyboard.type(event)
    enter(page)
    tab_to(page, "What became of it")
    enter(page)
    tab_to(page, "order.created")
    enter(page)
    tab_to(page, "Change something")
    enter(page)
    tab_to(page, "View and change")
    enter(page)
    tab_to(page, "Retry now")
    enter(page)
    eventually(lambda: api.get(path, status="delivered").expect(200).body["data"])
    tab_to(page, "Back to the operator")
    enter(page)
    assert heading(page) == tenant
