"""Encryption, by keys of AWS or by an own one."""

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.view import FUNCTION, LOG_GROUP, QUEUE, SECRET, TABLE, Stack, listed, logical_id

_SERVICES = {"dynamodb.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com"}
_ACTIONS = {"kms:Decrypt", "kms:GenerateDataKey"}


@holds(
    "queues are encrypted with a key of SQS, or with the own one",
    why="Messages contain payloads of tenants.",
    source="Amazon SQS Developer Guide, Encryption at rest in Amazon SQS",
)
def _queues(stack: Stack):
    key = stack.given.get("KmsKeyArn") or None
    for name, queue in stack.of(QUEUE).items():
        if queue.get("KmsMasterKeyId") != key or bool(queue.get("SqsManagedSseEnabled")) is bool(key):
            yield name


@holds(
    "an own key encrypts every table, secret and log group",
    why="One store with another key would make the promise of KmsKeyArn untrue.",
    source="ADR 66",
)
def _everything(stack: Stack):
    key = stack.given.get("KmsKeyArn") or None
    for name, table in stack.of(TABLE).items():
        wanted = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else None
        if table.get("SSESpecification") != wanted:
            yield f"{name}: SSESpecification"
    for name, one in stack.of(SECRET, LOG_GROUP).items():
        if one.get("KmsKeyId") != key:
            yield f"{name}: KmsKeyId"


@holds(
    "each role may use the own key, by way of the services that it encrypts for",
    why="DynamoDB, SQS and Secrets Manager use the key with the rights of their caller.",
    source="AWS KMS Developer Guide, kms:ViaService; Amazon SQS Developer Guide, Configure AWS KMS permissions",
)
def _roles(stack: Stack):
    key = stack.given.get("KmsKeyArn")
    users = {
        role
        for role, statement in stack.statements()
        if key and statement["Effect"] == "Allow" and statement["Resource"] == key
        and set(listed(statement["Action"])) == _ACTIONS
        and set(statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])) == _SERVICES
    }
    wanted = {logical_id(one["Role"]) for one in stack.of(FUNCTION).values()} if key else set()
    for role in sorted(wanted ^ users):
        yield role
