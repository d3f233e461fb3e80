"""What receivers answer on the wire, what curl makes of it, and what Hooklane records.

docs/receivers/what-receivers-may-do.md names the rows of this table.
"""

import shutil
import uuid
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from raw_receivers import (
    LIMIT_SECONDS,
    RawReceiver,
    Row,
    closing,
    curl_status,
    dribbling,
    echoing_progress,
    endless,
    read_request,
    resetting,
    stalling,
)

ROOT = Path(__file__).resolve().parents[2]
OK = b"HTTP/1.1 200 OK\r\n"
ENDED = b"Content-Length: 2\r\n\r\nok"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\n"
# Seconds from 2100-01-01: no wait is longer than a day.
DAY = 86_400
FAR = b"Fri, 01 Jan 2100 00:00:00 "

ROWS = [
    # The status line decides.
    Row("ok", closing(OK + ENDED), 200, 200),
    Row("no content", closing(b"HTTP/1.1 204 No Content\r\n\r\n"), 204, 204),
    Row("no content with a body", closing(b"HTTP/1.1 204 No Content\r\n\r\nok"), 204, 204),
    Row("redirect", closing(b"HTTP/1.1 307 x\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"), 307, 307),
    Row("gone", closing(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), 410, 410),
    Row("http 1.0", closing(b"HTTP/1.0 200 OK\r\n\r\nok"), 200, 200),
    Row("no reason", closing(b"HTTP/1.1 200\r\n" + ENDED), 200, 200),
    Row("no blank before the reason", closing(b"HTTP/1.1 200OK\r\n" + ENDED), 200, 200),
    Row("two blanks before the status", closing(b"HTTP/1.1  200 OK\r\n" + ENDED), 200, 200),
    Row("an unknown status", closing(b"HTTP/1.1 299 x\r\n" + ENDED), 299, 299),
    Row("informational answers first", closing(b"HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n" + OK + ENDED), 200, 200),
    Row("a second answer behind", closing(OK + ENDED + b"HTTP/1.1 500 x\r\n\r\n"), 200, 200),
    # A head that arrived, and a body that cannot be read.
    Row("no length and left open", stalling(OK + b"\r\nok"), 200, 200, ("body_stalled",)),
    Row("no length and closed", closing(OK + b"\r\nok"), 200, 200),
    Row("no length and reset", resetting(OK + b"\r\nok"), 200, 200, ("body_truncated",)),
    Row("short body", closing(OK + b"Content-Length: 9\r\n\r\nok"), 200, 200, ("body_truncated",)),
    Row("short body left open", stalling(OK + b"Content-Length: 9\r\n\r\nok"), 200, 200, ("body_stalled",)),
    Row("short body reset", resetting(OK + b"Content-Length: 9\r\n\r\nok"), 200, 200, ("body_truncated",)),
    Row("no last chunk", closing(OK + CHUNKED + b"2\r\nok\r\n"), 200, 200, ("body_truncated",)),
    Row("no last chunk and left open", stalling(OK + CHUNKED + b"2\r\nok\r\n"), 200, 200, ("body_stalled",)),
    Row("broken chunks", stalling(OK + CHUNKED + b"zz\r\nok\r\n"), 200, 200, ("body_malformed",)),
    Row("a length that is no number", closing(OK + b"Content-Length: x\r\n\r\nok"), 200, 200, ("body_malformed",)),
    Row("a negative length", closing(OK + b"Content-Length: -2\r\n\r\nok"), 200, 200, ("body_malformed",)),
    Row("headers cut off", closing(OK + b"X-A: b\r\n"), 200, 200, ("headers_truncated",)),
    Row("gone with a short body", closing(b"HTTP/1.1 410 x\r\nContent-Length: 9\r\n\r\n"), 410, 410, ("body_truncated",)),
    Row("failed with a short body", closing(b"HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\n"), 500, 500, ("body_truncated",)),
    # Longer than what is kept.
    Row("echoes progress and commits at its end", echoing_progress, 200, 200, ends_well=True),
    Row("endless body", endless, 200, 200, ("body_too_long",)),
    Row("byte by byte", dribbling(OK + ENDED), 200, 200),
    # Odd header lines.
    Row("a blank before the colon", closing(OK + b"X-A : b\r\n" + ENDED), 200, 200),
    Row("a name with a blank", closing(OK + b"X A: b\r\n" + ENDED), 200, 200),
    Row("a line without a colon", closing(OK + b"nonsense\r\n" + ENDED), 200, 200),
    Row("over 100 header lines", closing(OK + b"X-A: b\r\n" * 150 + ENDED), 200, 200),
    Row("a folded line", closing(OK + b"X-A: b\r\n  c\r\n" + ENDED), 200, 200),
    Row("bare line feeds", closing(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), 200, 200),
    Row("a null in a value", closing(OK + b"X-A: b\0c\r\n" + ENDED), 200, 200),
    Row("bytes beyond ASCII", closing(OK + b"X-A: \xff\xfe\r\n" + ENDED), 200, 200),
    Row("an empty name", closing(OK + b": b\r\n" + ENDED), 200, 200),
    Row("the length twice", closing(OK + b"Content-Length: 2\r\n" + ENDED), 200, 200),
    # `Retry-After`. What waits has one retry, after a second.
    Row("retry after seconds", closing(BUSY + b"Retry-After: 300\r\n" + ENDED), 503, 503, waits=300),
    Row("retry after a fraction", closing(BUSY + b"Retry-After: 300.5\r\n" + ENDED), 503, 503, waits=301),
    Row("retry after a date", closing(BUSY + b"Retry-After: " + FAR + b"GMT\r\n" + ENDED), 503, 503, waits=DAY),
    Row("retry after +0000", closing(BUSY + b"Retry-After: " + FAR + b"+0000\r\n" + ENDED), 503, 503, waits=DAY),
    Row("retry after UTC", closing(BUSY + b"Retry-After: " + FAR + b"UTC\r\n" + ENDED), 503, 503, waits=DAY),
    Row("retry after twice", closing(BUSY + b"Retry-After: 9\r\nRetry-After: 300\r\n" + ENDED), 503, 503, waits=300),
    Row("retry after nonsense", closing(BUSY + b"Retry-After: soon\r\n" + ENDED), 503, 503, waits=1),
    Row("retry after below zero", closing(BUSY + b"Retry-After: -300\r\n" + ENDED), 503, 503, waits=1),
    Row(
        "busy with a short body",
        closing(BUSY + b"Retry-After: 300\r\nContent-Length: 9\r\n\r\n"),
        503,
        503,
        ("body_truncated",),
        waits=300,
    ),
    # No answers.
    Row("silence", stalling(b""), 0, "timeout"),
    Row("half a status line", stalling(b"HTTP/1.1 200 O"), 0, "timeout"),
    Row("closed unanswered", closing(b""), 0, "response"),
    Row("reset unanswered", resetting(b""), 0, "response"),
    Row("a status line without an end", closing(b"HTTP/1.1 200 OK"), 0, "response"),
    Row("another protocol", closing(b"220 mail.example.com ESMTP\r\n"), 0, "response"),
    Row("garbage before the status line", closing(b"x" + OK + ENDED), 0, "response"),
    Row("a status of four digits", closing(b"HTTP/1.1 2000 OK\r\n" + ENDED), 0, "response"),
]

