"""Functions and what calls them."""

import json
import re

from hooklane_local.paths import ROOT
from hooklane_local.template.assertions.table import holds
from hooklane_local.template.view import FUNCTION, LOG_GROUP, MAPPING, QUEUE, SECRET, TABLE, Stack, logical_id

# DynamoDB drops records after 24 hours; one hour is left to read what Lambda gave up.
_STREAM_SECONDS = 23 * 3600
# What API Gateway waits for at most.
_API_SECONDS = 30
# What Lambda takes of variables for a function, names and values together.
_VARIABLES_BYTES = 4096
# What a reference becomes in a stack with the usual name, in a region with a long one.
_REFERRED = {
    QUEUE: "https://sqs.ap-southeast-1.amazonaws.com/123456789012/hooklane-{}-ABCDEFGHIJKL",
    SECRET: "arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:{}-ABCDEFGHIJKL-abcdef",
    TABLE: "hooklane-{}-ABCDEFGHIJKL",
    "AWS::ApiGatewayV2::Api": "https://abcdefghij.execute-api.ap-southeast-1.amazonaws.com",
}


@holds(
    "logs of each function go to a log group of the stack",
    why="A group that Lambda makes by itself keeps its lines for ever, and the roles may not make one.",
    source="AWS Lambda Developer Guide, Configuring CloudWatch log groups",
)
def _log_group(stack: Stack):
    groups = stack.of(LOG_GROUP)
    for name, function in stack.of(FUNCTION).items():
        if logical_id(function.get("LoggingConfig", {}).get("LogGroup", "")) not in groups:
            yield name


@holds(
    "log groups forget",
    why="Without a retention they keep every line for ever, and are charged for it.",
    source="Amazon CloudWatch Logs User Guide, Change log data retention",
)
def _retention(stack: Stack):
    for name, group in stack.of(LOG_GROUP).items():
        if str(group.get("RetentionInDays")) != str(stack.given.get("LogRetentionDays", "14")):
            yield f"{name} does not follow LogRetentionDays"


@holds(
    "Lambda's own lines are warnings only, and none of ours is dropped",
    why="START, END and REPORT outweigh our lines; at its default, INFO, Lambda would drop our debug lines.",
    source="AWS Lambda Developer Guide, Configuring JSON and plain text log formats; Log-level filtering",
)
def _levels(stack: Stack):
    wanted = {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "TRACE"}
    for name, function in stack.of(FUNCTION).items():
        logging = function.get("LoggingConfig", {})
        if different := [key for key, value in wanted.items() if logging.get(key) != value]:
            yield f"{name}: {', '.join(different)}"


@holds(
    "delivery may pass through itself, nothing else may",
    why="Lambda drops the 17th invocation of a chain through SQS. A delivery that waits and is parked is such a "
    "chain; elsewhere one would be a fault that must not go on.",
    source="AWS Lambda Developer Guide, Use Lambda recursive loop detection to prevent infinite loops; ADR 66",
)
def _recursion(stack: Stack):
    for name, function in stack.of(FUNCTION).items():
        wanted = "Allow" if name == "DeliveryFunction" else "Terminate"
        if function.get("RecursiveLoop") != wanted:
            yield f"{name} has RecursiveLoop {function.get('RecursiveLoop')}, not {wanted}"


@holds(
    "runs of a schedule do not pile up",
    why="A throttled asynchronous invocation waits for up to six hours and is tried twice more; the next run "
    "comes within a minute anyway.",
    source="AWS Lambda Developer Guide, How Lambda handles errors and retries with asynchronous invocation",
)
def _schedule(stack: Stack):
    configured = {logical_id(one["FunctionName"]): one for one in stack.of("AWS::Lambda::EventInvokeConfig").values()}
    for name, rule in stack.of("AWS::Events::Rule").items():
        for target in rule.get("Targets", []) if "ScheduleExpression" in rule else []:
            function = logical_id(target["Arn"])
            config = configured.get(function, {})
            if config.get("MaximumRetryAttempts") != 0 or config.get("MaximumEventAgeInSeconds") != 60:
                yield f"{function}, which {name} calls"


@holds(
    "what a batch leaves over is reported by message",
    why="Otherwise one message that fails brings the whole batch back, and nine POSTs are made again.",
    source="AWS Lambda Developer Guide, Handling errors for an SQS event source in Lambda",
)
def _partial_batches(stack: Stack):
    for name, mapping in stack.of(MAPPING).items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield name


