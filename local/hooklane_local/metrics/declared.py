"""The alarms and the dashboard of template.yaml, with given parameters and without AWS."""

import json
import re

import yaml

from hooklane_local.metrics.alarms import Alarm
from hooklane_local.metrics.embedded import Metric
from hooklane_local.paths import ROOT

# What AWS::StackName stands for: the name that the printed lines of tests have.
STACK = "hooklane"
_PSEUDO = {"AWS::StackName": STACK, "AWS::Region": "us-east-1", "AWS::AccountId": "000000000000", "AWS::Partition": "aws"}


class _NoValue:
    """Stands for `AWS::NoValue`."""


class _Loader(yaml.SafeLoader):
    pass


def _tagged(loader: _Loader, suffix: str, node: yaml.Node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)


def template() -> dict:
    return yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506


class Declared:
    """The template's resources of CloudWatch and SNS with these parameters."""

    def __init__(self, **parameters: str):
        self.template = template()
        defaults = {name: str(one.get("Default", "")) for name, one in self.template["Parameters"].items()}
        self.parameters = {**defaults, **parameters}
        self.resources = {
            name: self._resolved(resource.get("Properties", {}))
            for name, resource in self.template["Resources"].items()
            if resource["Type"].startswith(("AWS::CloudWatch::", "AWS::SNS::")) and self._exists(resource)
        }

    def of_type(self, kind: str) -> dict[str, dict]:
        types = {name: one["Type"] for name, one in self.template["Resources"].items()}
        return {name: one for name, one in self.resources.items() if types[name] == kind}

    def alarms(self) -> dict[str, Alarm]:
        """The metric alarms, by their names without the stack's."""
        found = [Alarm.of(one) for one in self.of_type("AWS::CloudWatch::Alarm").values()]
        return {alarm.name.removeprefix(f"{STACK}-"): alarm for alarm in found}

    def composites(self) -> dict[str, dict]:
        found = self.of_type("AWS::CloudWatch::CompositeAlarm").values()
        return {one["AlarmName"].removeprefix(f"{STACK}-"): one for one in found}

    def dashboard(self) -> dict:
        (dashboard,) = self.of_type("AWS::CloudWatch::Dashboard").values()
        return json.loads(dashboard["DashboardBody"])

    def _exists(self, resource: dict) -> bool:
        return "Condition" not in resource or self._holds(resource["Condition"])

    def _holds(self, name: str) -> bool:
        return self._truth(self.template["Conditions"][name])

    def _truth(self, condition) -> bool:
        ((function, value),) = condition.items()
        match function:
            case "Fn::Equals":
                left, right = (str(self._resolved(one)) for one in value)
                return left == right
            case "Fn::Not":
                return not self._truth(value[0])
            case "Fn::And":
                return all(self._truth(one) for one in value)
            case "Fn::Or":
                return any(self._truth(one) for one in value)
            case "Condition":
                return self._holds(value)
        raise ValueError(f"unknown condition {function}")

    def _resolved(self, value):
        if isinstance(value, list):
            return [one for one in map(self._resolved, value) if not isinstance(one, _NoValue)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return _NoValue() if argument == "AWS::NoValue" else self._reference(argument)
            if function == "Fn::Sub" and isinstance(argument, str):
                return re.sub(r"\$\{([^}]+)}", lambda found: self._reference(found[1]), argument)
            if function == "Fn::GetAtt":
                return self._reference(argument if isinstance(argument, str) else ".".join(argument))
            if function == "Fn::If":
                condition, yes, no = argument
                return self._resolved(yes if self._holds(condition) else no)
            if function.startswith("Fn::"):
                return f"<{function}>"
        resolved = {key: self._resolved(one) for key, one in value.items()}
        return {key: one for key, one in resolved.items() if not isinstance(one, _NoValue)}

    def _reference(self, name: str) -> str:
        """A parameter's value, or for a resource a text that names it: `{FanoutFunction}`."""
        if name in _PSEUDO or name in self.parameters:
            return {**self.parameters, **_PSEUDO}[name]
        resource = self.template["Resources"][name.split(".")[0]]
        named = resource.get("Properties", {}).get("AlarmName")
        return self._resolved(named) if named else f"{{{name}}}"


def dashboard_metrics(body: dict) -> list[tuple[Metric, dict]]:
    """The metrics of each graph, with the properties of the graph."""
    found = []
    for widget in body["widgets"]:
        for row in widget["properties"].get("metrics", []):
            namespace, name, *rest = [one for one in row if isinstance(one, str)]
            dimensions = frozenset(zip(rest[::2], rest[1::2], strict=True))
            found.append((Metric(namespace, name, dimensions), widget["properties"]))
    return found
