"""Says whether two OpenAPI documents describe the same API: `python3 tests/openapi/same_shape.py OLD NEW`.

The texts for people may differ, and so may the errors that operations list. A text may have become one of
a list of words, and words of reasons and states may have been renamed. Everything else must be equal. Each
difference is printed on a line of its own, and with one or more the exit code is 1.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Words of reasons and states that have new names.
RENAMED = {"half-open": "half_open"}

_TEXTS = {"description", "summary"}
# Maps from names that the API chose. A name there is never a keyword, even if it is "description".
_NAMES = {"properties", "paths", "schemas", "responses", "headers", "parameters", "content", "links", "securitySchemes"}
_VALUES = {"example", "examples", "default", "const"}
_PROBLEM = "application/problem+json"


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One line for each place where the documents describe different APIs."""
    return list(_compare(_shape(old), _shape(new), ""))


def _shape(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.get("components", {}).get("schemas", {})
    words = {f"#/components/schemas/{name}": schema for name, schema in schemas.items() if "enum" in schema}
    shape = _plain(document, words)
    for name in [name for name, schema in schemas.items() if "enum" in schema]:
        del shape["components"]["schemas"][name]
    for item in shape.get("paths", {}).values():
        for operation in item.values():
            responses = operation.get("responses", {})
            for status in [status for status, response in responses.items() if _is_problem(status, response)]:
                del responses[status]
    return shape


def _is_problem(status: str, response: dict[str, Any]) -> bool:
    return status[0] in "45" and set(response.get("content", {})) <= {_PROBLEM}


def _plain(node: Any, words: dict[str, Any]) -> Any:
    """The node without texts, with lists of words in the place of references to them."""
    if isinstance(node, list):
        return [_plain(item, words) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") in words:
        return _plain(words[node["$ref"]], words)
    plain = {}
    for key, value in node.items():
        if key in _TEXTS:
            continue
        if key in _VALUES:
            plain[key] = value
        elif key in _NAMES and isinstance(value, dict):
            plain[key] = {name: _plain(item, words) for name, item in value.items()}
        else:
            plain[key] = _plain(value, words)
    return _nullable(plain)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """`oneOf` with `null` and a list of words, written as one type."""
    ways = schema.get("oneOf")
    if not isinstance(ways, list) or {"type": "null"} not in ways or len(ways) != 2:
        return schema
    (other,) = [way for way in ways if way != {"type": "null"}]
    if "enum" not in other:
        return schema
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    return {**other, **rest, "type": [other["type"], "null"]}


def _compare(old: Any, new: Any, at: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key == "enum" and key not in old:
                continue
            if key == "example" and "enum" in new:
                continue
            place = f"{at}/{key}"
            if key not in new:
                yield f"{place}: only in the old document: {_short(old[key])}"
            elif key not in old:
                yield f"{place}: only in the new document: {_short(new[key])}"
            elif key == "enum":
                yield from _compare_words(old[key], new[key], place)
            elif key in ("required", "type") and isinstance(old[key], list) and isinstance(new[key], list):
                yield from _compare(sorted(old[key]), sorted(new[key]), place)
            else:
                yield from _compare(old[key], new[key], place)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, pair in enumerate(zip(old, new)):
            yield from _compare(*pair, f"{at}/{place}")
    elif old != new or type(old) is not type(new):
        yield f"{at}: {_short(old)} became {_short(new)}"


def _compare_words(old: list[Any], new: list[Any], at: str) -> Iterator[str]:
    before, after = (sorted(RENAMED.get(str(word), str(word)) for word in words) for words in (old, new))
    if before != after:
        yield f"{at}: {_short(old)} became {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: same_shape.py OLD NEW")
    old, new = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:])
    found = differences(old, new)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
