"""What keeps data: tables, queues, secrets, log groups."""

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.view import LOG_GROUP, QUEUE, SECRET, STATEFUL, TABLE, Stack

_KEPT = (TABLE, SECRET)


@holds(
    "what becomes of each store is said",
    why="A default that is not written down is a surprise on the day on which somebody deletes or renames.",
    source="AWS CloudFormation User Guide, DeletionPolicy attribute; UpdateReplacePolicy attribute",
)
def _said(stack: Stack):
    for name, one in stack.resources.items():
        if one["Type"] in STATEFUL:
            for key in ("DeletionPolicy", "UpdateReplacePolicy"):
                if key not in one:
                    yield f"{name} has no {key}"


@holds(
    "tables and secrets outlive the stack, but not a first deployment that fails",
    why="They cannot be made again. With Retain, each failed first deployment leaves a set of them behind.",
    source="AWS CloudFormation User Guide, DeletionPolicy attribute (RetainExceptOnCreate); ADR 66",
)
def _outlive(stack: Stack):
    for name, one in stack.resources.items():
        if one["Type"] in _KEPT and one.get("DeletionPolicy") != "RetainExceptOnCreate":
            yield f"{name}: DeletionPolicy {one.get('DeletionPolicy')}"
        if one["Type"] in STATEFUL and one.get("UpdateReplacePolicy") != "Retain":
            yield f"{name}: UpdateReplacePolicy {one.get('UpdateReplacePolicy')}"


@holds(
    "tables are protected unless somebody says otherwise",
    why="DeleteTable is one call, and the policy of the stack does not stop it.",
    source="Amazon DynamoDB Developer Guide, Using deletion protection to protect your table",
)
def _protected(stack: Stack):
    wanted = stack.given.get("DeletionProtection", "true") == "true"
    for name, table in stack.of(TABLE).items():
        if table.get("DeletionProtectionEnabled") is not wanted:
            yield name


@holds(
    "the registry can be restored",
    why="Tenants, webhooks and keys cannot be made again from anything else.",
    source="Amazon DynamoDB Developer Guide, Point-in-time backups for DynamoDB",
)
def _restorable(stack: Stack):
    registry = stack.of(TABLE)["RegistryTable"]
    if registry.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is not True:
        yield "RegistryTable"


@holds(
    "names of tables and queues are generated",
    why="CloudFormation cannot replace what has a name of its own, and two stacks could not share an account.",
    source="AWS CloudFormation User Guide, Name type",
)
def _names(stack: Stack):
    for name, properties in stack.of(TABLE, QUEUE, SECRET).items():
        for key in ("TableName", "QueueName", "Name"):
            if key in properties:
                yield f"{name}: {key}"


@holds(
    "log groups of two stacks differ",
    why="They have names, and a second stack in the account must be able to make its own.",
    source="AWS CloudFormation User Guide, AWS::Logs::LogGroup",
)
def _log_group_names(stack: Stack):
    names = [one.get("LogGroupName", "") for one in stack.of(LOG_GROUP).values()]
    for name in names:
        if "/hooklane/" not in f"{name}/" or names.count(name) > 1:
            yield name
