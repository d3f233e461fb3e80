"""Which calls of AWS a function's code can make, read from the Rust sources.

This is no compiler. It knows functions, the `impl` around them, and what a body calls by name. A function's
`Ports` names the traits that it may use; of these, the methods count that its own code or a use case that it
calls does call; their `impl` in `shared/aws` leads to the SDK. Where a name could mean two functions, both count,
so a call may be found that is never made, and is then listed as an exception with its reason in `rights.py`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hooklane_local.paths import ROOT

AWS, APP, FUNCTIONS = ROOT / "shared" / "aws" / "src", ROOT / "shared" / "app" / "src", ROOT / "functions"

# Comments, texts, characters: they may contain braces and words.
_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\'\\])\'', re.DOTALL)
_FN = re.compile(r"\bfn\s+(\w+)")
_IMPL = re.compile(r"^impl\b[^{;]*?\{", re.MULTILINE)
_TRAIT_FOR = re.compile(r"(?:^|\s|>)(\w+)(?:<[^>]*>)?\s+for\s+(\w+)")
_CALLED = re.compile(r"(?:(\w+)\s*(?:\.|::)\s*)?\b(\w+)\s*(?:::\s*<[^()]*?>)?\s*\(")
_PORTS = re.compile(r"use hooklane_app::ports::\{([^}]*)\}")

# The methods of the SDK's clients, and the action that each needs. A batch of SQS needs that of a single one.
SDK = {
    "get_item": "dynamodb:GetItem",
    "batch_get_item": "dynamodb:BatchGetItem",
    "batch_write_item": "dynamodb:BatchWriteItem",
    # Of statements that insert: there are no others.
    "batch_execute_statement": "dynamodb:PartiQLInsert",
    "query": "dynamodb:Query",
    "scan": "dynamodb:Scan",
    "send_message": "sqs:SendMessage",
    "send_message_batch": "sqs:SendMessage",
    "change_message_visibility": "sqs:ChangeMessageVisibility",
    "change_message_visibility_batch": "sqs:ChangeMessageVisibility",
    "receive_message": "sqs:ReceiveMessage",
    "delete_message": "sqs:DeleteMessage",
    "get_queue_attributes": "sqs:GetQueueAttributes",
    "get_secret_value": "secretsmanager:GetSecretValue",
    "put_events": "events:PutEvents",
    "describe_alarms": "cloudwatch:DescribeAlarms",
    "get_metric_data": "cloudwatch:GetMetricData",
}
# A write is a value, and what it needs depends on what it is: alone or in a transaction.
WRITES = {
    ("Write", "put"): "dynamodb:PutItem",
    ("Write", "update"): "dynamodb:UpdateItem",
    ("Write", "update_at"): "dynamodb:UpdateItem",
    ("Write", "delete"): "dynamodb:DeleteItem",
}
# Made from a `Write` alone.
_SENT_WRITES = {"put_item", "update_item", "delete_item", "transact_write_items"}
# Names that texts and collections have too: they count where a port is what they are called on.
_ORDINARY = {"replace", "clear", "list", "get", "put", "read", "insert", "remove"}
# What is declared as a port: `tenants: &impl TenantStore`, `pub ledger: P::Ledger`.
_PORT_LIKE = re.compile(r"(\w+)\s*:\s*&?\s*(?:impl\s+\w|P::)")
_CLIENT = re.compile(r"client\s*\.\s*(\w+)\s*\(\s*\)")
# A call that goes past the SDK begins with its input: `GetItemInput::builder()`.
_INPUT = re.compile(r"\b([A-Z]\w*)Input\s*::\s*builder\s*\(\s*\)")


@dataclass(frozen=True)
class Fn:
    file: Path
    trait: str | None
    owner: str | None
    name: str
    body: str

    @property
    def of_table(self) -> bool:
        return self.file == AWS / "table.rs" or (AWS / "table") in self.file.parents


@cache
def functions_in(folder: Path) -> list[Fn]:
    return [fn for path in sorted(folder.rglob("*.rs")) if "tests" not in path.stem for fn in _read(path)
            if "tests" not in path.relative_to(folder).parts]


@cache
def _read(path: Path) -> tuple[Fn, ...]:
    text = _clean(path)
    text = text.split("#[cfg(test)]\nmod tests {")[0]
    impls = [(match.start(), _end(text, match.end() - 1), match[0]) for match in _IMPL.finditer(text)]
    found = []
    for match in _FN.finditer(text):
        opening = re.compile(r"[{;]").search(text, _after_parameters(text, match.end()))
        if opening is None or opening[0] == ";":
            continue
        head = next((head for start, end, head in impls if start < match.start() < end), "")
        implements = _TRAIT_FOR.search(head)
        owner = re.match(r"impl(?:<[^>]*>)?\s+(\w+)", head)
        found.append(
            Fn(
                path,
                implements[1] if implements else None,
                implements[2] if implements else owner and owner[1],
                match[1],
                text[opening.start() : _end(text, opening.start())],
            )
        )
    return tuple(found)


def _after_parameters(text: str, start: int) -> int:
    opening = text.index("(", start)
    depth = 0
    for index in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return len(text)


def _end(text: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, opening):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.end()
    return len(text)


@cache
def called(body: str) -> set[tuple[str | None, str]]:
    """What a body calls, each with the word before it: `("table", "get")` for `self.table.get(…)`."""
    return {(match[1], match[2]) for match in _CALLED.finditer(body)}


@cache
def port_methods(*functions: str) -> dict[str, set[str]]:
    """The traits of shared/app that these functions may use, each with those of its methods that their code can come
    to."""
    own = [fn for function in functions for fn in functions_in(FUNCTIONS / function / "src")]
    app = [fn for fn in functions_in(APP) if not {"fakes", "conformance"} & set(fn.file.relative_to(APP).parts)]
    by_name: dict[str, list[Fn]] = {}
    for fn in app:
        by_name.setdefault(fn.name, []).append(fn)
    ports = {name for fn in [*own, *app] for name in _PORT_LIKE.findall(_clean(fn.file))}
    names: set[str] = set()
    seen: set[Fn] = set()
    waiting = list(own)
    while waiting:
        fn = waiting.pop()
        if fn in seen:
            continue
        seen.add(fn)
        imported = _imports(fn.file)
        for before, name in called(fn.body):
            if name not in _ORDINARY or before in ports:
                names.add(name)
            waiting += [one for one in by_name.get(name, []) if _reaches(fn, imported, before, one)]
    return {
        trait: {fn.name for fn in functions_in(AWS) if fn.trait == trait and fn.name in names}
        for trait in set().union(*map(traits_of, functions))
    }


def _reaches(caller: Fn, imported: frozenset[str], before: str | None, callee: Fn) -> bool:
    """Whether a call in a function or use case may mean this function of shared/app, by what its file imports."""
    if callee.file == caller.file:
        return True
    if callee.owner:
        return callee.owner in imported
    if before is None:
        return callee.name in imported
    return before in callee.file.relative_to(APP).with_suffix("").parts


@cache
def _clean(path: Path) -> str:
    return _NOISE.sub(" ", path.read_text())


@cache
def _imports(path: Path) -> frozenset[str]:
    """The words of the `use` lines of a file."""
    uses = re.findall(r"\buse\s+([^;]+);", _clean(path))
    return frozenset(word for use in uses for word in re.findall(r"\w+", use))


def traits_of(function: str) -> set[str]:
    """The traits that the files with the function's ports import."""
    folder = FUNCTIONS / function / "src"
    files = [folder / name for name in ("ports.rs", "backend.rs", "watch.rs")]
    text = "\n".join(path.read_text() for path in files if path.exists())
    return {name.strip() for uses in _PORTS.findall(text) for name in uses.split(",") if name.strip()}


