"""What each role must permit, no more and no less: the calls that the code makes, and what Lambda does in its name.

`expected` follows from the Rust sources and from the template; `NOT_CALLED` corrects the reading of the sources.
"""

from collections.abc import Iterator

from hooklane_local.template.rust_calls import AWS, actions_of, functions_in, port_methods
from hooklane_local.template.view import FUNCTION, MAPPING, QUEUE, Stack, listed, logical_id

Right = tuple[str, str]

# The environment variables that name what an adapter of `shared/aws` works on. A function that lacks the variable
# cannot make the call.
ADAPTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "Ledger": {"dynamodb": ("LEDGER_TABLE",)},
    "Registry": {"dynamodb": ("REGISTRY_TABLE",)},
    "RouteRegistry": {"dynamodb": ("REGISTRY_TABLE",)},
    "DeadLetterQueue": {"sqs": ("*_DEAD_LETTER_QUEUE_URL",)},
    "EventQueue": {"sqs": ("EVENT_QUEUE_URL",)},
    "LetterQueues": {"sqs": ("*_DEAD_LETTER_QUEUE_URL",)},
    "Errands": {"sqs": ("EVENT_QUEUE_URL", "DELIVERY_QUEUE_URL", "RETRY_QUEUE_URL")},
    "Queues": {"sqs": ("DELIVERY_QUEUE_URL", "RETRY_QUEUE_URL")},
    # Where there is a bus, see the assertion of its own.
    "EventBus": {},
    # And what may be read of alarms and metrics.
    "CloudWatch": {},
    # The edge to the operating system makes no call of AWS.
    "System": {},
}
# Both are always about the slow lane.
_SLOW_LANE = {("DeferQueue", "send_later"), ("QueueDepth", "in_flight")}

# Methods that the reading of the sources finds although the function never comes to them.
NOT_CALLED: dict[tuple[str, str, str], str] = {
    ("delivery", "DeliveryStore", "list"): "only api comes to `isolation::isolation`; delivery has a module of that name",
}

# A function that works with another's `Deps`: it may do the same, and what its own code does with them.
WORKS_WITH = {"dashboard": "api"}

_READS_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_READS_STREAM = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
# These belong to conditions of the template and have assertions of their own.
_ELSEWHERE = ("ec2", "xray", "kms", "events", "cloudwatch")


def permitted(stack: Stack, function: str) -> set[Right]:
    """Each action that the function's role permits, with the logical id of its resource."""
    role = logical_id(stack.of(FUNCTION)[function]["Role"])
    return {
        (action, logical_id(resource))
        for name, statement in stack.statements()
        if name == role and statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.split(":")[0] not in _ELSEWHERE
    }


def expected(stack: Stack, function: str) -> set[Right]:
    return set(_of_code(stack, function)) | set(_of_lambda(stack, function))


def _of_code(stack: Stack, function: str) -> Iterator[Right]:
    short = function.removesuffix("Function").lower()
    code = [short, WORKS_WITH[short]] if short in WORKS_WITH else [short]
    variables = stack.of(FUNCTION)[function]["Environment"]["Variables"]
    for trait, methods in port_methods(*code).items():
        for method in methods:
            if any((name, trait, method) in NOT_CALLED for name in code):
                continue
            for adapter in {fn.owner for fn in functions_in(AWS) if fn.trait == trait and fn.name == method}:
                for action in actions_of(trait, method, adapter):
                    names = ADAPTERS[adapter].get(action.split(":")[0], ()) if adapter in ADAPTERS else ("UNKNOWN",)
                    if (trait, method) in _SLOW_LANE:
                        names = ("RETRY_QUEUE_URL",)
                    yield from ((action, resource) for resource in _resources(variables, names, adapter))
    for name, value in variables.items():
        if name.endswith("_SECRET"):
            yield "secretsmanager:GetSecretValue", logical_id(value)


def _resources(variables: dict, names: tuple[str, ...], adapter: str) -> Iterator[str]:
    if names == ("UNKNOWN",):
        yield f"an unknown place: add {adapter} to ADAPTERS in hooklane_local/template/rights.py"
    for name in names:
        for variable, value in variables.items():
            if variable == name or (name[0] == "*" and variable.endswith(name[1:])):
                yield logical_id(str(value))


def _of_lambda(stack: Stack, function: str) -> Iterator[Right]:
    """Lambda reads queues and streams, sends to a destination and writes logs in the name of the role."""
    group = logical_id(stack.of(FUNCTION)[function].get("LoggingConfig", {}).get("LogGroup", ""))
    yield from ((action, group) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))
    for mapping in stack.of(MAPPING).values():
        if stack.function_of(mapping) != function:
            continue
        source = logical_id(mapping["EventSourceArn"])
        reads = _READS_QUEUE if source in stack.of(QUEUE) else _READS_STREAM
        yield from ((action, source) for action in reads)
        if destination := mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            yield "sqs:SendMessage", logical_id(destination)
