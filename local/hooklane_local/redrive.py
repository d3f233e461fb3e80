"""Sends dead letters again: receives each from its dead-letter queue, sends it, and only then deletes it.

If this ends between two of these steps, the letter exists twice rather than not at all. Sending it twice
is safe: an event is accepted once under its id, and a finished delivery discards its message.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from botocore.exceptions import ClientError

from hooklane_local import streams
from hooklane_local.delivery_id import webhook_of
from hooklane_local.progress import say
from hooklane_local.redrive_target import SOURCES, CannotSend, Target

# How long a letter stays hidden while it is being sent. If this process ends early, the letter becomes
# visible again after that time.
_HIDDEN_SECONDS = 120
# After this many empty answers in a row a queue counts as empty.
_EMPTY_ANSWERS = 2
_MAX_GENERATION = 2**32 - 1
_NO_RECORD = "it is neither a stream record nor a note from the stream's event source mapping"


@dataclass
class Options:
    dry: bool = False
    # Search the whole ledger for records that the stream no longer has. It reads every item of the table.
    scan: bool = False
    # Only letters whose body contains this text.
    match: str | None = None


@dataclass
class Report:
    sent: int = 0
    # Letters that could not be sent and stay in their queue.
    kept: int = 0
    # Letters without the text that was asked for.
    unmatched: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        self.lines.append(line)
        say(f"  {line}")


def redrive(target: Target, source: str, options: Options) -> Report:
    """Goes once through the letters that a source's dead-letter queue holds now."""
    queue = target.description["deadLetterQueueUrls"][source]
    report = Report()
    say(f"{source}: {queue}")
    # They stay hidden until the end, so that no letter is received twice.
    hidden: list[dict] = []
    try:
        for letter in _letters(target.sqs, queue, hidden):
            if options.match and options.match not in letter["Body"]:
                report.unmatched += 1
                hidden.append(letter)
            elif _send(target, source, letter, options, report):
                target.sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
            else:
                hidden.append(letter)
    finally:
        for letter in hidden:
            _make_visible(target.sqs, queue, letter)
    sent = f"{report.sent} {'would be sent' if options.dry else 'sent'}"
    unmatched = f", {report.unmatched} without {options.match}" if options.match else ""
    say(f"{source}: {sent}, {report.kept} kept because they cannot be sent{unmatched}")
    return report


def _send(target: Target, source: str, letter: dict, options: Options, report: Report) -> bool:
    """Sends one letter unless this is a dry run. True if the letter was sent."""
    what = _describe(letter)
    try:
        where = _SENDERS[source](target, letter, options)
    # A letter may contain anything. One that cannot be read must not keep the others from being sent.
    except (CannotSend, ClientError, LookupError, TypeError, ValueError, RecursionError) as why:
        report.kept += 1
        why = why if isinstance(why, (CannotSend, ClientError)) else f"it cannot be read ({why!r:.200})"
        report.add(f"kept       {what}\n             because {why}")
        return False
    report.sent += 1
    report.add(f"{'would send' if options.dry else 'sent      '} {what}\n             to {where}")
    return not options.dry


def _letters(sqs, queue: str, hidden: list[dict]):
    """Each letter that was in the queue at the start. A letter that failed again since then is a new one: it
    is only hidden."""
    started = time.time() * 1000
    seen: set[str] = set()
    empty = 0
    # A queue that holds messages may still answer with none.
    while empty < _EMPTY_ANSWERS:
        answer = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        new = [letter for letter in answer.get("Messages", []) if letter["MessageId"] not in seen]
        empty = 0 if new else empty + 1
        for letter in new:
            seen.add(letter["MessageId"])
            if int(letter["Attributes"]["SentTimestamp"]) > started:
                hidden.append(letter)
            else:
                yield letter


def _make_visible(sqs, queue: str, letter: dict) -> None:
    try:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0)
    except ClientError:
        # The letter is visible already, or becomes visible when its timeout ends.
        pass


def _describe(letter: dict) -> str:
    attributes = {name: value.get("StringValue", "") for name, value in letter.get("MessageAttributes", {}).items()}
    sent = datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000).astimezone()
    when = attributes.get("time") or sent.isoformat(timespec="seconds")
    reason = attributes.get("reason") or "(moved by AWS, without a reason)"
    return f"{letter['MessageId']} of {when}: {reason}"


