"""The emulator asks for the rights that IAM knows, not for the names of its own operations."""

import pytest
from hooklane_local.ministack import (
    action_of,
    leading_keys,
    tables_of_statements,
    with_cookies_apart,
    with_stream_records,
)


@pytest.mark.parametrize(
    ("target", "operation", "action"),
    [
        ("AmazonSQS.SendMessageBatch", "SendMessageBatch", "SendMessage"),
        ("AmazonSQS.DeleteMessageBatch", "DeleteMessageBatch", "DeleteMessage"),
        ("AmazonSQS.SendMessage", "SendMessage", "SendMessage"),
        ("DynamoDB_20120810.BatchExecuteStatement", "BatchExecuteStatement", "PartiQLInsert"),
        # Actions of their own, whatever their names end or begin with.
        ("DynamoDB_20120810.BatchWriteItem", "BatchWriteItem", "BatchWriteItem"),
        ("DynamoDB_20120810.SomethingBatch", "SomethingBatch", "SomethingBatch"),
        ("", None, None),
    ],
)
def test_a_batch_needs_the_rights_of_what_it_does(target, operation, action):
    assert action_of(target, operation) == action


@pytest.mark.parametrize(
    ("body", "tables"),
    [
        (b'{"Statements":[{"Statement":"INSERT INTO \\"l\\" VALUE {\'pk\': ?}"},{"Statement":"INSERT INTO \\"l\\" VALUE {}"}]}', ["l"]),
        (b'{"Statements":[{"Parameters":[]}]}', []),
        (b'{"TableName":"t"}', []),
        (b"[]", []),
        (b"", []),
    ],
)
def test_statements_name_the_tables_that_they_insert_into(body, tables):
    assert tables_of_statements(body) == tables


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (b'{"TableName":"t","Item":{"pk":{"S":"EX#acme"},"sk":{"S":"1"}}}', ["EX#acme"]),
        (b'{"TableName":"t","Key":{"pk":{"S":"WH#1"},"sk":{"S":"1"}}}', ["WH#1"]),
        (b'{"TableName":"t","Item":{"other":{"S":"x"}}}', []),
        (b'{"TableName":"t"}', []),
        (b"[]", []),
        (b"not JSON", []),
        (b"", []),
    ],
)
def test_a_request_for_one_item_has_a_leading_key(body, keys):
    assert leading_keys(body) == keys


def test_the_emulator_has_what_is_replaced():
    from ministack.core import iam_actions

    context = iam_actions.dynamodb_service_context(b'{"Item":{"pk":{"S":"EX#acme"}}}')
    assert "dynamodb:LeadingKeys" not in context, "MiniStack has the condition key now"
    named = iam_actions._action_from_target({"x-amz-target": "AmazonSQS.SendMessageBatch"})
    assert named == "SendMessageBatch", "MiniStack names the action itself now: remove hooklane_local/ministack.py"
    statements = b'{"Statements":[{"Statement":"INSERT INTO \\"l\\" VALUE {}"}]}'
    assert iam_actions.dynamodb_resource_arns(statements, "us-east-1", "1") == [], "MiniStack finds the table now"


@pytest.fixture
def stream(monkeypatch):
    """What MiniStack writes into streams."""
    from ministack.services import dynamodb

    written = []
    monkeypatch.setattr(dynamodb, "_emit_stream_event", lambda *record: written.append(record))
    return written


def inserted(insert) -> list[int]:
    from ministack.services import dynamodb

    table = {"pk_name": "pk", "sk_name": "sk", "items": {"a": {"taken": {}}}}
    statuses = []
    for key in ("free", "taken"):
        keys = [{"S": "a"}, {"S": key}]
        statement = dynamodb._parse_partiql("""INSERT INTO "l" VALUE {'pk': ?, 'sk': ?}""", keys)
        statuses.append(insert(table, statement)[0])
    return statuses


def test_what_a_statement_inserts_is_in_the_stream(stream):
    from ministack.services import dynamodb

    insert = with_stream_records(dynamodb._partiql_insert, dynamodb._emit_stream_event)
    assert inserted(insert) == [200, 400]
    assert stream == [("l", "INSERT", None, {"pk": {"S": "a"}, "sk": {"S": "free"}})]


def test_the_emulator_writes_no_record_of_a_statement(stream):
    from ministack.services import dynamodb

    inserted(dynamodb._partiql_insert)
    assert stream == [], "MiniStack writes the record now: remove that line of hooklane_local/ministack.py"


def test_cookies_are_a_list_and_no_header():
    event = {"version": "2.0", "headers": {"host": "h", "Cookie": "a=1; b=2"}, "rawPath": "/"}
    apart = {"version": "2.0", "headers": {"host": "h"}, "rawPath": "/", "cookies": ["a=1", "b=2"]}
    assert with_cookies_apart(event) == apart
    for other in ({"version": "2.0", "headers": {"host": "h"}}, {"headers": {"cookie": "a=1"}}, {"Records": []}, [], None):
        assert with_cookies_apart(other) == other


def test_the_emulator_does_not_know_what_replaces_a_secret():
    from ministack.services.cloudformation import provisioners

    known = provisioners._property_recreation("AWS::SecretsManager::Secret", "KmsKeyId")
    assert known == "Conditionally", "MiniStack knows secrets now: remove that line of hooklane_local/ministack.py"
