"""A release is installed, upgraded and rolled back from its artefacts, with the AWS CLI, beside deliveries that wait."""

import json
import os
import shutil
import subprocess
import uuid
from datetime import datetime, timezone
from pathlib import Path

import pytest
from documented import require_programs
from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.environment import for_aws_clients
from hooklane_local.profile import REGION, STACK_NAME, host_architecture
from hooklane_local.receiver import Response
from hooklane_local.release import archives, names
from hooklane_local.release.checksums import write_checksums
from hooklane_local.release.making import make_release
from hooklane_local.release.packaged import packaged
from hooklane_local.release.version import Release
from hooklane_local.template import source

# What a stack of the tests differs in from one on AWS.
KEPT = ("AllowedTargetCidrs", "AllowedTargetPorts", "CompositeAlarms", "FirstProbeSeconds", "Scale")


class Operator:
    """Somebody with releases, the AWS CLI and an account, and nothing else."""

    def __init__(self, folder: Path, endpoint: str):
        self.endpoint, self.stack = endpoint, f"release-{uuid.uuid4().hex[:8]}"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "aws").write_text(f'#!/bin/sh\nexec "{require_programs()}" --endpoint-url "{endpoint}" "$@"\n')
        (programs / "aws").chmod(0o755)
        self._environment = {
            **for_aws_clients(endpoint),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "HOOKLANE_POLL_SECONDS": "1",
        }

    def install(self, release: Path, *options: str) -> str:
        ended = subprocess.run(
            ["sh", release / "install.sh", "--yes", "--stack", self.stack, "--prefix", self.stack, *options],
            env=self._environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def described(self) -> dict:
        (found,) = client("cloudformation", self.endpoint).describe_stacks(StackName=self.stack)["Stacks"]
        return found

    def remove(self) -> None:
        client("cloudformation", self.endpoint).delete_stack(StackName=self.stack)


@pytest.fixture
def operator(stack, tmp_path):
    made = Operator(tmp_path, stack.description["awsEndpointUrl"])
    yield made
    # Its functions must not go on reading queues while other tests run.
    made.remove()


@pytest.fixture
def release(stack_file, tmp_path, monkeypatch) -> Path:
    """A release of the functions that the shared stack was deployed with."""
    # Those of the profile `dev` are large, and nobody downloads this.
    monkeypatch.setattr(archives, "COMPRESSION", 1)
    template, built = source.read(), tmp_path / "built"
    for function, program in names.programs_of(source.translate(template)).items():
        (built / program).mkdir(parents=True)
        (built / program / "bootstrap").symlink_to(stack_file.parent / "build" / function / "bootstrap")
    of_now = Release("1.0.0", datetime.now(timezone.utc))
    return make_release([], {host_architecture(): built}, release=of_now, template=template, into=tmp_path)


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
    options = [word for name, value in given.items() for word in ("--parameter", f"{name}={value}")]
    said = operator.install(release, *options)
    assert "Made the bucket" in said or "Uploading version 1.0.0" in said

    outputs = {one["OutputKey"]: one["OutputValue"] for one in operator.described()["Outputs"]}
    key = stack.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
    host = outputs["ApiUrl"].split("://", 1)[1]
    api = LocalStack({"apiUrl": operator.endpoint, "operatorKey": key, "awsEndpointUrl": operator.endpoint}).api(tenant)

    def ask(method: str, path: str, body=None) -> dict:
        return api.request(method, f"/api/v1{path}", body, {"Host": host}).expect(200, 201, 202).body

    def publish(number: int) -> None:
        ask("POST", "/events", {"id": f"order-{number}", "type": "order.created", "data": {"number": number}})

    def status_of(number: int) -> list[str]:
        return [one["status"] for one in ask("GET", f"/events/order-{number}")["deliveries"]]

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
        values = {one["ParameterKey"]: one["ParameterValue"] for one in operator.described()["Parameters"]}
        assert values.items() >= given.items()
        assert values["ArtifactPrefix"] == f"{operator.stack}/{version}"
        receiver.respond = lambda _request: Response()
        eventually(lambda number=number: status_of(number) == ["delivered"], "what waited was not delivered")
        publish(number * 10)
        eventually(lambda number=number: status_of(number * 10) == ["delivered"], "no new event was delivered")
    letters = [value for name, value in outputs.items() if name.endswith("DeadLetterQueueUrl")]
    assert letters and not any(stack.messages(queue) for queue in letters)