def _event(target: Target, letter: dict, options: Options) -> str:
    queue = target.description["eventQueueUrl"]
    body = _whole_body(letter)
    if not options.dry:
        target.sqs.send_message(QueueUrl=queue, MessageBody=body)
    return queue


def _delivery(queue_name: str, target: Target, letter: dict, options: Options) -> str:
    queue = target.description[queue_name]
    body, delivery = with_next_generation(_whole_body(letter))
    group = letter["Attributes"].get("MessageGroupId") or webhook_of(delivery)
    fair = {"MessageGroupId": group} if group else {}
    if not options.dry:
        target.sqs.send_message(QueueUrl=queue, MessageBody=body, **fair)
    return queue


def with_next_generation(body: str) -> tuple[str, str | None]:
    """The message with the generation of each of its deliveries raised by one, and the first delivery's id.

    A waiting delivery stores its owner, the one message that acts for it. Another message of the same
    generation would count as a duplicate, so the new one gets the next generation. The event's content is left
    out, because its numbers and escapes would be written anew here: `delivery` then reads it from the ledger.
    """
    try:
        message = json.loads(body)
        kind, content = message["kind"], message["body"]
        known = message["version"] == 1 and kind in ("deliver", "deliver-each")
        deliveries = content if kind == "deliver-each" else [content]
        if not known or not isinstance(deliveries, list) or not all(map(_can_be_raised, deliveries)):
            return body, None
        first = deliveries[0]["delivery"]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return body, None
    for deliver in deliveries:
        deliver["generation"] += 1
        deliver.pop("payload", None)
    return json.dumps(message, ensure_ascii=False), first


def _can_be_raised(deliver: dict) -> bool:
    generation = deliver["generation"]
    return (
        isinstance(deliver["delivery"], str)
        and type(generation) is int
        and 0 <= generation < _MAX_GENERATION
    )


def _record(function_name: str, target: Target, letter: dict, options: Options) -> str:
    """A letter of a reader of the stream is a stream record, or Lambda's note about records that it gave up on."""
    try:
        content = json.loads(_whole_body(letter))
    except ValueError:
        raise CannotSend(_NO_RECORD) from None
    if isinstance(content, dict) and "DDBStreamBatchInfo" in content:
        records, found = streams.given_up(target, content["DDBStreamBatchInfo"], options.scan)
    elif isinstance(content, dict) and "dynamodb" in content:
        records, found = [content], "1 record"
    else:
        raise CannotSend(_NO_RECORD)
    function = target.description["functions"][function_name]
    if not options.dry:
        for start in range(0, len(records), 100):
            _invoke(target.lambdas, function, records[start : start + 100])
    return f"{function} ({found})"


def _invoke(lambdas, function: str, records: list[dict]) -> None:
    answer = lambdas.invoke(FunctionName=function, Payload=json.dumps({"Records": records}).encode())
    output = answer["Payload"].read().decode(errors="replace")
    if "FunctionError" in answer:
        raise CannotSend(f"{function} failed: {output[:500]}")
    if _hands_back(output):
        raise CannotSend(f"{function} handed records back for which it had no time: try again")


def _hands_back(output: str) -> bool:
    """Whether a reader of the stream answers that not all of its records are done."""
    try:
        answer = json.loads(output)
    except ValueError:
        return False
    return isinstance(answer, dict) and bool(answer.get("batchItemFailures"))


def _whole_body(letter: dict) -> str:
    body = letter["Body"]
    reason = letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "")
    if reason.endswith(" bytes)") and "(cut to its first" in reason:
        raise CannotSend("its body was too long for a queue and was cut, so it is not whole")
    if not body.strip():
        raise CannotSend("it has no body")
    return body


_SENDERS = {
    "events": _event,
    "fanout": partial(_record, "FanoutFunction"),
    "stats": partial(_record, "StatsFunction"),
    "deliveries": partial(_delivery, "deliveryQueueUrl"),
    # What a recovery sends takes the slow lane.
    "upkeep": partial(_delivery, "retryQueueUrl"),
}