@cache
def actions_of(trait: str, method: str, adapter: str | None = None) -> set[str]:
    """The actions that a method of a port comes to in `shared/aws`, by way of whatever it calls there."""
    everything = functions_in(AWS)
    start = [fn for fn in everything if fn.trait == trait and fn.name == method and adapter in (None, fn.owner)]
    found, seen, waiting = set(), set(), list(start)
    while waiting:
        fn = waiting.pop()
        if fn in seen:
            continue
        seen.add(fn)
        found |= {SDK[name] for name in _sdk_calls(fn.body) if name in SDK and name not in _SENT_WRITES}
        for before, name in called(fn.body):
            if (before, name) in WRITES:
                found.add(WRITES[before, name])
            elif name == "over":
                # `Rewrite::over` puts the item if there is none.
                found |= {"dynamodb:PutItem", "dynamodb:UpdateItem"}
            elif before == "Rewrite":
                found.add("dynamodb:UpdateItem")
            waiting += [one for one in everything if one.name == name and _meant(fn, before, one)]
    return found


def _sdk_calls(body: str) -> set[str]:
    inputs = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in _INPUT.findall(body)}
    return inputs | set(_CLIENT.findall(body))


def _meant(caller: Fn, before: str | None, callee: Fn) -> bool:
    """Whether a call by this name may mean that function."""
    if callee.of_table:
        if before in ("table", "Table"):
            return callee.owner == "Table"
        own = before in ("self", "Self") and callee.owner == caller.owner
        return caller.of_table and (own or before in (None, callee.owner))
    if before in ("table", "Table"):
        return False
    if callee.trait and before not in ("self", "Self"):
        return False
    if before in ("self", "Self"):
        return callee.owner == caller.owner
    return before is None or before == callee.owner or before == callee.file.stem
