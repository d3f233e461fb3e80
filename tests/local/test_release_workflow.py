"""A dry run of the workflow that publishes a release: each of its steps that needs no account, as it is written there.

What compiles is given programs that are there already, and GitHub's own program is a stand-in. The step that tries the
functions is run with real ones by tests/e2e/test_release.py.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from hooklane_local.paths import ROOT
from hooklane_local.profile import host_architecture
from hooklane_local.release import names
from hooklane_local.release.making import make_release
from hooklane_local.release.version import Release
from hooklane_local.template import source

# The steps pack with GNU tar, as on the machines that they run on.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, as the workflow does")

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
BUILD = 'make release ARCHITECTURES="x86_64 arm64"'
SMOKE = 'make smoke FROM="$(echo hooklane-*.tar.gz)"'


def scripts(job: str) -> list[str]:
    """What the job runs, in its order."""
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Runs a script as GitHub does."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    # That of `make test` is not for the commands of a step.
    given = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")} | environment
    return subprocess.run(
        command, cwd=folder, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """What the compiler leaves, as far as a release looks into it: programs for this machine's processor."""
    for name in names.programs(source.read()):
        (tmp_path / "built" / name).mkdir(parents=True)
        shutil.copy(sys.executable, tmp_path / "built" / name / "bootstrap")
    return tmp_path / "built"


@pytest.fixture
def release(programs: Path, tmp_path: Path) -> Path:
    of_now = Release("1.0.0", datetime.now(timezone.utc))
    return make_release([], {host_architecture(): programs}, release=of_now, into=tmp_path / "dist")


@pytest.fixture
def packed(release: Path) -> Path:
    """The archive that the step of the workflow makes of a release."""
    folder = release.parents[1]
    _, pack, _ = scripts("build")
    ended = run(pack, folder, GITHUB_REF_NAME="v1.0.0")
    assert ended.returncode == 0, ended.stderr
    (archive,) = folder.glob("hooklane-*.tar.gz")
    return archive


def test_the_steps_are_those_that_are_tried_here():
    build, pack, smoke = scripts("build")
    assert build == BUILD
    assert "sha256sum --check --strict" in pack
    assert [smoke] == [SMOKE] == scripts("smoke-arm64")
    (publish,) = scripts("publish")
    assert publish.startswith("gh release create ")
    assert WORKFLOW["jobs"]["publish"]["needs"] == ["build", "smoke-arm64"]


def test_the_release_is_made_by_the_command_of_the_step(programs, tmp_path):
    ready = BUILD.replace('ARCHITECTURES="x86_64 arm64"', f'BINARIES="{host_architecture()}={programs}" INTO="{tmp_path / "made"}"')
    ended = run(ready, ROOT)
    assert ended.returncode == 0, ended.stderr
    (release,) = (tmp_path / "made").iterdir()
    assert {path.name for path in release.glob("hooklane-*.zip")} == {
        f"{program.name}-{host_architecture()}.zip" for program in programs.iterdir()
    }


def test_the_archive_is_the_release_and_is_the_same_when_it_is_packed_again(packed, release):
    first = packed.read_bytes()
    with tarfile.open(packed) as opened:
        assert {member.name for member in opened if member.isfile()} == {
            f"hooklane-1.0.0/{path.name}" for path in release.iterdir()
        }
        assert {(member.uid, member.gid, member.mtime) for member in opened} == {(0, 0, 0)}
    packed.unlink()
    run(scripts("build")[1], packed.parent, GITHUB_REF_NAME="v1.0.0")
    assert packed.read_bytes() == first


def test_a_release_of_another_version_than_the_tag_is_not_packed(release):
    folder = release.parents[1]
    assert run(scripts("build")[1], folder, GITHUB_REF_NAME="v1.0.1").returncode != 0
    (release / "VERSION").write_text("1.0.1\n")
    ended = run(scripts("build")[1], folder, GITHUB_REF_NAME="v1.0.0")
    assert ended.returncode != 0 and "VERSION: FAILED" in ended.stdout
    assert not list(folder.glob("*.tar.gz"))


def test_a_draft_is_made_of_the_tag_with_the_archive(packed):
    programs = packed.parent / "bin"
    programs.mkdir()
    (programs / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (programs / "gh").chmod(0o755)
    (publish,) = scripts("publish")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    ended = run(publish, packed.parent, GITHUB_REF_NAME="v1.0.0", PATH=path)
    said = ["release", "create", "v1.0.0", "--draft", "--verify-tag", "--title", "v1.0.0", packed.name]
    assert (ended.returncode, ended.stdout.split("\n")[:-1]) == (0, said)
