"""Installs the pinned tools into `.venv` and the Node packages of the tests, once for each set of pins.

Every file that pip or npm installs has its hash in a file of this repository, and nothing of it runs while it is
installed (docs/adr/0049-what-is-taken-from-others.md).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import (
    BUILD_VENV,
    CARGO_TOOLS,
    CHECKS_VENV,
    CLIENTS,
    CLIENTS_VENV,
    EMULATOR_VENV,
    GENERATOR_VENV,
    LOCAL,
    ROOT,
    SCAN_VENV,
    VERIFIERS,
)
from hooklane_local.processes import run
from hooklane_local.progress import Failure, say, step

_PIP = LOCAL / "requirements-pip.txt"
_CHECK_TOOLS = {"cargo-deny": "0.20.2", "cargo-machete": "0.9.2"}
_RELEASE_TOOLS = {"cargo-auditable": "0.7.7"}


def require_commands(*commands: str) -> None:
    """Fails with one line that names every program that is not on PATH."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        hints = {"cargo": "cargo (install Rust with rustup)", "make": "make", "bash": "bash"}
        raise Failure("not found on PATH: " + ", ".join(hints.get(command, command) for command in missing))


def install_python_tools() -> None:
    """Installs both virtual environments: one to build and deploy, one for the emulator and the tests."""
    _install_venv(BUILD_VENV, LOCAL / "requirements-build.txt", "sam, cargo-lambda, zig, cfn-lint")
    _install_venv(EMULATOR_VENV, LOCAL / "requirements-emulator.txt", "the emulator and the test runner")


def install_check_tools() -> None:
    """Installs what `make check`, `make audit` and `make pins` run on the repository."""
    _install_venv(CHECKS_VENV, LOCAL / "requirements-checks.txt", "zizmor, pip-audit, uv")
    _install_venv(SCAN_VENV, LOCAL / "requirements-scan.txt", "checkov")


def install_client_tools() -> None:
    """Installs the generator of Python clients that the tests use, and what the clients need."""
    _install_venv(CLIENTS_VENV, LOCAL / "requirements-clients.txt", "openapi-python-client")


def install_generator() -> None:
    """Installs OpenAPI Generator, and what the Python client that it makes needs. Java runs it."""
    _install_venv(GENERATOR_VENV, LOCAL / "requirements-generator.txt", "OpenAPI Generator")


def install_node_packages() -> None:
    """Installs the Node packages that verify deliveries, and those that make and run TypeScript clients."""
    for folder, what in ((VERIFIERS, "the third-party verifiers"), (CLIENTS, "openapi-typescript")):
        _npm_ci(folder, f"{what} (Node packages)")


def _npm_ci(folder: Path, what: str) -> None:
    pins = [folder / "package.json", folder / "package-lock.json"]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()
    # Before it installs, npm removes the folder and with it this stamp.
    stamp = folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with step(f"installing {what}"):
        _twice("npm", lambda: run(["npm", "ci", "--ignore-scripts"], environment=dict(os.environ), cwd=folder))
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(wanted)


def install_cargo_tools() -> None:
    """Installs what only `make check` needs."""
    _cargo_install(_CHECK_TOOLS)


def install_release_tools() -> None:
    """Installs what only `make release` needs."""
    _cargo_install(_RELEASE_TOOLS)


def _cargo_install(tools: dict[str, str]) -> None:
    """They are compiled from source, which takes minutes the first time."""
    require_commands("cargo")
    for name, version in tools.items():
        if _installed_cargo_version(name) == version:
            continue
        with step(f"installing {name} {version} (compiles for a few minutes the first time)"):
            # Without optimisation, because they run for a second and would compile for minutes.
            command = ["cargo", "install", "--debug", "--locked", "--root", CARGO_TOOLS, f"{name}@{version}"]
            run(command, environment=for_build_tools(), cwd=ROOT)


def host_target() -> str:
    """The compiler's name for this machine, e.g. x86_64-unknown-linux-gnu."""
    try:
        said = subprocess.run(["rustc", "-vV"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure("cannot run rustc: install Rust with rustup") from error
    return next(line.split()[1] for line in said.splitlines() if line.startswith("host:"))


def _install_venv(venv: Path, requirements: Path, what: str) -> None:
    pins = [_PIP, requirements]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()
    stamp = venv / ".installed"
    # `exists` follows the link, so it is also False if the Python behind it was removed.
    usable = (venv / "bin" / "python").exists()
    if usable and stamp.exists() and stamp.read_text() == wanted:
        return
    with step(f"installing {what} (takes a minute or two)"):
        stamp.unlink(missing_ok=True)
        # From nothing: pip would keep what is there already, and would not compare it with the hashes.
        _create_venv(venv)
        for path in pins:
            _pip_install(venv, path)
        stamp.write_text(wanted)


def _create_venv(venv: Path) -> None:
    # This program may itself run in the environment that is replaced.
    python = os.path.realpath(sys.executable)
    # Not `venv --clear`: the folder also contains the other environments and cargo's tools.
    for leftover in ("bin", "lib", "lib64", "include"):
        path = venv / leftover
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)
    made = subprocess.run([python, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        reason = (made.stdout + made.stderr).strip().splitlines()
        raise Failure(
            f"{python} cannot create a virtual environment "
            f"(on Debian: apt-get install python3-venv): {reason[-1] if reason else 'no reason given'}"
        )


def _pip_install(venv: Path, requirements: Path) -> None:
    command = [
        venv / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "--progress-bar",
        "off",
        "--require-hashes",
        # A source distribution runs code of its own while it is built.
        "--only-binary",
        ":all:",
        "-r",
        requirements,
    ]
    _twice("pip", lambda: run(command, environment=dict(os.environ), cwd=ROOT))


def _twice(name: str, install: Callable[[], None]) -> None:
    """Tries twice, because package registries drop a connection now and then."""
    try:
        install()
    except Failure:
        say(f"    {name} failed, trying again")
        install()


def _installed_cargo_version(name: str) -> str | None:
    program = CARGO_TOOLS / "bin" / name
    if not program.exists():
        return None
    # From cargo's own record, because each program prints its version in another way.
    record = CARGO_TOOLS / ".crates.toml"
    for line in record.read_text().splitlines() if record.exists() else []:
        if line.startswith(f'"{name} '):
            return line.split()[1]
    return None
