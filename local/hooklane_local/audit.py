"""`make audit`: whether anything that is pinned has become known as vulnerable.

It asks databases on the network, so it is not part of `make check`: a new advisory must not stop a change that has
nothing to do with it. A workflow runs it every day.
"""

import os

from hooklane_local.environment import for_build_tools
from hooklane_local.paths import CARGO_TOOLS, CHECKS_VENV, CLIENTS, LOCAL, ROOT, VERIFIERS
from hooklane_local.pins import SETS
from hooklane_local.processes import run
from hooklane_local.progress import Failure, say, step


def run_audit() -> None:
    """Asks every database, and fails at the end if one of them knows something or could not be asked."""
    failed = []
    for name, command, folder in _audits():
        try:
            with step(name):
                run(command, environment=for_build_tools(), cwd=folder)
        except Failure as failure:
            say(f"    {failure}")
            failed.append(name)
    if failed:
        raise Failure("found something, or could not be asked: " + "; ".join(failed))


def _audits() -> list[tuple]:
    pip_audit = [CHECKS_VENV / "bin" / "pip-audit", "--progress-spinner", "off", "--strict"]
    # As they are pinned, without installing them.
    pip_audit += ["--require-hashes", "--disable-pip"]
    audits = [
        ("crates", [CARGO_TOOLS / "bin" / "cargo-deny", "--all-features", "--locked", "check", "advisories"], ROOT),
        *(
            (f"Python packages of {name}", [*pip_audit, "-r", LOCAL / f"requirements-{name}.txt"], ROOT)
            for name in SETS
        ),
        ("Node packages of the verifiers", ["npm", "audit", "--package-lock-only"], VERIFIERS),
        ("Node packages of the clients", ["npm", "audit", "--package-lock-only"], CLIENTS),
    ]
    if os.environ.get("GH_TOKEN"):
        audits.append(("actions of the workflows", [CHECKS_VENV / "bin" / "zizmor", "--no-progress", ".github"], ROOT))
    else:
        say("!!! NOT ASKED about the actions of the workflows: that needs GH_TOKEN")
    return audits
