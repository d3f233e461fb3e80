"""Checks the running API against docs/openapi.json, with schemathesis."""

import json
import uuid
from pathlib import Path

from hooklane_local.client import LocalStack
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import EMULATOR_VENV, ROOT
from hooklane_local.processes import run_side_by_side
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure, say

_DOCUMENT = ROOT / "docs" / "openapi.json"
_CONFIGURATION = ROOT / "tests" / "openapi" / "schemathesis.toml"
_REMOVAL = "deleteTenant"
_TENANT_HEADER = "X-Tenant-Id"
# The emulator takes a tenth of a second per request, so several processes run side by side. (The threads
# of schemathesis do not help: they break the generator's cache of source lines.)
_SIDE_BY_SIDE = 6
# The examples of each operation when a seed is asked for.
_THOROUGH = "100"


def hold_against_document(profile: Profile, stack: LocalStack, seed: int | None = None) -> None:
    """Calls every operation with examples from its schemas, and follows the document's links.

    Runs after the other tests: it has the operator's key and removes tenants that it finds. That comes last,
    because nothing can be done for a removed tenant. Without a seed, that of the configuration is taken, and as
    many examples as CI has time for.
    """
    seeded = [] if seed is None else ["--seed", str(seed)]
    thorough = [] if seed is None else ["--max-examples", _THOROUGH]
    document = _of_one_tenant(json.loads(_DOCUMENT.read_text()))
    operations = sorted(
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if operation["operationId"] != _REMOVAL
    )
    folder = profile.state / "schemathesis"
    folder.mkdir(exist_ok=True)
    described = folder / "openapi.json"
    described.write_text(json.dumps(document))
    parts = {f"operations-{n + 1}": [*_of(operations[n::_SIDE_BY_SIDE]), *thorough] for n in range(_SIDE_BY_SIDE)}
    # Following links takes many requests. The other parts test each operation's examples.
    parts["links"] = ["--phases", "stateful", "--max-examples", "10", "--exclude-operation-id", _REMOVAL]
    failed = []
    for some in (parts, {"removal": _of([_REMOVAL])}):
        commands = {
            folder / f"{name}.log": _command(stack, described, [*arguments, *seeded]) for name, arguments in some.items()
        }
        failed += run_side_by_side(commands, environment=for_build_tools(), cwd=folder)
    for log in failed:
        say(f"\n--- {log.stem}")
        say(log.read_text(errors="replace"))
    if failed:
        raise Failure(f"the API does not conform to docs/openapi.json: {', '.join(log.stem for log in failed)}")


def _of(operations: list[str]) -> list[str]:
    included = [argument for name in operations for argument in ("--include-operation-id", name)]
    return ["--phases", "examples,coverage,fuzzing", *included]


def _of_one_tenant(document: dict) -> dict:
    """Without the header that names the tenant: every request of a run has the run's own."""
    for item in document["paths"].values():
        for operation in item.values():
            kept = [p for p in operation.get("parameters", []) if p["name"] != _TENANT_HEADER]
            operation["parameters"] = kept
    return document


def _command(stack: LocalStack, document: Path, arguments: list[str]) -> list:
    """Runs as the operator, for a new tenant without a rate limit."""
    tenant = f"schemathesis-{uuid.uuid4().hex[:8]}"
    stack.api(None).put(f"/api/v1/tenants/{tenant}", {"requestsPerMinute": 0}).expect(200)
    headers = {
        "Authorization": f"Bearer {stack.description['operatorKey']}",
        _TENANT_HEADER: tenant,
    }
    return [
        EMULATOR_VENV / "bin" / "st",
        "--config-file",
        _CONFIGURATION,
        "--no-color",
        "run",
        document,
        "--url",
        f"{stack.description['apiUrl']}/api/v1",
        *(argument for header, value in headers.items() for argument in ("--header", f"{header}: {value}")),
        *arguments,
    ]
