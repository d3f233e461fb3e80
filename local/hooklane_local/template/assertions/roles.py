"""Roles: what the functions may do, and who may become them."""

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.rights import expected, permitted
from hooklane_local.template.view import FUNCTION, ROLE, Stack, listed, logical_id

# Actions that accept no resource but the star.
_WITHOUT_RESOURCE = ("ec2:", "xray:", "cloudwatch:GetMetricData")


@holds(
    "a role permits the calls that the code makes, and no others",
    why="A missing right is found on AWS only, at night. One too many is what a leaked function can do.",
    source="AWS IAM User Guide, Apply least-privilege permissions",
)
def _calls(stack: Stack):
    for function in stack.of(FUNCTION):
        has, needs = permitted(stack, function), expected(stack, function)
        for action, resource in sorted(needs - has):
            yield f"{function} calls {action} on {resource} and may not"
        for action, resource in sorted(has - needs):
            yield f"{function} may {action} on {resource} and never does"


@holds(
    "no action has a star",
    why="What it covers changes when AWS adds actions, and nobody reviews that.",
    source="AWS IAM User Guide, Apply least-privilege permissions",
)
def _actions(stack: Stack):
    for name, statement in [*stack.statements(), *stack.resource_policies()]:
        if starred := [one for one in listed(statement.get("Action", "*")) if "*" in one]:
            yield f"{name}: {', '.join(starred)}"


@holds(
    "no resource is a star where the action takes one",
    why="Tables, queues and secrets of others are in the same account.",
    source="AWS IAM User Guide, Apply least-privilege permissions",
)
def _resources(stack: Stack):
    for name, statement in stack.statements():
        free = all(action.startswith(_WITHOUT_RESOURCE) for action in listed(statement["Action"]))
        if "*" in listed(statement["Resource"]) and not free:
            yield f"{name}: {statement['Action']}"


@holds(
    "each function has a role of its own that only Lambda takes",
    why="A shared role has the rights of all who share it.",
    source="AWS Lambda Developer Guide, Defining Lambda function permissions with an execution role",
)
def _own(stack: Stack):
    used = [logical_id(function["Role"]) for function in stack.of(FUNCTION).values()]
    for name, role in stack.of(ROLE).items():
        trusted = [one.get("Principal") for one in role["AssumeRolePolicyDocument"]["Statement"]]
        if name in used and trusted != [{"Service": "lambda.amazonaws.com"}]:
            yield f"{name} is trusted to {trusted}"
    for name in {one for one in used if used.count(one) > 1}:
        yield f"{name} is shared"


@holds(
    "the permissions boundary is on each role",
    why="An account that demands one refuses to make a role without it.",
    source="AWS IAM User Guide, Permissions boundaries for IAM entities",
)
def _boundary(stack: Stack):
    wanted = stack.given.get("PermissionsBoundaryArn") or None
    for name, role in stack.of(ROLE).items():
        if role.get("PermissionsBoundary") != wanted:
            yield name


@holds(
    "code in a function cannot touch network interfaces",
    why="Only Lambda itself needs these rights. A Deny that names functions denies nothing once their name is "
    "cut at 64 characters.",
    source="AWS Lambda Developer Guide, Giving Lambda functions access to resources in an Amazon VPC",
)
def _network(stack: Stack):
    for role in stack.of(ROLE):
        allowed, denied = set(), set()
        for name, statement in stack.statements():
            actions = {one for one in listed(statement["Action"]) if one.startswith("ec2:")}
            if name != role or not actions:
                continue
            if statement["Effect"] == "Allow":
                allowed |= actions
            elif statement.get("Condition") == {"Null": {"lambda:SourceFunctionArn": "false"}}:
                denied |= actions
        if allowed - denied:
            yield f"{role}: {', '.join(sorted(allowed - denied))}"


@holds(
    "only fanout puts events on a bus, on the one that is named, and on none if none is",
    why="The platform's rules act on what is on its bus. Nothing else of Hooklane has to reach it.",
    source="ADR 69",
)
def _bus(stack: Stack):
    puts = {
        (name, resource)
        for name, statement in stack.statements()
        if "events:PutEvents" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    bus = stack.of(FUNCTION)["FanoutFunction"]["Environment"]["Variables"]["OPERATOR_BUS_NAME"]
    if {name for name, _ in puts} != ({"FanoutRole"} if bus else set()):
        yield f"{', '.join(sorted(name for name, _ in puts)) or 'nobody'} may, with the bus {bus!r}"
    for name, resource in puts:
        if not str(resource).endswith(f":event-bus/{bus}"):
            yield f"{name} may put events on {resource}"


@holds(
    "only the operator's pages read alarms and metrics",
    why="The overview shows them. Nothing that serves requests of others has to know how the service is doing.",
    source="ADR 84",
)
def _monitoring(stack: Stack):
    reads = {
        (name, action, str(resource))
        for name, statement in stack.statements()
        for action in listed(statement["Action"])
        if action.startswith("cloudwatch:")
        for resource in listed(statement["Resource"])
    }
    for name in sorted({name for name, _, _ in reads} - {"DashboardRole"}):
        yield f"{name} may, too"
    found = {(action, "alarms" if resource.endswith(":alarm:*") else resource) for _, action, resource in reads}
    if found != {("cloudwatch:DescribeAlarms", "alarms"), ("cloudwatch:GetMetricData", "*")}:
        yield f"the overview may {sorted(found)}"


@holds(
    "a statement is narrowed by conditions that cannot fail open",
    why="ForAllValues is true when the key is missing, and …IfExists too; alone they permit what they should not.",
    source="AWS IAM User Guide, Creating a condition with multiple keys or values (ForAllValues)",
)
def _open(stack: Stack):
    for name, statement in stack.statements():
        for operator in statement.get("Condition", {}):
            if operator.endswith("IfExists"):
                yield f"{name}: {operator}"
            if operator.startswith("ForAllValues:") and statement["Effect"] == "Allow":
                keys = statement["Condition"][operator]
                present = statement["Condition"].get("Null", {})
                if any(present.get(key) != "false" for key in keys):
                    yield f"{name}: {operator} without Null"


@holds(
    "a service may call a function only for a resource that is named",
    why="Otherwise an API or a rule of any account may invoke it (the confused deputy).",
    source="AWS Lambda Developer Guide, Granting Lambda function access to AWS services",
)
def _invokers(stack: Stack):
    for name, permission in stack.of("AWS::Lambda::Permission").items():
        if not permission.get("SourceArn"):
            yield name
