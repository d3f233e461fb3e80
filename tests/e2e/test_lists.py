"""Long lists: deliveries by cursor and by page, the log of attempts, the undelivered, figures."""

import time

import pytest
from hooklane_local import behaviours
from problems import wrong_fields

COUNT = 2_500
BATCH = 100


def published(api, ids: list[str]) -> None:
    for start in range(0, len(ids), BATCH):
        events = [
            {"id": event, "type": "order.created" if n % 2 else "order.shipped", "data": {"n": n}}
            for n, event in enumerate(ids[start : start + BATCH], start)
        ]
        results = api.post("/api/v1/events/batch", {"events": events}).expect(200).body["results"]
        assert {result["status"] for result in results} == {202}


def by_cursor(api, path: str, between=lambda pages: None, **query):
    """The rows of all pages of a list; `between` is called after each page."""
    rows, pages, cursor = [], 0, {}
    while True:
        page = api.get(path, **query, **cursor).expect(200).body
        assert len(page["data"]) <= query.get("limit", 20)
        rows += page["data"]
        pages += 1
        between(pages)
        if "nextCursor" not in page:
            return rows
        cursor = {"cursor": page["nextCursor"]}


def ids_of(rows) -> list[str]:
    return [row["eventId"] for row in rows]


@pytest.mark.long
def test_2500_deliveries_are_each_read_once_while_new_ones_arrive(api, register, eventually):
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}"
    first = [f"first-{n}" for n in range(COUNT)]
    published(api, first)

    def so_many(count: int):
        figures = api.get(f"{path}/stats").expect(200).body
        return figures["successfulDeliveries"] == count and figures

    figures = eventually(lambda: so_many(COUNT), f"not all of {COUNT} were delivered")
    assert figures["totalDeliveries"] == COUNT
    assert [kind["total"] for kind in figures["byEventType"]] == [COUNT // 2, COUNT // 2]
    assert api.get(f"{path}/health").expect(200).body["status"] == "healthy"

    # It stands still now: by page, and by cursor, it is the same list.
    numbered = [api.get(f"{path}/deliveries", page=n, limit=100).expect(200).body for n in range(1, 27)]
    assert [len(page["data"]) for page in numbered] == [100] * 25 + [0]
    assert [page["page"] for page in numbered] == list(range(1, 27))
    still = ids_of(row for page in numbered for row in page["data"])
    assert sorted(still) == sorted(first)
    assert ids_of(by_cursor(api, f"{path}/deliveries", limit=100)) == still

    # And while new ones arrive: by cursor each of the first ones once, and none of the new.
    late = [f"late-{n}" for n in range(5 * BATCH)]

    def arrive(pages: int) -> None:
        start = (pages - 1) // 5 * BATCH
        if pages % 5 == 1 and start < len(late):
            published(api, late[start : start + BATCH])

    assert ids_of(by_cursor(api, f"{path}/deliveries", arrive, limit=100)) == still

    eventually(lambda: so_many(COUNT + len(late)), "not all of the late ones were delivered")
    log = by_cursor(api, f"{path}/logs", limit=100)
    assert sorted(ids_of(log)) == sorted(first + late), "each attempt once"
    times = [row["at"] for row in log]
    assert times == sorted(times, reverse=True)


def test_the_log_tells_every_attempt_in_order_of_time(api, publish, register, receiver, delivery_of):
    receiver.respond = behaviours.first(1, behaviours.always(500), behaviours.failing(1, status=503))
    webhook = register(retryPolicy={"schedule": [1, 12]})
    path = f"/api/v1/webhooks/{webhook['id']}/logs"
    slow = publish()
    delivery = delivery_of(webhook)
    quick = publish()
    delivery_count(api, webhook, 2)

    log = by_cursor(api, path, limit=1)

    assert ids_of(log) == [quick, slow, slow, slow]
    assert [row["number"] for row in log] == [1, 3, 2, 1]
    assert [row["statusCode"] for row in log] == [200, 200, 503, 500]
    assert [row["successful"] for row in log] == [True, True, False, False]
    assert {row["deliveryId"] for row in log[1:]} == {delivery["id"]}
    file = api.get(path, download="true").expect(200)
    assert file.headers["content-disposition"] == f'attachment; filename="{webhook["id"]}-attempts.json"'
    assert file.body["data"] == log
    since = api.get(path, since=log[2]["at"], until=log[0]["at"]).expect(200).body["data"]
    assert since == log[1:3]


def delivery_count(api, webhook: dict, count: int) -> None:
    for _ in range(600):
        listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", status="delivered").expect(200).body["data"]
        if len(listed) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(f"{count} deliveries were not made")


def test_the_undelivered_of_all_webhooks_are_one_list(stack, tenant, api, publish, register, receiver, eventually):
    receiver.respond = behaviours.always(500)
    failing = register(path="/failing", retryPolicy={"schedule": [1]}, events=["order.*"])
    waiting = register(path="/waiting", retryPolicy={"schedule": [3600]})
    parked = register(path="/parked", active=False)
    events = [publish({"n": n}) for n in range(3)]

    def listed(**query):
        return by_cursor(api, "/api/v1/deliveries", limit=2, **query)

    expected = {"failed": failing, "retrying": waiting}
    rows = eventually(lambda: len(found := listed()) >= 6 and found, "not all were listed")
    assert sorted(ids_of(rows)) == sorted(events * 2)
    assert [row["createdAt"] for row in rows] == sorted((row["createdAt"] for row in rows), reverse=True)
    for status, webhook in expected.items():
        found = eventually(lambda status=status: len(found := listed(status=status)) == 3 and found)
        assert {row["webhookId"] for row in found} == {webhook["id"]}
    assert parked["id"] not in {row["webhookId"] for row in rows}, "it was not subscribed"
    assert stack.api(f"{tenant}-other").get("/api/v1/deliveries").expect(200).body == {"data": []}
    assert wrong_fields(api.get("/api/v1/deliveries", status="delivered")) == ["status"]

    figures = api.get("/api/v1/stats", period="1h").expect(200).body
    assert (figures["totalDeliveries"], figures["failedDeliveries"], figures["sampled"]) == (6, 3, False)
    assert figures["byError"] == [{"kind": "status", "statusCode": 500, "count": 6}]
    assert figures["deliveryRate"] == 0
    assert api.get(f"/api/v1/webhooks/{failing['id']}/health").expect(200).body["status"] == "unhealthy"


def test_deliveries_are_found_by_type_and_time(api, publish, register, deliveries_of):
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    events = [publish({"n": n}, event_type=kind) for n, kind in enumerate(("a.b", "a.c", "a.b"))]
    rows = deliveries_of(webhook, 3)
    accepted = {row["eventId"]: row["createdAt"] for row in rows}

    def found(**query) -> list[str]:
        return ids_of(api.get(path, **query).expect(200).body["data"])

    assert found(event="a.b") == [events[2], events[0]]
    assert found(since=accepted[events[1]]) == [events[2], events[1]]
    assert found(until=accepted[events[1]]) == [events[0]]
    assert found(since=accepted[events[2]], until=accepted[events[0]]) == []
    assert found(page=2, limit=2) == [events[0]]


def test_a_cursor_belongs_to_the_list_that_gave_it(api, publish, register, deliveries_of):
    webhook, other = register(path="/one"), register(path="/two")
    publish(), publish()
    deliveries_of(webhook, 2)
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    cursor = api.get(path, limit=1).expect(200).body["nextCursor"]

    assert wrong_fields(api.get(path, cursor=cursor, status="failed")) == ["cursor"]
    assert wrong_fields(api.get(path.replace(webhook["id"], other["id"]), cursor=cursor)) == ["cursor"]
    assert wrong_fields(api.get(path, cursor=cursor, page=1)) == ["page"]


def test_a_delivery_shows_what_it_carries(publish, register, delivery_of):
    webhook = register()
    publish({"orderId": "A-7"}, event_type="order.created", metadata={"source": "shop"})

    payload = delivery_of(webhook)["payload"]

    assert payload["type"] == "order.created"
    assert payload["data"] == {"orderId": "A-7"}
    assert payload["metadata"] == {"source": "shop"}
