"""Computes the intrinsic functions of a template for given parameters.

What only exists once the stack is deployed stays a name: `${LedgerTable}` for a `Ref`, `${LedgerTable.Arn}` for a
`GetAtt`, also inside longer texts. Resources and outputs whose condition does not hold are left out.
"""

import re

ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "hooklane",
    "AWS::StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/hooklane/1",
    "AWS::URLSuffix": "amazonaws.com",
}
_ABSENT = object()
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class Unresolvable(Exception):
    """The template cannot be computed with these parameters. The message says why."""


def resolve(template: dict, given: dict[str, str]) -> dict:
    """The template with its values. `given` overrides defaults; a value that CloudFormation would refuse is refused."""
    return _Resolver(template, given).template()


class _Resolver:
    def __init__(self, template: dict, given: dict[str, str]) -> None:
        self.source = template
        declared = template.get("Parameters", {})
        if unknown := set(given) - set(declared):
            raise Unresolvable(f"no such parameters: {', '.join(sorted(unknown))}")
        self.parameters = {name: _value(name, one, given.get(name)) for name, one in declared.items()}
        self.conditions: dict[str, bool] = {}

    def template(self) -> dict:
        self._hold_rules()
        sections = {name: self._present(self.source.get(name, {})) for name in ("Resources", "Outputs")}
        return {**{name: self.source[name] for name in ("Parameters", "Metadata") if name in self.source}, **sections}

    def _present(self, section: dict) -> dict:
        return {
            name: self.value({key: value for key, value in one.items() if key != "Condition"})
            for name, one in section.items()
            if "Condition" not in one or self.condition(one["Condition"])
        }

    def _hold_rules(self) -> None:
        for name, rule in self.source.get("Rules", {}).items():
            if "RuleCondition" in rule and not self.holds(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.holds(assertion["Assert"]):
                    raise Unresolvable(f"rule {name}: {assertion.get('AssertDescription', 'does not hold')}")

    def condition(self, name: str) -> bool:
        if name not in self.conditions:
            if name not in self.source.get("Conditions", {}):
                raise Unresolvable(f"no such condition: {name}")
            self.conditions[name] = self.holds(self.source["Conditions"][name])
        return self.conditions[name]

    def holds(self, expression) -> bool:
        (function, argument), = expression.items()
        match function:
            case "Condition":
                return self.condition(argument)
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all([self.holds(one) for one in argument])
            case "Fn::Or":
                return any([self.holds(one) for one in argument])
            case "Fn::Equals":
                left, right = (_text(self.value(one)) for one in argument)
                return left == right
            case "Fn::Contains":
                choices, value = (self.value(one) for one in argument)
                return value in choices
        raise Unresolvable(f"{function} is not known in a condition")

    def value(self, node):
        if isinstance(node, list):
            return [value for one in node if (value := self.value(one)) is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, argument), = node.items()
            if key == "Ref":
                return self.reference(argument)
            if key.startswith("Fn::"):
                return self.function(key.removeprefix("Fn::"), argument)
        return {key: value for key, one in node.items() if (value := self.value(one)) is not _ABSENT}

    def reference(self, name: str):
        if name == "AWS::NoValue":
            return _ABSENT
        if name in self.parameters:
            return self.parameters[name]
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.source.get("Resources", {}):
            return f"${{{name}}}"
        raise Unresolvable(f"Ref of {name}, which does not exist")

    def function(self, name: str, argument):
        match name:
            case "GetAtt":
                resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
                self.reference(resource)
                return f"${{{resource}.{attribute}}}"
            case "If":
                condition, then, otherwise = argument
                return self.value(then if self.condition(condition) else otherwise)
            case "Join":
                separator, parts = argument
                return separator.join(_text(part) for part in self.value(parts))
            case "Split":
                separator, text = argument
                return self.value(text).split(separator)
            case "Select":
                index, choices = argument
                return self.value(choices)[int(self.value(index))]
            case "FindInMap":
                table, first, second = (_text(self.value(one)) for one in argument)
                try:
                    return self.source["Mappings"][table][first][second]
                except KeyError as error:
                    raise Unresolvable(f"mapping {table} has no {first}/{second}") from error
            case "Sub":
                text, own = argument if isinstance(argument, list) else (argument, {})
                return self.substitute(text, self.value(own))
            case "GetAZs":
                return [PSEUDO["AWS::Region"] + letter for letter in "abc"]
            case "Cidr":
                return [f"${{Cidr.{number}}}" for number in range(int(self.value(argument[1])))]
            case "ImportValue":
                return f"${{Import.{self.value(argument)}}}"
        raise Unresolvable(f"Fn::{name} is not known: add it to hooklane_local/template/resolve.py")

    def substitute(self, text: str, own: dict) -> str:
        def replaced(match: re.Match) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return _text(own[name])
            if "." in name:
                return self.function("GetAtt", name)
            return _text(self.reference(name))

        return _VARIABLE.sub(replaced, text)


def _value(name: str, declared: dict, given: str | None):
    """The value of a parameter, refused as CloudFormation refuses it."""
    if given is None and "Default" not in declared:
        raise Unresolvable(f"parameter {name} has no value")
    text = _text(declared["Default"] if given is None else given)
    allowed = [_text(one) for one in declared.get("AllowedValues", [text])]
    if text not in allowed:
        raise Unresolvable(f"parameter {name}={text} is none of {', '.join(allowed)}")
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], text):
        raise Unresolvable(f"parameter {name}={text} does not match {declared['AllowedPattern']}")
    if len(text) > declared.get("MaxLength", len(text)):
        raise Unresolvable(f"parameter {name} is longer than {declared['MaxLength']} characters")
    if declared["Type"] == "Number":
        number = float(text) if "." in text else int(text)
        if not declared.get("MinValue", number) <= number <= declared.get("MaxValue", number):
            raise Unresolvable(f"parameter {name}={text} is out of bounds")
        return number
    if declared["Type"].startswith(("List<", "CommaDelimitedList")):
        return text.split(",")
    return text


def _text(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