row_by_name = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


@pytest.fixture(scope="module")
def receivers():
    """A receiver for each row, all at once."""
    with ExitStack() as all_of_them:
        yield {row.name: all_of_them.enter_context(RawReceiver(row.behave)) for row in ROWS}


@pytest.fixture(scope="module")
def matrix(stack, receivers):
    """A webhook for each row, all of one tenant, and one event for all of them."""
    # The tests are spread over processes, and each process has this fixture.
    api = stack.api(f"t-{uuid.uuid4().hex[:12]}")
    webhooks = {}
    for row in ROWS:
        body = {
            "name": row.name,
            "url": receivers[row.name].url,
            "events": ["*"],
            "timeoutSeconds": LIMIT_SECONDS,
            "retryPolicy": {"schedule": [] if row.waits is None else [1]},
        }
        webhooks[row.name] = api.post("/api/v1/webhooks", body).expect(201).body["id"]
    event = {"type": "order.created", "data": {"orderId": "A-1"}}
    api.post("/api/v1/events", event).expect(202)
    return api, webhooks


@row_by_name
def test_what_receivers_may_do(row, matrix, receivers, eventually):
    api, webhooks = matrix
    deliveries = f"/api/v1/webhooks/{webhooks[row.name]}/deliveries"

    def attempted():
        listed = api.get(deliveries).expect(200).body["data"]
        return listed and listed[0]["attemptCount"] > 0 and listed[0]

    listed = eventually(attempted, "no attempt was made")
    delivery = api.get(f"{deliveries}/{listed['id']}").expect(200).body
    attempt = delivery["attempts"][0]
    if isinstance(row.records, int):
        assert attempt["statusCode"] == row.records
        assert "error" not in attempt
    else:
        assert attempt["error"]["kind"] == row.records
        assert "statusCode" not in attempt
    assert tuple(remark["kind"] for remark in attempt.get("remarks", [])) == row.remarks
    if row.records in range(200, 300):
        assert delivery["status"] == "delivered"
    elif row.waits is None:
        assert delivery["status"] == "failed"
    elif row.waits > 1:
        assert delivery["status"] == "retrying"
        ended = datetime.fromisoformat(attempt["at"]).timestamp() + attempt["durationMs"] / 1000
        waits = datetime.fromisoformat(delivery["nextAttemptAt"]).timestamp() - ended
        assert row.waits - 1 <= waits <= row.waits + 5
    else:
        # Nothing tells it to wait, so the retry is made after a second.
        eventually(lambda: len(receivers[row.name].requests) > 1, "no retry was made")
    if row.ends_well:
        assert receivers[row.name].ended_well > 0


