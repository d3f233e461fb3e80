"""Other revisions as folders, and what is built of this one for the harness."""

import pytest
from hooklane_local import harness, revisions
from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure


def test_the_functions_that_are_built_are_those_of_the_checkout():
    assert set(harness.FUNCTIONS) == {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}


def test_a_revision_is_named_by_its_commit_and_an_unknown_one_is_refused():
    assert len(revisions.commit_of("HEAD")) == 12
    for unknown in ("no-such-revision", "--all"):
        with pytest.raises(Failure, match="is no revision"):
            revisions.commit_of(unknown)


def test_sources_are_those_of_the_commit(tmp_path):
    commit = revisions.commit_of("HEAD")
    folder = revisions.sources(commit, tmp_path / commit / "sources")
    assert (folder / "Cargo.toml").exists()
    (folder / "Cargo.toml").write_text("kept")
    assert (revisions.sources(commit, folder) / "Cargo.toml").read_text() == "kept"
    with pytest.raises(Failure, match="does not go back to 0000000"):
        revisions.sources("0000000", tmp_path / "none" / "sources")
