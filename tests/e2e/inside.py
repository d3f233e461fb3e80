"""Reads and writes Hooklane's internal state: items of the tables, stream records, messages of the queues.

Some tests need it, because the API cannot create duplicates, replays or concurrent writes.
"""

import base64
import json
import uuid

from boto3.dynamodb.types import TypeSerializer
from hooklane_local.client import LocalStack

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def event_item(stack: LocalStack, tenant: str, event: str) -> dict:
    """An accepted event's item in the ledger, in DynamoDB's JSON."""
    return _read(stack, {"pk": {"S": f"EV#{tenant}#{event}"}, "sk": {"S": "EVENT"}})


def forget_event(stack: LocalStack, tenant: str, event: dict) -> None:
    """Deletes an event, as its TTL does."""
    key = {"pk": {"S": f"EV#{tenant}#{event['i']['S']}"}, "sk": {"S": "EVENT"}}
    stack.dynamodb.delete_item(TableName=stack.description["ledgerTable"], Key=key)


def stream_record(image: dict) -> dict:
    """The record of the ledger's stream for a new item."""
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": {name: image[name] for name in ("pk", "sk") if name in image},
            "NewImage": _in_json(image),
            "SequenceNumber": "1",
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def fan_out(stack: LocalStack, *records: dict) -> None:
    """Invokes `fanout` with records of the ledger's stream, as the stream does."""
    answer = stack.invoke("FanoutFunction", {"Records": list(records)})
    assert answer == {"batchItemFailures": []}


def delivery_id(webhook: str, event: dict) -> str:
    """The id of an event's delivery to a webhook. It is computed from both ids and the time of acceptance."""
    accepted_ms, event_id = int(event["a"]["N"]), event["i"]["S"]
    if event_id.startswith("evt_"):
        tag, name = 1, _ulid(event_id.removeprefix("evt_"))
    else:
        tag, name = 0, event_id.encode()
    key = bytes([tag]) + _ulid(webhook.removeprefix("wh_")) + accepted_ms.to_bytes(6, "big") + name
    return "dlv_" + base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def delivery_key(webhook: str, event: dict) -> dict:
    sort = f"DL#{int(event['a']['N']):015}#{event['i']['S']}"
    return {"pk": {"S": f"WH#{webhook}"}, "sk": {"S": sort}}


def delivery_item(stack: LocalStack, webhook: str, event: dict) -> dict | None:
    """A delivery's item in the ledger, in DynamoDB's JSON."""
    return _read(stack, delivery_key(webhook, event))


