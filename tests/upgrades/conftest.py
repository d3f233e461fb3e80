"""Fixtures of the tests that upgrade releases of earlier commits. `make upgrades` has built this commit already."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "local"))

from hooklane_local.profile import Profile, host_architecture, profile_of  # noqa: E402 - after the path is known
from hooklane_local.receiver import Receiver  # noqa: E402
from hooklane_local.release import archives  # noqa: E402
from hooklane_local.release.making import built_by_sam, make_release  # noqa: E402
from hooklane_local.release.version import release_of  # noqa: E402
from hooklane_local.template import source  # noqa: E402


@pytest.fixture(autouse=True)
def quickly_packed(monkeypatch):
    """Nobody downloads these."""
    monkeypatch.setattr(archives, "COMPRESSION", 1)


@pytest.fixture
def profile() -> Profile:
    return profile_of("upgrades")


@pytest.fixture
def of_now(profile, tmp_path) -> Path:
    """The release of this checkout."""
    template = source.read()
    built = built_by_sam(profile.build_dir, template, tmp_path / "built")
    return make_release([], {host_architecture(): built}, release=release_of(ROOT), template=template, into=tmp_path)


@pytest.fixture
def receiver():
    with Receiver() as started:
        yield started
