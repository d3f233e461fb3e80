"""Documents name only files, headings and tests that exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
PAGES = [name for name in FILES if name.endswith(".md")]

# A path in backticks: one below a folder of the repository, or the name of a source file.
BELOW_ROOT = re.compile(r"`((?:shared|functions|tests|local|docs|contracts|catalog|events)/[\w./-]+)(?::\w+)?`")
SOURCE_FILE = re.compile(r"`([\w./-]+\.(?:rs|py))(?::\w+)?`")
# The name of a test in backticks: a sentence of four words or more.
TEST = re.compile(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+){3,})`")
DEFINED = re.compile(r"\b(?:fn|def) ([a-z][a-z0-9_]+)")
FINDING = re.compile(r"^(?:test_)?(finding_\d\d|suspected)_")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Made on the machine, and named as such.
NOT_IN_THE_REPOSITORY = {"tests/verifiers/node_modules", "tests/clients/node_modules"}


def anchors(page: str) -> set[str]:
    """The anchors that a page's headings get, as GitHub makes them."""
    headings = HEADING.findall((ROOT / page).read_text())
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)) for text in headings]
    return {text.strip().lower().replace(" ", "-") for text in plain}


def defined() -> set[str]:
    """The functions of all source files."""
    sources = (ROOT / name for name in FILES if name.endswith((".rs", ".py")))
    return {name for source in sources for name in DEFINED.findall(source.read_text())}


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/guarantees.md"])
def test_a_promise_names_only_tests_that_exist(page):
    named = set(TEST.findall((ROOT / page).read_text()))
    assert named, f"{page} names no test"
    assert not named - defined()


def test_every_finding_of_the_review_has_a_test_that_the_threat_model_names():
    named = {match[1] for test in TEST.findall((ROOT / "SECURITY.md").read_text()) if (match := FINDING.match(test))}
    assert named == {f"finding_{number:02}" for number in range(1, 22)} | {"suspected"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_files_that_exist(page):
    text = (ROOT / page).read_text()
    below_root = {path.rstrip("/") for path in BELOW_ROOT.findall(text)} - NOT_IN_THE_REPOSITORY
    missing = {path for path in below_root if not (ROOT / path).exists()}
    for name in SOURCE_FILE.findall(text):
        if not any(file == name or file.endswith(f"/{name}") for file in FILES):
            missing.add(name)
    assert not missing, f"{page} names {sorted(missing)}"


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_to_a_file_and_its_heading(page):
    broken = []
    for target in LINK.findall((ROOT / page).read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists():
            broken.append(target)
        elif anchor and file.suffix == ".md" and anchor not in anchors(str(file.resolve().relative_to(ROOT))):
            broken.append(target)
    assert not broken, f"{page} links to {broken}"