@holds(
    "a record of the stream cannot hold up its shard for ever",
    why="Records behind it are lost after 24 hours. Batches are halved, given up an hour earlier, and noted in a "
    "dead-letter queue.",
    source="AWS Lambda Developer Guide, Using AWS Lambda with Amazon DynamoDB; ADR 44",
)
def _stream(stack: Stack):
    for name, mapping in stack.of(MAPPING).items():
        if ".StreamArn" not in mapping["EventSourceArn"]:
            continue
        if mapping.get("MaximumRecordAgeInSeconds") != _STREAM_SECONDS:
            yield f"{name}: MaximumRecordAgeInSeconds"
        if mapping.get("BisectBatchOnFunctionError") is not True:
            yield f"{name}: BisectBatchOnFunctionError"
        if not mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            yield f"{name}: DestinationConfig"


@holds(
    "the stream has two readers at most",
    why="DynamoDB throttles a third reader of the same shard.",
    source="Amazon DynamoDB Developer Guide, Change data capture for DynamoDB Streams",
)
def _readers(stack: Stack):
    readers = [name for name, one in stack.of(MAPPING).items() if ".StreamArn" in one["EventSourceArn"]]
    if len(readers) > 2:
        yield ", ".join(readers)


@holds(
    "memory and time limit of each function are parameters",
    why="A twelfth of a processor is not enough for every platform, and a limit must be raised without a fork.",
    source="AWS Lambda Developer Guide, Configure Lambda function memory; ADR 66",
)
def _sizes(stack: Stack):
    for name, function in stack.source["Resources"].items():
        if function["Type"] != "AWS::Serverless::Function":
            continue
        short = name.removesuffix("Function")
        for key, parameter in (("MemorySize", f"Memory{short}"), ("Timeout", f"Timeout{short}")):
            if function["Properties"].get(key) != {"Ref": parameter}:
                yield f"{name}: {key} is not the parameter {parameter}"


@holds(
    "functions behind the API end before API Gateway gives up",
    why="A function that goes on is paid for, and its answer reaches nobody.",
    source="Amazon API Gateway Developer Guide, Quotas for configuring and running an HTTP API",
)
def _api_time(stack: Stack):
    for name in ("ApiFunction", "DashboardFunction"):
        timeout = stack.of(FUNCTION)[name]["Timeout"]
        if timeout > _API_SECONDS:
            yield f"{name}: Timeout {timeout}"


@holds(
    "dashboard works with api's settings, and reaches receivers by the same way",
    why="Both work by the same rules and send tests: receivers allow-list addresses, and a test comes from one of them.",
    source="ADR 76",
)
def _dashboard_egress(stack: Stack):
    functions = stack.of(FUNCTION)
    if functions["DashboardFunction"].get("VpcConfig") != functions["ApiFunction"].get("VpcConfig"):
        yield "VpcConfig"
    one, other = (functions[name]["Environment"]["Variables"] for name in ("ApiFunction", "DashboardFunction"))
    for variable in one:
        if one[variable] != other.get(variable):
            yield variable


@holds(
    "tracing is asked for, or off",
    why="Active tracing is charged for, and needs a right that only then is given.",
    source="AWS Lambda Developer Guide, Visualize Lambda function invocations using AWS X-Ray",
)
def _tracing(stack: Stack):
    traced = stack.given.get("Tracing") == "true"
    wanted = "Active" if traced else "PassThrough"
    for name, function in stack.of(FUNCTION).items():
        if function.get("TracingConfig", {}).get("Mode") != wanted:
            yield f"{name} is not {wanted}"


@holds(
    "functions run on the architecture that is asked for",
    why="A build for the one does not start on the other.",
    source="AWS Lambda Developer Guide, Selecting and configuring an instruction set architecture",
)
def _architecture(stack: Stack):
    for name, function in stack.of(FUNCTION).items():
        if function.get("Architectures") != [stack.given.get("Architecture", "x86_64")]:
            yield name


