"""Puts dead letters back on their way: received, sent, and only then deleted.

Whatever happens between two of these steps, a letter is there once more rather than not at all, and
sending one twice is safe: an event is accepted once under its id, a delivery that is done discards
its message.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import ClientError

from hooklane_local import streams
from hooklane_local.delivery_id import webhook_of
from hooklane_local.progress import Failure, say

SOURCES = ("events", "fanout", "deliveries")

# A letter stays hidden for so long while it is being sent; it comes back by itself if this ends halfway.
_HIDDEN_SECONDS = 120
_FOUND_NOTHING = 2
_MAX_GENERATION = 2**32 - 1


class Left(Exception):
    """Why a letter stays where it is."""


@dataclass
class Target:
    """A deployed stack: its clients, and its names as `stack.json` has them."""

    sqs: object
    lambdas: object
    dynamodb: object
    dynamodbstreams: object
    description: dict


@dataclass
class Options:
    dry: bool = False
    # Look for what left the stream in the whole ledger, which costs a read of all of it.
    scan: bool = False
    # Only letters whose body has this text.
    match: str | None = None


@dataclass
class Report:
    sent: int = 0
    left: int = 0
    # Those that were not meant.
    others: int = 0
    lines: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        self.lines.append(line)
        say(f"  {line}")


def redrive(target: Target, source: str, options: Options) -> Report:
    """Goes through the letters that are in a source's dead-letter queue now."""
    queue = target.description["deadLetterQueueUrls"][source]
    report = Report()
    say(f"{source}: {queue}")
    # Hidden until the end, so that none of them is met twice.
    kept: list[dict] = []
    try:
        for letter in _letters(target.sqs, queue, kept):
            if options.match and options.match not in letter["Body"]:
                report.others += 1
                kept.append(letter)
            elif _send(target, source, letter, options, report):
                target.sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
            else:
                kept.append(letter)
    finally:
        for letter in kept:
            _show_again(target.sqs, queue, letter)
    sent = f"{report.sent} {'would be sent' if options.dry else 'sent'}"
    others = f", {report.others} without {options.match}" if options.match else ""
    say(f"{source}: {sent}, {report.left} that cannot be{others}")
    return report


def _send(target: Target, source: str, letter: dict, options: Options, report: Report) -> bool:
    """Sends one letter, if it is not to be a dry run; says whether it is on its way now."""
    what = _describe(letter)
    try:
        where = _SENDERS[source](target, letter, options)
    # Whatever is wrong with one letter is no reason to leave the others: anything may be in one.
    except (Left, ClientError, LookupError, TypeError, ValueError, RecursionError) as why:
        report.left += 1
        why = why if isinstance(why, (Left, ClientError)) else f"it cannot be read ({why!r:.200})"
        report.tell(f"left       {what}\n             because {why}")
        return False
    report.sent += 1
    report.tell(f"{'would send' if options.dry else 'sent      '} {what}\n             to {where}")
    return not options.dry


def _letters(sqs, queue: str, kept: list[dict]):
    """Each letter that was there at the start. One that fails again comes back as a new letter: those are kept."""
    started = time.time() * 1000
    seen: set[str] = set()
    empty = 0
    # A queue may answer with nothing although it holds something.
    while empty < _FOUND_NOTHING:
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
                kept.append(letter)
            else:
                yield letter


def _show_again(sqs, queue: str, letter: dict) -> None:
    try:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0)
    except ClientError:
        # It is visible already, or will be: nothing depends on this.
        pass


def _describe(letter: dict) -> str:
    said = {name: value.get("StringValue", "") for name, value in letter.get("MessageAttributes", {}).items()}
    sent = datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000).astimezone()
    when = said.get("time") or sent.isoformat(timespec="seconds")
    reason = said.get("reason") or "(moved by AWS, without a reason)"
    return f"{letter['MessageId']} of {when}: {reason}"


def _event(target: Target, letter: dict, options: Options) -> str:
    queue = target.description["eventQueueUrl"]
    body = _whole_body(letter)
    if not options.dry:
        target.sqs.send_message(QueueUrl=queue, MessageBody=body)
    return queue


