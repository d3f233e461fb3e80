"""Long lists: deliveries by cursor and by page, the log of attempts, undelivered deliveries, statistics."""

import inside
import pytest
from hooklane_local import behaviours
from problems import wrong_fields

COUNT = 2_500


def by_cursor(api, path: str, between=lambda: None, **query) -> list[dict]:
    """The rows of all pages of a list. Calls `between` after each page."""
    rows, cursor = [], {}
    while True:
        page = api.get(path, **query, **cursor).expect(200).body
        assert len(page["data"]) <= query.get("limit", 20)
        rows += page["data"]
        between()
        if "nextCursor" not in page:
            return rows
        cursor = {"cursor": page["nextCursor"]}


def ids_of(rows) -> list[str]:
    return [row["eventId"] for row in rows]


@pytest.mark.long(45)
def test_2500_deliveries_are_each_read_once_while_new_ones_arrive(
    stack, tenant, api, publish, register, delivery_of, eventually
):
    webhook = register()
    path = f"/api/v1/webhooks/{webhook['id']}"
    # One delivery is made. The others are copies of its item, which takes seconds only.
    made = publish()
    delivery_of(webhook)
    item = inside.delivery_item(stack, webhook["id"], inside.event_item(stack, tenant, made))
    earlier = [f"earlier-{n}" for n in range(COUNT - 1)]
    inside.write_earlier(stack, item, earlier, ["order.created", "order.shipped"])
    first = [made, *earlier]

    figures = api.get(f"{path}/stats", period="7d").expect(200).body
    assert (figures["totalDeliveries"], figures["successfulDeliveries"]) == (COUNT, COUNT)
    assert (figures["successRate"], figures["truncated"]) == (1, False)
    assert {kind["eventType"]: kind["totalDeliveries"] for kind in figures["byEventType"]} == {
        "order.created": 1_251,
        "order.shipped": 1_249,
    }

    # While nothing changes, page numbers list each delivery once.
    numbered = [api.get(f"{path}/deliveries", page=n, limit=100).expect(200).body for n in range(1, 27)]
    assert [len(page["data"]) for page in numbered] == [100] * 25 + [0]
    assert [page["page"] for page in numbered] == list(range(1, 27))
    still = ids_of(row for page in numbered for row in page["data"])
    assert still[0] == made
    assert sorted(still) == sorted(first)

    # A new delivery arrives after each page. The cursor still lists each of the first ones once, and no other.
    late = []
    assert ids_of(by_cursor(api, f"{path}/deliveries", lambda: late.append(publish()), limit=100)) == still
    assert len(late) >= 25
    log = api.get(f"{path}/logs", limit=100).expect(200).body
    assert len(log["data"]) == 100
    assert "nextCursor" in log
    times = [row["at"] for row in log["data"]]
    assert times == sorted(times, reverse=True)

    def all_are_delivered() -> bool:
        listed = by_cursor(api, f"{path}/deliveries", limit=100, since=figures["until"], status="delivered")
        return sorted(ids_of(listed)) == sorted(late)

    eventually(all_are_delivered, "not all later events were delivered")


def test_the_log_lists_every_attempt_newest_first(
    api, publish, register, receiver, delivery_of, deliveries_of
):
    receiver.respond = behaviours.first(1, behaviours.always(500), behaviours.failing(1, status=503))
    webhook = register(retryPolicy={"schedule": [1, 12]})
    path = f"/api/v1/webhooks/{webhook['id']}/logs"
    slow = publish()
    delivery = delivery_of(webhook)
    quick = publish()
    deliveries_of(webhook, 2)

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


def test_the_undelivered_deliveries_of_all_webhooks_are_one_list(
    stack, tenant, api, publish, register, receiver, eventually
):
    receiver.respond = behaviours.always(500)
    failing = register(path="/failing", retryPolicy={"schedule": [1]}, events=["order.*"])
    waiting = register(path="/waiting", retryPolicy={"schedule": [3600]})
    parked = register(path="/parked", active=False)
    events = [publish({"n": n}) for n in range(3)]

    def listed(**query):
        return by_cursor(api, "/api/v1/deliveries", limit=2, **query)

    expected = {"failed": failing, "retrying": waiting}
    rows = eventually(lambda: len(found := listed()) >= 6 and found, "not all deliveries were listed")
    assert sorted(ids_of(rows)) == sorted(events * 2)
    assert [row["createdAt"] for row in rows] == sorted((row["createdAt"] for row in rows), reverse=True)
    for status, webhook in expected.items():
        found = eventually(lambda status=status: len(found := listed(status=status)) == 3 and found)
        assert {row["webhookId"] for row in found} == {webhook["id"]}
    assert parked["id"] not in {row["webhookId"] for row in rows}, "an inactive webhook got a delivery"
    assert stack.api(f"{tenant}-other").get("/api/v1/deliveries").expect(200).body == {"data": []}
    assert wrong_fields(api.get("/api/v1/deliveries", status="nonsense")) == ["status"]

    figures = api.get("/api/v1/stats", period="1h").expect(200).body
    assert (figures["totalDeliveries"], figures["failedDeliveries"], figures["truncated"]) == (6, 3, False)
    # Two attempts of each delivery that failed, and one of each that waits.
    assert figures["byError"] == [{"kind": "http_status", "statusCode": 500, "count": 9}]
    assert figures["successRate"] == 0
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


def test_a_cursor_is_valid_only_for_its_own_list(api, publish, register, deliveries_of):
    webhook, other = register(path="/one"), register(path="/two")
    publish(), publish()
    deliveries_of(webhook, 2)
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
    cursor = api.get(path, limit=1).expect(200).body["nextCursor"]

    assert wrong_fields(api.get(path, cursor=cursor, status="failed")) == ["cursor"]
    assert wrong_fields(api.get(path.replace(webhook["id"], other["id"]), cursor=cursor)) == ["cursor"]
    assert wrong_fields(api.get(path, cursor=cursor, page=1)) == ["page"]


def test_a_delivery_shows_its_payload(publish, register, delivery_of):
    webhook = register()
    publish({"orderId": "A-7"}, event_type="order.created", metadata={"source": "shop"})

    payload = delivery_of(webhook)["payload"]

    assert payload["type"] == "order.created"
    assert payload["data"] == {"orderId": "A-7"}
    assert payload["metadata"] == {"source": "shop"}
