"""The OpenAPI documents of requests to receivers, as the snapshots of `shared/app` have them: valid by another's schema
of OpenAPI 3.1, and read by a generator of types. No stack is needed."""

import json
import shutil

import generators
import pytest
from hooklane_local.paths import CLIENTS, ROOT
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

SNAPSHOTS = sorted((ROOT / "shared/app/src/openapi/document/snapshots").glob("*.snap"))


def document(snapshot) -> dict:
    """The document after the snapshot's head, which is between two lines of dashes."""
    _, _, text = snapshot.read_text().split("---\n", 2)
    return json.loads(text)


def test_there_are_snapshots():
    assert len(SNAPSHOTS) >= 3


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda path: path.stem)
def test_a_document_is_valid_openapi(snapshot):
    described = document(snapshot)
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(described)] == []
    # It finds a mistake, if there is one.
    described["webhooks"]["ping"]["post"]["parameters"][0]["in"] = "body"
    assert not OPENAPI_31_VALIDATOR.is_valid(described)


def test_openapi_typescript_makes_types_of_a_document(tmp_path):
    (standard,) = [path for path in SNAPSHOTS if path.stem.endswith("standard")]
    described = document(standard)
    (tmp_path / "webhooks.json").write_text(json.dumps(described))
    generators.node_folder(tmp_path)
    generators.types_of(tmp_path / "webhooks.json", tmp_path / "webhooks.d.ts")
    shutil.copy(CLIENTS / "openapi_webhooks.ts", tmp_path)
    generators.compile_all(tmp_path)
    post = described["webhooks"]["order.created"]["post"]
    headers = {parameter["name"]: parameter.get("example") for parameter in post["parameters"]}
    request = post["requestBody"]["content"]["application/json"]["example"]
    given = {"SENT": json.dumps(request), "HEADERS": json.dumps(headers)}
    said = generators.run(["node", "out/openapi_webhooks.js"], tmp_path, given)
    assert said.splitlines() == ["Ulm, 12.5, s-1", f"{headers['webhook-id']} 1767225600"]
