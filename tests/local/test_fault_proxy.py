"""The proxy of the fault tests: what it passes on, how it makes calls fail, and what it counts."""

import http.client
import json
import sys
import threading
from pathlib import Path

import pytest
from hooklane_local.receiver import Receiver, Response

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))

import proxy as fault_proxy  # noqa: E402 - after the path is known

ENTRIES = [{"Id": str(number), "MessageBody": "m"} for number in range(10)]


def _sent(request) -> Response:
    body = json.loads(request.body)
    if "Statements" in body:
        return Response(200, body=json.dumps({"Responses": [{"TableName": "l"} for _ in body["Statements"]]}).encode())
    entries = body["Entries"]
    return Response(200, body=json.dumps({"Successful": [{"Id": entry["Id"]} for entry in entries]}).encode())


@pytest.fixture
def upstream():
    with Receiver(_sent) as started:
        yield started


@pytest.fixture
def faults():
    return fault_proxy._Faults("17")


@pytest.fixture
def call(upstream, faults):
    """`call(target)`: makes one call through the proxy and returns its status and body."""
    server = fault_proxy._Server(("127.0.0.1", 0), fault_proxy._handler_for(faults, upstream.port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def ask(
        target: str = "AmazonSQS.SendMessageBatch", body: dict | None = None, **headers: str
    ) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        try:
            sent = {"X-Amz-Target": target, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request("POST", "/", json.dumps(body or {"Entries": ENTRIES}), sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    yield ask
    server.shutdown()
    server.server_close()
    thread.join(5)


def only(monkeypatch, way: str) -> None:
    monkeypatch.setattr(fault_proxy, "_WAYS", {way: 1})


def test_nothing_fails_until_a_rate_is_set(call, faults, upstream):
    for _ in range(20):
        status, body = call()
        assert status == 200 and len(body["Successful"]) == 10
    assert len(upstream.requests) == 20
    assert faults.all_counts() == {"calls AmazonSQS.SendMessageBatch": 20}


@pytest.mark.parametrize(
    ("way", "status", "passed_on"), [("throttled", 400, 0), ("500 before", 500, 0), ("500 after", 500, 1)]
)
def test_a_call_fails_before_or_after_it_takes_effect(call, faults, upstream, monkeypatch, way, status, passed_on):
    only(monkeypatch, way)
    faults.rate = 1.0
    assert call()[0] == status
    assert len(upstream.requests) == passed_on
    assert faults.all_counts()[f"{way} AmazonSQS.SendMessageBatch"] == 1


def test_a_broken_connection_gives_no_answer(call, faults, upstream, monkeypatch):
    only(monkeypatch, "reset after")
    faults.rate = 1.0
    with pytest.raises(http.client.RemoteDisconnected):
        call()
    assert len(upstream.requests) == 1


def test_a_batch_fails_in_part_and_the_answer_says_which_entries(call, faults, upstream, monkeypatch):
    only(monkeypatch, "in part")
    faults.rate = 1.0
    status, body = call()
    done = {entry["Id"] for entry in json.loads(upstream.requests[0].body)["Entries"]}
    assert status == 200 and 0 < len(done) < 10
    assert {entry["Id"] for entry in body["Successful"]} == done
    assert {entry["Id"] for entry in body["Failed"]} == {entry["Id"] for entry in ENTRIES} - done


def test_statements_fail_in_part_before_or_after_they_take_effect(call, faults, upstream, monkeypatch):
    only(monkeypatch, "in part")
    faults.rate = 1.0
    statements = [{"Statement": str(number)} for number in range(25)]
    status, body = call("DynamoDB_20120810.BatchExecuteStatement", {"Statements": statements})
    made = {int(each["Statement"]) for each in json.loads(upstream.requests[0].body)["Statements"]}
    codes = [each.get("Error", {}).get("Code") for each in body["Responses"]]
    assert status == 200 and set(codes) == {None, "ThrottlingError", "InternalServerError"}
    assert {number for number, code in enumerate(codes) if code != "ThrottlingError"} == made


def test_some_calls_fail_at_every_try(call, faults, monkeypatch):
    only(monkeypatch, "throttled")
    monkeypatch.setattr(fault_proxy, "_STUBBORN", 2.0)
    faults.rate = 0.4
    answers = {
        name: {call(amz_sdk_invocation_id=name)[0] for _ in range(12)} for name in map(str, range(10))
    }
    assert any(statuses == {400} for statuses in answers.values())
    assert any(statuses == {200, 400} for statuses in answers.values())


def test_transaction_conflicts_have_the_errors_of_aws(call, faults, upstream, monkeypatch):
    only(monkeypatch, "conflict")
    faults.rate = 1.0
    for name in ("PutItem", "UpdateItem", "DeleteItem"):
        status, body = call(f"DynamoDB_20120810.{name}")
        assert status == 400 and body["__type"].endswith("#TransactionConflictException")
    status, body = call("DynamoDB_20120810.TransactWriteItems", body={"TransactItems": [{}, {}, {}]})
    assert status == 400 and body["__type"].endswith("#TransactionCanceledException")
    assert [reason["Code"] for reason in body["CancellationReasons"]][1:] == ["None", "None"]
    assert body["CancellationReasons"][0]["Code"] in ("TransactionConflict", "ThrottlingError")
    assert call("DynamoDB_20120810.GetItem")[1]["__type"].endswith("#ProvisionedThroughputExceededException")
    assert not upstream.requests, "a conflict takes no effect"
    assert faults.all_counts()["conflict DynamoDB.TransactWriteItems"] == 1
