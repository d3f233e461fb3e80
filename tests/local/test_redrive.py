"""What `make redrive` makes of a function's answer."""

import io
import json

import pytest
from hooklane_local.redrive import Options, redrive
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
