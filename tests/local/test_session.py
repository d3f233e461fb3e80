"""`make up` while a stack is already running."""

import json
import os
from dataclasses import replace

import pytest
from hooklane_local import emulator, session
from hooklane_local.processes import started_at
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure


@pytest.fixture
def profile(tmp_path) -> Profile:
    return Profile(name="up", port=4999, state=tmp_path)


@pytest.fixture
def running(profile):
    """The record of a running emulator, for which this process stands in."""
    pid = os.getpgrp()
    settings = {"port": 4999, "enforceIam": False, "functionAwsEndpoint": None}
    record = {"pid": pid, "startedAt": started_at(pid), "settings": settings}
    profile.emulator_record.write_text(json.dumps(record))


def test_a_stack_with_other_settings_is_neither_stopped_nor_redeployed(profile, running, monkeypatch):
    monkeypatch.setattr(session.stack, "build", lambda _: pytest.fail("something was built"))
    monkeypatch.setattr(emulator, "stop", lambda _: pytest.fail("the emulator was stopped"))

    with pytest.raises(Failure) as failure:
        session.keep_stack(replace(profile, port=5000, enforce_iam=True))

    assert "HOOKLANE_PORT=4999, IAM=0" in str(failure.value)
    assert "make down" in str(failure.value)


def test_the_port_of_a_running_stack_is_known(profile, running):
    assert emulator.port_of_running(profile) == 4999
    assert emulator.differences(profile) == []
    profile.emulator_record.unlink()
    assert emulator.port_of_running(profile) is None
    assert emulator.differences(replace(profile, port=5000)) == []
