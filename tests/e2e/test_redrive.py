"""`make redrive` sends dead letters again."""

import fcntl
import json
import time
import uuid
from datetime import datetime, timedelta, timezone

import inside
import pytest
from hooklane_local.redrive import Options, Report, redrive
from hooklane_local.redrive_target import target_of


@pytest.fixture
def again(stack, stack_file, eventually):
    """`again(source, match)`: redrives the letters that contain a text, and so no other test's letters."""

    def run(source: str, match: str, **options) -> Report:
        def once() -> Report | None:
            # A run hides the letters of its queue from other runs, so there may be one run at a time.
            with open(stack_file.parent / "redrive.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                report = redrive(target_of(None, stack.description), source, Options(match=match, **options))
            return report if report.lines else None

        return eventually(once, f"no letter of {source} contains {match}")

    return run


@pytest.fixture
def dead_letter(stack):
    """`dead_letter(source, body)`: sends a letter to a source's dead-letter queue, as a function does."""

    def put(source: str, body: str, reason: str = "a test") -> None:
        attributes = {"reason": reason, "source": source, "time": "2024-01-15T10:30:00Z"}
        stack.sqs.send_message(
            QueueUrl=stack.description["deadLetterQueueUrls"][source],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    return put


def letters(stack, source: str, marker: str) -> list[dict]:
    return [letter for letter in stack.dead_letters(source) if marker in letter["Body"]]


def test_an_event_is_sent_to_the_event_queue(stack, tenant, register, requests, again, dead_letter):
    register()
    event = {"id": f"late-{tenant}", "tenant": tenant, "type": "order.created", "data": {}}
    dead_letter("events", json.dumps(event))

    shown = again("events", tenant, dry=True)
    assert (shown.sent, shown.kept) == (1, 0)
    assert "would send" in shown.lines[0] and "a test" in shown.lines[0]
    assert len(letters(stack, "events", tenant)) == 1

    assert again("events", tenant).sent == 1
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event["id"]
    assert letters(stack, "events", tenant) == []


def test_a_letter_that_fails_again_becomes_a_new_letter_and_is_sent_once(stack, tenant, again, eventually, dead_letter):
    dead_letter("events", json.dumps({"tenant": tenant, "type": "no type!", "data": {}}))

    assert again("events", tenant).sent == 1
    eventually(lambda: len(letters(stack, "events", tenant)) == 1)


def test_a_delivery_is_attempted_although_its_owner_is_lost(
    stack, tenant, publish, register, requests, delivery_of, again, dead_letter
):
    event = inside.event_item(stack, tenant, publish(event_type="order.cancelled"))
    webhook = register(["order.cancelled"])
    # It is due and waits for a message that is lost. A message of the same generation would be a duplicate.
    inside.waits_for_another(stack, webhook["id"], event, "lost", time.time(), "order.cancelled")
    delivery = inside.delivery_id(webhook["id"], event)
    dead_letter("deliveries", inside.message(webhook["id"], event, "order.cancelled", generation=1))

    assert again("deliveries", delivery).sent == 1
    delivery_of(webhook, "delivered")
    requests(1)
    assert letters(stack, "deliveries", delivery) == []


def test_numbers_of_a_redriven_delivery_stay_as_published(
    stack, tenant, register, requests, again, dead_letter, eventually
):
    data = '{"n":1.50,"big":12345678901234567890123,"text":"\\u00fc\\/"}'
    stack.send_event(f'{{"id":"e1","tenant":"{tenant}","type":"order.created","data":{data}}}')
    event = eventually(lambda: inside.event_item(stack, tenant, "e1"))
    # It did not exist when the event was accepted, so only the letter makes the delivery.
    webhook = register(["order.cancelled"])
    dead_letter("deliveries", inside.message_with(webhook["id"], event, data))

    assert again("deliveries", inside.delivery_id(webhook["id"], event)).sent == 1
    (request,) = requests(1)
    assert data in request.body.decode()


@pytest.mark.parametrize("body", ["no message %s", '{"version":0,"kind":"deliver","body":{"marker":"%s"}}'])
def test_an_unreadable_message_is_sent_unchanged_and_dead_lettered_again(body, stack, again, eventually, dead_letter):
    marker = uuid.uuid4().hex
    dead_letter("deliveries", body % marker, "the first time")

    assert again("deliveries", marker).sent == 1

    def back() -> bool:
        found = letters(stack, "deliveries", marker)
        reasons = [letter["MessageAttributes"]["reason"]["StringValue"] for letter in found]
        return [letter["Body"] for letter in found] == [body % marker] and reasons != ["the first time"]

    eventually(back)


def test_a_stream_record_is_fanned_out_again(stack, tenant, publish, register, requests, again, dead_letter):
    register(["order.cancelled"])
    image = inside.event_item(stack, tenant, publish(event_type="order.other"))
    image["c"] = {"S": '{"type":"order.cancelled","data":{}}'}
    late = f"late-{tenant}"
    record = inside.stream_record({**image, "i": {"S": late}, "pk": {"S": f"EV#{tenant}#{late}"}})
    dead_letter("fanout", json.dumps(record))

    assert again("fanout", late).sent == 1
    (request,) = requests(1)
    assert request.headers["webhook-id"] == late


def lambda_note(batch: dict) -> str:
    """The note that the event source mapping sends about a batch that it gave up on (*AWS Lambda Developer
    Guide*, "Retain discarded batches")."""
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


def test_records_that_the_mapping_gave_up_on_are_read_from_the_stream(
    stack, tenant, publish, register, requests, again, dead_letter, eventually
):
    streams = target_of(None, stack.description).dynamodbstreams
    event = publish(event_type="order.cancelled")
    stream = stack.dynamodb.describe_table(TableName=stack.description["ledgerTable"])["Table"]["LatestStreamArn"]
    shard, record = eventually(lambda: find_record(streams, stream, f"EV#{tenant}#{event}"))
    webhook = register(["order.cancelled"])
    older_than(stack, tenant, webhook)
    marker = f"shard-of-{tenant}"
    info = batch_info(stack, record, record, shard, stream, "2024-01-15T10:30:00.000Z")
    dead_letter("fanout", lambda_note({**info, "marker": marker}))

    report = again("fanout", marker)
    assert report.sent == 1, report.lines
    (request,) = requests(1)
    assert request.headers["webhook-id"] == event


def test_records_that_left_the_stream_are_read_from_the_ledger_with_scan(
    stack, tenant, publish, register, requests, again, dead_letter
):
    event = publish(event_type="order.cancelled")
    webhook = register(["order.cancelled"])
    older_than(stack, tenant, webhook)
    # The scan sends all events again that were accepted about then, whoever published them. Three hours ago, no other
    # test had published any.
    then = datetime.now(timezone.utc) - timedelta(hours=3)
    inside.set_accepted(stack, tenant, event, int(then.timestamp() * 1000))
    arrival = then.isoformat().replace("+00:00", "Z")
    gone = {"dynamodb": {"SequenceNumber": "1".zfill(21)}}
    stream = stack.dynamodb.describe_table(TableName=stack.description["ledgerTable"])["Table"]["LatestStreamArn"]
    marker = f"gone-{tenant}"
    info = batch_info(stack, gone, gone, "shardId-00000000000000000000-00000000", stream, arrival)
    dead_letter("fanout", lambda_note({**info, "marker": marker}))

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
def test_a_letter_that_cannot_be_sent_is_kept_with_the_reason(body, reason, why, stack, again, dead_letter):
    marker = uuid.uuid4().hex
    dead_letter("fanout", body % marker, reason)

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
    """Makes a webhook older than the events that were published before it, so that it gets them."""
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