def write_earlier(stack: LocalStack, item: dict, names: list[str], event_types: list[str]) -> None:
    """Copies the item of a delivered delivery, each copy a little earlier than the one before it.

    Three copies at a time share a millisecond. They have no events, so only lists can read them.
    """
    accepted, made = int(item["sk"]["S"].split("#")[1]), int(item["y"]["M"]["a"]["N"])
    ended = int(item["s"]["M"]["d"]["L"][0]["N"])
    requests = []
    for n, name in enumerate(names):
        earlier = (n // 3 + 1) * 40
        copy = json.loads(json.dumps(item))
        copy["sk"]["S"] = f"DL#{accepted - earlier:015}#{name}"
        copy["e"]["S"] = event_types[n % len(event_types)]
        copy["y"]["M"]["a"]["N"] = str(made - earlier)
        copy["s"]["M"]["d"]["L"][0]["N"] = str(ended - earlier)
        requests.append({"PutRequest": {"Item": copy}})
    table = stack.description["ledgerTable"]
    for start in range(0, len(requests), 25):
        answer = stack.dynamodb.batch_write_item(RequestItems={table: requests[start : start + 25]})
        assert not answer.get("UnprocessedItems")


def message(webhook: str, event: dict, event_type: str = "order.created", generation: int = 0) -> str:
    """A message for an event's delivery to a webhook, without the payload, which is read from the ledger."""
    body = {
        "tenant": event["t"]["S"],
        "delivery": delivery_id(webhook, event),
        "eventType": event_type,
        "generation": generation,
    }
    return json.dumps({"version": 1, "kind": "deliver", "body": body})


def message_with(webhook: str, event: dict, data: str) -> str:
    """Such a message with the event's data in it, as `fanout` sends it."""
    content = f'{{"plain":{{"type":"order.created","data":{data}}}}}'
    return message(webhook, event).removesuffix("}}") + f', "payload": {content}}}}}'


def send(stack: LocalStack, queue: str, *bodies: str) -> list[str]:
    """Sends messages to a queue in one call and returns their ids."""
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    answer = stack.sqs.send_message_batch(QueueUrl=stack.description[queue], Entries=entries)
    assert not answer.get("Failed")
    return [sent["MessageId"] for sent in answer["Successful"]]


def messages_of(stack: LocalStack, queue: str, delivery: str) -> list[dict]:
    """The messages of a queue for a delivery, hidden ones too."""
    return [found for found in stack.messages(stack.description[queue]) if f'"{delivery}"' in found["Body"]]


def waits_for_another(
    stack: LocalStack, webhook: str, event: dict, owner: str, until: float, event_type: str = "order.created"
) -> None:
    """Writes that the delivery waits in a newer generation with another owner, as a concurrent write would."""
    before = delivery_item(stack, webhook, event) or {
        **delivery_key(webhook, event),
        "i": {"S": delivery_id(webhook, event)},
        "t": event["t"],
        "e": {"S": event_type},
        "g": {"N": "0"},
        "n": {"N": "0"},
        "r": {"N": "0"},
        "v": {"N": "0"},
        "expiresAt": event["expiresAt"],
    }
    state = {"M": {"w": {"L": [{"N": str(int(until * 1000))}, {"S": owner}]}}}
    raised = {name: {"N": str(int(before[name]["N"]) + 1)} for name in ("g", "v")}
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item={**before, **raised, "s": state})


def pointers(stack: LocalStack, webhook: str) -> list[dict]:
    """The pointers of a webhook's parked deliveries."""
    return stack.dynamodb.query(
        TableName=stack.description["ledgerTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"PK#{webhook}"}},
        ConsistentRead=True,
    )["Items"]


def slots(stack: LocalStack, webhook: str) -> dict:
    """The item that counts the slots of a webhook's rate limit."""
    return _read(stack, {"pk": {"S": f"RL#{webhook}"}, "sk": {"S": "SLOTS"}})


def set_wait(stack: LocalStack, webhook: str, event: dict, due_ms: str, owner: str) -> None:
    """Writes that a delivery is due at `due_ms` and waits for the message `owner`."""
    before = delivery_item(stack, webhook, event)
    state = {"M": {"w": {"L": [{"N": due_ms}, {"S": owner}]}}}
    raised = {"N": str(int(before["v"]["N"]) + 1)}
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item={**before, "s": state, "v": raised})


def circuit(stack: LocalStack, webhook: str) -> str:
    """The state of a webhook's circuit."""
    item = _registered(stack, {"pk": {"S": f"HE#{webhook}"}, "sk": {"S": "HEALTH"}})
    return item["health"]["M"]["circuit"]["M"]["is"]["S"] if item and "health" in item else "closed"


def put_health(stack: LocalStack, webhook: str, health: dict) -> None:
    """Writes a webhook's health."""
    item = {"pk": f"HE#{webhook}", "sk": "HEALTH", "health": health, "revision": 1}
    stack.dynamodb.put_item(TableName=stack.description["registryTable"], Item=_in_dynamodb(item))


def is_slow(stack: LocalStack, tenant: str, webhook: str) -> bool:
    """Whether a webhook is in the slow lane, so that its deliveries go straight to the retry queue."""
    return "slow" in _registered(stack, _webhook_key(tenant, webhook))


