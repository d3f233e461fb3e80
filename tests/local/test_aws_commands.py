"""Every `aws` command of every page is one that the AWS CLI accepts: its own model judges options and values.

The commands are sent to a closed port. What the CLI refuses itself never gets that far, so the only right answer
is that nobody listens there. That needs no network, and holds what the emulator cannot run. Which commands a page
has, bash finds: every program is a stand-in that records how it was called.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hooklane_local import shell_programs
from hooklane_local.environment import for_aws_clients
from hooklane_local.paths import ROOT
from shell_recording import PRINTED, expected, recorded

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from documented import blocks_of  # noqa: E402 - after the path is known

PAGES = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
).stdout.split()
SHELL = {page: [block.text for block in blocks_of(page) if block.language == "sh"] for page in PAGES}
WITH_AWS = [page for page in PAGES if any(expected(text) for text in SHELL[page])]
# Defined once, by the variable block of this page, and used by the runbooks.
VARIABLES = next(text for text in SHELL["docs/operations.md"] if "outputs=" in text)
NOBODY = "http://127.0.0.1:9"
REACHED = "Could not connect to the endpoint URL"


def refusal(arguments: list[str]) -> str | None:
    """Why the AWS CLI refuses a command, or None if it would send it."""
    environment = {**os.environ, **for_aws_clients(NOBODY), "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": ""}
    said = subprocess.run(
        [shell_programs.aws_cli(), "--endpoint-url", NOBODY, *_sendable(arguments)],
        env=environment,
        input=PRINTED,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if REACHED in said.stderr or _is_computed(arguments, said.stderr):
        return None
    return said.stderr.strip() or f"exit {said.returncode} without an error"


def _is_computed(arguments: list[str], refused: str) -> bool:
    """Whether the CLI refuses only the form of a value that the block computes, itself or in a file: here a
    stand-in made it. The CLI
    looks at the names of all options before it looks at a value."""
    option = re.search(r"Error parsing parameter '(--[a-z-]+)'", refused)
    if option is None:
        return False
    value = arguments[arguments.index(option[1]) + 1]
    return value == PRINTED or value.startswith("file://")


def _sendable(arguments: list[str]) -> list[str]:
    """Without the page's own endpoint. A file to upload needs not be there, so any file will do."""
    if arguments[:1] == ["--endpoint-url"]:
        arguments = arguments[2:]
    if arguments[:2] == ["s3", "cp"]:
        return ["s3", "cp", str(ROOT / "README.md"), *arguments[3:]]
    return arguments


@pytest.fixture(scope="module")
def refused() -> "Refusals":
    if shell_programs.missing():
        pytest.skip(f"needs {' and '.join(shell_programs.missing())}")
    return Refusals()


class Refusals:
    """What the CLI says of each command, asked once for those that are alike."""

    def __init__(self):
        self._known: dict[tuple[str, ...], str | None] = {}

    def of(self, commands: list[list[str]]) -> list[str]:
        new = [each for each in dict.fromkeys(map(tuple, commands)) if each not in self._known]
        with ThreadPoolExecutor(4) as pool:
            self._known |= zip(new, pool.map(refusal, map(list, new)), strict=True)
        return [f"aws {' '.join(each)}\n  {self._known[tuple(each)]}" for each in commands if self._known[tuple(each)]]


@pytest.mark.parametrize("page", WITH_AWS)
def test_the_aws_cli_accepts_every_command_of_a_page(page, refused, tmp_path):
    before = [] if page == "docs/operations.md" else [VARIABLES]
    commands = recorded([*before, *SHELL[page]], tmp_path)
    assert len(commands) >= sum(map(expected, SHELL[page])), "a command was not reached, so nothing is known of it"
    problems = refused.of(commands)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "wrong",
    [
        "sqs receive-message --queue-url q --max-number-of-mesages 10",
        "sqs recieve-message --queue-url q",
        "dynamodb query --table-name table --key-condition-expression a --expression-attribute-values {\":a\":{\"T\":\"x\"}}",
        "cloudformation create-change-set --stack-name s --change-set-name c --change-set-type --template-url u",
        "lambda update-event-source-mapping --enabled",
        "dynamodb wait table-exist --table-name table",
    ],
)
def test_a_misspelt_command_is_refused(wrong, refused):
    assert refused.of([wrong.split()])


def test_a_command_that_bash_does_not_reach_is_missed(tmp_path):
    block = "if false; then\n  aws sqs list-queues\nfi\nexit\naws sqs list-queues"
    assert (len(recorded([block], tmp_path)), expected(block)) == (0, 2)
