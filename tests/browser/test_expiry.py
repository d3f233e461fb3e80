"""A link and a session after their time. Nobody waits five minutes or eight hours here: each is signed once more, with
the stack's own key and an earlier end."""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest


@pytest.fixture
def ended(stack):
    """`ended(text)`: the same pass, but it ended a second ago."""
    # Other tests deploy stacks beside this one, which have such a secret too.
    function = stack.lambdas.get_function_configuration(FunctionName=stack.description["functions"]["DashboardFunction"])
    name = function["Environment"]["Variables"]["TOKEN_KEY_SECRET"]
    key = stack.secrets.get_secret_value(SecretId=name)["SecretString"].splitlines()[0].strip()

    def signed(signed_part: str) -> str:
        digest = hmac.new(key.encode(), signed_part.encode(), hashlib.sha256).digest()
        return f"{signed_part}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    def at_its_end(text: str) -> str:
        header, payload, _ = text.split(".")
        assert signed(f"{header}.{payload}") == text, "this is how the stack signs"
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        lasted = claims["exp"] - claims["iat"]
        claims |= {"exp": int(time.time()) - 1, "iat": int(time.time()) - 1 - lasted}
        again = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        return signed(f"{header}.{again}")

    return at_its_end


def test_a_link_that_has_expired_says_so_and_opens_nothing(visit, link, ended, script, api):
    good = link()
    [(name, [text])] = parse_qs(urlsplit(good).query).items()
    page = visit(script)

    answer = page.goto(f"{good.split('?')[0]}?{name}={ended(text)}")

    assert answer.status == 401
    assert page.get_by_role("heading", level=1).inner_text() == "This link no longer works"
    assert page.context.cookies() == [] or not any("Host-hooklane" in one["name"] for one in page.context.cookies())


def test_a_session_that_has_ended_shows_nothing_and_changes_nothing(visit, link, ended, tenant, api, receiver, script):
    made = api.post("/webhooks", {"name": "Desk", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    page = visit(script)
    page.goto(link())
    page.goto(page.url + f"/{made['id']}")
    [cookie] = [one for one in page.context.cookies() if one["name"] == f"__Host-hooklane-{tenant}"]
    page.context.add_cookies([cookie | {"value": ended(cookie["value"])}])

    page.get_by_role("button", name="Pause", exact=True).click()

    assert page.get_by_role("heading", level=1).inner_text() == "You are not signed in"
    assert api.get(f"/webhooks/{made['id']}").expect(200).body["status"] == "active"
