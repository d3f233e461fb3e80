"""Parameters, outputs and tags: what an operator sees."""

import re

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.stacks import uncovered
from hooklane_local.template.view import FUNCTION, LOG_GROUP, QUEUE, ROLE, SECRET, TABLE, Stack

_UNITS = (
    (re.compile(r"Timeout|Seconds"), re.compile(r"\bseconds?\b", re.I)),
    (re.compile(r"Memory"), re.compile(r"\bMB\b")),
    (re.compile(r"Days"), re.compile(r"\bdays?\b", re.I)),
    (re.compile(r"Minutes"), re.compile(r"\bminutes?\b", re.I)),
    (re.compile(r"Ms$"), re.compile(r"\bmilliseconds?\b", re.I)),
    (re.compile(r"Bytes"), re.compile(r"\bbytes\b", re.I)),
    (re.compile(r"ReadCapacity|WriteCapacity"), re.compile(r"\bcapacity units\b", re.I)),
    # A rate of an alarm is a share, from 0 to 1.
    (re.compile(r"^(?!Alarm).*Rate$"), re.compile(r"\bper second\b|%|percent", re.I)),
)
_TAGGED = (TABLE, QUEUE, SECRET, LOG_GROUP, ROLE, FUNCTION, "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage")
_WITH_ARN = {
    TABLE: "Arn", QUEUE: "Arn", LOG_GROUP: "Arn", ROLE: "Arn", FUNCTION: "Arn", SECRET: "Id",
}


@holds(
    "each parameter is in exactly one group",
    why="The console shows a parameter without a group at the end, under Other parameters.",
    source="AWS CloudFormation User Guide, AWS::CloudFormation::Interface",
)
def _grouped(stack: Stack):
    groups = stack.source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    listed = [name for group in groups for name in group["Parameters"]]
    for name in stack.source["Parameters"]:
        if listed.count(name) != 1:
            yield f"{name} is in {listed.count(name)} groups"
    for name in sorted(set(listed) - set(stack.source["Parameters"])):
        yield f"{name} is in a group and does not exist"


@holds(
    "each parameter has a default and a description in sentences",
    why="A deployment must need no decision, and whoever makes one reads the description only.",
    source="docs/parameters.md",
)
def _described(stack: Stack):
    for name, parameter in stack.source["Parameters"].items():
        description = parameter.get("Description", "")
        if "Default" not in parameter:
            yield f"{name} has no default"
        if len(description.split()) < 5 or not description[0].isupper() and not description.startswith("arm64"):
            yield f"{name}: {description!r}"
        elif not description.endswith("."):
            yield f"{name} does not end in a full stop"


@holds(
    "a number says its unit, and the name of its unit stands in the description",
    why="300 may be seconds or milliseconds, and the console does not show the documents.",
    source="CONTRIBUTING.md, House rules",
)
def _units(stack: Stack):
    for name, parameter in stack.source["Parameters"].items():
        for named, unit in _UNITS:
            if named.search(name) and parameter["Type"] == "Number" and not unit.search(parameter.get("Description", "")):
                yield f"{name} does not say its unit"


@holds(
    "each parameter is described in docs/parameters.md",
    why="The page is what people search.",
    source="CONTRIBUTING.md, Where a change goes",
)
def _documented(stack: Stack):
    from hooklane_local.paths import ROOT

    page = (ROOT / "docs" / "parameters.md").read_text()
    for name in stack.source["Parameters"]:
        if f"`{name}`" not in page:
            yield name


@holds(
    "each parameter is away from its default in a stack of the covering list",
    why="A parameter that no test sets may break the deployment of whoever sets it first.",
    source="ADR 66; add it to hooklane_local/template/stacks.py",
)
def _covered(stack: Stack):
    yield from uncovered(stack.source["Parameters"])


@holds(
    "each parameter is used",
    why="One without effect is a promise that is not kept.",
    source="ADR 66",
)
def _used(stack: Stack):
    used = repr({key: value for key, value in stack.source.items() if key not in ("Parameters", "Metadata")})
    for name in stack.source["Parameters"]:
        if f"'Ref': '{name}'" not in used and f"${{{name}}}" not in used:
            yield name


@holds(
    "the ARN of each thing is an output that other stacks can import",
    why="Alarms, policies and dashboards of a platform's own stacks need them.",
    source="AWS CloudFormation User Guide, Get exported outputs from a deployed CloudFormation stack",
)
def _outputs(stack: Stack):
    exported = {one["Value"] for one in stack.outputs.values() if "Export" in one}
    for name, one in stack.resources.items():
        attribute = _WITH_ARN.get(one["Type"])
        if attribute and f"${{{name}.{attribute}}}" not in exported and f"${{{name}}}" not in exported:
            yield name


@holds(
    "exports are named after their stack",
    why="A name is unique in an account and region; a second stack could not be deployed.",
    source="AWS CloudFormation User Guide, Outputs section",
)
def _exports(stack: Stack):
    for name, one in stack.outputs.items():
        if "Export" in one and one["Export"]["Name"] != f"hooklane-{name}":
            yield name


@holds(
    "what can be charged for or searched for has the tag of its stack",
    why="Bills and inventories of an account with several stacks can then be told apart.",
    source="AWS Billing User Guide, Organizing and tracking costs using AWS cost allocation tags",
)
def _tags(stack: Stack):
    for name, properties in stack.of(*_TAGGED).items():
        tags = properties.get("Tags", {})
        pairs = tags if isinstance(tags, dict) else {one["Key"]: one["Value"] for one in tags}
        if pairs.get("hooklane:stack") != "hooklane":
            yield name
