"""Who gets in, and what is kept in the browser."""

import re

import pytest


def host_cookies(page):
    return {one["name"]: one for one in page.context.cookies() if one["name"].startswith("__Host-")}


def test_a_link_opens_the_portal_and_becomes_a_session(visit, link, tenant, script, api):
    page = visit(script)

    page.goto(link())

    assert page.url.endswith(f"/portal/{tenant}/webhooks"), "the link is not in the address any more"
    assert page.get_by_role("heading", level=1).inner_text() == "Your first webhook", "the empty list is the form"
    session = host_cookies(page)[f"__Host-hooklane-{tenant}"]
    assert session["httpOnly"] and session["secure"] and session["sameSite"] == "Lax" and session["path"] == "/"
    page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "Your first webhook"


def test_without_a_session_there_is_nothing_to_see(visit, stack, tenant):
    page = visit()

    answer = page.goto(f"{stack.description['apiUrl']}/portal/{tenant}/webhooks")

    assert answer.status == 401
    assert page.get_by_role("heading", level=1).inner_text() == "You are not signed in"


def test_a_link_that_is_none_or_of_another_tenant_opens_nothing(visit, link, stack, tenant):
    page = visit()
    good = link()

    for bad in (good[:-3] + "AAA", good.replace(tenant, "somebody-else"), good.split("?")[0]):
        answer = page.goto(bad)
        assert answer.status == 401, bad
        assert page.get_by_role("heading", level=1).inner_text() == "This link no longer works"
    assert host_cookies(page) == {}


def test_sessions_of_two_tenants_live_in_one_browser(visit, stack):
    from hooklane_local import portal

    page = visit()
    for tenant in ("two-a", "two-b"):
        page.goto(portal.link(stack.description, tenant))

    for tenant in ("two-a", "two-b"):
        page.goto(f"{stack.description['apiUrl']}/portal/{tenant}/deliveries")
        assert page.locator(".brand small").inner_text() == tenant
    assert len(host_cookies(page)) == 2


def test_signing_out_and_revoking_end_a_session(visit, link, tenant, stack, script, api):
    page = visit(script)
    page.goto(link())
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You are signed out"
    assert host_cookies(page) == {}

    page.goto(link())
    stack.api(None).post(f"/tenants/{tenant}/tokens/revoke").expect(204)
    assert page.goto(f"{stack.description['apiUrl']}/portal/{tenant}/webhooks").status == 401


def test_who_may_only_look_changes_nothing(visit, link, tenant, stack, api, receiver):
    url = receiver.url("/hook?token=very-secret-value-1234567890")
    made = api.post("/webhooks", {"url": url, "events": ["*"]}).expect(201).body
    page = visit()
    page.goto(link(scope="read"))
    assert page.get_by_role("link", name="New webhook").count() == 0

    page.goto(f"{stack.description['apiUrl']}/portal/{tenant}/webhooks/{made['id']}")
    assert "very-secret-value" not in page.content(), "what may be a token in the address is masked"
    assert page.get_by_role("button", name="Pause", exact=True).count() == 0
    form = page.locator("footer input[name=form]").get_attribute("value")
    answer = page.request.post(
        f"{page.url}/pause", form={"form": form}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status == 403
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["status"] == "active"


@pytest.mark.parametrize(
    ("site", "form"), [("cross-site", True), ("same-site", True), ("none", True), ("same-origin", False), (None, True)]
)
def test_a_form_of_another_page_is_refused(visit, link, tenant, stack, api, receiver, site, form):
    made = api.post("/webhooks", {"url": receiver.url("/"), "events": ["*"]}).expect(201).body
    page = visit()
    page.goto(link())
    text = page.locator("footer input[name=form]").get_attribute("value")
    headers = {"Sec-Fetch-Site": site} if site else {"Origin": "https://evil.example"}

    answer = page.request.post(
        f"{stack.description['apiUrl']}/portal/{tenant}/webhooks/{made['id']}/pause",
        form={"form": text if form else "0" * 32},
        headers=headers,
    )

    assert answer.status == 403
    assert "This form is not of this session" in answer.text()
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["status"] == "active"


def test_a_page_says_what_it_permits(visit, link, api):
    answer = visit().goto(link())

    headers = answer.headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    asset = re.search(r"/portal/.assets/portal-[0-9a-f]{16}\.css", answer.text())
    assert asset, "the stylesheet's name has a hash"


def test_a_platforms_look(visit, link, api):
    page = visit()
    theme = {"mode": "dark", "accent": "#7a1fa2", "accentDark": "#e1b3f5", "name": "Fernhill Shop"}

    page.goto(link(theme=theme, returnUrl="https://shop.example/settings", locale="de-CH", timeZone="Europe/Zurich"))

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator(".brand span").inner_text() == "Fernhill Shop"
    back = page.get_by_role("link", name="Back to Fernhill Shop")
    assert back.get_attribute("href") == "https://shop.example/settings"
    colour = page.locator(".button--main").first.evaluate("one => getComputedStyle(one).backgroundColor")
    assert colour == "rgb(225, 179, 245)"
    assert "Europe/Zurich" in page.locator("footer").inner_text()
