"""The emulator asks for the rights that IAM knows, not for the names of its own operations."""

import pytest
from hooklane_local.ministack import action_of, leading_keys, with_cookies_apart


@pytest.mark.parametrize(
    ("target", "operation", "action"),
    [
        ("AmazonSQS.SendMessageBatch", "SendMessageBatch", "SendMessage"),
        ("AmazonSQS.DeleteMessageBatch", "DeleteMessageBatch", "DeleteMessage"),
        ("AmazonSQS.SendMessage", "SendMessage", "SendMessage"),
        # Actions of their own, whatever their names end or begin with.
        ("DynamoDB_20120810.BatchWriteItem", "BatchWriteItem", "BatchWriteItem"),
        ("DynamoDB_20120810.SomethingBatch", "SomethingBatch", "SomethingBatch"),
        ("", None, None),
    ],
)
def test_a_batch_of_sqs_needs_the_right_of_a_single_call(target, operation, action):
    assert action_of(target, operation) == action


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