@holds(
    "variables of functions are texts",
    why="Lambda takes nothing else, and the local emulator does not convert a number from a mapping.",
    source="AWS CloudFormation User Guide, AWS::Lambda::Function Environment",
)
def _variables(stack: Stack):
    for name, function in stack.of(FUNCTION).items():
        for variable, value in function.get("Environment", {}).get("Variables", {}).items():
            declared = stack.source["Resources"][name]["Properties"].get("Environment", {}).get("Variables", {})
            # A parameter of the type Number is a text for CloudFormation, whatever it resolves to here.
            if not isinstance(value, str) and "Ref" not in (declared.get(variable) or {}):
                yield f"{name}: {variable}"


@holds(
    "each function that calls receivers trusts the operator's authorities",
    why="One that does not would refuse receivers that the others reach: a test would fail where deliveries arrive.",
    source="docs/parameters.md, TrustedTargetCas",
)
def _trusts(stack: Stack):
    for name, function in stack.of(FUNCTION).items():
        variables = function.get("Environment", {}).get("Variables", {})
        if "ALLOWED_TARGET_PORTS" in variables and "TRUSTED_TARGET_CAS" not in variables:
            yield name


@holds(
    "variables of a function fit into what Lambda takes, beside the longest certificates",
    why="Lambda refuses the function otherwise, and the deployment with it.",
    source="AWS Lambda Developer Guide, Lambda quotas (environment variables: 4 KB)",
)
def _variables_fit(stack: Stack):
    certificates = stack.source["Parameters"]["TrustedTargetCas"].get("MaxLength", _VARIABLES_BYTES)

    def length(variable: str, value) -> int:
        return certificates if variable == "TRUSTED_TARGET_CAS" else len(_referred(stack, str(value)))

    for name, function in stack.of(FUNCTION).items():
        variables = function.get("Environment", {}).get("Variables", {})
        if (sum_of := sum(len(one) + length(one, value) for one, value in variables.items())) > _VARIABLES_BYTES:
            yield f"{name} has {sum_of} bytes"


def _referred(stack: Stack, text: str) -> str:
    """A value with about what AWS puts into the place of each reference."""

    def named(reference: re.Match) -> str:
        name = logical_id(reference[0])
        form = _REFERRED.get(stack.resources.get(name, {}).get("Type"))
        return form.format(name) if form else reference[0]

    return re.sub(r"\$\{[^}]+\}", named, text)


@holds(
    "each reader of the stream gets the records that the code reads, and no others",
    why="A key that the filter does not name is never read: the mark of a busy webhook would settle nothing. Every "
    "other record would be an invocation, and a delivery is one.",
    source="AWS Lambda Developer Guide, Control which events Lambda sends to your function; ADR 72",
)
def _stream_filters(stack: Stack):
    event, mark = _sort_key("EVENT"), _sort_key("MARK")
    events = {("INSERT", event)}
    marks = {("INSERT", mark), ("MODIFY", mark)}
    keys = (event, mark, "DL#001705314600000#e1", "STRIKES", "P", "H#00473698", "A#24h")
    records = {(name, key) for name in ("INSERT", "MODIFY", "REMOVE") for key in keys}
    for function, wanted in (("FanoutFunction", events), ("StatsFunction", events | marks)):
        for name, mapping in stack.of(MAPPING).items():
            if logical_id(mapping.get("FunctionName", "")) != function or "StartingPosition" not in mapping:
                continue
            filters = mapping.get("FilterCriteria", {}).get("Filters", [])
            patterns = [json.loads(one["Pattern"]) for one in filters]
            passed = {record for record in records if any(_passes(record, pattern) for pattern in patterns)}
            if missing := wanted - passed:
                yield f"{name} leaves out {sorted(missing)}"
            if surplus := passed - wanted:
                yield f"{name} lets through {sorted(surplus)}"


def _sort_key(constant: str) -> str:
    """The sort key of a kind of items, as the code writes it."""
    keys = (ROOT / "shared" / "aws" / "src" / "ledger" / "keys.rs").read_text()
    found = re.search(rf'const {constant}: &str = "([^"]+)";', keys)
    assert found, f"no constant {constant} in the ledger's keys"
    return found.group(1)


def _passes(record: tuple[str, str], pattern: dict) -> bool:
    """Whether a record passes a pattern of names and sort keys. Other rules are not understood."""
    name, key = record
    names = pattern.get("eventName", [name])
    sort_keys = pattern.get("dynamodb", {}).get("Keys", {}).get("sk", {}).get("S", [key])
    return name in names and key in sort_keys
