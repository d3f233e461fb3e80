"""What `make check` looks at."""

import os
import subprocess
import sys

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import CARGO_TOOLS, ROOT, SAM
from hooklane_local.processes import run
from hooklane_local.profile import REGION
from hooklane_local.progress import Failure, say, step
from hooklane_local.tools import host_target


def run_checks() -> None:
    """Everything in turn; the first that fails ends it."""
    environment = for_build_tools()
    # Nothing of the lints or the documentation may depend on a person's flags.
    environment.pop("RUSTFLAGS", None)
    # The target is named so that build scripts and macros are the ones that the tests use too.
    target = ["--target", host_target()]
    checks = [
        ("formatting", ["cargo", "fmt", "--all", "--check"]),
        ("clippy", ["cargo", "clippy", "--locked", "--workspace", "--all-targets", *target, "--", "-D", "warnings"]),
        ("documentation", ["cargo", "doc", "--workspace", "--no-deps", *target]),
        ("licences, sources and duplicates of dependencies", _deny("bans", "licenses", "sources")),
        ("unused dependencies", [CARGO_TOOLS / "bin" / "cargo-machete"]),
        ("template.yaml", [SAM, "validate", "--lint", "--template", ROOT / "template.yaml", "--region", REGION]),
        ("Python sources", [sys.executable, "-m", "compileall", "-q", "local", "tests"]),
    ]
    for name, command in checks:
        with step(name):
            run(command, environment={**environment, "RUSTDOCFLAGS": "-Dwarnings"}, cwd=ROOT)
    with step("known vulnerabilities of dependencies"):
        _check_advisories(environment)


def _check_advisories(environment: dict[str, str]) -> None:
    """Needs the advisory database. A machine that cannot fetch it is told so; CI must be able to."""
    fetched = subprocess.run(
        [str(part) for part in [CARGO_TOOLS / "bin" / "cargo-deny", "fetch", "db"]],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode != 0:
        reason = (fetched.stderr.strip().splitlines() or ["no reason given"])[-1]
        if os.environ.get("GITHUB_ACTIONS"):
            raise Failure(f"the advisory database could not be fetched: {reason}")
        say(f"!!! NOT CHECKED for known vulnerabilities: the advisory database cannot be fetched here ({reason})")
        return
    run(_deny("advisories", offline=True), environment=environment, cwd=ROOT)


def _deny(*what: str, offline: bool = False) -> list:
    options = ["--offline"] if offline else []
    return [CARGO_TOOLS / "bin" / "cargo-deny", "--all-features", *options, "check", *what]
