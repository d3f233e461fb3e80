"""The keyboard alone."""


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
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**done=pause")
    assert "It is paused" in page.get_by_role("status").first.inner_text()
