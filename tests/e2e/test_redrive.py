"""Dead letters are put back on their way, by what `make redrive` runs."""

import fcntl
import json
import time
import uuid
from datetime import datetime, timezone

import inside
import pytest
from hooklane_local.redrive import Options, Report, redrive
from hooklane_local.redrive_target import target_of


@pytest.fixture
def again(stack, stack_file, eventually):
    """`again(source, match)`: what `make redrive` does with the letters that carry a text; no other test's."""

    def run(source: str, match: str, **options) -> Report:
        def once() -> Report | None:
            # A letter is hidden for as long as somebody looks through its queue: one at a time.
            with open(stack_file.parent / "redrive.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                report = redrive(target_of(None, stack.description), source, Options(match=match, **options))
            return report if report.lines else None

        return eventually(once, f"no letter of {source} carries {match}")

    return run


@pytest.fixture
def bury(stack):
    """Puts a letter into a source's dead-letter queue, as a function would."""

    def put(source: str, body: str, reason: str = "a test") -> None:
        told = {"reason": reason, "source": source, "time": "2024-01-15T10:30:00Z"}
        stack.sqs.send_message(
            QueueUrl=stack.description["deadLetterQueueUrls"][source],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in told.items()
            },
        )

    return put


def letters(stack, source: str, marker: str) -> list[dict]:
    return [letter for letter in stack.dead_letters(source) if marker in letter["Body"]]


def test_an_event_goes_to_the_event_queue_again(stack, tenant, register, requests, again, bury):
    register()
    event = {"id": f"late-{tenant}", "tenant": tenant, "type": "order.created", "data": {}}
    bury("events", json.dumps(event))

    shown = again("events", tenant, dry=True)
    assert (shown.sent, shown.kept) == (1, 0)
    assert "would send" in shown.lines[0] and "a test" in shown.lines[0]
    assert len(letters(stack, "events", tenant)) == 1

    assert again("events", tenant).sent == 1
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event["id"]
    assert letters(stack, "events", tenant) == []


def test_a_letter_that_fails_again_is_a_new_letter_and_met_once(stack, tenant, again, eventually, bury):
    bury("events", json.dumps({"tenant": tenant, "type": "no type!", "data": {}}))

    assert again("events", tenant).sent == 1
    eventually(lambda: len(letters(stack, "events", tenant)) == 1)


def test_a_delivery_is_attempted_though_its_own_message_is_lost(
    stack, tenant, publish, register, requests, delivery_of, again, bury
):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    # It is due, and waits for a message that SQS moved away: one of the same generation would be a twin.
    inside.waits_for_another(stack, webhook["id"], event, "lost", time.time(), "order.cancelled")
    delivery = inside.delivery_id(webhook["id"], event)
    bury("deliveries", inside.message(webhook["id"], event, "order.cancelled", generation=1))

    assert again("deliveries", delivery).sent == 1
    delivery_of(webhook, "delivered")
    requests(1)
    assert letters(stack, "deliveries", delivery) == []


@pytest.mark.parametrize("body", ["no message %s", '{"version":9,"kind":"deliver","body":{"marker":"%s"}}'])
def test_a_message_that_nobody_reads_goes_out_as_it_is_and_comes_back(body, stack, again, eventually, bury):
    marker = uuid.uuid4().hex
    bury("deliveries", body % marker, "the first time")

    assert again("deliveries", marker).sent == 1

    def back() -> bool:
        found = letters(stack, "deliveries", marker)
        reasons = [letter["MessageAttributes"]["reason"]["StringValue"] for letter in found]
        return [letter["Body"] for letter in found] == [body % marker] and reasons != ["the first time"]

    eventually(back)


def test_a_stream_record_is_fanned_out_again(stack, tenant, publish, register, requests, again, bury):
    register(["order.cancelled"])
    image = inside.event_item(stack, tenant, publish(event_type="order.other"))
    image["c"] = {"S": '{"type":"order.cancelled","data":{}}'}
    late = f"late-{tenant}"
    record = inside.stream_record({**image, "i": {"S": late}, "pk": {"S": f"EV#{tenant}#{late}"}})
    bury("fanout", json.dumps(record))

    assert again("fanout", late).sent == 1
    (request,) = requests(1)
    assert request.headers["webhook-id"] == late


