"""Starts MiniStack with what AWS has and it lacks: `python -m hooklane_local.ministack`.

- On AWS, `sqs:SendMessage` permits `SendMessageBatch` too, and no action of that name exists (Service
  Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"). MiniStack takes the
  operation's name for the action. A role that satisfies both would need `sqs:SendMessage*`, and a star in the
  product's template for the emulator's sake is the wrong way round.
- `BatchExecuteStatement` needs an action for what its statements do, on the tables that they name:
  `dynamodb:PartiQLInsert` for those that insert (Amazon DynamoDB Developer Guide, "IAM security policies with PartiQL
  for DynamoDB"). MiniStack takes the operation's name here too, and looks for no table.
- Every change of an item is a record of its table's stream, whichever call makes it (Amazon DynamoDB Developer Guide,
  "Change data capture for DynamoDB Streams"). MiniStack writes none for what a PartiQL statement inserts.
- A request to a table carries the condition key `dynamodb:LeadingKeys`, the values of the partition key (Amazon
  DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control"). MiniStack has no
  such key, so a policy that asks for it would never hold, or, with ForAllValues alone, always.
- API Gateway hands cookies to a function in a list, and takes them out of the headers (API Gateway Developer
  Guide, "Create AWS Lambda proxy integrations for HTTP APIs", format 2.0). MiniStack leaves the header.
- Of a secret's properties only `Name` asks for a replacement (AWS CloudFormation Template Reference,
  "AWS::SecretsManager::Secret"). MiniStack does not know the type, and its change sets say of each change that it may
  replace the secret, which `install.sh` refuses.
"""

import json
import re
from collections.abc import Callable

_SQS = "AmazonSQS."
_BATCH = "Batch"
_PARTITION_KEY = "pk"
_STATEMENTS = "BatchExecuteStatement"
_INTO = re.compile(r'INSERT INTO "([^"]+)"')


def action_of(target: str, operation: str | None) -> str | None:
    """The IAM action of an operation, by the header X-Amz-Target of its request."""
    if operation and target.startswith(_SQS) and operation.endswith(_BATCH):
        return operation.removesuffix(_BATCH)
    # The product has no other statements.
    return "PartiQLInsert" if operation == _STATEMENTS else operation


def tables_of_statements(body: bytes) -> list[str]:
    """The tables into which the statements of a request insert, each once."""
    try:
        statements = [each["Statement"] for each in json.loads(body or b"{}")["Statements"]]
    except (ValueError, KeyError, TypeError):
        return []
    return sorted({table for statement in statements for table in _INTO.findall(statement)})


def with_stream_records(insert: Callable[[dict, dict], tuple], record: Callable[..., None]) -> Callable:
    """MiniStack's `insert` of a PartiQL statement, with the record that `PutItem` would write."""

    def inserting(table: dict, statement: dict) -> tuple:
        answer = insert(table, statement)
        if answer[0] == 200:
            item = statement["item"]
            # A statement may have its item as one parameter.
            record(statement["table"], "INSERT", None, item["M"] if set(item) == {"M"} else item)
        return answer

    return inserting


def leading_keys(body: bytes) -> list[str]:
    """The values of the partition key that a request for one item names. Those of batches are left out."""
    try:
        request = json.loads(body or b"{}")
        key = request.get("Item") or request.get("Key") or {}
        return [key[_PARTITION_KEY]["S"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def with_cookies_apart(event: object) -> object:
    """An event of an HTTP API as AWS gives it in payload format 2.0: cookies are a list, and no header."""
    headers = event.get("headers") if isinstance(event, dict) and event.get("version") == "2.0" else None
    if not isinstance(headers, dict) or not any(name.lower() == "cookie" for name in headers):
        return event
    cookies = [value for name, value in headers.items() if name.lower() == "cookie"]
    others = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    return {**event, "headers": others, "cookies": [one for line in cookies for one in line.split("; ")]}


def main() -> None:
    from ministack.app import main as ministack
    from ministack.core import iam_actions
    from ministack.services import dynamodb, lambda_svc
    from ministack.services.cloudformation import provisioners

    provisioners._REPLACING_PROPERTIES.setdefault("AWS::SecretsManager::Secret", ("Name",))

    named = iam_actions._action_from_target
    iam_actions._action_from_target = lambda headers: action_of(headers.get("x-amz-target", ""), named(headers))
    context = iam_actions.dynamodb_service_context

    def with_leading_keys(body: bytes) -> dict:
        keys = leading_keys(body)
        return {**context(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    iam_actions.dynamodb_service_context = with_leading_keys
    resources = iam_actions.dynamodb_resource_arns
    iam_actions.dynamodb_resource_arns = lambda body, region, account: resources(body, region, account) or [
        iam_actions._dynamodb_table_arn(table, region, account) for table in tables_of_statements(body)
    ]
    dynamodb._partiql_insert = with_stream_records(dynamodb._partiql_insert, dynamodb._emit_stream_event)
    execute = lambda_svc._execute_function_with_config_scope
    lambda_svc._execute_function_with_config_scope = lambda record, event, *args, **named: execute(
        record, with_cookies_apart(event), *args, **named
    )
    ministack()


if __name__ == "__main__":
    main()
