"""Faults that are injected on purpose: killed functions, doubled messages, replayed stream records."""

import json
import os
import random
import re
import signal
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import inside
from botocore.exceptions import BotoCoreError, ClientError
from hooklane_local.client import LocalStack


class Chaos:
    """Kills functions, doubles and reorders messages, and replays the stream, each in a thread of its own."""

    def __init__(self, stack: LocalStack, state: Path, seed: str):
        self.counts: Counter[str] = Counter()
        # Deliveries that had more than one message at a time, and events that were replayed.
        self.doubled: set[str] = set()
        self._stack = stack
        self._state = state
        self._seed = seed
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        # Accepted events, as (tenant, id), which can be replayed.
        self._events: list[tuple[str, str]] = []

    def add_accepted(self, events: list[tuple[str, str]]) -> None:
        with self._lock:
            self._events.extend(events)

    @contextmanager
    def running(self):
        """Injects faults until the end of the block."""
        faults = (self._kill, self._double, self._replay)
        threads = [threading.Thread(target=self._repeat, args=(fault,), daemon=True) for fault in faults]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(90)
        # If one of the threads ended early, the test would prove less than it claims.
        if self._failure is not None:
            raise self._failure

    def _repeat(self, inject) -> None:
        chance = random.Random(f"{self._seed} {inject.__name__}")
        try:
            while not self._over.wait(chance.uniform(0.2, 1.0)):
                inject(chance)
        except BaseException as failure:
            self._failure = failure

    def _kill(self, chance: random.Random) -> None:
        """Sends SIGKILL to one process of this stack's functions, and of no other stack's."""
        running = functions_of(self._state)
        if running:
            victim = chance.choice(running)
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.counts["functions killed"] += 1

    def _double(self, chance: random.Random) -> None:
        """Invokes a function with messages that it also gets from its queue, in another order."""
        name, function = chance.choice(
            [("deliveryQueueUrl", "DeliveryFunction"), ("retryQueueUrl", "DeliveryFunction"),
             ("eventQueueUrl", "IngestFunction")]
        )
        queue = self._stack.description[name]
        received = self._stack.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["SentTimestamp"]
        ).get("Messages", [])
        if not received:
            return
        chance.shuffle(received)
        if function == "DeliveryFunction":
            bodies = [json.loads(message["Body"])["body"] for message in received]
            # A message may be for several deliveries.
            each = [one for body in bodies for one in (body if isinstance(body, list) else [body])]
            self.doubled.update(one["delivery"] for one in each)
        self.counts["messages handed out twice"] += len(received)
        self._invoke(function, {"Records": [_record(message, queue) for message in received]})

    def _replay(self, chance: random.Random) -> None:
        """Invokes the readers of the ledger's stream again with some of its records."""
        with self._lock:
            events = chance.sample(self._events, min(20, len(self._events)))
        images = [inside.event_item(self._stack, *event) for event in events]
        records = [inside.stream_record(image) for image in images if image is not None]
        if not records:
            return
        self.doubled.update(f"{event[0]} {event[1]}" for event in events)
        self.counts["stream records replayed"] += len(records)
        for function in ("FanoutFunction", "StatsFunction"):
            self._invoke(function, {"Records": records})

    def _invoke(self, function: str, event: dict) -> None:
        try:
            self._stack.invoke(function, event)
        except (AssertionError, ClientError, BotoCoreError):
            # The function was killed or failed, which is allowed: the queue or the stream delivers again.
            self.counts["invocations for these that failed"] += 1


def functions_of(state: Path) -> list[int]:
    """The processes of this stack's functions: in its emulator's group, started from its folder."""
    emulator = json.loads((state / "emulator.json").read_text())["pid"]
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,pgid=,args="], capture_output=True, text=True, check=True)
    found = []
    for line in listed.stdout.splitlines():
        pid, group, program = line.split(None, 2)
        if int(group) == emulator and program.startswith(str(state / "tmp")) and "/bootstrap" in program:
            found.append(int(pid))
    return found


def killed_while_running(state: Path) -> dict[str, int]:
    """How often the emulator saw each function end during an invocation."""
    log = (state / "emulator.log").read_text(errors="replace")
    return dict(Counter(re.findall(r"Lambda \S*?(\w+Function)\S*: Runtime exited before", log)))


def _record(message: dict, queue: str) -> dict:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }
