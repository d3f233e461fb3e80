"""Which token or key may call which operation. Generated from the OpenAPI document, so that no route is forgotten."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hooklane_local import polling
from hooklane_local.client import Answer, LocalStack

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text())
PREFIX = DOCUMENT["servers"][0]["url"]
SCOPES = set(DOCUMENT["components"]["schemas"]["Scope"]["enum"])


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    name: str
    scopes: tuple[str, ...]
    is_open: bool
    takes_body: bool

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def is_operators(self) -> bool:
        """Whether only the operator may call it, because no scope is enough."""
        return not self.is_open and not self.scopes


def operations() -> list[Operation]:
    found = []
    for path, item in DOCUMENT["paths"].items():
        for method, described in item.items():
            security = described["security"]
            scopes = tuple(scope for needed in security for scope in needed.get("bearer", ()))
            is_open = not any("bearer" in needed for needed in security)
            found.append(
                Operation(
                    method.upper(), path, described["operationId"], scopes, is_open, "requestBody" in described
                )
            )
    return found


GUARDED = [operation for operation in operations() if not operation.is_open]

# A valid body for each operation that needs one, so that it is not refused for another reason.
BODIES = {
    "createWebhook": {"url": "https://hooks.example.com/in", "events": ["*"]},
    "publishEvent": {"type": "order.created", "data": 1},
    "publishEvents": {"events": [{"type": "order.created", "data": 1}]},
    "startRecovery": {"since": "2024-01-15T10:30:00Z", "include": "all"},
    "setEventType": {"category": "secret", "description": "of B", "sample": 1, "schema": {}},
    "testNewWebhook": {"url": "http://127.0.0.1:1025/nobody-listens", "events": ["*"]},
    "previewNewWebhook": {"webhook": {"url": "https://hooks.example.com/in", "events": ["*"]}},
    "retryDeliveries": {"filter": {"status": ["failed"]}},
    "cancelDeliveries": {"filter": {"status": ["pending"]}},
    "redriveDeadLetters": {"source": "events", "id": "nobody-has-it"},
    "deleteDeadLetters": {"source": "events", "id": "nobody-has-it"},
    "createKey": {"name": "one", "scopes": ["keys:write"]},
    "checkDelivery": {"body": "{}"},
}

# The query of each operation that needs one.
QUERIES = {"findById": "?id=nobody-has-it", "listDeadLetters": "?source=events", "getSeries": "?metric=deliveries", "getWebhookSeries": "?metric=deliveries"}

# Operations on names that every tenant may use for something of its own.
BY_NAME = {"setEventType"}


# Operations without an id that are about a thing which a new tenant does not have.
OF_WHAT_IS_NOT_THERE = {"rotateInbox"}


def named(operation: Operation) -> str:
    return operation.name


@pytest.fixture(scope="module")
def world(stack: LocalStack) -> dict[str, str]:
    """One resource of each kind that belongs to tenant A, by the path parameter that names it."""
    tenant = f"t-{uuid.uuid4().hex[:12]}"
    api = stack.api(tenant)
    body = {"url": "http://127.0.0.1:1025/nobody-listens", "events": ["*"]}
    webhook = api.post("/api/v1/webhooks", body).expect(201).body
    event = api.post("/api/v1/events", {"type": "order.created", "data": {"secret-of": tenant}}).expect(202).body

    def attempted():
        listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").expect(200).body["data"]
        return listed[0]["id"] if listed else None

    secret_type = f"secret.{tenant}"
    described = {"category": "secret", "description": "of A", "sample": 1, "schema": {}}
    api.put(f"/api/v1/event-types/{secret_type}", described).expect(201)

    key = api.post("/api/v1/keys", {"name": f"secret {tenant}", "scopes": ["keys:write"]}).expect(201).body

    inbox = urlsplit(api.patch("/api/v1/inbox", {"enabled": True}).expect(200).body["url"])
    stack.api(None).post(inbox.path, {"secret-of": tenant}).expect(200)
    (request,) = api.get("/api/v1/inbox/requests").expect(200).body["data"]

    delivery = polling.eventually(attempted, 90)
    assert delivery, "the delivery was not attempted"
    return {
        "tenant": tenant,
        "webhook": webhook["id"],
        "event": event["id"],
        "delivery": delivery,
        "type": secret_type,
        "key": key["id"],
        "request": request["id"],
    }


@pytest.fixture
def token(stack: LocalStack, tenant: str):
    """`token("webhooks:read")`: a token of this test's tenant, which is not tenant A."""

    def mint(*scopes: str) -> str:
        path = f"/api/v1/tenants/{tenant}/tokens"
        return stack.api(None).post(path, {"scopes": list(scopes)}).expect(201).body["token"]

    return mint


@pytest.fixture
def key(stack: LocalStack, tenant: str):
    """`key("webhooks:read")`: the same as a key."""

    def make(*scopes: str) -> str:
        return stack.api(tenant).post("/api/v1/keys", {"name": "one", "scopes": list(scopes)}).expect(201).body["secret"]

    return make


