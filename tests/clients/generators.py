"""Generates clients from docs/openapi.json, and runs programs that use them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hooklane_local.paths import CLIENTS, CLIENTS_VENV, GENERATOR_VENV, ROOT
from hooklane_local.receiver_languages import NODE_PACKAGES
from languages import require

_DOCUMENT = "docs/openapi.json"
# The name of the generated package in Python.
PACKAGE = "hooklane_client"
PYTHON_OPTIONS = ["generate", "--path", _DOCUMENT, "--meta", "none", "--output-path", PACKAGE]
TYPESCRIPT_OPTIONS = [_DOCUMENT, "-o", "schema.d.ts"]
_NODE_MODULES = CLIENTS / "node_modules"
_OPENAPI_TYPESCRIPT = _NODE_MODULES / "openapi-typescript" / "bin" / "cli.js"
# A compiler or a generator starts, on a machine that may be busy.
_WITHIN_SECONDS = 300


class Failed(AssertionError):
    """A program failed; the text is what it said."""


def run(command: list, folder: Path, settings: dict[str, str] | None = None) -> str:
    """Runs a program in this folder. Returns what it wrote to standard output."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=_WITHIN_SECONDS,
        check=False,
    )
    if ended.returncode != 0:
        raise Failed(f"{command[0]} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout


def run_python(venv: Path, command: list, folder: Path, settings: dict[str, str]) -> str:
    """Runs a program in Python that imports what was generated in this folder."""
    more = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return run([venv / "bin" / "python", *command], folder, {**settings, **more})


def python_client(folder: Path) -> None:
    """openapi-python-client: makes the package in this folder. Whatever it leaves out is a failure."""
    _installed(CLIENTS_VENV, "make test")
    # It formats what it has made with ruff, which is beside it.
    path = {"PATH": os.pathsep.join([str(CLIENTS_VENV / "bin"), os.environ.get("PATH", os.defpath)])}
    command = [CLIENTS_VENV / "bin" / "openapi-python-client", *_with_the_document(PYTHON_OPTIONS), "--fail-on-warning"]
    run(command, folder, path)


def typescript_types(folder: Path) -> None:
    """openapi-typescript: makes `schema.d.ts` in this folder."""
    node_folder(folder)
    run(["node", _OPENAPI_TYPESCRIPT, *_with_the_document(TYPESCRIPT_OPTIONS)], folder)


def types_of(document: Path, types: Path) -> None:
    """openapi-typescript: makes the types of another document in this file, in a folder of Node."""
    run(["node", _OPENAPI_TYPESCRIPT, document, "-o", types], types.parent)


def generator_options(generator: str) -> list[str]:
    """What OpenAPI Generator is told for this language."""
    more = {
        "python": ["--package-name", PACKAGE],
        "typescript-fetch": ["--additional-properties=importFileExtension=.js"],
    }[generator]
    return ["generate", "-i", _DOCUMENT, "-g", generator, "-o", "hooklane", *more]


def openapi_generator(generator: str, folder: Path) -> None:
    """OpenAPI Generator: makes a client in `hooklane` below this folder. A schema that it does not understand is a
    failure."""
    require("java")
    _installed(GENERATOR_VENV, "make long")
    program = GENERATOR_VENV / "bin" / "openapi-generator-cli"
    said = run([program, *_with_the_document(generator_options(generator))], folder)
    assert " ERROR " not in said, "\n".join(line for line in said.splitlines() if " ERROR " in line)


def node_folder(folder: Path) -> None:
    """Makes the Node packages available in this folder."""
    require(*NODE_PACKAGES)
    assert (_NODE_MODULES / ".installed").exists(), f"run `make test` once: it runs `npm ci --ignore-scripts` in {CLIENTS}"
    (folder / "node_modules").symlink_to(_NODE_MODULES)
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(CLIENTS / name, folder)


def compile_all(folder: Path) -> None:
    """Compiles the programs in TypeScript, and what they import, into `out`. What the types do not allow is a
    failure."""
    run(["node", _NODE_MODULES / "typescript" / "bin" / "tsc", "--project", "."], folder)


def snippets(page: Path, language: str) -> list[str]:
    """The blocks of this language in a page."""
    return list(_blocks(page.read_text().splitlines(keepends=True), language))


def _blocks(lines: list[str], language: str) -> Iterator[str]:
    block: list[str] | None = None
    for line in lines:
        if block is None and line.strip() == f"```{language}":
            block = []
        elif block is not None and line.strip() == "```":
            yield "".join(block)
            block = None
        elif block is not None:
            block.append(line)


def _with_the_document(options: list[str]) -> list:
    """The options with the document's path, which they have as it is from the root of the repository."""
    return [ROOT / option if option == _DOCUMENT else option for option in options]


def _installed(venv: Path, command: str) -> None:
    assert (venv / ".installed").exists(), f"run `{command}` once: it installs what this test needs"
