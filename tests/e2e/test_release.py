"""A release is installed, upgraded and rolled back from its artefacts, with the AWS CLI, beside deliveries that wait."""

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
from documented import require_programs
from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.paths import ROOT
from hooklane_local.ports import a_free_one
from hooklane_local.profile import STACK_NAME, host_architecture
from hooklane_local.receiver import Response
from hooklane_local.release import names
from hooklane_local.release.checksums import write_checksums
from hooklane_local.release.operator import Operator, options
from hooklane_local.release.packaged import packaged
from hooklane_local.template import source

# What a stack of the tests differs in from one on AWS.
KEPT = ("AllowedTargetCidrs", "AllowedTargetPorts", "CompositeAlarms", "FirstProbeSeconds", "Scale")


@pytest.fixture
def operator(stack, tmp_path):
    made = Operator(tmp_path, stack.description["awsEndpointUrl"], require_programs(), f"release-{uuid.uuid4().hex[:8]}")
    yield made
    # Its functions must not go on reading queues while other tests run.
    client("cloudformation", made.endpoint).delete_stack(StackName=made.stack)


def described(operator: Operator) -> dict:
    (found,) = client("cloudformation", operator.endpoint).describe_stacks(StackName=operator.stack)["Stacks"]
    return found


def next_release(release: Path) -> Path:
    """The same programs under the next version."""
    made = release.with_name("hooklane-1.1.0")
    shutil.copytree(release, made)
    (made / names.VERSION).write_text("1.1.0\n")
    (made / names.TEMPLATE).write_text(json.dumps(packaged(source.read(), "1.1.0", [host_architecture()])))
    write_checksums(made)
    return made


@pytest.mark.long(180)
def test_a_release_is_installed_upgraded_and_rolled_back_and_no_delivery_is_lost(
    stack, operator, release, tenant, receiver, eventually
):
    inside = {one["ref"]: one["dependsOn"] for one in json.loads((release / names.SBOM).read_text())["dependencies"]}
    of_api = inside[names.archive("hooklane-api", host_architecture())]
    assert any(crate.startswith("pkg:cargo/tokio@") for crate in of_api)
    assert not any(crate.startswith("pkg:cargo/proptest@") for crate in of_api)

    (shared,) = client("cloudformation", operator.endpoint).describe_stacks(StackName=STACK_NAME)["Stacks"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in shared["Parameters"] if one["ParameterKey"] in KEPT}
    said = operator.install(release, *options(given))
    assert "Made the bucket" in said or "Uploading version 1.0.0" in said

    outputs = {one["OutputKey"]: one["OutputValue"] for one in described(operator)["Outputs"]}
    key = stack.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
    host = outputs["ApiUrl"].split("://", 1)[1]
    api = LocalStack({"apiUrl": operator.endpoint, "operatorKey": key, "awsEndpointUrl": operator.endpoint}).api(tenant)

    def ask(method: str, path: str, body=None) -> dict:
        return api.request(method, f"/api/v1{path}", body, {"Host": host}).expect(200, 201, 202).body

    def publish(number: int) -> None:
        ask("POST", "/events", {"id": f"order-{number}", "type": "order.created", "data": {"number": number}})

    def status_of(number: int) -> list[str]:
        return [one["status"] for one in ask("GET", f"/events/order-{number}")["deliveries"]]

    # The commands that the script prints, as somebody pastes them. The emulator knows the API by its name alone.
    first = said.split("and publish an event to it.\n")[1].split("Every operation:")[0]
    first = first.replace(outputs["ApiUrl"], operator.endpoint).replace("https://example.com/hooks", receiver.url("/first"))
    first = first.replace("curl ", f'curl --silent --show-error --fail-with-body -H "Host: {host}" ').replace("acme", f"{tenant}-first")
    ended = subprocess.run(["bash", "-e", "-c", first], env=operator.environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    eventually(lambda: receiver.wait_for(1, 0, "/first"), "the printed commands delivered nothing")

    types = [{"type": "order.created", "sample": {"number": 1}}]
    webhook = {"name": "Orders", "url": receiver.url("/"), "events": ["order.*"], "eventTypes": types}
    ask("POST", "/webhooks", webhook | {"retryPolicy": {"strategy": "fixed", "initialDelay": 20_000, "maxRetries": 10}})
    publish(1)
    eventually(lambda: status_of(1) == ["delivered"], "the first event was not delivered")

    # One waits during the upgrade, and one during the way back.
    for number, version, deploy in (
        (2, "1.1.0", lambda: operator.install(next_release(release))),
        (3, "1.0.0", lambda: operator.install(release, "--rollback-to", "1.0.0")),
    ):
        receiver.respond = lambda _request: Response(503)
        publish(number)
        eventually(lambda number=number: status_of(number) == ["retrying"], "the delivery was not tried")
        changed = [line.split() for line in deploy().splitlines() if "AWS::Lambda::Function" in line]
        assert [line[0] for line in changed] == ["Modify"] * len(names.programs(source.read()))
        values = {one["ParameterKey"]: one["ParameterValue"] for one in described(operator)["Parameters"]}
        assert values.items() >= given.items()
        assert values["ArtifactPrefix"] == f"{operator.stack}/{version}"
        receiver.respond = lambda _request: Response()
        eventually(lambda number=number: status_of(number) == ["delivered"], "what waited was not delivered")
        publish(number * 10)
        eventually(lambda number=number: status_of(number * 10) == ["delivered"], "no new event was delivered")
    letters = [value for name, value in outputs.items() if name.endswith("DeadLetterQueueUrl")]
    assert letters and not any(stack.messages(queue) for queue in letters)


@pytest.mark.long(90)
def test_a_smoke_test_starts_every_function_and_fails_for_what_is_no_release(release):
    ports = {"HOOKLANE_PORT": str(a_free_one()), "HOOKLANE_API_PORT": str(a_free_one())}
    # That of `make test` is not for this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ended = subprocess.run(
        ["make", "smoke", f"FROM={release}"],
        cwd=ROOT,
        env=environment | ports,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    rows = [line for line in ended.stdout.splitlines() if line.startswith(("    ok ", "    NOT "))]
    assert len(rows) == 17, ended.stdout + ended.stderr
    # These functions were compiled for tests, without the list of their crates, and not as version 1.0.0. Everything
    # else holds.
    wrong = [line for line in rows if line.startswith("    NOT ")]
    assert len(wrong) == 8, ended.stdout
    assert sum("does not say which crates it holds" in line for line in wrong) == 7
    assert sum("of a function of version 1.0.0: version " in line for line in wrong) == 1
    assert "This release must not be published." in ended.stdout