def ask(stack: LocalStack, operation: Operation, world: dict[str, str], token: str) -> Answer:
    path = operation.path
    for parameter in operation.parameters:
        assert parameter in world, f"this test lacks a resource of tenant A for {{{parameter}}}"
        path = path.replace(f"{{{parameter}}}", world[parameter])
    body = BODIES.get(operation.name, {} if operation.takes_body else None)
    path += QUERIES.get(operation.name, "")
    return stack.api(None, token).request(operation.method, PREFIX + path, body)


@pytest.mark.parametrize("operation", [o for o in GUARDED if o.parameters and o.name not in BY_NAME], ids=named)
def test_another_tenants_resources_are_not_found(operation, stack, world, token):
    answer = ask(stack, operation, world, token(*sorted(SCOPES)))

    assert answer.status == 404, answer.raw
    assert world["tenant"].encode() not in answer.raw


def test_another_tenants_event_type_is_not_changed(stack, world, tenant, token):
    path = f"/api/v1/event-types/{world['type']}"

    stack.api(None, token("webhooks:write")).put(path, BODIES["setEventType"]).expect(201)

    assert stack.api(world["tenant"]).get(path).expect(200).body["description"] == "of A"
    assert stack.api(tenant).get(path).expect(200).body["description"] == "of B"


@pytest.mark.parametrize("operation", [o for o in GUARDED if not o.parameters and o.scopes], ids=named)
def test_no_list_shows_another_tenants_resources(operation, stack, world, token):
    answer = ask(stack, operation, world, token(*operation.scopes))

    assert answer.status in ((404,) if operation.name in OF_WHAT_IS_NOT_THERE else (200, 201, 202, 204)), answer.raw
    for resource in world.values():
        assert resource.encode() not in answer.raw


@pytest.mark.parametrize("operation", GUARDED, ids=named)
@pytest.mark.parametrize(
    "token",
    ["", "not-a-token", "eyJhbGciOiJub25lIn0.e30.", "hlk_acme_key_01HM6ADZ000000000000000000_AA_AAAAAA"],
    ids=["none", "garbage", "unsigned", "no-key"],
)
def test_every_operation_needs_a_token(operation, stack, world, token):
    answer = ask(stack, operation, world, token)

    assert answer.status == 401, answer.raw
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", [o for o in GUARDED if o.scopes], ids=named)
@pytest.mark.parametrize("kind", ["token", "key"])
def test_every_operation_needs_its_scope(operation, kind, stack, world, request):
    others = SCOPES - set(operation.scopes)

    answer = ask(stack, operation, world, request.getfixturevalue(kind)(*sorted(others)))

    assert answer.status == 403, answer.raw
    assert answer.body["detail"] == f"The {kind} lacks the scope {operation.scopes[0]}."


@pytest.mark.parametrize("operation", [o for o in GUARDED if o.is_operators and not o.parameters], ids=named)
@pytest.mark.parametrize("kind", ["token", "key"])
def test_only_the_operator_may_read_the_operators_lists(operation, kind, stack, world, request):
    answer = ask(stack, operation, world, request.getfixturevalue(kind)(*sorted(SCOPES)))

    assert answer.status == 403, answer.raw


def test_a_revoked_token_is_refused_at_once(stack, tenant, token):
    mine = token("webhooks:read")
    stack.api(None, mine).get("/api/v1/webhooks").expect(200)

    stack.api(None).post(f"/api/v1/tenants/{tenant}/tokens/revoke").expect(204)

    for _ in range(5):
        stack.api(None, mine).get("/api/v1/webhooks").expect(401)


def test_a_deleted_tenants_tokens_and_keys_are_refused_and_its_id_cannot_be_used(
    stack, tenant, token, key, register
):
    webhook, mine, lasting = register(), token("webhooks:read"), key("webhooks:read")
    stack.api(None, lasting).get("/api/v1/webhooks").expect(200)

    stack.api(None).delete(f"/api/v1/tenants/{tenant}").expect(204)

    stack.api(None, mine).get("/api/v1/webhooks").expect(401)
    stack.api(None, lasting).get("/api/v1/webhooks").expect(401)
    stack.api(tenant).get(f"/api/v1/webhooks/{webhook['id']}").expect(410)
    stack.api(None).get(f"/api/v1/tenants/{tenant}").expect(410)


def test_requests_over_a_tenants_limit_are_refused_and_every_answer_shows_the_limit(stack, tenant, token):
    stack.api(None).put(f"/api/v1/tenants/{tenant}", {"requestsPerMinute": 20}).expect(200)
    mine = stack.api(None, token("webhooks:read"))

    answers = [mine.get("/api/v1/webhooks") for _ in range(50)]

    refused = [answer for answer in answers if answer.status == 429]
    # The count is approximate: instances lease blocks of requests, and a new minute may begin.
    assert refused, "50 requests were accepted although the limit is 20 a minute"
    assert all(int(answer.headers["retry-after"]) in range(1, 61) for answer in refused)
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"20"}
    for answer in answers:
        assert int(answer.headers["x-ratelimit-remaining"]) in range(21)
        assert int(answer.headers["x-ratelimit-reset"]) % 60 == 0
