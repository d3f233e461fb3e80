"""Clients that others' generators make from docs/openapi.json do what a platform does, on the local stack.

Each program registers a webhook with a retry preset and one with a schedule, lists by pages, publishes singly (an
object, a list, a text, a number) and in a batch of which one event is refused, retries a delivery, and reads the wrong
fields of a 422; with the operator key for a tenant, and with that tenant's token. It asserts what it is answered, and
prints what it published. Here that is compared with what the receiver got.

openapi-python-client and openapi-typescript take about half a minute together, on two processors that do nothing else.
The tests of OpenAPI Generator take about a minute and run in `make long`.
"""

import json
import shutil
from pathlib import Path

import generators
import pytest
from hooklane_local.paths import CLIENTS, ROOT
from hooklane_local.receiver import Receiver
from hooklane_local.signature import verified

PAGE = ROOT / "docs" / "clients.md"


def holds_for_the_receiver(said: str, receiver: Receiver) -> None:
    """Whether the receiver got every event that the program published, once or as often as it failed."""
    printed = json.loads(said)
    published, secrets = printed["published"], printed["secrets"]
    got: dict[str, list] = {}
    for request in receiver.requests:
        verified(request, secrets[request.path])
        got.setdefault(request.headers["webhook-id"], []).append((request.path, json.loads(request.body)["data"]))
    assert len(published) == 6
    retried = {"invoiceId": "I-7"}
    expected = {
        event: [("/broken", data)] * 3 if data == retried else [("/steady", data)] for event, data in published.items()
    }
    assert got == expected


@pytest.fixture(scope="session")
def python_folder(tmp_path_factory) -> Path:
    """A folder with the client that openapi-python-client made."""
    folder = tmp_path_factory.mktemp("python")
    generators.python_client(folder)
    return folder


@pytest.fixture(scope="session")
def typescript_folder(tmp_path_factory) -> Path:
    """A folder with the types that openapi-typescript made, and what `tsc` made of the programs that use them."""
    folder = tmp_path_factory.mktemp("typescript")
    generators.typescript_types(folder)
    (snippet,) = generators.snippets(PAGE, "ts")
    (folder / "page.ts").write_text(snippet)
    shutil.copy(CLIENTS / "openapi_typescript.ts", folder)
    generators.compile_all(folder)
    return folder / "out"


def test_the_client_of_openapi_python_client(python_folder, settings, receiver):
    program = CLIENTS / "openapi_python_client.py"
    said = generators.run_python(generators.CLIENTS_VENV, [program], python_folder, settings)
    holds_for_the_receiver(said, receiver)


def test_the_client_of_openapi_typescript(typescript_folder, settings, receiver):
    holds_for_the_receiver(generators.run(["node", "openapi_typescript.js"], typescript_folder, settings), receiver)


@pytest.mark.long
def test_the_python_client_of_openapi_generator(tmp_path, settings, receiver):
    generators.openapi_generator("python", tmp_path)
    program = CLIENTS / "openapi_generator_python.py"
    said = generators.run_python(generators.GENERATOR_VENV, [program], tmp_path / "hooklane", settings)
    holds_for_the_receiver(said, receiver)


@pytest.mark.long
def test_the_typescript_fetch_client_of_openapi_generator(tmp_path, settings, receiver):
    generators.openapi_generator("typescript-fetch", tmp_path)
    generators.node_folder(tmp_path)
    shutil.copy(CLIENTS / "openapi_generator_typescript.ts", tmp_path)
    generators.compile_all(tmp_path)
    said = generators.run(["node", "out/openapi_generator_typescript.js"], tmp_path, settings)
    holds_for_the_receiver(said, receiver)


# The page shows how to make a client. What it shows is what is run here.


def of_this_test(program: str, settings: dict[str, str]) -> str:
    """A program of the page with this test's receiver and tenant."""
    return program.replace("http://127.0.0.1:9000", settings["RECEIVER"]).replace("acme", settings["TENANT"])


def commands_of_the_page() -> list[list[str]]:
    text = "".join(generators.snippets(PAGE, "sh"))
    return [line.split() for line in text.splitlines()]


def test_the_page_makes_clients_as_the_tests_do():
    commands = commands_of_the_page()
    assert ["openapi-python-client", *generators.PYTHON_OPTIONS] in commands
    assert ["npx", "openapi-typescript", *generators.TYPESCRIPT_OPTIONS] in commands
    for generator in ("python", "typescript-fetch"):
        assert ["openapi-generator-cli", *generators.generator_options(generator)] in commands


def test_the_pages_program_in_python(python_folder, settings, receiver):
    (program,) = generators.snippets(PAGE, "python")
    command = ["-c", of_this_test(program, settings)]
    delivered_by_the_page(generators.run_python(generators.CLIENTS_VENV, command, python_folder, settings), receiver)


def test_the_pages_program_in_typescript(typescript_folder, settings, receiver):
    program = typescript_folder / "page_of_this_test.js"
    program.write_text(of_this_test((typescript_folder / "page.js").read_text(), settings))
    delivered_by_the_page(generators.run(["node", program], typescript_folder, settings), receiver)


def delivered_by_the_page(said: str, receiver: Receiver) -> None:
    """Whether a program of the page published an event that arrived, and said what is wrong with a webhook."""
    (request,) = receiver.wait_for(1, timeout=60)
    assert json.loads(request.body)["data"] == {"orderId": "1002", "total": 99.9}
    registered, first, *wrong = said.splitlines()
    assert registered.startswith("registered wh_") and " with the secret whsec_" in registered
    assert first == f"published {request.headers['webhook-id']}"
    assert {line.split(": ")[0] for line in wrong} == {"events[1]", "filter", "url"}
