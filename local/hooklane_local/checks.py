"""The steps of `make check`."""

import os
import subprocess
import sys

from hooklane_local import compiling
from hooklane_local.circles import require_no_circles
from hooklane_local.environment import for_build_tools
from hooklane_local.paths import BUILD_VENV, CARGO_TOOLS, CHECKS_VENV, LOCAL, ROOT, SAM
from hooklane_local.processes import run
from hooklane_local.profile import REGION
from hooklane_local.progress import Failure, say, step


def run_checks() -> None:
    """Runs one step after the other and ends at the first that fails."""
    environment = for_build_tools()
    # The caller's own compiler flags must not change what the lints and the documentation find.
    environment.pop("RUSTFLAGS", None)
    shared = compiling.options()
    checks = [
        ("formatting", ["cargo", "fmt", "--all", "--check"]),
        ("clippy", ["cargo", "clippy", "--locked", *shared, "--all-targets", "--", "-D", "warnings"]),
        ("documentation", ["cargo", "doc", "--locked", *shared, "--no-deps"]),
        ("licences, sources and build scripts of dependencies", _deny("bans", "licenses", "sources")),
        ("unused dependencies", [CARGO_TOOLS / "bin" / "cargo-machete"]),
        ("workflows", [CHECKS_VENV / "bin" / "zizmor", "--offline", "--no-progress", "--pedantic", ".github"]),
        ("template.yaml", [SAM, "validate", "--lint", "--template", ROOT / "template.yaml", "--region", REGION]),
        ("assertions on template.yaml, and their mutations", [BUILD_VENV / "bin" / "python", "-m", "hooklane_local.template"]),
        ("template.yaml by cfn-lint and checkov", [BUILD_VENV / "bin" / "python", "-m", "hooklane_local.template.scanners"]),
        ("examples of templates", [BUILD_VENV / "bin" / "cfn-lint", *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]),
        ("Python sources", [sys.executable, "-m", "compileall", "-q", "local", "tests"]),
    ]
    for name, command in checks:
        with step(name):
            run(command, environment={**environment, "RUSTDOCFLAGS": "-Dwarnings", "PYTHONPATH": str(LOCAL)}, cwd=ROOT)
    with step("import circles"):
        require_no_circles()
    with step("known vulnerabilities of dependencies"):
        _check_advisories(environment)


def _check_advisories(environment: dict[str, str]) -> None:
    """Needs the advisory database. A machine that cannot fetch it gets a warning; on GitHub that is a failure."""
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
            raise Failure(f"cannot fetch the advisory database: {reason}")
        say(f"!!! NOT CHECKED for known vulnerabilities: cannot fetch the advisory database ({reason})")
        return
    run(_deny("advisories", offline=True), environment=environment, cwd=ROOT)


def _deny(*what: str, offline: bool = False) -> list:
    options = ["--offline"] if offline else []
    return [CARGO_TOOLS / "bin" / "cargo-deny", "--all-features", "--locked", *options, "check", *what]
