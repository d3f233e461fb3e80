"""Mistakes in `template.yaml` that the assertions must notice: a place, what it becomes, and who complains.

`R` begins a path of `Resources`. A path goes through maps by key and through lists by index; an index of text
finds the statement of a policy that has this action. `GONE` removes what is there.
"""

import copy
from dataclasses import dataclass
from typing import Any

GONE = object()
R = "Resources"


@dataclass(frozen=True)
class Mutation:
    path: tuple
    becomes: Any
    noticed_by: str

    @property
    def name(self) -> str:
        return "/".join(map(str, self.path))


def _properties(resource: str, *path) -> tuple:
    return (R, resource, "Properties", *path)


def _statements(role: str, *path) -> tuple:
    return _properties(role, "Policies", 0, "PolicyDocument", "Statement", *path)


_RIGHTS = "a role permits the calls that the code makes, and no others"
_OUTLIVE = "tables and secrets outlive the stack, but not a first deployment that fails"
_KEY = "an own key encrypts every table, secret and log group"
_STREAM = "a record of the stream cannot hold up its shard for ever"
_FILTERS = "each reader of the stream gets the records that the code reads, and no others"
_ACCESS = "each request is in an access log, with the reason if the function did not answer"

MUTATIONS: list[Mutation] = [
    Mutation(
        _properties("EventQueue", "VisibilityTimeout"),
        180,
        "a queue's visibility timeout is six times the time limit of its reader",
    ),
    Mutation(
        _properties("DeliveryFunction", "Environment", "Variables", "QUEUE_VISIBILITY_SECONDS"),
        "360",
        "delivery knows the visibility timeout of its queues",
    ),
    Mutation(
        _properties("DeliveryFunction", "Environment", "Variables", "QUEUE_VISIBILITY_SECONDS"),
        {"Fn::FindInMap": ["TimeLimits", {"Ref": "TimeoutDelivery"}, "VisibilityTimeout"]},
        "variables of functions are texts",
    ),
    Mutation(_properties("RetryQueue", "MessageRetentionPeriod"), 345600, "messages are kept for 14 days"),
    Mutation(("Parameters", "RetentionDays", "MinValue"), 1, "what messages refer to outlives them"),
    Mutation(_properties("DeliveryQueue", "MaximumMessageSize"), GONE, "queues take what SQS takes, and say so"),
    Mutation(
        _properties("RetryQueue", "RedrivePolicy"),
        GONE,
        "queues that functions read have a dead-letter queue as last resort",
    ),
    Mutation(
        _properties("EventQueuePolicy", "PolicyDocument", "Statement", 0, "Condition"),
        GONE,
        "a service may send to the event queue only for an account or a topic that is named",
    ),
    Mutation(
        _properties("EventQueuePolicy", "PolicyDocument", "Statement", 2, "Fn::If", 1, "Condition", "ArnEquals"),
        {"aws:SourceArn": "arn:aws:sns:*:*:*"},
        "topics that are named may publish, and no others of their account",
    ),
    Mutation(
        _properties("DeliveryFunction", "RecursiveLoop"), GONE, "delivery may pass through itself, nothing else may"
    ),
    Mutation(
        ("Globals", "Function", "RecursiveLoop"), "Allow", "delivery may pass through itself, nothing else may"
    ),
    Mutation(
        ("Globals", "Function", "LoggingConfig", "ApplicationLogLevel"),
        "INFO",
        "Lambda's own lines are warnings only, and none of ours is dropped",
    ),
    Mutation(
        _properties("StatsFunction", "LoggingConfig", "LogGroup"),
        GONE,
        "logs of each function go to a log group of the stack",
    ),
    Mutation(_properties("UpkeepLogGroup", "RetentionInDays"), GONE, "log groups forget"),
    Mutation(
        _properties("UpkeepFunction", "EventInvokeConfig", "MaximumEventAgeInSeconds"),
        GONE,
        "runs of a schedule do not pile up",
    ),
    Mutation(
        _properties("FanoutFunction", "Events", "Accepted", "Properties", "MaximumRecordAgeInSeconds"), -1, _STREAM
    ),
    Mutation(_properties("StatsFunction", "Events", "Accepted", "Properties", "DestinationConfig"), GONE, _STREAM),
    Mutation(
        _properties("StatsFunction", "Events", "Accepted", "Properties", "FilterCriteria", "Filters", 1, "Pattern"),
        '{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"sk":{"S":["MARKED"]}}}}',
        _FILTERS,
    ),
    Mutation(
        _properties("StatsFunction", "Events", "Accepted", "Properties", "FilterCriteria", "Filters", 1, "Pattern"),
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":["MARK"]}}}}',
        _FILTERS,
    ),
    Mutation(
        _properties("FanoutFunction", "Events", "Accepted", "Properties", "FilterCriteria", "Filters", 0, "Pattern"),
        '{"eventName":["INSERT"]}',
        _FILTERS,
    ),
    Mutation(
        _properties("IngestFunction", "Events", "Published", "Properties", "FunctionResponseTypes"),
        GONE,
        "what a batch leaves over is reported by message",
    ),
    Mutation(
        _properties("ApiFunction", "MemorySize"), 256, "memory and time limit of each function are parameters"
    ),
    Mutation(
        _properties("DashboardFunction", "VpcConfig"),
        GONE,
        "dashboard works with api's settings, and reaches receivers by the same way",
    ),
    Mutation(
        _statements("DashboardRole", "cloudwatch:DescribeAlarms", "Action"),
        "cloudwatch:SetAlarmState",
        "only the operator's pages read alarms and metrics",
    ),
    Mutation(
        _properties("DashboardFunction", "Environment", "Variables", "INBOX_ADDRESS"),
        GONE,
        "dashboard works with api's settings, and reaches receivers by the same way",
    ),
    Mutation(
        ("Parameters", "TrustedTargetCas", "MaxLength"),
        3000,
        "variables of a function fit into what Lambda takes, beside the longest certificates",
    ),
    Mutation(
        _properties("DeliveryFunction", "Environment", "Variables", "TRUSTED_TARGET_CAS"),
        GONE,
        "each function that calls receivers trusts the operator's authorities",
    ),
    Mutation(
        ("Parameters", "TimeoutApi", "Default"), 60, "each stack of the list can be deployed"
    ),
    Mutation(
        _properties("HttpApiStage", "DefaultRouteSettings"),
        GONE,
        "strangers cannot use up the account's concurrency",
    ),
    Mutation(_properties("HttpApiStage", "AccessLogSettings"), GONE, _ACCESS),
    Mutation(_properties("HttpApiStage", "AccessLogSettings", "Format"), '{"id":"$context.requestId"}', _ACCESS),
    Mutation(
        _properties("HttpApi", "DisableExecuteApiEndpoint"),
        GONE,
        "beside a domain of its own the API has no second address",
    ),
    Mutation(
        _properties("DeliveryFunction", "Environment", "Variables", "OWN_HOSTS"),
        {"Ref": "ApiDomainName"},
        "both addresses of the API are closed to webhooks",
    ),
    Mutation(
        _properties("DeliveryFunction", "Environment", "Variables", "INBOX_ADDRESS"),
        {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]},
        "test inboxes are where the operator says, or nowhere",
    ),
    Mutation(
        _properties("HttpApiStage", "RouteSettings"),
        GONE,
        "what arrives at test inboxes takes nothing from the API's other routes",
    ),
    Mutation(
        _statements("ApiRole", 7, "Condition", "Null"),
        GONE,
        "a statement is narrowed by conditions that cannot fail open",
    ),
    Mutation((R, "RegistryTable", "DeletionPolicy"), "Delete", _OUTLIVE),
    Mutation((R, "DataKeySecret", "DeletionPolicy"), "Retain", _OUTLIVE),
    Mutation((R, "EventQueue", "DeletionPolicy"), GONE, "what becomes of each store is said"),
    Mutation(
        _properties("LedgerTable", "DeletionProtectionEnabled"),
        False,
        "tables are protected unless somebody says otherwise",
    ),
    Mutation(
        _properties("RegistryTable", "PointInTimeRecoverySpecification"), GONE, "the registry can be restored"
    ),
    Mutation(_properties("LedgerTable", "TableName"), "ledger", "names of tables and queues are generated"),
    Mutation(_properties("DataKeySecret", "KmsKeyId"), GONE, _KEY),
    Mutation(_properties("LedgerTable", "SSESpecification"), {"SSEEnabled": True}, _KEY),
    Mutation(
        _properties("RetryQueue", "SqsManagedSseEnabled"),
        False,
        "queues are encrypted with a key of SQS, or with the own one",
    ),
    Mutation(_statements("ApiRole", "dynamodb:BatchWriteItem", "Action"), ["dynamodb:GetItem"], _RIGHTS),
    Mutation(
        _statements("DeliveryRole", "dynamodb:BatchGetItem", "Action"),
        ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        + ["dynamodb:PartiQLInsert", "dynamodb:Scan"],
        _RIGHTS,
    ),
    Mutation(_statements("FanoutRole", "sqs:SendMessage", "Action"), "sqs:SendMessage*", "no action has a star"),
    Mutation(
        _statements("UpkeepRole", "secretsmanager:GetSecretValue", "Resource"),
        "*",
        "no resource is a star where the action takes one",
    ),
    Mutation(
        _properties("StatsFunction", "Role"),
        {"Fn::GetAtt": ["FanoutRole", "Arn"]},
        "each function has a role of its own that only Lambda takes",
    ),
    Mutation(
        _properties("FanoutFunction", "Environment", "Variables", "OPERATOR_BUS_NAME"),
        "another",
        "only fanout puts events on a bus, on the one that is named, and on none if none is",
    ),
    Mutation(_properties("IngestRole", "PermissionsBoundary"), GONE, "the permissions boundary is on each role"),
    Mutation(
        _statements("StatsRole", "dynamodb:PutItem", "Condition", "Null"),
        GONE,
        "a statement is narrowed by conditions that cannot fail open",
    ),
    Mutation(
        _statements("ApiRole", 1, "Condition"),
        {"ArnLike": {"lambda:SourceFunctionArn": {"Fn::Sub": "arn:aws:lambda:*:*:function:${AWS::StackName}-ApiFunction-*"}}},
        "code in a function cannot touch network interfaces",
    ),
    Mutation(
        _properties("HttpApiPermission", "SourceArn"),
        GONE,
        "a service may call a function only for a resource that is named",
    ),
    Mutation(
        ("Metadata", "AWS::CloudFormation::Interface", "ParameterGroups", 0, "Parameters", 1),
        GONE,
        "each parameter is in exactly one group",
    ),
    Mutation(
        ("Parameters", "ApiBurst", "Description"),
        "Burst",
        "each parameter has a default and a description in sentences",
    ),
    Mutation(
        ("Parameters", "CircuitSeconds", "Description"),
        "Minimum time from the first to the last failed attempt before a webhook's circuit opens.",
        "a number says its unit, and the name of its unit stands in the description",
    ),
    Mutation(
        ("Parameters", "Surprise"),
        {"Type": "String", "Default": "", "Description": "A parameter that somebody added in a hurry."},
        "each parameter is away from its default in a stack of the covering list",
    ),
    Mutation(
        ("Outputs", "RetryQueueArn", "Export"),
        GONE,
        "the ARN of each thing is an output that other stacks can import",
    ),
    Mutation(
        ("Outputs", "LedgerTableArn", "Export", "Name"), "LedgerTableArn", "exports are named after their stack"
    ),
    Mutation(
        _properties("StatsDeadLetterQueue", "Tags"),
        GONE,
        "what can be charged for or searched for has the tag of its stack",
    ),
]


def mutated(template: dict, mutation: Mutation) -> dict:
    changed = copy.deepcopy(template)
    place = changed
    for step in mutation.path[:-1]:
        place = place[_key(place, step)]
    last = _key(place, mutation.path[-1])
    if mutation.becomes is GONE:
        del place[last]
    else:
        place[last] = mutation.becomes
    return changed


def _key(place, step):
    """The key or index that a step means: in a list of statements, a text is an action."""
    if isinstance(place, list) and isinstance(step, str):
        return next(i for i, one in enumerate(place) if step in repr(one.get("Action", "")))
    return step


def unnoticed(mutation: Mutation, found: list[tuple[str, str]]) -> str | None:
    """What is wrong with the assertions if they did not complain as they should, or None."""
    names = {name for name, _ in found}
    if mutation.noticed_by in names:
        return None
    return f"the mutation {mutation.name} should fail {mutation.noticed_by!r}, but fails {sorted(names) or 'nothing'}"
