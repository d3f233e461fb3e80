"""The local API's plain address is opened and closed with the stack."""

import http.client
import os
import socket
import sys

import pytest
from hooklane_local import emulator, local_address, session
from hooklane_local.ports import a_free_one
from hooklane_local.processes import group_lives
from hooklane_local.profile import Profile, profile_of
from hooklane_local.progress import Failure
from hooklane_local.receiver import Receiver

NAME = "abc123.execute-api.localhost:4566"


@pytest.fixture
def receiver():
    """Stands in for the emulator."""
    with Receiver() as started:
        yield started


@pytest.fixture
def profile(tmp_path, receiver, monkeypatch):
    monkeypatch.setattr(local_address, "EMULATOR_PYTHON", sys.executable)
    made = Profile(name="up", port=receiver.port, state=tmp_path, chosen_api_port=a_free_one())
    yield made
    local_address.stop(made)


def host_of_a_request(profile: Profile, receiver: Receiver) -> str:
    """The `Host` with which the emulator gets what a client sends to the address."""
    connection = http.client.HTTPConnection(profile.api_url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    return receiver.requests[-1].headers["host"]


def is_closed(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def pid(profile: Profile) -> int:
    return local_address._program(profile)._running()["pid"]


def test_it_is_open_until_it_is_stopped(profile, receiver):
    assert local_address.port_of_running(profile) is None
    local_address.start(profile, NAME)
    assert host_of_a_request(profile, receiver) == NAME
    assert local_address.port_of_running(profile) == profile.api_port
    assert local_address.stop(profile)
    assert is_closed(profile.api_port)
    assert not local_address.stop(profile)


def test_an_open_one_is_kept_and_one_for_another_api_is_replaced(profile, receiver):
    local_address.start(profile, NAME)
    first = pid(profile)
    local_address.start(profile, NAME)
    assert pid(profile) == first
    local_address.start(profile, "other.execute-api.localhost")
    assert not group_lives(first)
    assert host_of_a_request(profile, receiver) == "other.execute-api.localhost"


def test_a_port_that_is_taken_is_a_failure_that_names_the_variable(profile):
    with socket.create_server(("127.0.0.1", profile.api_port)):
        with pytest.raises(Failure, match=f"port {profile.api_port} .* HOOKLANE_API_PORT=<port>"):
            local_address.start(profile, NAME)


def test_a_proxy_that_does_not_start_is_a_failure_with_its_reason(profile, monkeypatch, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such module\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(local_address, "EMULATOR_PYTHON", broken)
    with pytest.raises(Failure, match="no such module"):
        local_address.start(profile, NAME)
    assert local_address.port_of_running(profile) is None


def test_it_is_closed_with_the_emulator_even_if_that_is_gone(profile):
    local_address.start(profile, NAME)
    assert emulator.stop(profile)
    assert is_closed(profile.api_port)


class Steps:
    """A session without an emulator and without a deployment, which may fail."""

    def __init__(self, monkeypatch):
        self.done: list[str] = []
        self.deployment_fails = False
        monkeypatch.setattr(session, "_start", lambda _: self.done.append("started"))
        monkeypatch.setattr(session.stack, "build", lambda _: self.done.append("built"))
        monkeypatch.setattr(session.stack, "deploy", self._deploy)
        monkeypatch.setattr(session.stack, "api_host", lambda _: NAME)
        monkeypatch.setattr(session.stack, "describe", lambda profile: {"apiUrl": profile.api_url})

    def _deploy(self, _profile):
        if self.deployment_fails:
            raise Failure("the deployment failed")
        self.done.append("deployed")


@pytest.fixture
def steps(monkeypatch):
    # The receiver stands in for the emulator, so its port is taken.
    require_free = session.require_free
    monkeypatch.setattr(session, "require_free", lambda port, *name: require_free(port, *name) if name else None)
    return Steps(monkeypatch)


def test_a_temporary_stack_opens_it_and_closes_it_however_it_ends(profile, receiver, steps):
    with pytest.raises(ZeroDivisionError), session.temporary_stack(profile) as stack:
        assert stack.description == {"apiUrl": profile.api_url}
        assert stack.api(None, "token").get("/x").status == 200
        assert receiver.requests[-1].headers["host"] == NAME
        raise ZeroDivisionError
    assert is_closed(profile.api_port)
    assert steps.done == ["built", "started", "deployed"]


@pytest.mark.parametrize("begin", [session.keep_stack, lambda profile: session.temporary_stack(profile).__enter__()])
def test_a_taken_port_shows_before_anything_is_built(profile, steps, begin):
    with socket.create_server(("127.0.0.1", profile.api_port)), pytest.raises(Failure, match="HOOKLANE_API_PORT"):
        begin(profile)
    assert steps.done == []


def test_a_failed_redeployment_leaves_it_open_and_a_failed_first_one_does_not(profile, steps, monkeypatch):
    session.keep_stack(profile)
    monkeypatch.setattr(emulator, "is_running", lambda _: True)
    steps.deployment_fails = True
    with pytest.raises(Failure):
        session.keep_stack(profile)
    assert not is_closed(profile.api_port)
    monkeypatch.setattr(emulator, "is_running", lambda _: False)
    with pytest.raises(Failure):
        session.keep_stack(profile)
    assert is_closed(profile.api_port)


@pytest.mark.parametrize(
    ("environment", "ports"),
    [
        ({}, (4566, 4666)),
        ({"HOOKLANE_PORT": "4700"}, (4700, 4800)),
        ({"HOOKLANE_API_PORT": "8080"}, (4566, 8080)),
        ({"HOOKLANE_PORT": "65535", "HOOKLANE_API_PORT": "8080"}, (65535, 8080)),
        ({"HOOKLANE_PORT": "", "HOOKLANE_API_PORT": ""}, (4566, 4666)),
    ],
)
def test_its_port_follows_the_emulators_unless_it_is_set(monkeypatch, environment, ports):
    for variable in ("HOOKLANE_PORT", "HOOKLANE_API_PORT"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    profile = profile_of("up")
    assert (profile.port, profile.api_port) == ports
    assert profile.api_url == f"http://127.0.0.1:{ports[1]}"


@pytest.mark.parametrize(
    "environment",
    [
        {"HOOKLANE_PORT": "65535"},
        {"HOOKLANE_PORT": "4700", "HOOKLANE_API_PORT": "4700"},
        {"HOOKLANE_API_PORT": "http"},
        {"HOOKLANE_API_PORT": "65536"},
    ],
)
def test_a_port_that_cannot_be_is_refused(monkeypatch, environment):
    monkeypatch.setattr(os, "environ", environment)
    with pytest.raises(Failure, match="HOOKLANE_API_PORT"):
        profile_of("up")
