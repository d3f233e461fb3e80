"""Queues, who may send to them, and how long a message is away."""

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.view import FUNCTION, MAPPING, QUEUE, Stack, listed, logical_id

_LONGEST_RETENTION = 14 * 86400
_LARGEST_MESSAGE = 1024 * 1024


@holds(
    "a queue's visibility timeout is six times the time limit of its reader",
    why="A message must not come back while the function still works on it, nor while Lambda is throttled.",
    source="AWS Lambda Developer Guide, Creating and configuring an Amazon SQS event source mapping",
)
def _visibility(stack: Stack):
    queues, functions = stack.of(QUEUE), stack.of(FUNCTION)
    for mapping in stack.of(MAPPING).values():
        queue = logical_id(mapping["EventSourceArn"])
        if queue in queues:
            function = stack.function_of(mapping)
            wanted = 6 * int(functions[function]["Timeout"])
            if int(queues[queue].get("VisibilityTimeout", 30)) != wanted:
                yield f"{queue}, which {function} reads, has not {wanted} s"


@holds(
    "delivery knows the visibility timeout of its queues",
    why="SQS refuses a wait that ends more than 12 hours after the receipt; delivery subtracts this time.",
    source="Amazon SQS Developer Guide, Amazon SQS visibility timeout; ADR 5",
)
def _told(stack: Stack):
    told = stack.of(FUNCTION)["DeliveryFunction"]["Environment"]["Variables"].get("QUEUE_VISIBILITY_SECONDS")
    for queue in ("DeliveryQueue", "RetryQueue"):
        if str(stack.of(QUEUE)[queue].get("VisibilityTimeout")) != str(told):
            yield f"{queue} differs from QUEUE_VISIBILITY_SECONDS {told}"


@holds(
    "messages are kept for 14 days",
    why="It is the longest that SQS offers: an outage or a holiday must not lose events or letters.",
    source="Amazon SQS Developer Guide, Amazon SQS message quotas",
)
def _kept(stack: Stack):
    for name, queue in stack.of(QUEUE).items():
        if queue.get("MessageRetentionPeriod") != _LONGEST_RETENTION:
            yield name


@holds(
    "what messages refer to outlives them",
    why="A message of 14 days whose delivery is no longer in the ledger could not be sent.",
    source="docs/parameters.md, RetentionDays",
)
def _outlived(stack: Stack):
    parameter = stack.source["Parameters"]["RetentionDays"]
    if parameter.get("MinValue", 0) * 86400 <= _LONGEST_RETENTION:
        yield "RetentionDays may be 14 or less"


@holds(
    "queues take what SQS takes, and say so",
    why="An event of 256 KiB is larger once a service wraps and escapes it; the default may change.",
    source="Amazon SQS Developer Guide, Amazon SQS message quotas",
)
def _message_size(stack: Stack):
    for name, queue in stack.of(QUEUE).items():
        if queue.get("MaximumMessageSize") != _LARGEST_MESSAGE:
            yield name


@holds(
    "queues that functions read have a dead-letter queue as last resort",
    why="A message that is never deleted would come back for 14 days, and then be lost unseen.",
    source="Amazon SQS Developer Guide, Using dead-letter queues in Amazon SQS",
)
def _redrive(stack: Stack):
    queues = stack.of(QUEUE)
    for mapping in stack.of(MAPPING).values():
        queue = queues.get(logical_id(mapping["EventSourceArn"]))
        if queue is None:
            continue
        policy = queue.get("RedrivePolicy", {})
        target = logical_id(policy.get("deadLetterTargetArn", ""))
        if target not in queues or policy.get("maxReceiveCount") != 1000:
            yield logical_id(mapping["EventSourceArn"])


@holds(
    "a service may send to the event queue only for an account or a topic that is named",
    why="Otherwise any account could have the service send events here (the confused deputy).",
    source="AWS IAM User Guide, The confused deputy problem",
)
def _senders(stack: Stack):
    for name, statement in stack.resource_policies():
        condition = statement.get("Condition", {})
        keys = {key.lower() for one in condition.values() for key in one}
        service = isinstance(statement.get("Principal"), dict) and "Service" in statement["Principal"]
        if statement["Effect"] == "Allow" and service and not keys & {"aws:sourceaccount", "aws:sourcearn"}:
            yield f"{name} lets {statement['Principal']['Service']} in"
        if statement["Effect"] == "Allow" and not service:
            yield f"{name} lets in who is no service: {statement.get('Principal')}"


@holds(
    "topics that are named may publish, and no others of their account",
    why="That is what PublishingTopicArns promises.",
    source="Amazon SNS Developer Guide, Sending Amazon SNS messages to an Amazon SQS queue in a different account",
)
def _topics(stack: Stack):
    given = [one for one in stack.given.get("PublishingTopicArns", "").split(",") if one]
    named = [
        topic
        for name, statement in stack.resource_policies()
        if name == "EventQueuePolicy"
        for topic in listed(statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", []))
    ]
    if named != given:
        yield f"{named}, not {given}"


@holds(
    "a queue has one policy",
    why="A second policy of the same queue replaces the first.",
    source="AWS CloudFormation User Guide, AWS::SQS::QueuePolicy",
)
def _one_policy(stack: Stack):
    owned = [logical_id(queue) for one in stack.of("AWS::SQS::QueuePolicy").values() for queue in one["Queues"]]
    for queue in {one for one in owned if owned.count(one) > 1}:
        yield queue
