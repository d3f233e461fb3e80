"""The changelog ends unreleased changes with a version, and its newest version is the one that is built."""

import re
from datetime import date

import pytest
from hooklane_local.paths import ROOT
from hooklane_local.release.version import workspace_version

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
BUILT = workspace_version((ROOT / "Cargo.toml").read_text())
RELEASED = re.compile(r"\[([0-9]+)\.([0-9]+)\.([0-9]+)\] - ([0-9]{4}-[0-9]{2}-[0-9]{2})")
# The sections of Keep a Changelog, version 1.1.0.
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def mistakes_of(changelog: str, built: str) -> list[str]:
    """What keeps a changelog from being one that readers and tools can follow, in words."""
    first, *headings = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    mistakes = [] if first == "[Unreleased]" else ["it does not begin with what is unreleased"]
    versions, days = [], []
    for heading in headings:
        found = RELEASED.fullmatch(heading)
        if not found:
            mistakes.append(f"{heading} is no version with a date")
            continue
        versions.append(tuple(map(int, found.groups()[:3])))
        try:
            days.append(date.fromisoformat(found[4]))
        except ValueError:
            mistakes.append(f"{found[4]} is no day")
    if versions != sorted(set(versions), reverse=True):
        mistakes.append("the versions do not descend")
    if days != sorted(days, reverse=True):
        mistakes.append("the dates do not descend")
    newest = ".".join(map(str, versions[0])) if versions else "none"
    if newest != built:
        mistakes.append(f"its newest version is {newest}, and Cargo.toml has {built}")
    unknown = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) - KINDS
    return mistakes + [f"{one} is no kind of change" for one in sorted(unknown)]


def test_the_newest_version_is_that_of_the_workspace_and_each_has_its_day():
    assert mistakes_of(CHANGELOG, BUILT) == []


GOOD = "# Changelog\n\n## [Unreleased]\n\n## [0.3.0] - 2027-01-02\n\n### Fixed\n\n## [0.2.0] - 2026-11-28\n\n### Added\n"


@pytest.mark.parametrize(
    ("text", "becomes", "found"),
    [
        ("nothing", "", []),
        ("## [Unreleased]\n\n", "", ["it does not begin with what is unreleased", "its newest version is 0.2.0"]),
        (" - 2027-01-02", "", ["[0.3.0] is no version with a date", "its newest version is 0.2.0"]),
        ("2027-01-02", "2027-02-30", ["2027-02-30 is no day"]),
        ("2027-01-02", "2026-11-27", ["the dates do not descend"]),
        ("[0.2.0]", "[0.10.0]", ["the versions do not descend"]),
        ("[0.3.0]", "[0.4.0]", ["its newest version is 0.4.0, and Cargo.toml has 0.3.0"]),
        ("### Fixed", "### Mended", ["Mended is no kind of change"]),
    ],
)
def test_a_mistake_in_a_changelog_is_found(text, becomes, found):
    mistakes = mistakes_of(GOOD.replace(text, becomes), "0.3.0")
    assert len(mistakes) == len(found) and all(one.startswith(say) for one, say in zip(mistakes, found, strict=True))


def test_the_readme_downloads_the_newest_version():
    assert re.findall(r"^VERSION=(.+)$", (ROOT / "README.md").read_text(), re.MULTILINE) == [BUILT]
