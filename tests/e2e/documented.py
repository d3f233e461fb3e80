"""Runs the commands of the documentation as a reader pastes them: block after block, in one shell."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hooklane_local import shell_programs
from hooklane_local.environment import for_aws_clients
from hooklane_local.paths import ROOT

# Blocks that no test runs, by a part of their text, with the reason. Their syntax is checked all the same
# (tests/local/test_documented_commands.py).
NOT_RUN = {
    "README.md": {
        "from standardwebhooks.webhooks": "a part of a receiver; tests/e2e/test_verifiers.py does the same",
        "make demo": "starts a stack of its own; .ci/run runs it",
        "make up": "starts a stack, which these tests have already",
        "./install.sh": "deploys to AWS; tests/local/test_install.py runs it",
        "sam build && sam deploy --guided": "asks questions, and deploys to AWS",
    },
    "deploy/RELEASE.md": {
        "./install.sh": "deploys to AWS; tests/local/test_install.py runs it",
    },
    "CONTRIBUTING.md": {
        "cargo test -p hooklane-aws --test conformance": "make test runs the suite",
    },
    "docs/clients.md": {
        "export HOOKLANE_URL": "names the local stack; tests/clients sets these variables",
        "pip install openapi-python-client": "installs packages; tests/clients runs the generator",
        "from hooklane_client import": "needs the generated client; tests/clients runs it",
        "npm install": "installs packages; tests/clients runs the generator",
        "pip install openapi-generator-cli": "installs packages; make long runs the generator",
    },
    "docs/contracts.md": {
        "make contract": "compiles a program; the end-to-end tests check the contracts themselves",
    },
    "docs/deploying.md": {
        "./install.sh": "deploys to AWS; tests/local/test_install.py runs it",
        "make release": "compiles; tests/local/test_release.py makes one of ready programs",
        "sam build && sam deploy --guided": "asks questions, and deploys to AWS",
        "aws service-quotas": "the emulator has no quotas",
        "aws logs filter-log-events": "the emulator keeps the functions' logs in its own log",
        "aws cloudformation delete-stack": "would delete the stack of the tests",
        "aws dynamodb delete-table": "would delete the tables of the tests",
    },
    "docs/releasing.md": {
        "git tag --sign": "makes a tag and pushes it",
        "gh attestation verify": "downloads a published release",
        "gh release edit": "publishes a release",
        "sam publish": "publishes to AWS; its metadata is held by tests/local/test_serverless_repository.py",
    },
    "docs/embedding.md": {
        "PortalFrameAncestors=https": "deploys to AWS; tests/browser deploys a stack with the parameter",
        "settings-page/embedded.py": "serves until it is stopped; tests/browser/test_embedding.py runs it",
        "settings-page/own.py": "serves until it is stopped; tests/browser/test_embedding.py runs it",
    },
    "docs/runbooks/bad-release.md": {
        "git switch --detach": "changes the checkout, compiles, and deploys to AWS; tests/local checks its syntax",
        "continue-update-rollback": "AWS refuses it unless a rollback has failed; its options are held offline",
    },
    "docs/runbooks/egress.md": {
        "FixedEgress=nat-ready": "deploys to AWS, and asks; tests/local holds its parameters against the template",
        "FixedEgress=nat\n": "deploys to AWS, and asks; tests/local holds its parameters against the template",
        "FixedEgress=subnets": "deploys to AWS, and asks; tests/local holds its parameters against the template",
        "FixedEgress=none": "deploys to AWS, and asks; tests/local holds its parameters against the template",
        "FixedEgress=\n": "deploys to AWS, and asks; tests/local holds its parameters against the template",
    },
    "docs/upgrading.md": {
        "./install.sh\n": "deploys to AWS; tests/local/test_install.py runs it",
        "--rollback-to": "deploys to AWS; tests/local/test_install.py runs it",
    },
    "docs/runbooks/function-throttles.md": {
        "get-service-quota": "the emulator has no service quotas; its options are held offline",
        "request-service-quota-increase": "the emulator has no service quotas; its options are held offline",
    },
    "docs/runbooks/leaked-key.md": {
        "cloudtrail lookup-events": "the emulator records no events; its options are held offline",
    },
    "docs/sam-local.md": {
        "sam build": "compiles the functions for AWS, and needs Docker",
        "ip -4 -o addr show docker0": "needs Docker",
        'python3 - "$GATEWAY"': "needs Docker",
        "invoke() { sam local invoke": "needs Docker",
    },
}

# The languages whose blocks are run: Python with what the tests have installed.
RUN = ("sh", "python")

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def why_not_run(self) -> str | None:
        reasons = NOT_RUN.get(self.page, {})
        return next((reason for part, reason in reasons.items() if part in self.text), None)


def blocks_of(page: str) -> list[Block]:
    """All fenced blocks of a page that name their language."""
    text = (ROOT / page).read_text()
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2]) for found in _FENCE.finditer(text)
    ]


def require_programs() -> Path:
    """The AWS CLI; skips the running test if it or another program of the pages is missing."""
    lacking = shell_programs.missing()
    if lacking:
        pytest.skip(f"needs {' and '.join(lacking)}")
    return shell_programs.aws_cli()


def checkout(folder: Path, stack_file: Path) -> Path:
    """A folder that looks like the checkout after `make up`, with the stack of the tests as the running one."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in (".local", ".git"):
            (folder / entry.name).symlink_to(entry)
    (folder / ".local").mkdir()
    (folder / ".local" / "stack.json").symlink_to(stack_file)
    return folder