def set_webhook(stack: LocalStack, tenant: str, webhook: str, attribute: str, value: dict) -> None:
    """Sets an attribute of a stored webhook and raises its revision and its tenant's version, as every
    change does."""
    table, values = stack.description["registryTable"], _in_dynamodb({":value": value, ":one": 1})
    changed = {
        "Key": _webhook_key(tenant, webhook),
        "UpdateExpression": "SET #attribute = :value ADD revision :one",
        "ExpressionAttributeNames": {"#attribute": attribute},
        "ExpressionAttributeValues": values,
    }
    raised = {
        "Key": {"pk": {"S": f"T#{tenant}"}, "sk": {"S": "TENANT"}},
        "UpdateExpression": "ADD #version :one",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": _in_dynamodb({":one": 1}),
    }
    updates = [{"Update": {"TableName": table, **update}} for update in (changed, raised)]
    stack.dynamodb.transact_write_items(TransactItems=updates)


def watch(stack: LocalStack, tenant: str, webhook: str) -> None:
    """Puts a webhook on the watch list, with its sweep due."""
    moment = "2024-01-15T10:30:00Z"
    item = {
        "pk": "OPEN",
        "sk": webhook,
        "tenant": tenant,
        "marked": moment,
        "due": moment,
        "sweep": {"due": moment, "pending": False},
        "parked": 0,
    }
    stack.dynamodb.put_item(TableName=stack.description["registryTable"], Item=_in_dynamodb(item))


def set_parked(stack: LocalStack, webhook: str, parked: int) -> None:
    """Sets the number of parked deliveries of a webhook on the watch list."""
    stack.dynamodb.update_item(
        TableName=stack.description["registryTable"],
        Key={"pk": {"S": "OPEN"}, "sk": {"S": webhook}},
        UpdateExpression="SET parked = :parked",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues=_in_dynamodb({":parked": parked}),
    )


def corrupt(stack: LocalStack, webhook: str, event: dict) -> None:
    """Makes a stored delivery unreadable. An unknown word would look like one of a newer version."""
    stack.dynamodb.update_item(
        TableName=stack.description["ledgerTable"],
        Key=delivery_key(webhook, event),
        UpdateExpression="SET s = :nonsense",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":nonsense": {"N": "1"}},
    )


def put_event_content(stack: LocalStack, tenant: str, event: str, content: dict) -> None:
    """Sets the content of a stored event, in DynamoDB's JSON."""
    _set_in_event(stack, tenant, event, "c", content)


def set_accepted(stack: LocalStack, tenant: str, event: str, milliseconds: int) -> None:
    """Lets an event have been accepted at this time."""
    _set_in_event(stack, tenant, event, "a", {"N": str(milliseconds)})


def _set_in_event(stack: LocalStack, tenant: str, event: str, attribute: str, value: dict) -> None:
    stack.dynamodb.update_item(
        TableName=stack.description["ledgerTable"],
        Key={"pk": {"S": f"EV#{tenant}#{event}"}, "sk": {"S": "EVENT"}},
        UpdateExpression="SET #attribute = :value",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#attribute": attribute},
        ExpressionAttributeValues={":value": value},
    )


def put_ledger_item(stack: LocalStack, item: dict) -> None:
    stack.dynamodb.put_item(TableName=stack.description["ledgerTable"], Item=_in_dynamodb(item))


def put_registry_item(stack: LocalStack, item: dict) -> None:
    stack.dynamodb.put_item(TableName=stack.description["registryTable"], Item=_in_dynamodb(item))


def remove_registry_item(stack: LocalStack, pk: str, sk: str) -> None:
    table = stack.description["registryTable"]
    stack.dynamodb.delete_item(TableName=table, Key=_in_dynamodb({"pk": pk, "sk": sk}))


def _webhook_key(tenant: str, webhook: str) -> dict:
    return {"pk": {"S": f"T#{tenant}"}, "sk": {"S": f"WH#{webhook}"}}


def _registered(stack: LocalStack, key: dict) -> dict | None:
    table = stack.description["registryTable"]
    return stack.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def _in_dynamodb(item: dict) -> dict:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def _read(stack: LocalStack, key: dict) -> dict | None:
    table = stack.description["ledgerTable"]
    return stack.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def _in_json(image: dict) -> dict:
    """An image with its binary values in base64, as in the JSON of a stream record."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in image.items()
    }


def _ulid(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 32 + _CROCKFORD.index(letter)
    return number.to_bytes(16, "big")
