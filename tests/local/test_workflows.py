"""Workflows name actions by commit, leave no token behind and may only read; nothing that is released is cached.

`mistakes_of_workflow` finds what breaks that. A table shows that it does; the other tests hold the repository's own
workflows against it. docs/adr/0049-what-is-taken-from-others.md has the reasons.
"""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(path.name for path in (ROOT / ".github" / "workflows").iterdir())

A_COMMIT = "0a" * 20


def text_of(name: str) -> str:
    return (ROOT / ".github" / "workflows" / name).read_text()


def mistakes_of_workflow(text: str) -> list[str]:
    """What a workflow gives away, in words."""
    workflow = yaml.safe_load(text)
    jobs = workflow["jobs"].values()
    steps = [step for job in jobs for step in job.get("steps", [])]
    used = [job["uses"] for job in jobs if "uses" in job] + [step["uses"] for step in steps if "uses" in step]
    mistakes = [
        f"{use} is not pinned by a commit" for use in used if not re.fullmatch(r"(\./.*|[^@]+@[0-9a-f]{40})", use)
    ]
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            if step.get("with", {}).get("persist-credentials") is not False:
                mistakes.append("checkout leaves a token behind")
    if workflow.get("permissions") not in ({}, {"contents": "read"}):
        mistakes.append("the workflow may do more than read")
    triggers = triggers_of(workflow)
    if {"pull_request_target", "workflow_run"} & set(triggers):
        mistakes.append("code of strangers meets the rights of the repository")
    releases = "release" in triggers or "tags" in (triggers.get("push") or {})
    writes = any("write" in dict(job.get("permissions") or {}).values() for job in jobs)
    caches = any("cache" in step.get("uses", "") or "cache" in step.get("with", {}) for step in steps)
    if (releases or writes) and caches:
        mistakes.append("what is released comes from a cache")
    return mistakes


def triggers_of(workflow: dict) -> dict:
    """The triggers with their settings, in whichever of YAML's three forms they are written."""
    # YAML 1.1 reads the key `on` as a boolean.
    triggers = workflow.get("on", workflow.get(True))
    if isinstance(triggers, dict):
        return triggers
    return dict.fromkeys([triggers] if isinstance(triggers, str) else triggers)


def workflow(
    *, use=f"actions/checkout@{A_COMMIT}", persist="false", on="push", top="{}", job="{}", more="run: make"
) -> str:
    return f"""
on: {on}
permissions: {top}
jobs:
  sample:
    permissions: {job}
    steps:
      - uses: {use}
        with:
          persist-credentials: {persist}
      - {more}
"""


A_CACHE = f"uses: actions/cache@{A_COMMIT}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (workflow(), []),
        (workflow(more="uses: ./.github/actions/own"), []),
        (workflow(more=A_CACHE), []),
        (workflow(use="actions/checkout@v5"), ["actions/checkout@v5 is not pinned by a commit"]),
        (workflow(use="actions/checkout@0a0a0a0"), ["actions/checkout@0a0a0a0 is not pinned by a commit"]),
        (workflow(persist="true"), ["checkout leaves a token behind"]),
        (workflow(top="write-all"), ["the workflow may do more than read"]),
        (workflow(top="{contents: write}"), ["the workflow may do more than read"]),
        (workflow(on="[push, pull_request_target]"), ["code of strangers meets the rights of the repository"]),
        (workflow(on="{push: {tags: ['v*']}}", more=A_CACHE), ["what is released comes from a cache"]),
        (workflow(job="{contents: write}", more=A_CACHE), ["what is released comes from a cache"]),
    ],
)
def test_a_mistake_of_a_workflow_is_found(text, found):
    assert mistakes_of_workflow(text) == found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_gives_nothing_away(name):
    assert mistakes_of_workflow(text_of(name)) == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_version_of_an_action_is_written_beside_its_commit(name):
    # The update bot raises both, and the linter compares them when it may ask.
    for line in text_of(name).splitlines():
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_update_bot_sees_every_kind_of_pin():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    watched = {(update["package-ecosystem"], update["directory"]) for update in updates}
    assert watched == {
        ("cargo", "/"),
        ("rust-toolchain", "/"),
        ("uv", "/local"),
        ("npm", "/tests/verifiers"),
        ("npm", "/tests/clients"),
        ("github-actions", "/"),
    }


def test_a_release_is_built_without_rights_and_published_without_code():
    jobs = yaml.safe_load(text_of("release.yml"))["jobs"]
    publishing = jobs["publish"]
    assert jobs["build"]["permissions"] == jobs["smoke-arm64"]["permissions"] == {"contents": "read"}
    assert publishing["permissions"] == {"contents": "write", "id-token": "write", "attestations": "write"}
    assert publishing["needs"] == ["build", "smoke-arm64"]
    run = [step["run"] for step in publishing["steps"] if "run" in step]
    assert len(run) == 1 and run[0].startswith("gh release create ") and "--draft" in run[0]
    assert not any(step.get("uses", "").startswith("actions/checkout@") for step in publishing["steps"])
