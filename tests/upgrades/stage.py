"""What goes on while a release is installed: deliveries that wait, are parked or are under way, and new events."""

import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from hooklane_local.client import LocalStack
from hooklane_local.polling import eventually
from hooklane_local.receiver import Receiver, Request, Response

# A tenant with a webhook for each state in which an upgrade may meet a delivery. Its name is the receiver's path.
WAITING, PARKED, UNDER_WAY, STEADY = TENANTS = ("waiting", "parked", "under-way", "steady")
# Long enough that the functions change while the deliveries wait for their first retry.
_RETRY_SECONDS = [60] * 10
# Its circuit opens soon, and what the probes use up is left over at the end.
_PARKED_SECONDS = [1, 1, *[60] * 8]
_SLOW_SECONDS = 8.0
# A message of a function that was ended in the middle is hidden for up to six minutes (`TimeLimits` in template.yaml).
_PATIENCE_SECONDS = 600.0


class Stage:
    """`retry_field` is what the first version calls the delays of a retry policy."""

    def __init__(self, stack: LocalStack, receiver: Receiver, retry_field: str):
        self.stack, self._receiver = stack, receiver
        self.published: list[tuple[str, str]] = []
        self._accepted: Counter[tuple[str, str]] = Counter()
        self._failing = False
        receiver.respond = self._respond
        for tenant in TENANTS:
            delays = _PARKED_SECONDS if tenant == PARKED else _RETRY_SECONDS
            body = {"name": tenant, "url": receiver.url(f"/{tenant}"), "events": ["*"], "retryPolicy": {retry_field: delays}}
            stack.api(tenant).post("/api/v1/webhooks", body).expect(201)

    def _respond(self, request: Request) -> Response:
        tenant = request.path.strip("/")
        if tenant in (WAITING, PARKED) and self._failing:
            return Response(503)
        self._accepted[tenant, json.loads(request.body)["data"]["key"]] += 1
        return Response(delay=_SLOW_SECONDS if tenant == UNDER_WAY and self._failing else 0.0)

    def fill(self) -> None:
        """Returns when deliveries wait for a retry, others are parked, and some are being made."""
        self._failing = True
        # Fewer than open a circuit.
        for _ in range(2):
            self.publish(WAITING)
        for _ in range(8):
            self.publish(PARKED)
        assert eventually(lambda: len(self._deliveries(WAITING, status="retrying")) >= 2, _PATIENCE_SECONDS)
        assert eventually(lambda: len(self._deliveries(PARKED, parked="true")) >= 3, _PATIENCE_SECONDS)
        before = len(self._requests(UNDER_WAY))
        for _ in range(6):
            self.publish(UNDER_WAY)
        assert eventually(lambda: len(self._requests(UNDER_WAY)) > before, _PATIENCE_SECONDS)

    @contextmanager
    def traffic(self):
        """Publishes by turns through the API and through the queue, until the end of the block."""
        over = threading.Event()

        def run():
            while not over.wait(0.25):
                self.publish(STEADY, by_queue=len(self.published) % 2 == 0)

        with ThreadPoolExecutor(1) as pool:
            publishing = pool.submit(run)
            try:
                yield
            finally:
                over.set()
        # An event that could not be published fails the test.
        publishing.result()

    def mend(self) -> None:
        """From now on every receiver answers at once."""
        self._failing = False

    def publish(self, tenant: str, *, by_queue: bool = False) -> None:
        """Publishes an event until it is accepted, as a producer does."""
        key = f"e{len(self.published)}"
        event = {"id": key, "type": "order.created", "data": {"key": key}}
        if by_queue:
            self.stack.send_event(event | {"tenant": tenant})
        else:
            accepted = eventually(lambda: self._post(tenant, event), _PATIENCE_SECONDS)
            assert accepted, f"{key} was never accepted"
        self.published.append((tenant, key))

    def _post(self, tenant: str, event: dict) -> bool:
        try:
            answer = self.stack.api(tenant).post("/api/v1/events", event)
        except (OSError, http.client.HTTPException):
            return False
        assert answer.status in (200, 202) or answer.status >= 500, answer.raw
        return answer.status < 500

    def require_all_delivered(self) -> int:
        """Fails unless every event arrives and is shown as delivered. Returns how many requests came twice."""
        left = set(self.published)

        def none_left() -> bool:
            for one in sorted(left):
                if self._accepted[one] and self._statuses(*one) == ["delivered"]:
                    left.discard(one)
            return not left

        arrived = eventually(none_left, _PATIENCE_SECONDS, every=1.0)
        missing = {one: (self._accepted[one], self._statuses(*one)) for one in sorted(left)}
        assert arrived, f"{missing}; in the event queue: {self.stack.messages(self.stack.description['eventQueueUrl'])}"
        return sum(count - 1 for count in self._accepted.values())

    def letters(self) -> dict[str, list[dict]]:
        """What lies in the dead-letter queues that are not empty."""
        queues = {source: self.stack.dead_letters(source) for source in self.stack.description["deadLetterQueueUrls"]}
        return {source: letters for source, letters in queues.items() if letters}

    def _statuses(self, tenant: str, key: str) -> list[str]:
        answer = self.stack.api(tenant).get(f"/api/v1/events/{key}")
        return [one["status"] for one in answer.body["deliveries"]] if answer.status == 200 else []

    def _deliveries(self, tenant: str, **query: str) -> list[dict]:
        (webhook,) = self.stack.api(tenant).get("/api/v1/webhooks").expect(200).body["data"]
        return self.stack.api(tenant).get(f"/api/v1/webhooks/{webhook['id']}/deliveries", **query).expect(200).body["data"]

    def _requests(self, tenant: str) -> list[Request]:
        return self._receiver.wait_for(0, 0, f"/{tenant}")
