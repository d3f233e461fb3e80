"""Finds the records that the stream's event source mapping gave up on.

The stream has them for 24 hours. After that their events are still in the ledger.
"""

import base64
from datetime import datetime, timedelta

from hooklane_local.redrive_target import CannotSend, Target

_PAGE = 1000
# A record reaches the stream a moment after its event was accepted.
_MARGIN = timedelta(seconds=10)


def given_up(target: Target, batch: dict, scan: bool) -> tuple[list[dict], str]:
    """The new events among the records of a failed batch, in the form that `fanout` reads, and where they
    were found."""
    records = _from_stream(target.dynamodbstreams, batch)
    if records is not None:
        events = [record for record in records if _is_new_event(record)]
        return events, f"{len(events)} of {batch['batchSize']} records, from the stream"
    if not scan:
        raise CannotSend(
            "the stream no longer has its records; SCAN=1 searches the ledger for their events, "
            "which reads the whole table"
        )
    first, last = (_time(batch[f"approximateArrivalOf{which}Record"]) for which in ("First", "Last"))
    images = list(_accepted_between(target, first - _MARGIN, last + _MARGIN))
    if not images:
        raise CannotSend("neither the stream nor the ledger still has its records")
    return [_new_event(image) for image in images], f"{len(images)} events accepted at that time, from the ledger"


def _from_stream(client, batch: dict) -> list[dict] | None:
    """All records from the first to the last of the batch, or None if the stream has dropped the first."""
    last = int(batch["endSequenceNumber"])
    try:
        iterator = client.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        records: list[dict] = []
        while iterator:
            page = client.get_records(ShardIterator=iterator, Limit=_PAGE)
            iterator = page.get("NextShardIterator")
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > last:
                    return records
                records.append(_in_json(record))
                if int(record["dynamodb"]["SequenceNumber"]) == last:
                    return records
            if not page["Records"]:
                break
    except (client.exceptions.TrimmedDataAccessException, client.exceptions.ResourceNotFoundException):
        return None
    return records or None


def _accepted_between(target: Target, first: datetime, last: datetime):
    pages = target.dynamodb.get_paginator("scan").paginate(
        TableName=target.description["ledgerTable"],
        FilterExpression="sk = :event AND a BETWEEN :first AND :last",
        ExpressionAttributeValues={
            ":event": {"S": "EVENT"},
            ":first": {"N": str(int(first.timestamp() * 1000))},
            ":last": {"N": str(int(last.timestamp() * 1000))},
        },
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]


def _is_new_event(record: dict) -> bool:
    return record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["sk"] == {"S": "EVENT"}


def _new_event(image: dict) -> dict:
    keys = {name: image[name] for name in ("pk", "sk")}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": _json_value(image)}}


def _in_json(record: dict) -> dict:
    change = record["dynamodb"]
    images = {name: _json_value(change[name]) for name in ("Keys", "NewImage", "OldImage") if name in change}
    return {"eventName": record["eventName"], "dynamodb": {**images, "SequenceNumber": change["SequenceNumber"]}}


def _json_value(value):
    """A value with its binary parts in base64, as Lambda writes them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _json_value(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_json_value(each) for each in value]
    return value


def _time(text: str) -> datetime:
    # `fromisoformat` of Python 3.10 does not accept a `Z`.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
