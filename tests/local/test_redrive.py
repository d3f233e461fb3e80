"""What `make redrive` makes of a function's answer."""

import io
import json

import pytest
from hooklane_local.redrive import Options, redrive, with_next_generation
from hooklane_local.redrive_target import Target

RECORD = {"eventName": "INSERT", "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}


class Queue:
    """A dead-letter queue with one letter."""

    def __init__(self):
        self.visible, self.deleted = True, False

    def receive_message(self, **_):
        if not self.visible:
            return {}
        self.visible = False
        letter = {"MessageId": "1", "ReceiptHandle": "1", "Body": json.dumps(RECORD), "Attributes": {"SentTimestamp": "0"}}
        return {"Messages": [letter]}

    def delete_message(self, **_):
        self.deleted = True

    def change_message_visibility(self, **_):
        self.visible = True


class Function:
    def __init__(self, answer: dict):
        self.answer = answer

    def invoke(self, **_):
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


@pytest.mark.parametrize(
    ("answer", "sent"),
    [({"batchItemFailures": []}, True), ({"batchItemFailures": [{"itemIdentifier": "1"}]}, False)],
    ids=["done", "handed back"],
)
def test_a_letter_whose_record_is_handed_back_stays(answer, sent):
    queue = Queue()
    description = {"deadLetterQueueUrls": {"fanout": "queue"}, "functions": {"FanoutFunction": "fanout"}}
    target = Target(queue, Function(answer), None, None, description)

    report = redrive(target, "fanout", Options())

    assert (report.sent, report.kept) == ((1, 0) if sent else (0, 1))
    assert queue.deleted == sent and queue.visible != sent


def deliver(delivery: object = "dlv_1", **members) -> dict:
    return {"delivery": delivery, "generation": 0, "payload": {"plain": {}}, **members}


def message(kind: str, body: object) -> str:
    return json.dumps({"version": 1, "kind": kind, "body": body})


def test_each_delivery_of_a_message_goes_on_in_its_next_generation():
    one, delivery = with_next_generation(message("deliver", deliver(generation=4)))
    assert (json.loads(one)["body"], delivery) == ({"delivery": "dlv_1", "generation": 5}, "dlv_1")

    each, delivery = with_next_generation(message("deliver-each", [deliver(), deliver("dlv_2", generation=6)]))
    expected = [{"delivery": "dlv_1", "generation": 1}, {"delivery": "dlv_2", "generation": 7}]
    assert (json.loads(each)["body"], delivery) == (expected, "dlv_1")


@pytest.mark.parametrize(
    "body",
    [
        "nonsense",
        "[]",
        json.dumps({"version": 2, "kind": "deliver", "body": deliver()}),
        message("probe", deliver()),
        message("deliver", [deliver()]),
        message("deliver", deliver(7)),
        message("deliver", deliver(generation=-1)),
        message("deliver", deliver(generation=True)),
        message("deliver-each", []),
        message("deliver-each", deliver()),
        message("deliver-each", [deliver(), 7]),
        message("deliver-each", [deliver(), deliver(generation=2**32 - 1)]),
    ],
)
def test_what_is_no_message_of_this_version_goes_as_it_is(body):
    assert with_next_generation(body) == (body, None)
