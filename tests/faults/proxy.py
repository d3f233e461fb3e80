"""A proxy between the functions and the emulator that makes some AWS calls fail.

Calls fail as on AWS: throttled, with a 500, without an answer, with a broken connection, or because they meet
a transaction. They fail before they take effect, or after it, so that the caller cannot know. Batch calls also
fail in part. The proxy
speaks the JSON protocols of DynamoDB, SQS and Secrets Manager, which the SDK of the functions uses, and
passes on everything else.

Run as a program: `proxy.py PORT UPSTREAM_PORT SEED`. `POST /_faults/rate` sets the failure rate (0 to 1,
initially 0). `GET /_faults/counts` returns how many calls there were, and how many failed in which way.
"""

import hashlib
import http.client
import json
import random
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The weights of the ways in which a call fails.
_WAYS = {
    "throttled": 30,
    "500 before": 20,
    "500 after": 25,
    "reset before": 8,
    "reset after": 8,
    "timeout before": 2,
    "timeout after": 2,
    "in part": 5,
    "conflict": 8,
}
# The SDK tries a call several times. This share of the failing calls fails at every try, so that the
# function itself has to handle the error.
_STUBBORN = 0.3
# Longer than the time limit of the SDK for one try (`shared/aws/src/clients.rs`).
_SILENCE_SECONDS = 5.5
_THROTTLED = {
    "DynamoDB": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "AmazonSQS": "com.amazonaws.sqs#RequestThrottled",
    "secretsmanager": "ThrottlingException",
}
_IN_PART = {"SendMessageBatch", "BatchGetItem", "BatchExecuteStatement"}
# The writes of one item that a transaction under way on it refuses, and the transactions themselves.
_CONFLICTING = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
# Headers that belong to a connection, and a checksum of the body, which this proxy may change.
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "keep-alive", "x-amz-crc32"}


class _Faults:
    """Decides at random which calls fail and how, and counts them."""

    def __init__(self, seed: str):
        self._seed = seed
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.rate = 0.0
        self.counts: Counter[str] = Counter()

    def way(self, operation: str, invocation: str) -> str | None:
        with self._lock:
            self.counts[f"calls {operation}"] += 1
            if self._random.random() >= self.rate and not self._stubborn(invocation):
                return None
            way = self._random.choices(list(_WAYS), list(_WAYS.values()))[0]
            name = operation.partition(".")[2]
            if (way == "in part" and name not in _IN_PART) or (way == "conflict" and name not in _CONFLICTING):
                way = "throttled"
            self.counts[f"{way} {operation}"] += 1
            return way

    def _stubborn(self, invocation: str) -> bool:
        """The same for every try of one call: the SDK sends the call's id in a header."""
        digest = hashlib.sha256(f"{self._seed} {invocation}".encode()).digest()
        return bool(invocation) and digest[0] / 256 < self.rate * _STUBBORN

    def chosen(self, things: list) -> set[int]:
        with self._lock:
            return {number for number in range(len(things)) if self._random.random() < 0.5}

    def all_counts(self) -> dict:
        with self._lock:
            return dict(sorted(self.counts.items()))


def _handler_for(faults: _Faults, upstream_port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True
        upstream: http.client.HTTPConnection | None = None

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/_faults/rate":
                faults.rate = float(body)
                self._answer(204, {}, b"")
                return
            service, _, name = self.headers.get("X-Amz-Target", "").partition(".")
            service = service.partition("_")[0]
            if service not in _THROTTLED:
                self._answer(*self._ask(body))
                return
            way = faults.way(f"{service}.{name}", self.headers.get("amz-sdk-invocation-id", ""))
            self._fail(way, service, name, body) if way else self._answer(*self._ask(body))

        def do_GET(self) -> None:
            if self.path == "/_faults/counts":
                self._answer(200, {"Content-Type": "application/json"}, json.dumps(faults.all_counts()).encode())
            else:
                self._answer(*self._ask(b""))

        def _fail(self, way: str, service: str, name: str, body: bytes) -> None:
            if way == "in part":
                self._answer(*_in_part(name, body, faults, self._ask))
                return
            if way == "conflict":
                self._answer(*_conflict(name, body))
                return
            if way.endswith(" after"):
                self._ask(body)
            if way.startswith("reset"):
                self.close_connection = True
            elif way.startswith("timeout"):
                self.close_connection = True
                threading.Event().wait(_SILENCE_SECONDS)
            elif way.startswith("500"):
                self._error(500, "InternalServerError", "The server encountered an internal error.")
            else:
                self._error(400, _THROTTLED[service], "Rate exceeded")

        def _ask(self, body: bytes) -> tuple[int, dict, bytes]:
            headers = {n: v for n, v in self.headers.items() if n.lower() not in _NOT_PASSED_ON}
            if self.upstream is None:
                self.upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=60)
            try:
                self.upstream.request(self.command, self.path, body, headers)
                answer = self.upstream.getresponse()
                kept = {n: v for n, v in answer.getheaders() if n.lower() not in _NOT_PASSED_ON}
                return answer.status, kept, answer.read()
            except (OSError, http.client.HTTPException):
                # The call may have taken effect, so only the client may decide to repeat it.
                self.upstream.close()
                self.upstream = None
                return 503, {}, b'{"__type":"ServiceUnavailable","message":"the emulator did not answer"}'

        def _error(self, status: int, kind: str, message: str) -> None:
            body = json.dumps({"__type": kind, "message": message}).encode()
            self._answer(status, {"Content-Type": "application/x-amz-json-1.0"}, body)

        def _answer(self, status: int, headers: dict, body: bytes) -> None:
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                pass
            if self.upstream is not None:
                self.upstream.close()

        def log_message(self, *_arguments) -> None:
            """Silent: the counts say enough."""

    return Handler


