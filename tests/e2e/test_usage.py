"""What a tenant used is counted from the ledger, shown by month, and final once its days are over."""

import csv
import datetime
import io
import json
import time

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hooklane_local import behaviours, polling

COLUMNS = ["tenant", "month", "events", "eventBytes", "deliveries", "attempts", "attemptBytes"]
COLUMNS += ["unmeasured", "unreadable", "final", "asOf"]


def utc(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def midnight() -> float:
    return time.time() // 86_400 * 86_400


def counting(stack, kind: str) -> dict:
    key = {"pk": {"S": "COUNTING"}, "sk": {"S": kind}}
    read = stack.dynamodb.get_item(TableName=stack.description["ledgerTable"], Key=key, ConsistentRead=True)
    plain = TypeDeserializer().deserialize
    return {name: plain(value) for name, value in read.get("Item", {}).items()}


def count(stack, kind: str, begin: float, end: float) -> None:
    """Has the span counted now, as `upkeep` does when it is due."""
    item = counting(stack, kind)
    revision = int(item.get("revision", 0)) + 1
    item = {"pk": "COUNTING", "sk": kind, "began": utc(midnight()), **item, "revision": revision}
    item |= {"until": utc(begin), "current": {"to": utc(end)}}
    typed = TypeSerializer().serialize
    stack.dynamodb.put_item(
        TableName=stack.description["ledgerTable"], Item={name: typed(value) for name, value in item.items()}
    )

    def is_done() -> bool:
        stack.invoke("UpkeepFunction", {})
        until = counting(stack, kind)["until"]
        return datetime.datetime.fromisoformat(until.replace("Z", "+00:00")).timestamp() >= end - 0.001

    # Each tenant of the whole run is counted, beside other tests.
    assert polling.eventually(is_done, 300), "the span was not counted"


def table(answer) -> list[dict]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(answer.raw.decode(), newline=""), strict=True))


@pytest.mark.long(370)
def test_usage_is_what_the_receiver_saw(
    stack, api, tenant, register, publish, receiver, requests, eventually
):
    begin, once = time.time() - 1, {"retryPolicy": "none"}
    orders = ["order.created"]
    good, failing, deleted = (register(orders, path=path, **once) for path in ("/good", "/failing", "/deleted"))
    register(orders, path="/tests", testMode=True)
    answers = {path: behaviours.ok() for path in ("/good", "/deleted", "/tests")}
    receiver.respond = behaviours.by_path({**answers, "/failing": behaviours.always(500)})
    data = {"text": "äöü", "n": 1}
    for _ in range(3):
        publish(data=data)
    publish(event_type="nobody.wants", data=data)
    publish(data=data, test=True)
    for path in ("/good", "/failing", "/deleted"):
        requests(3, path)
    requests(1, "/tests")

    def settled() -> bool:
        events = api.get("/api/v1/events", limit=50).expect(200).body["data"]
        statuses = [delivery["status"] for event in events for delivery in event["deliveries"]]
        ended = [status for status in statuses if status in ("delivered", "failed")]
        published = [event for event in events if event["type"] in ("order.created", "nobody.wants")]
        return len(published) == 5 and len(ended) >= 10

    eventually(settled, "the deliveries did not end")
    # The webhook is gone, and what it used still counts. Tests do not.
    api.delete(f"/api/v1/webhooks/{deleted['id']}").expect(204)
    api.post(f"/api/v1/webhooks/{good['id']}/test").expect(200)
    end = time.time() + 1
    count(stack, "provisional", begin, end)
    (row,) = api.get("/api/v1/usage").expect(200).body["data"]
    assert (row["tenant"], row["month"], row["final"]) == (tenant, utc(midnight())[:7], False)
    sent = [request for path in ("/good", "/failing", "/deleted") for request in receiver.requests_to(path)]
    # The last request to the first webhook is its test.
    tests = [request for request in sent if request.path == "/good"][3:]
    counted = [request for request in sent if request not in tests]
    assert (len(tests), len(counted)) == (1, 9)
    assert (row["events"], row["eventBytes"]) == (4, 4 * len(json.dumps(data, separators=(",", ":"))))
    assert (row["deliveries"], row["attempts"]) == (6, 9)
    assert row["attemptBytes"] == sum(len(request.body) for request in counted)
    assert (row["unmeasured"], row["unreadable"]) == (0, 0)
    # Counted again, nothing changes.
    count(stack, "provisional", begin, end)
    assert api.get("/api/v1/usage").expect(200).body["data"] == [row]
    count(stack, "final", midnight(), midnight() + 86_400)
    (final,) = api.get("/api/v1/usage").expect(200).body["data"]
    assert {**final, "final": False} == row

    # No tenant in the header: all of them.
    answer = stack.api(None).request("GET", "/api/v1/usage?limit=1000", headers={"Accept": "text/csv"}).expect(200)
    rows = table(answer)
    assert list(rows[0]) == COLUMNS and answer.raw.endswith(b"\r\n")
    (ours,) = [row for row in rows if row["tenant"] == tenant]
    assert {name: ours[name] for name in COLUMNS[2:9]} == {name: str(final[name]) for name in COLUMNS[2:9]}
