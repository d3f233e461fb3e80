"""The operator's key is in the state folder, so nobody else may read what is there."""

import os
import stat

import pytest
from hooklane_local import private, stack
from hooklane_local.profile import Profile


def _mode(path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    """A profile whose stack is described without an emulator."""
    profile = Profile(name="test", port=4999, state=tmp_path / ".local" / "test")
    monkeypatch.setattr(private, "STATE", tmp_path / ".local")
    monkeypatch.setattr(stack, "describe", lambda _: {"operatorKey": "the-key"})
    private.make_private_folder(profile.state)
    return profile


def test_finding_19_only_the_owner_reads_the_description_of_the_stack(deployed):
    stack.write_description(deployed)
    assert _mode(deployed.stack_file) == "0o600"
    assert "the-key" in deployed.stack_file.read_text()


def test_finding_19_a_file_that_others_could_read_does_not_stay_so(deployed):
    deployed.stack_file.write_text("{}")
    assert _mode(deployed.stack_file) == "0o644"
    stack.write_description(deployed)
    assert _mode(deployed.stack_file) == "0o600"


def test_finding_19_the_state_folders_are_closed_too(deployed):
    assert _mode(deployed.state) == "0o700"
    assert _mode(deployed.state.parent) == "0o700"
    deployed.state.chmod(0o755)
    deployed.state.parent.chmod(0o755)
    deployed.make_state()
    assert _mode(deployed.state) == "0o700"
    assert _mode(deployed.state.parent) == "0o700"


def test_a_reader_of_the_description_sees_the_old_text_or_the_new_one(deployed, monkeypatch):
    stack.write_description(deployed)
    with deployed.stack_file.open() as reader:
        before = reader.read(3)
        monkeypatch.setattr(stack, "describe", lambda _: {"operatorKey": "another"})
        stack.write_description(deployed)
        assert "the-key" in before + reader.read()
    assert "another" in deployed.stack_file.read_text()


def test_a_description_that_cannot_be_written_leaves_the_old_one_and_nothing_else(deployed, monkeypatch):
    stack.write_description(deployed)

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        stack.write_description(deployed)
    assert "the-key" in deployed.stack_file.read_text()
    assert list(deployed.state.iterdir()) == [deployed.stack_file]