class Reader:
    """Somebody who pastes the shell blocks of a page into a shell, in their order.

    The shell ends at the first command that fails, and at a variable that is not set. `replace` are texts that
    the reader changes: a port that is taken, the name of a tenant.
    """

    def __init__(
        self, page: str | None, folder: Path, stack_file: Path, replace: dict[str, str], endpoint: str | None = None
    ):
        aws = require_programs()
        self._left: list[Block] = []
        self._replace = self._always = replace
        if page:
            self.turn_to(page, {})
        self._folder = checkout(folder / "checkout", stack_file)
        self._count = 0
        self._background: list[subprocess.Popen] = []
        programs = folder / "bin"
        programs.mkdir()
        # With an endpoint, `aws` means the local stack without being told, as it means AWS on a user's machine.
        options = f'--endpoint-url "{endpoint}" ' if endpoint else ""
        (programs / "aws").write_text(f'#!/bin/sh\nexec "{aws}" {options}"$@"\n')
        (programs / "aws").chmod(0o755)
        (programs / "python3").symlink_to(sys.executable)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        offline = for_aws_clients(endpoint or "")
        if endpoint is None:
            # What the page itself has to set.
            offline = {name: offline[name] for name in offline if name not in _SET_BY_THE_PAGE}
        self._environment = {
            **kept,
            **offline,
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "HOOKLANE_STACK": str(stack_file),
        }
        self._scratch = folder

    def __enter__(self) -> "Reader":
        self._shell = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(self, failed: type | None, *_exception) -> None:
        while self._background:
            self.stop()
        self._shell.kill()
        self._shell.communicate()
        if failed is None:
            self._finish()

    def turn_to(self, page: str, replace: dict[str, str]) -> None:
        """Goes on with another page in the same shell. Every block of the page before has to be pasted."""
        self._finish()
        self._left = [block for block in blocks_of(page) if block.language in RUN and not block.why_not_run]
        # Kept, and not copied: a test may add what it learns while it reads the page.
        self._replace = replace

    def prepare(self) -> None:
        """Pastes what the runbooks ask for before they begin: the variable block of docs/operations.md."""
        variables, local, address, *_ = (each for each in blocks_of("docs/operations.md") if each.language == "sh")
        for block in (local, variables, address):
            self.run(self._adapted(block))

    def give_up(self) -> None:
        """Leaves the rest of the page unread, after a failure."""
        self._left = []

    def _finish(self) -> None:
        assert not self._left, f"not run: {[(block.page, block.line) for block in self._left]}"

    def paste(self, part: str) -> str:
        """Pastes the next block, which contains this text. Returns what it prints."""
        return self.run(self._next(part))

    def hold(self, part: str) -> str:
        """Takes the next block without pasting it yet."""
        return self._next(part)

    def start(self, part: str) -> Path:
        """Pastes the next block into a second shell, where it keeps running. Returns the file of its output."""
        text = self._next(part)
        output = self._scratch / f"background-{len(self._left)}"
        with open(output, "wb") as file:
            self._background.append(
                subprocess.Popen(
                    ["bash", "-euc", text],
                    cwd=self._folder,
                    env={**self._environment, "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    # A group of its own, so that what the shell started ends with it.
                    start_new_session=True,
                )
            )
        return output

    def stop(self) -> None:
        """Ends what was started last."""
        process = self._background.pop()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()

    def run(self, text: str) -> str:
        """Runs this text in the shell. Returns what it prints; fails if a command fails."""
        self._count += 1
        script, output = self._scratch / f"{self._count}.sh", self._scratch / f"{self._count}.out"
        script.write_text(text)
        self._shell.stdin.write(
            f"exec 3>&1 >'{output}' 2>&1; . '{script}' </dev/null; exec >&3 2>&1 3>&-; echo 'done {self._count}'\n"
        )
        self._shell.stdin.flush()
        told = self._shell.stdout.readline()
        printed = output.read_text(errors="replace") if output.exists() else ""
        assert told == f"done {self._count}\n", f"the shell ended at this block:\n{text}\nIt printed:\n{printed}{told}"
        return printed

    def _next(self, part: str) -> str:
        assert self._left, f"no block is left that contains {part}"
        block = self._left.pop(0)
        assert part in block.text, f"{block.page}:{block.line} does not contain {part}:\n{block.text}"
        return self._adapted(block)

    def _adapted(self, block: Block) -> str:
        text = block.text
        for old, new in {**self._always, **self._replace}.items():
            text = text.replace(old, new)
        if block.language == "python":
            text = f"python3 - <<'PYTHON'\n{text}PYTHON\n"
        return text


_SET_BY_THE_PAGE = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")
