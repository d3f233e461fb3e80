"""Figures: what became of the deliveries of a webhook and of a tenant, over time, and what is kept of them."""

import time

import inside
from hooklane_local import behaviours
from problems import wrong_fields

HOUR_MS = 3_600_000


def kept(stack, webhook: str) -> dict[str, dict]:
    """What the ledger keeps of a webhook's figures, by sort key."""
    answer = stack.dynamodb.query(
        TableName=stack.description["ledgerTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ST#{webhook}"}},
        ConsistentRead=True,
    )
    return {item["sk"]["S"]: item for item in answer["Items"]}


def put(stack, item: dict) -> None:
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item=item)


def earlier(stack, item: dict, names: list[str], by_ms: int) -> None:
    """Copies a delivery, so much earlier."""
    moved = {**item, "sk": {"S": f"DL#{int(item['sk']['S'].split('#')[1]) - by_ms:015}#moved"}}
    inside.write_earlier(stack, moved, names, ["order.created"])


def test_every_failed_attempt_is_counted_and_a_series_says_when(
    stack, tenant, api, publish, register, receiver, delivery_of
):
    receiver.respond = behaviours.failing(1, then=behaviours.failing(1), status=503)
    webhook = register(retryPolicy={"schedule": [1, 1]})
    publish()
    delivery_of(webhook, status="delivered")
    path = f"/api/v1/webhooks/{webhook['id']}"

    figures = api.get(f"{path}/stats", period="1h").expect(200).body
    assert (figures["totalDeliveries"], figures["successfulDeliveries"]) == (1, 1)
    assert (figures["attempts"], figures["failedAttempts"], figures["retryCount"]) == (3, 2, 2)
    assert (figures["successRate"], figures["averageAttempts"], figures["truncated"]) == (1, 3, False)
    assert figures["byError"] == [
        {"kind": "http_status", "statusCode": 500, "count": 1},
        {"kind": "http_status", "statusCode": 503, "count": 1},
    ]
    assert sum(point["totalDeliveries"] for point in figures["series"]) == 1
    assert len(figures["series"]) in (60, 61)
    # The same answer for a minute.
    assert api.get(f"{path}/stats", period="1h").expect(200).body["asOf"] == figures["asOf"]

    series = api.get(f"{path}/stats/series", metric="failedAttempts", by="error", step="5m").expect(200).body
    sums = {line["name"]: sum(point["value"] for point in line["points"]) for line in series["lines"]}
    assert sums == {"500": 1, "503": 1}
    assert len(series["lines"][0]["points"]) in (288, 289)
    of_all = api.get("/api/v1/stats/series", metric="successRate").expect(200).body
    assert [point["value"] for point in of_all["lines"][0]["points"] if "value" in point] == [1]
    assert wrong_fields(api.get(f"{path}/stats/series")) == ["metric"]
    assert wrong_fields(api.get(f"{path}/stats/series", metric="p95Ms", by="status")) == ["by"]
    other = stack.api(f"{tenant}-other")
    assert other.get(f"{path}/stats/series", metric="deliveries").expect(404)

    [listed] = api.get("/api/v1/webhooks", figures="true").expect(200).body["data"]
    day = listed["health"]["last24Hours"]
    assert (day["totalDeliveries"], day["successRate"], day["truncated"]) == (1, 1, False)
    health = api.get(f"{path}/health").expect(200).body
    assert (health["status"], health["asOf"]) == ("healthy", day["asOf"])


def test_settled_minutes_are_kept_and_what_happens_to_them_later_is_counted(
    stack, tenant, api, publish, register, receiver, delivery_of, eventually
):
    webhook = register()
    made = publish()
    delivery_of(webhook)
    item = inside.delivery_item(stack, webhook["id"], inside.event_item(stack, tenant, made))
    assert "u" not in item, "the index does not list what was delivered at once"
    earlier(stack, item, [f"earlier-{n}" for n in range(300)], HOUR_MS)
    # One of them failed.
    at = int(item["sk"]["S"].split("#")[1]) - HOUR_MS
    failed = {
        **item,
        "sk": {"S": f"DL#{at:015}#{made}"},
        "s": {"M": {"f": {"L": [{"N": str(at)}, {"S": "exhausted"}]}}},
        "u": {"S": f"{webhook['id']}#failed"},
    }
    failed.pop("y")
    put(stack, failed)
    path = f"/api/v1/webhooks/{webhook['id']}"

    def counted(period: str) -> tuple:
        figures = api.get(f"{path}/stats", period=period).expect(200).body
        assert not figures["truncated"]
        return figures["totalDeliveries"], figures["failedDeliveries"], figures["waitingDeliveries"]

    assert counted("24h") == (302, 1, 0)
    items = kept(stack, webhook["id"])
    assert {sk.split("#")[0] for sk in items} == {"P", "H", "A"}
    # It is retried by hand: the save leaves a note, and the settled hour is counted again.
    deliveries = api.get(f"{path}/deliveries", status="failed").expect(200).body["data"]
    api.post(f"/api/v1/webhooks/deliveries/{deliveries[0]['id']}/retry").expect(202)
    assert [sk for sk in kept(stack, webhook["id"]) if sk.startswith("T#")], "a note"
    retried = lambda: api.get(f"{path}/deliveries", status="failed").expect(200).body["data"] == []  # noqa: E731
    eventually(retried, "it is retried")
    delivered = lambda: len(receiver.requests) >= 2  # noqa: E731
    eventually(delivered, "it is sent again")
    listed = lambda: not api.get(f"{path}/deliveries", status="retrying").expect(200).body["data"]  # noqa: E731
    eventually(listed, "it is delivered")
    time.sleep(1)
    assert counted("7d") == (302, 0, 0), "of a period that was not asked for yet"


def test_a_marked_webhook_is_settled_before_somebody_looks(
    stack, tenant, publish, register, delivery_of, eventually
):
    webhook = register()
    made = publish()
    delivery_of(webhook)
    item = inside.delivery_item(stack, webhook["id"], inside.event_item(stack, tenant, made))
    earlier(stack, item, [f"earlier-{n}" for n in range(150)], HOUR_MS)
    put(
        stack,
        {"pk": {"S": f"ST#{webhook['id']}"}, "sk": {"S": "MARK"}, "t": {"S": tenant}, "a": {"N": "1"}},
    )
    items = eventually(lambda: "P" in (items := kept(stack, webhook["id"])) and items, "nothing was settled")
    assert [sk for sk in items if sk.startswith("H#")], "its hours are kept"
