"""How the receivers of the fault tests answer: most of the time with success."""

import json
import random
import threading
from collections import Counter

from hooklane_local.receiver import Request, Response

_GIGABYTE = 1_000_000_000

_BEHAVIOURS = {
    "500": Response(500),
    "404": Response(404),
    "redirect": Response(302, {"Location": "http://127.0.0.1:1/"}),
    "busy": Response(429, {"Retry-After": "2"}),
    "reset": Response(reset=True),
    "garbage": Response(garbage=b"\x00\xff this is no HTTP \r\n\r\n"),
    "1 GB": Response(chunked_bytes=_GIGABYTE),
}
_WEIGHTS = [30, 10, 10, 15, 20, 15, 2]
# The share of requests that get one of these.
_FAULTY_SHARE = 0.25
# A stall delays a whole batch by the time limit of an attempt, so the number of stalls is limited.
_MAX_STALLS = 12


class FaultyReceivers:
    """Answers for all receivers, with faults until `healthy` is set."""

    def __init__(self, seed: str, stalling: set[str]):
        self.counts: Counter[str] = Counter()
        self.healthy = False
        self._chance = random.Random(f"{seed} receivers")
        self._stalling = stalling
        self._lock = threading.Lock()
        # The path and event of every request that was answered with 2xx.
        self._accepted: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Response:
        with self._lock:
            name, response = self._choose(request.path)
            self.counts[name] += 1
            # A body of 1 GB, or half of one, is a success too: the sender has the status, which decides.
            if response.status < 300 and not (response.reset or response.garbage):
                self._accepted.append((request.path, data_of(request)["key"]))
        return response

    def _choose(self, path: str) -> tuple[str, Response]:
        if self.healthy or self._chance.random() >= _FAULTY_SHARE:
            return "accepted", Response(200, body=b"ok")
        if path in self._stalling and self.counts["stall mid-body"] < _MAX_STALLS and self._chance.random() < 0.1:
            return "stall mid-body", Response(200, stalls_mid_body=True)
        name = self._chance.choices(list(_BEHAVIOURS), _WEIGHTS)[0]
        return name, _BEHAVIOURS[name]

    def accepted(self) -> Counter[tuple[str, str]]:
        with self._lock:
            return Counter(self._accepted)


def data_of(request: Request) -> dict:
    """The event's data. The contract `github` sends it as the whole body, `standard` as a field."""
    body = json.loads(request.body)
    return body if "x-github-event" in request.headers else body["data"]
