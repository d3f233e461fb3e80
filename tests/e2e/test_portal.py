"""The portal over HTTP: a link becomes a session, and the session a page."""

import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments, **_more):
        return None


def ask(stack, path: str, cookie: str = ""):
    address = f"{stack.description['apiUrl']}{path}"
    request = urllib.request.Request(address, headers={"Cookie": cookie})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    try:
        answer = opener.open(request, timeout=30)
    except urllib.error.HTTPError as refused:
        answer = refused
    return answer.status, answer.headers, answer.read().decode()


def test_a_link_becomes_a_session_and_revoking_ends_it(stack, tenant, api):
    made = stack.api(None).post(f"/tenants/{tenant}/portal", {"scope": "manage", "timeZone": "Europe/Berlin"})
    link = urlsplit(made.expect(201).body["url"])
    assert link.path == f"/portal/{tenant}/enter"

    status, headers, _ = ask(stack, f"{link.path}?{link.query}")

    assert (status, headers["location"]) == (303, f"/portal/{tenant}/webhooks")
    cookie, attributes = headers["set-cookie"].split(";", 1)
    assert cookie.startswith(f"__Host-hooklane-{tenant}=") and "HttpOnly" in attributes and "Secure" in attributes
    status, headers, page = ask(stack, f"/portal/{tenant}/webhooks", cookie)
    assert status == 200 and "Your first webhook" in page and "Europe/Berlin" in page
    style = re.search(r"/portal/.assets/portal-[0-9a-f]+\.css", page)[0]
    status, headers, _ = ask(stack, style)
    assert status == 200 and "immutable" in headers["cache-control"]
    stack.api(None).post(f"/tenants/{tenant}/tokens/revoke").expect(204)
    assert ask(stack, f"/portal/{tenant}/webhooks", cookie)[0] == 401


def test_links_are_made_by_the_operator_alone(stack, tenant, api):
    token = stack.api(None).post(f"/tenants/{tenant}/tokens", {"scopes": ["webhooks:write"]}).expect(201).body["token"]

    stack.api(None, token).post(f"/tenants/{tenant}/portal", {"scope": "manage"}).expect(404)
