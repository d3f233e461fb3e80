"""Every command of the runbooks, on failures that are staged: it shows what the page says, and the remedy cures.

The pages about one tenant are read on the shared stack, those about everybody on stacks of their own. One shell
goes from page to page. `HOOKLANE_RUNBOOKS=canary,leaked-key` reads only some of them.
"""

import os

import pytest
import runbook_change_pages
import runbook_stack_pages
import runbook_tenant_pages
from documented import Reader
from hooklane_local.receiver import Receiver
from own_stack import own_stack
from runbook_stage import Stage


def read(pages: dict, subtests, folder, stack, stack_file, name: str) -> None:
    """Reads the pages, each on a stage of its own, and in a new shell after a page that failed."""
    wanted = os.environ.get("HOOKLANE_RUNBOOKS")
    left = [page for page in pages if not wanted or page.removesuffix(".md") in wanted.split(",")]
    shells = 0
    while left:
        shells += 1
        scratch = folder / f"shell-{shells}"
        scratch.mkdir()
        with Reader(None, scratch, stack_file, {"STACK=hooklane": f"STACK={name}"}) as reader:
            reader.prepare()
            failed = False
            while left and not failed:
                page = left.pop(0)
                failed = True
                with subtests.test(page=page), Receiver() as receiver:
                    stage = Stage(reader, stack, name, receiver)
                    reader.turn_to(f"docs/runbooks/{page}", stage.replaced)
                    pages[page](stage)
                    failed = False
            if failed:
                reader.give_up()


@pytest.mark.long(240)
@pytest.mark.parametrize("pages", [runbook_stack_pages.PAGES, runbook_change_pages.PAGES], ids=["failures", "changes"])
def test_the_runbooks_about_the_stack(pages, subtests, tmp_path, stack):
    with own_stack(stack, tmp_path) as (name, own, file):
        read(pages, subtests, tmp_path, own, file, name)


@pytest.mark.long(120)
def test_the_runbooks_about_a_tenant(subtests, tmp_path, stack, stack_file):
    read(runbook_tenant_pages.PAGES, subtests, tmp_path, stack, stack_file, "hooklane")
