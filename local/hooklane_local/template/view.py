"""A template with the values of one stack, as the assertions look at it."""

from collections.abc import Iterator
from dataclasses import dataclass

from hooklane_local.template.resolve import resolve

FUNCTION = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"
TABLE = "AWS::DynamoDB::Table"
SECRET = "AWS::SecretsManager::Secret"
LOG_GROUP = "AWS::Logs::LogGroup"
ROLE = "AWS::IAM::Role"

# What holds data that nobody can make again, or that somebody will look for.
STATEFUL = (TABLE, QUEUE, SECRET, LOG_GROUP)


@dataclass(frozen=True)
class Stack:
    """`source` is the template as it is written, `resources` and `outputs` are those of this stack."""

    name: str
    given: dict[str, str]
    source: dict
    resources: dict
    outputs: dict

    def of(self, *types: str) -> dict[str, dict]:
        """The properties of all resources of these types, by their logical ids."""
        return {name: one.get("Properties", {}) for name, one in self.resources.items() if one["Type"] in types}

    def function_of(self, mapping: dict) -> str:
        """The logical id of the function that an event source mapping calls."""
        return logical_id(mapping["FunctionName"])

    def statements(self) -> Iterator[tuple[str, dict]]:
        """Each statement of each policy of a role, with the role's logical id."""
        for name, role in self.of(ROLE).items():
            for policy in role.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement

    def resource_policies(self) -> Iterator[tuple[str, dict]]:
        """Each statement of each policy of a resource that lets others in, with its logical id."""
        for name, policy in self.of("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy").items():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def stack(name: str, source: dict, translated: dict, given: dict[str, str]) -> Stack:
    resolved = resolve(translated, given)
    return Stack(name, given, source, resolved["Resources"], resolved["Outputs"])


def logical_id(text: str) -> str:
    """`LedgerTable` of `${LedgerTable}` and of `${LedgerTable.Arn}/index/x`."""
    return text.removeprefix("${").split("}", 1)[0].split(".", 1)[0]


def listed(value) -> list:
    return value if isinstance(value, list) else [value]
