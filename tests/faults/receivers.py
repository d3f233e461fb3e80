"""How the receivers of the fault tests answer: mostly as they should."""

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
# How much goes wrong.
_SHARE = 0.25
# A stall holds a whole batch for the time limit of an attempt, so only so many requests meet one.
_MOST_STALLS = 12


class Moods:
    """Answers for all receivers, until it is told to be good."""

    def __init__(self, seed: str, stalling: set[str]):
        self.counts: Counter[str] = Counter()
        self.good = False
        self._chance = random.Random(f"{seed} receivers")
        self._stalling = stalling
        self._lock = threading.Lock()
        # What was answered with 2xx, by path and event.
        self._taken: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Response:
        with self._lock:
            name, response = self._choose(request.path)
            self.counts[name] += 1
            # The sender has the status and as much of the body as it keeps: 1 GB is a success, cut off.
            if response.status < 300 and not (response.reset or response.garbage or response.stalls_mid_body):
                self._taken.append((request.path, data_of(request)["key"]))
        return response

    def _choose(self, path: str) -> tuple[str, Response]:
        if self.good or self._chance.random() >= _SHARE:
            return "taken", Response(200, body=b"ok")
        if path in self._stalling and self.counts["stall mid-body"] < _MOST_STALLS and self._chance.random() < 0.1:
            return "stall mid-body", Response(200, stalls_mid_body=True)
        name = self._chance.choices(list(_BEHAVIOURS), _WEIGHTS)[0]
        return name, _BEHAVIOURS[name]

    def taken(self) -> Counter[tuple[str, str]]:
        with self._lock:
            return Counter(self._taken)


def data_of(request: Request) -> dict:
    """The event's data, as the contract of the request has it: alone, or under its name."""
    body = json.loads(request.body)
    return body if "x-github-event" in request.headers else body["data"]
