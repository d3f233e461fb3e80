"""The event catalog, a tenant's own event types, and strict tenants."""

import json

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


def test_a_tenant_adds_its_own_type_and_subscribes_to_it(api, register, publish, requests):
    created = api.put(PATH, PARCEL).expect(201)
    assert created.headers["etag"] == '"1"'
    assert available(api)["parcel.sent"] == created.body
    stale = {"If-Match": '"7"'}
    refused(api.put(PATH, PARCEL, **stale), 412, "precondition-failed")
    known = {"If-Match": '"1"'}
    assert api.put(PATH, PARCEL, **known).expect(200).headers["etag"] == '"2"'
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
