"""The code in the documentation is well-formed, and what no test runs is listed with its reason."""

import shutil
import subprocess
import sys

import pytest
from hooklane_local.paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from documented import NOT_RUN, RUN, blocks_of  # noqa: E402 - after the path is known

PAGES = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
).stdout.split()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
OF = {language: [block for block in BLOCKS if block.language == language] for language in RUN}
TESTS = "".join(
    (ROOT / "tests" / "e2e" / name).read_text()
    for name in (
        "test_documented_commands.py",
        "runbook_change_pages.py",
        "runbook_stack_pages.py",
        "runbook_tenant_pages.py",
    )
)


def named(block) -> str:
    return f"{block.page}:{block.line}"


def test_every_fence_of_shell_says_so():
    """A fence of another name would be looked at by no test."""
    languages = {block.language for block in BLOCKS}
    assert languages <= {"sh", "python", "json", "toml", "yaml", "js", "ts", "rust", "mermaid"}, languages


@pytest.mark.parametrize("block", OF["sh"], ids=named)
def test_a_block_of_shell_is_well_formed(block):
    checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("block", OF["python"], ids=named)
def test_a_block_of_python_is_well_formed(block):
    compile(block.text, named(block), "exec")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "js"], ids=named)
def test_a_block_of_javascript_is_well_formed(block):
    if shutil.which("node") is None:
        pytest.skip("needs Node.js 18 or newer (found: none)")
    command = ["node", "--input-type=module", "--check"]
    checked = subprocess.run(command, input=block.text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", sorted({block.page for language in RUN for block in OF[language]}))
def test_a_test_runs_what_the_list_does_not_exclude(page):
    blocks = [block for language in RUN for block in OF[language] if block.page == page]
    if any(block.why_not_run is None for block in blocks):
        runs = (f'reader("{page}"', f'@of("{page.removeprefix("docs/runbooks/")}")')
        assert any(each in TESTS for each in runs), f"no test runs the commands of {page}"


def test_each_exclusion_is_of_one_block():
    for page, reasons in NOT_RUN.items():
        for part in reasons:
            found = [block for block in blocks_of(page) if block.language in RUN and part in block.text]
            assert len(found) == 1, f"{len(found)} blocks of {page} contain {part}"
