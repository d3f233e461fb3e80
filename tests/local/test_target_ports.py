"""Which ports the webhooks of a local stack may use."""

import pytest
from hooklane_local import stack
from hooklane_local.profile import Profile


def allows(ports: str, port: int) -> bool:
    """Reads AllowedTargetPorts as the functions do."""
    ranges = [item.partition("-") for item in ports.split(",")]
    return any(int(first) <= port <= int(last or first) for first, _, last in ranges)


@pytest.mark.parametrize("own", [{4566}, {4566, 4577}, {1024}, {65535}, {1024, 1025, 65534, 65535}, {80}])
def test_only_the_stacks_own_ports_are_closed(own):
    ports = stack.ports_without(own)
    for port in range(1, 65536):
        assert allows(ports, port) == ((port == 443 or port >= 1024) and port not in own), (ports, port)


def test_finding_12_webhooks_of_a_local_stack_do_not_reach_its_emulator(tmp_path):
    """A tenant's token read the operator key from the emulator's Secrets Manager."""
    behind = "http://127.0.0.1:4998"
    profile = Profile(name="up", port=4999, state=tmp_path, function_aws_endpoint=behind)
    parameters = dict(parameter.split("=", 1) for parameter in stack.parameters(profile))
    ports = parameters["AllowedTargetPorts"]
    closed = {4998, 4999, profile.api_port}
    near = {443, *(port + distance for port in closed for distance in (-1, 0, 1))}
    assert {port for port in near if not allows(ports, port)} == closed
