"""Requests that the API refuses."""

import json

import pytest
from problems import refused, wrong_fields

GOOD = {"type": "order.created", "data": {"orderId": "A-1"}}
MAX_EVENT_BYTES = 256 * 1024


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        ({"type": "order created"}, ["type"]),
        ({"type": ""}, ["type"]),
        ({"type": 7}, ["type"]),
        ({"type": "x" * 256}, ["type"]),
        ({"id": "no id!"}, ["id"]),
        ({"id": ""}, ["id"]),
        ({"id": "x" * 65}, ["id"]),
        ({"timestamp": "yesterday"}, ["timestamp"]),
        ({"metadata": "text"}, ["metadata"]),
        ({"test": "yes"}, ["test"]),
        ({"surprise": 1}, ["surprise"]),
        ({"tenant": "somebody-else"}, ["tenant"]),
        ({"id": "no id!", "type": "no type!", "surprise": 1}, ["id", "surprise", "type"]),
    ],
)
def test_every_wrong_field_of_an_event_is_named(wrong, paths, api):
    assert sorted(wrong_fields(api.post("/api/v1/events", {**GOOD, **wrong}))) == paths


@pytest.mark.parametrize("missing", ["type", "data"])
def test_a_missing_field_of_an_event_is_named(missing, api):
    assert wrong_fields(api.post("/api/v1/events", {name: GOOD[name] for name in GOOD if name != missing})) == [missing]


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"type":"a","data":{}} trailing'])
def test_an_event_that_is_not_a_json_object_is_refused(body, api):
    assert wrong_fields(api.post("/api/v1/events", body)) == [""]


def test_an_event_that_is_not_utf_8_is_refused(api):
    refused(api.post("/api/v1/events", b'{"type":"a","data":"\xff"}'), 400, "bad-request")


def test_an_event_nested_too_deep_is_refused(api):
    deep = b'{"type": "order.created", "data": ' + b"[" * 200 + b"]" * 200 + b"}"

    assert api.post("/api/v1/events", deep).expect(422).headers["content-type"] == "application/problem+json"


def test_an_event_of_256_kib_is_accepted_and_a_larger_one_refused(api):
    frame = len(json.dumps({**GOOD, "data": ""}))

    api.post("/api/v1/events", {**GOOD, "data": "x" * (MAX_EVENT_BYTES - frame)}).expect(202)
    refused(api.post("/api/v1/events", {**GOOD, "data": "x" * (MAX_EVENT_BYTES - frame + 1)}), 413, "too-large")


@pytest.mark.parametrize("body", [{"events": []}, [], {"events": [GOOD] * 101}, {"surprise": []}, {}, "text"])
def test_a_batch_without_1_to_100_events_is_refused(body, api):
    refused(api.post("/api/v1/events/batch", body), 422, "invalid")


def test_a_batch_over_4_mib_is_refused(api):
    large = {**GOOD, "data": "x" * 200_000}

    refused(api.post("/api/v1/events/batch", [large] * 22), 413, "too-large")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic b3BlcmF0b3I6a2V5", "wrong"], ids=str
)
def test_a_request_without_a_valid_key_is_refused(authorization, stack, tenant):
    api = stack.api(tenant)
    headers = {"Authorization": authorization} if authorization is not None else {"Authorization": ""}

    for method, path in (("GET", "/api/v1/webhooks"), ("POST", "/api/v1/webhooks"), ("POST", "/api/v1/events")):
        answer = api.request(method, path, {} if method == "POST" else None, headers)
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_request_with_the_operator_key_must_name_its_tenant(stack):
    problem = refused(stack.api(None).get("/api/v1/webhooks"), 400, "bad-request")

    assert "X-Tenant-Id" in problem["detail"]


@pytest.mark.parametrize("tenant_name", ["", "not a tenant", "x" * 65, "a#b"])
def test_an_invalid_tenant_name_is_refused(tenant_name, stack):
    refused(stack.api(tenant_name).get("/api/v1/webhooks"), 400, "bad-request")


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/nothing", "/webhooks/x/y/z", "/api/v2/webhooks"])
def test_an_unknown_path_is_not_found(path, api):
    refused(api.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/v1/events"), ("DELETE", "/api/v1/webhooks"), ("POST", "/api/v1/webhooks/wh_1")]
)
def test_a_method_that_a_path_does_not_support_is_refused(method, path, api):
    refused(api.request(method, path), 405, "method-not-allowed")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"page": 0}, "page"),
        ({"page": "one"}, "page"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_an_invalid_parameter_of_a_list_is_named(query, path, api):
    assert wrong_fields(api.get("/api/v1/webhooks", **query)) == [path]