def note_of_lambda(batch: dict) -> str:
    """What the stream's mapping tells of a batch that it gave up (*AWS Lambda Developer Guide*, "Retain
    discarded batches")."""
    return json.dumps(
        {
            "requestContext": {"condition": "RecordAgeExceeded", "approximateInvokeCount": 9},
            "version": "1.0",
            "timestamp": "2024-01-15T10:30:00.000Z",
            "DDBStreamBatchInfo": batch,
        }
    )


def batch_info(stack, first: dict, last: dict, shard: str, stream: str, arrival: str) -> dict:
    return {
        "shardId": shard,
        "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
        "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
        "approximateArrivalOfFirstRecord": arrival,
        "approximateArrivalOfLastRecord": arrival,
        "batchSize": 1,
        "streamArn": stream,
    }


def test_records_that_the_mapping_gave_up_are_read_from_the_stream(
    stack, tenant, publish, register, requests, again, bury, eventually
):
    streams = target_of(None, stack.description).dynamodbstreams
    event = publish(event_type="order.cancelled")
    stream = stack.dynamodb.describe_table(TableName=stack.description["ledgerTable"])["Table"]["LatestStreamArn"]
    shard, record = eventually(lambda: find_record(streams, stream, f"EV#{tenant}#{event}"))
    webhook = register(["order.cancelled"])
    older_than(stack, tenant, webhook)
    marker = f"shard-of-{tenant}"
    info = batch_info(stack, record, record, shard, stream, "2024-01-15T10:30:00.000Z")
    bury("fanout", note_of_lambda({**info, "marker": marker}))

    report = again("fanout", marker)
    assert report.sent == 1, report.lines
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event


def test_records_that_left_the_stream_are_looked_for_in_the_ledger_if_asked_for(
    stack, tenant, publish, register, requests, again, bury
):
    event = publish(event_type="order.cancelled")
    accepted = int(inside.event_item(stack, tenant, event)["a"]["N"])
    webhook = register(["order.cancelled"])
    older_than(stack, tenant, webhook)
    arrival = datetime.fromtimestamp(accepted / 1000, timezone.utc).isoformat().replace("+00:00", "Z")
    gone = {"dynamodb": {"SequenceNumber": "1".zfill(21)}}
    stream = stack.dynamodb.describe_table(TableName=stack.description["ledgerTable"])["Table"]["LatestStreamArn"]
    marker = f"gone-{tenant}"
    info = batch_info(stack, gone, gone, "shardId-00000000000000000000-00000000", stream, arrival)
    bury("fanout", note_of_lambda({**info, "marker": marker}))

    kept = again("fanout", marker)
    assert (kept.sent, kept.kept) == (0, 1)
    assert "SCAN=1" in kept.lines[0]
    assert len(letters(stack, "fanout", marker)) == 1
    assert again("fanout", marker, scan=True).sent == 1
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event


@pytest.mark.parametrize(
    ("body", "reason", "why"),
    [
        ("%s", "a test", "neither a stream record"),
        ('{"marker":"%s"}', "a test", "neither a stream record"),
        ('{"DDBStreamBatchInfo":{},"marker":"%s"}', "a test", "cannot be read"),
        pytest.param("[" * 3000 + '"%s"' + "]" * 3000, "a test", "", id="very deep"),
        ("%s cut", "too long (cut to its first 1040000 bytes)", "not whole"),
    ],
)
def test_what_cannot_be_sent_is_left_with_the_reason(body, reason, why, stack, again, bury):
    marker = uuid.uuid4().hex
    bury("fanout", body % marker, reason)

    report = again("fanout", marker)
    assert (report.sent, report.kept) == (0, 1)
    assert why in report.lines[0]
    assert len(letters(stack, "fanout", marker)) == 1


def find_record(streams, stream: str, pk: str) -> tuple[str, dict] | None:
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator, Limit=1000)
            for record in page["Records"]:
                if record["dynamodb"]["Keys"]["pk"]["S"] == pk and record["eventName"] == "INSERT":
                    return shard["ShardId"], record
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return None


def older_than(stack, tenant: str, webhook: dict) -> None:
    """Makes a webhook older than the events that were published before it, so that they are for it."""
    table = stack.description["registryTable"]
    key = {"pk": {"S": f"T#{tenant}"}, "sk": {"S": f"WH#{webhook['id']}"}}
    stack.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET created_at = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2020-01-01T00:00:00Z"}},
    )
    stack.dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": f"T#{tenant}"}, "sk": {"S": "TENANT"}},
        UpdateExpression="ADD #version :one",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