def _conflict(name: str, body: bytes) -> tuple[int, dict, bytes]:
    """A write of one item that meets a transaction is refused; a transaction that meets another is cancelled."""
    if name == "TransactWriteItems":
        parts = json.loads(body)["TransactItems"]
        # Mostly the conflict of one item, sometimes a throttled one: both are reasons to try again.
        code = "ThrottlingError" if len(body) % 4 == 0 else "TransactionConflict"
        answer = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons [{code}]",
            "CancellationReasons": [{"Code": code}, *({"Code": "None"} for _ in parts[1:])],
        }
    else:
        answer = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        }
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()


def _in_part(name: str, body: bytes, faults: _Faults, ask) -> tuple[int, dict, bytes]:
    """Passes on some entries of a batch, and answers that the others failed."""
    request = json.loads(body)
    if name == "SendMessageBatch":
        entries = request["Entries"]
        refused = faults.chosen(entries)
        left = [entry for number, entry in enumerate(entries) if number not in refused]
        failed = [
            {"Id": entries[number]["Id"], "SenderFault": False, "Code": "InternalError", "Message": "not now"}
            for number in sorted(refused)
        ]
        if not left:
            answer = {"Successful": [], "Failed": failed}
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()
        status, headers, answered = ask(json.dumps({**request, "Entries": left}).encode())
        if status != 200 or not failed:
            return status, headers, answered
        answer = json.loads(answered)
        answer["Failed"] = answer.get("Failed", []) + failed
        return status, headers, json.dumps(answer).encode()
    if name == "BatchExecuteStatement":
        statements = request["Statements"]
        # They are told as they are on AWS: not made, or made although the answer says otherwise.
        lost, refused = faults.chosen(statements), faults.chosen(statements)
        passed = [number for number in range(len(statements)) if number in lost or number not in refused]
        answered = []
        if passed:
            status, headers, body = ask(
                json.dumps({**request, "Statements": [statements[number] for number in passed]}).encode()
            )
            if status != 200:
                return status, headers, body
            answered = json.loads(body)["Responses"]
        responses = dict(zip(passed, answered, strict=True))
        for number in refused:
            code = "InternalServerError" if number in lost else "ThrottlingError"
            responses[number] = {"Error": {"Code": code, "Message": "not now"}}
        answer = {"Responses": [responses[number] for number in range(len(statements))]}
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode()
    # BatchGetItem names the keys that were not read as unprocessed. At least one key of each table is read.
    unprocessed, asked = {}, {}
    for table, wanted in request["RequestItems"].items():
        keys = wanted["Keys"]
        later = {number for number in faults.chosen(keys) if number > 0}
        asked[table] = {**wanted, "Keys": [key for number, key in enumerate(keys) if number not in later]}
        if later:
            unprocessed[table] = {**wanted, "Keys": [keys[number] for number in sorted(later)]}
    status, headers, answered = ask(json.dumps({**request, "RequestItems": asked}).encode())
    if status != 200:
        return status, headers, answered
    answer = json.loads(answered)
    answer["UnprocessedKeys"] = {**answer.get("UnprocessedKeys", {}), **unprocessed}
    return status, headers, json.dumps(answer).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """Silent: a function that is killed hangs up, which is part of these tests."""


def main(port: str, upstream_port: str, seed: str) -> None:
    with _Server(("127.0.0.1", int(port)), _handler_for(_Faults(seed), int(upstream_port))) as server:
        server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
