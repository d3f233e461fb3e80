"""The event catalog, a tenant's own event types, and strict tenants."""

import json
import re

import pytest
from problems import refused, wrong_fields

PARCEL = {
    "category": "shipping",
    "description": "A parcel went out",
    "sample": {"parcelId": "p-1", "weight": 1.5},
    "schema": {
        "type": "object",
        "required": ["parcelId"],
        "properties": {"parcelId": {"type": "string"}, "weight": {"type": "number"}},
    },
}
PATH = "/api/v1/event-types/parcel.sent"


def available(api, **query) -> dict[str, dict]:
    listed = api.get("/api/v1/webhooks/events/available", **query).expect(200).body["data"]
    return {one["type"]: one for one in listed}


@pytest.fixture
def strict(stack, tenant):
    """Makes the test's tenant strict."""
    stack.api(None).put(f"/api/v1/tenants/{tenant}", {"strict": True}).expect(200)


def test_the_event_catalog_lists_its_types(api):
    types = available(api)
    assert {"queue.created", "user.login", "order.created", "order.updated", "task.created"} <= types.keys()
    assert all(one["category"] and one["description"] and "schema" in one for one in types.values())
    assert set(available(api, category="tasks")) == {"task.created", "task.updated", "task.completed", "task.deleted"}


def test_an_unknown_type_is_refused_with_a_suggestion(api, receiver):
    body = {"url": receiver.url(), "events": ["*", "order.creatd", "ordr.*"]}
    answer = api.post("/api/v1/webhooks", body)
    assert wrong_fields(answer) == ["events[1]", "events[2]"]
    assert "order.created" in answer.body["errors"][0]["message"]
    assert "order.*" in answer.body["errors"][1]["message"]


def test_the_refusal_of_an_unknown_type_says_how_to_add_it(stack, api, receiver):
    body = {"url": receiver.url(), "events": ["parcel.lost", "parcel.*"]}
    exact, pattern = (error["message"] for error in api.post("/api/v1/webhooks", body).expect(422).body["errors"])
    assert '"register": true' in exact and '"register": true' in pattern
    # The request that it names, as it stands there.
    method, path, example = re.search(r"(PUT) (/event-types/\S+) with a body such as (\{.*\})", exact).groups()
    assert (method, path) == ("PUT", "/event-types/parcel.lost")
    api.put(f"/api/v1{path}", json.loads(example)).expect(201)
    api.post("/api/v1/webhooks", body).expect(201)


def test_a_webhook_brings_its_event_types_along(api, register, publish, requests):
    described = {"type": "parcel.sent", "sample": PARCEL["sample"], "category": "shipping"}
    webhook = register(["parcel.*", "crate.sent", "box.*"], eventTypes=[described], register=True)
    assert [warning["field"] for warning in webhook["warnings"]] == ["events[2]"]
    types = available(api)
    assert (types["parcel.sent"]["sample"], types["parcel.sent"]["source"]) == (PARCEL["sample"], "tenant")
    assert types["crate.sent"]["sample"] == {}
    publish(PARCEL["sample"], event_type="parcel.sent")
    publish({"crateId": "c-1"}, event_type="crate.sent")
    sent = {json.loads(request.body)["type"] for request in requests(2)}
    assert sent == {"parcel.sent", "crate.sent"}
    # A change brings types, too.
    changed = api.patch(f"/api/v1/webhooks/{webhook['id']}", {"events": ["crate.lost"], "register": True})
    assert changed.expect(200).body["events"] == ["crate.lost"]
    assert {"crate.lost", "crate.sent", "parcel.sent"} <= available(api).keys()


def test_a_refused_webhook_adds_no_types(api):
    body = {"url": "ftp://example.com/", "events": ["parcel.lost"], "register": True}
    assert wrong_fields(api.post("/api/v1/webhooks", body)) == ["url"]
    assert "parcel.lost" not in available(api)


def test_a_tenants_settings_name_another_catalog_than_the_stack(stack, tenant, api):
    assert api.get("/api/v1/webhooks/events/available").expect(200).body["catalog"] == "default"
    operator = stack.api(None)
    operator.put(f"/api/v1/tenants/{tenant}", {"catalog": "hooklane"}).expect(200)
    assert set(available(api)) == {
        "webhook.test",
        "webhook.failing",
        "webhook.recovered",
        "webhook.disabling",
        "webhook.disabled",
        "delivery.exhausted",
    }


def test_an_event_of_a_strict_tenant_is_accepted_once_a_webhook_brought_its_type(api, strict):
    event = {"type": "crate.sent", "data": {"crateId": "c-1"}}
    (error,) = api.post("/api/v1/events", event).expect(422).body["errors"]
    assert "to add it, PUT /event-types/crate.sent" in error["message"]
    body = {"url": "https://example.com/", "events": ["crate.*"], "eventTypes": [{"type": "crate.sent", "sample": {}}]}
    api.post("/api/v1/webhooks", body).expect(201)
    api.post("/api/v1/events", event).expect(202)


def test_a_tenant_adds_its_own_type_and_subscribes_to_it(api, register, publish, requests):
    created = api.put(PATH, PARCEL).expect(201)
    assert created.headers["etag"] == '"1"'
    assert available(api)["parcel.sent"] == created.body
    stale = {"If-Match": '"7"'}
    refused(api.put(PATH, PARCEL, **stale), 412, "precondition-failed")
    known = {"If-Match": '"1"'}
    assert api.put(PATH, PARCEL, **known).expect(200).headers["etag"] == '"1"'
    changed = {**PARCEL, "description": "A parcel is on its way."}
    assert api.put(PATH, changed, **known).expect(200).headers["etag"] == '"2"'
    register(["parcel.sent"])
    publish(PARCEL["sample"], event_type="parcel.sent")
    (request,) = requests(1)
    assert json.loads(request.body)["data"] == PARCEL["sample"]
    api.delete(PATH).expect(204)
    refused(api.get(PATH), 404, "not-found")


def test_another_tenants_types_are_not_found(stack, tenant, api):
    api.put(PATH, PARCEL).expect(201)
    other = stack.api(f"{tenant}-other")
    refused(other.get(PATH), 404, "not-found")
    assert "parcel.sent" not in available(other)


def test_a_type_of_the_event_catalog_cannot_be_deleted(api):
    refused(api.delete("/api/v1/event-types/order.created"), 409, "event-type-not-own")


def test_a_strict_tenants_events_must_match_their_schema_in_the_api(api, strict):
    invalid = {"type": "task.created", "data": {"taskId": 7}}
    assert sorted(wrong_fields(api.post("/api/v1/events", invalid))) == ["data.taskId", "data.title"]
    unknown = {"type": "task.crated", "data": {}}
    assert wrong_fields(api.post("/api/v1/events", unknown)) == ["type"]
    api.post("/api/v1/events", {"type": "task.created", "data": {"taskId": "7", "title": "T"}}).expect(202)


def test_a_strict_tenants_event_on_the_queue_that_does_not_match_its_schema_is_dead_lettered(
    stack, tenant, strict, register, requests, eventually
):
    register(["task.*"])
    stack.send_event({"tenant": tenant, "type": "task.created", "data": {"taskId": 7, "title": "T"}})
    stack.send_event({"tenant": tenant, "type": "task.created", "data": {"taskId": "7", "title": "T"}})
    (request,) = requests(1)
    assert json.loads(request.body)["data"]["taskId"] == "7"

    def find() -> dict | None:
        return next((one for one in stack.dead_letters("events") if tenant in one["Body"]), None)

    letter = eventually(find, "no dead letter was found")
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "data.taskId: must be of type string"
