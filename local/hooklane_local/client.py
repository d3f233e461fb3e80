"""A small client of the local stack: its API, its queues, its tables, its logs."""

import http.client
import json
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode, urlsplit

from hooklane_local.aws import client as aws_client


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self):
        return json.loads(self.raw) if self.raw else None

    def expect(self, *statuses: int) -> "Answer":
        """Returns the answer itself if its status is one of these, and fails otherwise."""
        if self.status not in statuses:
            raise AssertionError(
                f"the API answered {self.status}, expected {' or '.join(map(str, statuses))}: "
                f"{self.raw[:2000].decode(errors='replace')}"
            )
        return self


class Api:
    """Calls the API as one tenant, with the operator's key or with a token."""

    def __init__(self, stack: dict, tenant: str | None, token: str | None = None):
        self.tenant = tenant
        self._token = token if token is not None else stack["operatorKey"]
        self._address = urlsplit(stack["apiUrl"]).netloc

    def get(self, path: str, **query) -> Answer:
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body=None, **headers: str) -> Answer:
        return self.request("POST", path, body, headers)

    def put(self, path: str, body, **headers: str) -> Answer:
        return self.request("PUT", path, body, headers)

    def patch(self, path: str, body, **headers: str) -> Answer:
        return self.request("PATCH", path, body, headers)

    def delete(self, path: str) -> Answer:
        return self.request("DELETE", path)

    def request(self, method: str, path: str, body=None, headers: dict[str, str] | None = None) -> Answer:
        """Sends one request: a body of bytes as it is, anything else as JSON."""
        sent = {"Authorization": f"Bearer {self._token}"}
        if self.tenant is not None:
            sent["X-Tenant-Id"] = self.tenant
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@dataclass
class LocalStack:
    """A deployed local stack, as `stack.json` describes it."""

    description: dict

    def api(self, tenant: str | None, token: str | None = None) -> Api:
        return Api(self.description, tenant, token)

    @cached_property
    def sqs(self):
        return aws_client("sqs", self.description["awsEndpointUrl"])

    @cached_property
    def dynamodb(self):
        return aws_client("dynamodb", self.description["awsEndpointUrl"])

    @cached_property
    def lambdas(self):
        return aws_client("lambda", self.description["awsEndpointUrl"])

    @cached_property
    def secrets(self):
        return aws_client("secretsmanager", self.description["awsEndpointUrl"])

    @cached_property
    def logs(self):
        return aws_client("logs", self.description["awsEndpointUrl"])

    def send_event(self, event: dict | str) -> str:
        """Sends an event to the event queue and returns the message's id."""
        body = event if isinstance(event, str) else json.dumps(event)
        return self.sqs.send_message(QueueUrl=self.description["eventQueueUrl"], MessageBody=body)["MessageId"]

    def messages(self, queue_url: str) -> list[dict]:
        """All messages of a queue, hidden ones too. The emulator lists them without receiving them."""
        question = f"{self.description['awsEndpointUrl']}/_ministack/sqs/messages?{urlencode({'QueueUrl': queue_url})}"
        # Ignores any proxy that the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(question, timeout=30) as answer:
            accounts = json.load(answer)["messages"]
        return [
            message
            for regions in accounts.values()
            for queues in regions.values()
            for messages in queues.values()
            for message in messages
        ]

    def dead_letters(self, source: str) -> list[dict]:
        """The messages of a dead-letter queue (events, fanout, stats, deliveries, upkeep), without receiving them."""
        return self.messages(self.description["deadLetterQueueUrls"][source])

    def invoke(self, function: str, event: dict) -> dict:
        """Invokes a function, by its logical id, with this event."""
        answer = self.lambdas.invoke(
            FunctionName=self.description["functions"][function], Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise AssertionError(f"{function} failed: {json.dumps(payload)[:2000]}")
        return payload

    def log_tail(self, function: str, lines: int = 20) -> list[str]:
        """The last lines that a function logged."""
        name = self.description["functions"][function]
        group = self.lambdas.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
        try:
            events = self._log_events(group)
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        logged = [event for event in events if not event["message"].startswith(("START ", "END ", "REPORT "))]
        return [event["message"] for event in sorted(logged, key=lambda event: event["timestamp"])[-lines:]]

    def _log_events(self, group: str) -> list[dict]:
        """All events of a log group. The emulator answers with the oldest 10,000 and has no next page, so what
        follows is asked for by its time."""
        events, most, since = [], 10_000, 0
        while True:
            page = self.logs.filter_log_events(logGroupName=group, limit=most, startTime=since)["events"]
            if len(page) < most:
                return events + page
            last = page[-1]["timestamp"]
            # Those of the last millisecond come again with the next page, unless there is nothing else.
            whole = [event for event in page if event["timestamp"] < last]
            events += whole or page
            since = last if whole else last + 1
