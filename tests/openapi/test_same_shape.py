"""What counts as the same API, and what does not."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from same_shape import differences

HERE = Path(__file__).parent
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "An API", "description": "old"},
    "paths": {
        "/things": {
            "get": {
                "summary": "old",
                "parameters": [
                    {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["open", "half-open"]}}
                ],
                "responses": {
                    "200": {
                        "description": "old",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "400": {"description": "old", "content": {"application/problem+json": {"schema": {}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id", "description"],
                "properties": {
                    "id": {"type": "string", "description": "old", "example": "a"},
                    "description": {"type": "string"},
                    "reason": {"type": ["string", "null"], "example": "a reason"},
                },
            }
        }
    },
}


def changed(change) -> list[str]:
    """The differences after a change of a copy of the document."""
    new = copy.deepcopy(DOCUMENT)
    change(new)
    return differences(DOCUMENT, new)


def get(document):
    return document["paths"]["/things"]["get"]


def thing(document):
    return document["components"]["schemas"]["Thing"]


def name_the_reason(document):
    document["components"]["schemas"]["Reason"] = {"type": "string", "enum": ["gone"], "description": "new"}
    thing(document)["properties"]["reason"] = {
        "oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Reason", "description": "new"}]
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda d: None,
        lambda d: d["info"].update(description="new"),
        lambda d: get(d).update(summary="new", description="new"),
        lambda d: get(d)["responses"].update({"422": {"description": "new"}}),
        lambda d: get(d)["responses"].pop("400"),
        lambda d: thing(d)["properties"]["id"].pop("description"),
        lambda d: thing(d)["required"].reverse(),
        lambda d: get(d)["parameters"][0]["schema"].update(enum=["half_open", "open"]),
        name_the_reason,
    ],
)
def test_texts_errors_and_named_words_may_differ(change):
    assert changed(change) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: get(d)["responses"].pop("200"), "/paths//things/get/responses/200"),
        (lambda d: d["paths"].update({"/more": {}}), "/paths//more"),
        (lambda d: get(d)["parameters"][0].update(name="status"), "/paths//things/get/parameters/0/name"),
        (lambda d: thing(d)["properties"].pop("description"), "/components/schemas/Thing/properties/description"),
        (lambda d: thing(d)["required"].remove("id"), "/components/schemas/Thing/required"),
        (lambda d: thing(d)["properties"]["id"].update(type="integer"), "/components/schemas/Thing/properties/id/type"),
        (lambda d: thing(d)["properties"]["id"].update(example="b"), "/components/schemas/Thing/properties/id/example"),
        (
            lambda d: get(d)["parameters"][0]["schema"].update(enum=["open"]),
            "/paths//things/get/parameters/0/schema/enum",
        ),
        (
            lambda d: get(d)["parameters"][0]["schema"].pop("enum"),
            "/paths//things/get/parameters/0/schema/enum",
        ),
    ],
)
def test_anything_else_is_a_difference(change, place):
    found = changed(change)
    assert len(found) == 1 and found[0].startswith(f"{place}: "), found


def test_an_error_with_a_body_of_its_own_is_compared():
    old = copy.deepcopy(DOCUMENT)
    get(old)["responses"]["503"] = {"description": "down", "content": {"application/json": {"schema": {}}}}
    assert differences(old, DOCUMENT) != []


def test_the_program_prints_differences_and_fails(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    new.write_text(json.dumps({**DOCUMENT, "openapi": "3.0.0"}), encoding="utf-8")
    program = [sys.executable, HERE / "same_shape.py"]
    failed = subprocess.run([*program, old, new], capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stdout) == (1, '/openapi: "3.1.0" became "3.0.0"\n')
    same = subprocess.run([*program, old, old], capture_output=True, text=True, check=False)
    assert (same.returncode, same.stdout) == (0, "")