def _delivery(target: Target, letter: dict, options: Options) -> str:
    queue = target.description["deliveryQueueUrl"]
    body, delivery = renewed(_whole_body(letter))
    group = letter["Attributes"].get("MessageGroupId") or webhook_of(delivery)
    fair = {"MessageGroupId": group} if group else {}
    if not options.dry:
        target.sqs.send_message(QueueUrl=queue, MessageBody=body, **fair)
    return queue


def renewed(body: str) -> tuple[str, str | None]:
    """A message for the same delivery, and the delivery's id.

    A delivery that waits knows the one message that acts for it, and would take another of the same
    generation for a twin. A new message is one generation higher.
    """
    try:
        message = json.loads(body)
        deliver = message["body"]
        delivery, generation = deliver["delivery"], deliver["generation"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return body, None
    known = message.get("version") == 1 and message.get("kind") == "deliver" and isinstance(delivery, str)
    if not known or type(generation) is not int or not 0 <= generation < _MAX_GENERATION:
        return body, None
    deliver["generation"] = generation + 1
    return json.dumps(message, ensure_ascii=False), delivery


def _record(target: Target, letter: dict, options: Options) -> str:
    """Two forms: a record that `fanout` put away, or Lambda's note of those that it gave up."""
    try:
        told = json.loads(_whole_body(letter))
    except ValueError:
        raise Left("it is neither a stream record nor a note of the stream's mapping") from None
    if isinstance(told, dict) and "DDBStreamBatchInfo" in told:
        records, found = streams.given_up(target, told["DDBStreamBatchInfo"], options.scan)
    elif isinstance(told, dict) and "dynamodb" in told:
        records, found = [told], "1 record"
    else:
        raise Left("it is neither a stream record nor a note of the stream's mapping")
    function = target.description["functions"]["FanoutFunction"]
    if not options.dry:
        for start in range(0, len(records), 100):
            _invoke(target.lambdas, function, records[start : start + 100])
    return f"{function} ({found})"


def _invoke(lambdas, function: str, records: list[dict]) -> None:
    answer = lambdas.invoke(FunctionName=function, Payload=json.dumps({"Records": records}).encode())
    said = answer["Payload"].read().decode(errors="replace")
    if "FunctionError" in answer:
        raise Left(f"{function} failed: {said[:500]}")


def _whole_body(letter: dict) -> str:
    body = letter["Body"]
    reason = letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "")
    if reason.endswith(" bytes)") and "(cut to its first" in reason:
        raise Left("its body was too long for a queue and is not whole")
    if not body.strip():
        raise Left("it has no body")
    return body


_SENDERS = {"events": _event, "fanout": _record, "deliveries": _delivery}


def target_of(stack_name: str | None, local_description: dict | None) -> Target:
    """A stack on AWS by its name, under the person's own credentials; or the local one."""
    if stack_name is None:
        if local_description is None:
            raise Failure("no local stack runs: start one with `make up`, or name one on AWS with STACK=name")
        from hooklane_local.aws import client

        def make(service: str):
            return client(service, local_description["awsEndpointUrl"])

        description = local_description
    else:
        import boto3

        make = boto3.client
        stacks = make("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        description = _names({o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]})
    return Target(make("sqs"), make("lambda"), make("dynamodb"), make("dynamodbstreams"), description)


def _names(outputs: dict) -> dict:
    return {
        "eventQueueUrl": outputs["EventQueueUrl"],
        "deliveryQueueUrl": outputs["DeliveryQueueUrl"],
        "deadLetterQueueUrls": {
            "events": outputs["EventDeadLetterQueueUrl"],
            "fanout": outputs["FanoutDeadLetterQueueUrl"],
            "deliveries": outputs["DeliveryDeadLetterQueueUrl"],
        },
        "ledgerTable": outputs["LedgerTableName"],
        "functions": {"FanoutFunction": outputs["FanoutFunctionName"]},
    }
