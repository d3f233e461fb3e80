"""The stage of one runbook: a tenant with a receiver, and what breaks the stack."""

import json
import time
import uuid
from collections.abc import Callable
from functools import cached_property

from conftest import PATIENCE_SECONDS
from documented import Reader
from hooklane_local import polling
from hooklane_local.aws import client
from hooklane_local.client import Api, LocalStack
from hooklane_local.receiver import Receiver, Request

# What the pages call a tenant, a webhook and an event.
TENANT, WEBHOOK, EVENT = "TENANT=acme", "WEBHOOK=wh_01HM6WKJ2Y3M8F5J0V9Q4T7C1D", "EVENT=order-1002-created"


def registry() -> tuple[dict[str, Callable], Callable]:
    """The pages of a module, by name, and the decorator that adds one."""
    pages: dict[str, Callable] = {}

    def of(page: str):
        def add(reads: Callable) -> Callable:
            pages[page] = reads
            return reads

        return add

    return pages, of


class Stage:
    def __init__(self, reader: Reader, stack: LocalStack, name: str, receiver: Receiver):
        self.page, self.stack, self.name, self.receiver = reader, stack, name, receiver
        self.tenant = f"t-{uuid.uuid4().hex[:12]}"
        # The page's examples become this stage's own; `webhook` and `publish` add theirs.
        self.replaced = {TENANT: f"TENANT={self.tenant}", '"acme"': f'"{self.tenant}"'}

    @cached_property
    def api(self) -> Api:
        return self.stack.api(self.tenant)

    def client(self, service: str):
        return client(service, self.stack.description["awsEndpointUrl"])

    def webhook(self, events=("*",), path: str = "/", **more) -> dict:
        body = {"name": "test", "url": self.receiver.url(path), "events": list(events), **more}
        made = self.eventually(lambda: (answer := self.api.post("/api/v1/webhooks", body)).status == 201 and answer.body)
        self.replaced[WEBHOOK] = f"WEBHOOK={made['id']}"
        return made

    def publish(self, event_type: str = "order.created", **more) -> str:
        event = self.api.post("/api/v1/events", {"type": event_type, "data": {"n": 1}, **more}).expect(202).body["id"]
        self.replaced[EVENT] = f"EVENT={event}"
        return event

    def requests(self, count: int, path: str | None = None) -> list[Request]:
        found = self.receiver.wait_for(count, PATIENCE_SECONDS, path)
        assert len(found) >= count, f"{len(found)} requests arrived, expected {count}"
        return found

    def deliveries(self, webhook: dict, status: str, count: int = 1) -> list[dict]:
        def enough() -> list[dict] | None:
            path = f"/api/v1/webhooks/{webhook['id']}/deliveries"
            found = self.api.get(path, status=status).expect(200).body["data"]
            return found if len(found) >= count else None

        return self.eventually(enough)

    def eventually(self, probe: Callable):
        found = polling.eventually(probe, PATIENCE_SECONDS)
        assert found, "the expected state was not reached"
        return found

    def shows(self, part: str, expected: str) -> str:
        """Pastes the next block, again and again until what it prints contains this text."""
        block = self.page.hold(part)
        return self.eventually(lambda: expected in (printed := self.page.run(block)) and printed)

    def function(self, name: str) -> str:
        return self.stack.description["functions"][f"{name}Function"]

    def switch(self, name: str, on: bool) -> None:
        """Switches a function's event source mappings on or off."""
        lambdas = self.stack.lambdas
        for mapping in lambdas.list_event_source_mappings(FunctionName=self.function(name))["EventSourceMappings"]:
            lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def bury(self, queue: str, body: str, **attributes: str) -> None:
        """Sends a letter to a source's dead-letter queue: as a function does with attributes, as SQS without."""
        self.stack.sqs.send_message(
            QueueUrl=self.stack.description["deadLetterQueueUrls"][queue],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def letters(self, source: str) -> list[dict]:
        return [letter for letter in self.stack.dead_letters(source) if self.tenant in letter["Body"]]


def reasons(source: str) -> dict[str, str]:
    return {"reason": "a test", "source": source, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def numbers(line: str) -> list[int]:
    """The two numbers at the end of a line of `queues`."""
    return [int(word) for word in line.split()[-2:]]


def lines_of_json(text: str) -> list:
    return [json.loads(line) for line in text.splitlines()]
