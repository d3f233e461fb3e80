"""Fixtures of the tests of generated clients: a running stack, a new tenant and a receiver for each test.

`make test` brings a stack. While one of `make up` is running, `.venv/emulator/bin/python -m pytest tests/clients` uses
that one.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "local"), str(ROOT / "tests" / "e2e")]

from hooklane_local import behaviours  # noqa: E402 - after the path is known
from hooklane_local.receiver import Receiver  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: needs Java and takes minutes, so only `make long` runs it")


@pytest.fixture(scope="session")
def stack() -> dict:
    """What `stack.json` says: the file that HOOKLANE_STACK names, or else that of `make up`."""
    described = Path(os.environ.get("HOOKLANE_STACK", ROOT / ".local" / "stack.json"))
    if not described.exists():
        pytest.exit(f"no stack is running ({described} is missing): start one with `make up`", 2)
    return json.loads(described.read_text())


@pytest.fixture
def receiver():
    """Takes everything at `/steady` and `/hook`, and at `/broken` after two failures."""
    paths = {"/steady": behaviours.ok(), "/hook": behaviours.ok(), "/broken": behaviours.failing(2)}
    with Receiver(behaviours.by_path(paths)) as started:
        yield started


@pytest.fixture
def settings(stack, receiver) -> dict[str, str]:
    """The environment of a program that uses a client: where the API is, a key, a new tenant, a receiver."""
    return {
        "HOOKLANE_URL": f"{stack['apiUrl']}/api/v1",
        "HOOKLANE_KEY": stack["operatorKey"],
        "TENANT": f"t-{uuid.uuid4().hex[:12]}",
        "RECEIVER": receiver.url("").rstrip("/"),
    }