@row_by_name
def test_what_curl_makes_of_it(row, receivers):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    assert curl_status(receivers[row.name].url) == row.curl


def test_the_page_names_each_row():
    page = (ROOT / "docs" / "receivers" / "what-receivers-may-do.md").read_text(encoding="utf-8")
    assert [row.name for row in ROWS if f"`{row.name}`" not in page] == []


def test_header_names_are_as_the_contract_and_the_webhook_spell_them(api, receiver, register, publish, requests):
    for contract, names in {
        "standard": ["webhook-id", "webhook-timestamp", "webhook-signature"],
        "task-hub": ["X-Webhook-ID", "X-Delivery-ID", "X-Event-Type", "X-Hub-Signature"],
        "github": ["X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID", "X-Hub-Signature-256"],
        "virtual-queue": ["X-Webhook-Event", "X-Webhook-Delivery", "X-Webhook-Timestamp", "X-Webhook-Signature"],
    }.items():
        register(path=f"/{contract}", contract=contract, headers={"x-My-OWN_id": "as typed"})
        webhook = register(path=f"/{contract}-test", contract=contract, headers={"x-My-OWN_id": "as typed"}, active=False)
        api.post(f"/api/v1/webhooks/{webhook['id']}/test", {}).expect(200)
        event = publish()
        for path in (f"/{contract}", f"/{contract}-test"):
            spelled = {name for name, _ in requests(1, path)[0].header_list}
            assert {*names, "x-My-OWN_id", "Content-Type", "User-Agent", "Host", "Content-Length"} <= spelled, path
        assert event
        for listed in api.get("/api/v1/webhooks").expect(200).body["data"]:
            api.delete(f"/api/v1/webhooks/{listed['id']}").expect(204)


def test_answer_headers_that_come_twice_are_both_shown(api, register, publish, delivery_of):
    cookies = b"Set-Cookie: a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT\r\nSet-Cookie: b=2\r\n"
    with RawReceiver(closing(OK + cookies + b"X-A: 1\r\nX-A: 2\r\n" + ENDED)) as twice:
        webhook = register(url=twice.url)
        publish()
        shown = delivery_of(webhook)["attempts"][0]["response"]["headers"]
        assert shown["set-cookie"].split("\n") == ["a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "b=2"]
        assert shown["x-a"] == "1, 2"


@pytest.mark.parametrize("status", [413, 401])
def test_an_early_answer_while_the_body_is_being_sent_counts(status, register, publish, delivery_of):
    answer = f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with RawReceiver(lambda connection: connection.sendall(answer), reads_request=False) as early:
        webhooks = [register(url=early.url, retryPolicy={"schedule": []}) for _ in range(5)]
        publish({"orderId": "A-1", "note": "x" * 250_000})
        for webhook in webhooks:
            assert delivery_of(webhook, "failed")["attempts"][0].get("statusCode") == status


def test_idle_connections_are_not_held_a_receiver_of_one_connection_gets_a_test_and_then_an_event(
    api, register, publish, delivery_of
):
    def serve(connection):
        connection.sendall(OK + ENDED)
        while read_request(connection):
            connection.sendall(OK + ENDED)

    with RawReceiver(serve, one_at_a_time=True) as receiver:
        webhook = register(url=receiver.url, timeoutSeconds=LIMIT_SECONDS, retryPolicy={"schedule": []})
        for _ in range(2):
            tested = api.post(f"/api/v1/webhooks/{webhook['id']}/test", {}).expect(200).body
            assert tested["successful"], tested
        publish()
        assert delivery_of(webhook)["attempts"][0]["statusCode"] == 200
        assert api.post(f"/api/v1/webhooks/{webhook['id']}/test", {}).expect(200).body["successful"]
