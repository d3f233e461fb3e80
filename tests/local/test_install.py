"""`deploy/install.sh` deploys, upgrades and rolls back, ends well when interrupted, and refuses in one line."""

import copy
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aws_stand_in
import pytest
from hooklane_local.paths import ROOT
from hooklane_local.release.checksums import write_checksums

ACCOUNT, REGION = aws_stand_in.ACCOUNT, aws_stand_in.REGION
BUCKET = f"hooklane-{ACCOUNT}-{REGION}"
SCRIPT = ROOT / "deploy" / "install.sh"
TABLE, QUEUE, SECRET = "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"


def template(version: str, **resources: dict) -> dict:
    code = {"S3Bucket": {"Ref": "ArtifactBucket"}, "S3Key": {"Fn::Sub": "${ArtifactPrefix}/api-x86_64.zip"}}
    level = {"Type": "String", "Default": "info", "AllowedValues": ["info", "debug"]}
    return {
        "Parameters": {
            "ArtifactBucket": {"Type": "String"},
            "ArtifactPrefix": {"Type": "String", "Default": f"hooklane/{version}"},
            "LogLevel": level,
            "Greeting": {"Type": "String", "Default": ""},
        },
        "Resources": {
            "ApiFunction": {"Type": "AWS::Lambda::Function", "Code": code, "Level": {"Ref": "LogLevel"},
                            "Greeting": {"Ref": "Greeting"}},
            "Ledger": {"Type": TABLE, "Name": "ledger"},
            **resources,
        },
    }


class Machine:
    """A machine with the stand-in as its AWS CLI, and releases to install."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.programs, temporary = folder / "bin", folder / "tmp"
        self.programs.mkdir()
        temporary.mkdir()
        self.cloud = aws_stand_in.StandIn(self.programs)
        self.environment = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "HOOKLANE_POLL_SECONDS": "0",
            "AWS_REGION": REGION,
            "TMPDIR": str(temporary),
        }

    @property
    def state(self) -> dict:
        """A copy, which later calls do not change."""
        return copy.deepcopy(self.cloud.state)

    def write(self, state: dict) -> None:
        self.cloud.state = copy.deepcopy(state)

    def change(self, **values) -> None:
        self.write(self.state | values)

    def release(self, version: str, **resources: dict) -> Path:
        made = self.folder / f"hooklane-{version}"
        made.mkdir()
        shutil.copy(SCRIPT, made / "install.sh")
        (made / "template.json").write_text(json.dumps(template(version, **resources), indent=1))
        (made / "api-x86_64.zip").write_bytes(f"the program of {version}\x00\xff".encode("latin-1"))
        # Two files to upload are enough, and each one more would make the tests longer.
        script = (made / "install.sh").rename(self.folder / "script")
        write_checksums(made)
        script.rename(made / "install.sh")
        (made / "VERSION").write_text(f"{version}\n")
        return made

    def run(self, release: Path, *options: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess:
        """Runs the script of a release as its user does. It leads a process group, which the stand-in may kill."""
        with subprocess.Popen(
            ["sh", release / "install.sh", *options],
            env={**self.environment, **environment},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as script:
            # The script makes its first call a while after it was started.
            self.cloud.group = script.pid
            try:
                printed, complained = script.communicate(answer, timeout=60)
            finally:
                script.kill()
        return subprocess.CompletedProcess(script.args, script.returncode, printed, complained)

    def install(self, release: Path, *options: str) -> str:
        ended = self.run(release, "--yes", *options)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return ended.stdout

    def refusal(self, release: Path, *options: str, **more: str) -> str:
        """The one line that the script refuses with."""
        ended = self.run(release, *options, **more)
        assert ended.returncode == 1, ended.stdout + ended.stderr
        assert ended.stderr.startswith("install.sh: ") and ended.stderr.count("\n") == 1, ended.stderr
        return ended.stderr.removeprefix("install.sh: ").strip()

    @property
    def made(self) -> dict:
        """What is there: buckets with their objects, and stacks."""
        return {key: self.state[key] for key in ("buckets", "stacks")}

    @property
    def stack(self) -> dict:
        return self.state["stacks"]["hooklane"]

    def calls(self, name: str) -> list[list[str]]:
        return [call for call in self.state["calls"] if call[1] == name]


@pytest.fixture
def machine(tmp_path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.cloud.close()


@pytest.fixture
def first(machine) -> Path:
    return machine.release("1.0.0")


# ---- What it does


def test_a_first_deployment_makes_a_closed_bucket_uploads_everything_and_says_what_to_do(machine, first):
    said = machine.install(first)

    bucket = machine.state["buckets"][BUCKET]
    assert bucket["closed"] and set(bucket["objects"]) == {
        f"hooklane/1.0.0/{name}" for name in ("SHA256SUMS", "api-x86_64.zip", "template.json")
    }
    assert bucket["objects"]["hooklane/1.0.0/api-x86_64.zip"]["body"] == "the program of 1.0.0\x00\xff"
    assert machine.stack["status"] == "CREATE_COMPLETE"
    assert machine.stack["values"] == {
        "ArtifactBucket": BUCKET, "ArtifactPrefix": "hooklane/1.0.0", "LogLevel": "info", "Greeting": ""
    }
    assert "Add" in said and "ApiFunction" in said and "Ledger" in said
    assert "https://api.example.com" in said and "--secret-id arn:the-key" in said
    assert 'curl -H "Authorization: Bearer $KEY" https://api.example.com/status' in said
    assert not list((machine.folder / "tmp").iterdir())


def test_a_newer_release_upgrades_and_keeps_the_parameters(machine, first):
    machine.install(first, "--parameter", "LogLevel=debug", "--parameter", 'Greeting=a "b" \\c, d=é $x *')
    second = machine.release("1.1.0", Events={"Type": QUEUE})
    said = machine.install(second)

    assert machine.stack["status"] == "UPDATE_COMPLETE"
    assert machine.stack["values"] == {
        "ArtifactBucket": BUCKET, "ArtifactPrefix": "hooklane/1.1.0", "LogLevel": "debug",
        "Greeting": 'a "b" \\c, d=é $x *',
    }
    changes = [line.split() for line in said.splitlines() if "AWS::" in line]
    assert changes == [["Modify", "AWS::Lambda::Function", "ApiFunction"], ["Add", QUEUE, "Events"]]
    machine.install(second, "--parameter", "LogLevel=info")
    assert machine.stack["values"]["LogLevel"] == "info" and machine.stack["values"]["Greeting"].startswith("a ")


def test_the_same_release_again_uploads_and_changes_nothing(machine, first):
    machine.install(first)
    before = machine.made
    machine.change(calls=[])
    said = machine.install(first)
    assert "deployed already" in said and "https://api.example.com" in said
    assert machine.made == before
    assert machine.calls("put-object") == machine.calls("execute-change-set") == []


def test_a_version_that_is_in_the_bucket_is_rolled_back_to(machine, first):
    machine.install(first, "--parameter", "LogLevel=debug")
    second = machine.release("1.1.0")
    # A parameter that only the newer version has, and is not asked for by the older one.
    newer = template("1.1.0")
    newer["Parameters"]["Newer"] = {"Type": "String", "Default": "x"}
    (second / "template.json").write_text(json.dumps(newer))
    write_checksums(second)
    machine.install(second)
    shutil.rmtree(first)
    machine.change(calls=[])

    said = machine.install(second, "--rollback-to", "1.0.0")

    assert "Version 1.0.0 is deployed." in said
    assert machine.stack["values"] == {
        "ArtifactBucket": BUCKET, "ArtifactPrefix": "hooklane/1.0.0", "LogLevel": "debug", "Greeting": ""
    }
    assert machine.calls("put-object") == machine.calls("create-bucket") == []


def test_a_rollback_needs_no_release_beside_the_script(machine, first):
    machine.install(first)
    machine.install(machine.release("1.1.0"))
    alone = machine.folder / "alone"
    alone.mkdir()
    shutil.copy(SCRIPT, alone)
    machine.install(alone, "--rollback-to", "1.0.0")
    assert machine.stack["values"]["ArtifactPrefix"] == "hooklane/1.0.0"


def test_the_names_can_be_chosen(machine, first):
    machine.change(buckets={"another-bucket": {"owner": ACCOUNT, "region": REGION, "objects": {}, "closed": True}})
    options = ("--bucket", "another-bucket", "--prefix", "a/b", "--stack", "hooklane-two", "--region", REGION)
    assert machine.run(first, "--yes", *options, AWS_REGION="").returncode == 0
    assert machine.state["buckets"]["another-bucket"]["objects"]
    assert machine.state["stacks"]["hooklane-two"]["values"]["ArtifactPrefix"] == "a/b/1.0.0"


def test_a_release_can_be_uploaded_alone(machine, first):
    said = machine.install(first, "--upload-only")
    assert f"https://s3.{REGION}.amazonaws.com/{BUCKET}/hooklane/1.0.0/template.json" in said
    assert f"ArtifactBucket={BUCKET} ArtifactPrefix=hooklane/1.0.0" in said
    assert machine.state["stacks"] == {} and len(machine.state["buckets"][BUCKET]["objects"]) == 3
    assert not any(call[0] == "cloudformation" for call in machine.state["calls"])


def test_the_settings_of_a_bucket_that_somebody_else_made_are_left_alone(machine, first):
    open_bucket = {"owner": ACCOUNT, "region": REGION, "objects": {}, "closed": False}
    machine.change(buckets={"ours": open_bucket})
    machine.install(first, "--bucket", "ours")
    assert not machine.state["buckets"]["ours"]["closed"]


def test_the_region_of_the_profile_is_taken_if_no_other_is_named(machine, first):
    machine.change(region=REGION)
    assert machine.run(first, "--yes", AWS_REGION="").returncode == 0
    assert BUCKET in machine.state["buckets"]


@pytest.mark.parametrize("answer", ["y\n", "yes\n"])
def test_it_asks_first_and_goes_on_with_a_yes(machine, first, answer):
    ended = machine.run(first, answer=answer)
    assert ended.returncode == 0 and "Deploy version 1.0.0 to the stack hooklane? [y/N]" in ended.stdout
    assert machine.stack["status"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("answer", "said"), [("n\n", ""), ("\n", ""), ("", ": there was no answer. --yes deploys without asking")]
)
def test_without_a_yes_there_is_no_stack(machine, first, answer, said):
    assert machine.refusal(first, answer=answer) == f"nothing was deployed{said}"
    assert machine.state["stacks"] == {}


def test_a_plan_that_an_interrupted_run_left_goes_with_the_next_no(machine, first):
    machine.run(first, answer="n\n")
    uploaded = machine.state
    machine.run(first, answer="n\n")
    # The last call of a run that is refused.
    machine.write(uploaded | {"kill_at": len(machine.state["calls"])})
    assert machine.run(first, answer="n\n").returncode == -9
    machine.change(kill_at=None)
    assert machine.stack["status"] == "REVIEW_IN_PROGRESS"
    assert machine.refusal(first, answer="n\n") == "nothing was deployed"
    assert machine.state["stacks"] == {}


@pytest.mark.parametrize(("at", "line"), [
    ("? [y/N]", "interrupted, nothing was deployed."),
    ("Deploying.", "interrupted, but AWS continues with the deployment."),
])
def test_whoever_interrupts_it_is_told_what_becomes_of_the_deployment(machine, first, at, line):
    script = subprocess.Popen(
        ["sh", first / "install.sh", *(["--yes"] if at == "Deploying." else [])],
        env=machine.environment | {"HOOKLANE_POLL_SECONDS": "2"}, cwd=machine.folder, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with script:
        printed = ""
        while at not in printed and (more := script.stdout.read(1)):
            printed += more
        os.killpg(script.pid, signal.SIGINT)
        _, complained = script.communicate(timeout=60)
    assert script.returncode == 130
    assert complained.startswith(f"install.sh: {line}"), complained
    assert ("hooklane" in machine.state["stacks"]) == (at == "Deploying.")


def test_without_a_yes_the_stack_stays_as_it_was(machine, first):
    machine.install(first)
    before = machine.stack
    assert machine.refusal(machine.release("1.1.0"), answer="n\n") == "nothing was deployed"
    assert machine.stack == before


def test_the_help_names_every_option_and_needs_no_aws(machine, first):
    machine.change(cli="none")
    ended = machine.run(first, "--help")
    assert ended.returncode == 0 and machine.state["calls"] == []
    named = [line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  --")]
    assert len(named) == 10
    for name in named:
        assert f"{name})" in SCRIPT.read_text() or f"{name} |" in SCRIPT.read_text()


# ---- Interrupted


def interrupted_everywhere(machine: Machine, release: Path, prepared: dict) -> int:
    """Kills the script instead of each of its calls in turn and runs it again. Returns the number of calls."""
    machine.write(prepared)
    machine.install(release)
    calls, wanted = len(machine.state["calls"]) - len(prepared["calls"]), machine.made
    for number in range(1, calls + 1):
        machine.write(prepared | {"kill_at": len(prepared["calls"]) + number})
        killed = machine.run(release, "--yes")
        assert killed.returncode == -9, f"call {number} was not made"
        machine.change(kill_at=None)
        machine.install(release)
        # A plan that was never carried out may be left; the next deployment removes it.
        found = machine.made
        found["stacks"]["hooklane"]["changes"] = {}
        assert found == wanted, f"killed at call {number}: {machine.state['calls'][number - 1]}"
    return calls


def test_killed_at_any_call_of_a_first_deployment_and_run_again_it_ends_well(machine, first):
    assert interrupted_everywhere(machine, first, machine.state) > 18


def test_killed_at_any_call_of_an_upgrade_and_run_again_it_ends_well(machine, first):
    machine.install(first, "--parameter", "LogLevel=debug")
    second = machine.release("1.1.0", Events={"Type": QUEUE})
    # The upload is that of a first deployment, so it is not interrupted again.
    machine.install(second, "--upload-only")
    assert interrupted_everywhere(machine, second, machine.state | {"calls": []}) > 12


def test_a_stack_that_is_being_changed_is_waited_for(machine, first):
    machine.install(first)
    stack = machine.stack | {"status": "UPDATE_IN_PROGRESS", "next": "UPDATE_ROLLBACK_COMPLETE", "looks": 3}
    machine.change(stacks={"hooklane": stack})
    said = machine.install(machine.release("1.1.0"))
    assert said.count("Waiting.") == 1
    assert machine.stack["status"] == "UPDATE_COMPLETE"


def test_a_first_deployment_that_failed_is_removed_and_made_again(machine, first):
    machine.change(fails=True)
    ended = machine.run(first, "--yes")
    assert ended.returncode == 1 and "version 1.0.0 was not deployed: the stack is in ROLLBACK_COMPLETE" in ended.stderr
    assert "ApiFunction\tno such key" in ended.stderr and "Other" not in ended.stderr
    machine.change(fails=False)
    assert machine.refusal(first, answer="n\n") == "nothing was deployed"
    assert machine.stack["status"] == "ROLLBACK_COMPLETE"
    machine.install(first)
    assert machine.stack["status"] == "CREATE_COMPLETE"


def test_an_upgrade_that_failed_is_said_and_can_be_tried_again(machine, first):
    machine.install(first)
    machine.change(fails=True)
    second = machine.release("1.1.0")
    ended = machine.run(second, "--yes")
    assert ended.returncode == 1 and "the stack is in UPDATE_ROLLBACK_COMPLETE" in ended.stderr
    machine.change(fails=False)
    machine.install(second)
    assert machine.stack["values"]["ArtifactPrefix"] == "hooklane/1.1.0"


# ---- Refused: one line, and nothing is changed


@pytest.mark.parametrize(
    ("state", "environment", "options", "line"),
    [
        ({"credentials": False}, {}, (), f"no credentials that work in {REGION}: InvalidClientTokenId: "),
        ({}, {"AWS_REGION": ""}, (), "no region is set"),
        ({}, {"AWS_REGION": "Frankfurt"}, (), "'Frankfurt' is not an AWS region"),
        ({}, {}, ("--region", "eu-centrall-1"), "the region eu-centrall-1 does not answer"),
        ({"cli": "aws-cli/1.45.11"}, {}, (), "the AWS CLI on PATH is not version 2"),
        ({}, {}, ("--reigon", REGION), "there is no option --reigon"),
        ({}, {}, ("--region=eu-west-1",), "the value of --region is given after a blank: --region eu-west-1"),
        ({}, {}, ("deploy",), "'deploy' belongs to no option"),
        ({}, {}, ("--parameter", "LogLevell=debug"), "version 1.0.0 has no parameter LogLevell"),
        ({}, {}, ("--bucket", "Mine!"), "'Mine!' cannot be the name of a bucket"),
        ({}, {}, ("--bucket", "mine"), "there is no bucket mine: make it first, or leave --bucket out"),
        ({}, {}, ("--upload-only", "--parameter", "LogLevel=debug"), "--upload-only deploys nothing"),
        ({}, {}, ("--stack",), "--stack needs a value"),
        ({}, {}, ("--stack", "-a"), "'-a' cannot be the name of a stack"),
        ({}, {}, ("--prefix", "/a"), "'/a' cannot be a prefix"),
        ({}, {}, ("--rollback-to", "1", "--upload-only"), "--rollback-to uploads nothing"),
        ({}, {}, ("--rollback-to", "1/2"), "'1/2' is not a version"),
        ({}, {}, ("--parameter", "LogLevel"), "a parameter is given as NAME=VALUE"),
        ({}, {}, ("--parameter", "Log Level=x"), "a parameter is given as NAME=VALUE"),
        ({}, {}, ("--parameter", "ArtifactBucket=x"), "ArtifactBucket follows from"),
        ({}, {}, ("--parameter", "ArtifactPrefix=x"), "ArtifactPrefix follows from"),
        ({}, {}, ("--parameter", "LogLevel=debug", "--parameter", "LogLevel=info"), "the parameter LogLevel is given twice"),
        ({}, {}, ("--parameter", "Greeting=a\nb"), "the value of Greeting has a line break"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_work_is_refused_before_anything_is_made(machine, first, state, environment, options, line):
    machine.change(**state)
    assert machine.refusal(first, "--yes", *options, **environment).startswith(line)
    assert machine.made == {"buckets": {}, "stacks": {}}


def test_a_machine_without_the_aws_cli_is_told(machine, first):
    (machine.programs / "aws").unlink()
    for name in ("sh", "mktemp", "rm", "cat", "grep", "sed", "tr", "dirname", "sha256sum"):
        (machine.programs / name).symlink_to(shutil.which(name))
    path = str(machine.programs)
    assert machine.refusal(first, "--yes", PATH=path) == "the AWS CLI is not on PATH: install version 2 of it"
    (machine.programs / "sha256sum").unlink()
    assert machine.refusal(first, "--yes", PATH=path).startswith("neither sha256sum nor shasum")


@pytest.mark.parametrize("options", [(), ("--bucket", "theirs")])
@pytest.mark.parametrize("owner", ["210987654321"])
def test_a_bucket_of_somebody_else_is_neither_read_nor_written(machine, first, owner, options):
    theirs = {name: {"owner": owner, "region": REGION, "objects": {}, "closed": False} for name in (BUCKET, "theirs")}
    machine.change(buckets=theirs)
    assert "belongs to somebody else" in machine.refusal(first, "--yes", *options)
    assert "belongs to somebody else" in machine.refusal(first, "--yes", "--rollback-to", "1.0.0", *options)
    assert machine.made == {"buckets": theirs, "stacks": {}}
    assert {call[1] for call in machine.state["calls"]} == {"get-caller-identity", "head-bucket"}


def test_a_bucket_that_was_made_a_moment_ago_is_taken_if_it_is_ours(machine, first):
    ours = {"owner": ACCOUNT, "region": REGION, "objects": {}, "closed": False}
    machine.change(buckets={BUCKET: ours}, unseen=BUCKET)
    machine.install(first)
    assert machine.state["buckets"][BUCKET]["closed"]
    machine.change(buckets={BUCKET: ours | {"owner": "210987654321"}}, unseen=BUCKET)
    assert "belongs to somebody else" in machine.refusal(first, "--yes")
    assert machine.state["buckets"][BUCKET]["objects"] == {}


@pytest.mark.parametrize(("location", "named"), [(None, "us-east-1"), ("EU", "eu-west-1"), ("eu-north-1", "eu-north-1")])
def test_a_bucket_in_another_region_is_refused(machine, first, location, named):
    machine.change(buckets={"far": {"owner": ACCOUNT, "region": location, "objects": {}, "closed": False}})
    before = machine.made
    assert f"the bucket far is in {named} and not in {REGION}" in machine.refusal(first, "--yes", "--bucket", "far")
    assert machine.made == before


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda folder: (folder / "api-x86_64.zip").write_bytes(b"another"), "Missing or not as SHA256SUMS says: api-x86_64.zip"),
        (lambda folder: (folder / "template.json").unlink(), "Missing or not as SHA256SUMS says: template.json"),
        (lambda folder: (folder / "SHA256SUMS").write_text("nothing\n"), "SHA256SUMS cannot be read"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS or VERSION is not beside this script"),
    ],
)
def test_a_damaged_release_is_not_uploaded(machine, first, damage, line):
    damage(first)
    assert line in machine.refusal(first, "--yes")
    assert machine.state["calls"] == []


def test_a_version_is_never_overwritten_by_another_release_of_the_same_name(machine, first):
    machine.install(first)
    before = machine.made
    (first / "api-x86_64.zip").write_bytes(b"another")
    write_checksums(first)
    assert "holds another release with the version 1.0.0" in machine.refusal(first, "--yes")
    assert machine.made == before


def test_a_parameter_that_the_version_does_not_have_is_refused(machine, first):
    assert machine.refusal(first, "--yes", "--parameter", "Missing=x") == "version 1.0.0 has no parameter Missing"
    assert machine.state["stacks"] == {}


def test_a_value_that_cloudformation_refuses_is_its_own_line(machine, first):
    assert "must be one of AllowedValues" in machine.refusal(first, "--yes", "--parameter", "LogLevel=loud")
    assert machine.state["stacks"] == {}


def test_a_version_that_is_not_in_the_bucket_cannot_be_rolled_back_to(machine, first):
    assert "there is no bucket" in machine.refusal(first, "--yes", "--rollback-to", "0.9.0")
    assert machine.state["buckets"] == {}
    machine.install(first)
    before = machine.made
    refused = machine.refusal(first, "--yes", "--rollback-to", "0.9.0")
    assert refused == f"the bucket {BUCKET} does not hold version 0.9.0. It holds: 1.0.0"
    state = machine.state
    del state["buckets"][BUCKET]["objects"]["hooklane/1.0.0/api-x86_64.zip"]
    machine.write(state)
    assert "api-x86_64.zip is not as it was" in machine.refusal(first, "--yes", "--rollback-to", "1.0.0")
    assert machine.stack == before["stacks"]["hooklane"]


def test_there_is_nothing_to_roll_back_without_a_stack(machine, first):
    machine.install(first)
    refused = machine.refusal(first, "--yes", "--rollback-to", "1.0.0", "--stack", "hooklan")
    assert refused == f"there is no stack hooklan in {REGION} that could be rolled back"
    assert list(machine.state["stacks"]) == ["hooklane"]


@pytest.mark.parametrize(
    ("resources", "name", "shown"),
    [
        ({"Events": {"Type": QUEUE}, "Ledger": {"Type": TABLE, "Name": "other"}}, "Ledger", "REPLACE"),
        ({"Events": {"Type": QUEUE, "Of": "other"}}, "Events", "Modify or replace"),
        ({}, "Events", "Remove"),
        ({"Events": {"Type": QUEUE}, "Key": {"Type": SECRET, "Of": "b"}}, "Key", "Modify or replace"),
    ],
    ids=["a table is replaced", "a queue may be replaced", "a queue is removed", "a secret may be replaced"],
)
def test_what_replaces_or_removes_data_is_refused_unless_it_is_allowed(machine, resources, name, shown):
    key = {"Key": {"Type": SECRET, "Of": "a"}}
    machine.install(machine.release("1.0.0", Events={"Type": QUEUE}, **key))
    before = machine.stack
    second = machine.release("1.1.0", **(key | resources))
    assert machine.refusal(second, "--yes").startswith(f"nothing was deployed: it would replace or remove {name}, and what")
    assert machine.stack == before
    assert shown in machine.install(second, "--allow-replacement")


def test_what_holds_no_data_is_replaced_without_more(machine):
    rule = {"Type": "AWS::Events::Rule"}
    machine.install(machine.release("1.0.0", Rule=rule | {"Name": "a"}, Other=rule))
    said = machine.install(machine.release("1.1.0", Rule=rule | {"Name": "b"}))
    assert "REPLACE" in said and "Remove" in said


def test_a_change_without_a_resource_is_said_and_made(machine, first):
    more = template("1.0.0")
    more["Parameters"]["Unused"] = {"Type": "String", "Default": ""}
    (first / "template.json").write_text(json.dumps(more, indent=1))
    write_checksums(first)
    machine.install(first)
    said = machine.install(first, "--parameter", "Unused=x").splitlines()
    assert said[1] == "  no resource" and said[2].startswith("Deploying. This takes some minutes.")
    assert machine.stack["values"]["Unused"] == "x"


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"])
def test_a_stack_that_must_be_mended_is_left_alone(machine, first, status):
    machine.install(first)
    machine.change(stacks={"hooklane": machine.stack | {"status": status}})
    before = machine.made
    assert f"the stack hooklane is in {status}" in machine.refusal(first, "--yes")
    assert machine.made == before


# ---- The script itself


def test_it_is_a_script_of_the_plain_shell():
    for shell in filter(None, map(shutil.which, ("dash", "sh"))):
        checked = subprocess.run([shell, "-n", SCRIPT], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
    text = SCRIPT.read_text()
    assert text.startswith("#!/bin/sh\n") and os.access(SCRIPT, os.X_OK)
    for word in ("[[ ", "local ", "function ", "<<<", "<(", "+=", "pipefail", "echo "):
        assert word not in text, f"{word} is not in POSIX, or not the same everywhere"


def test_every_call_is_one_that_aws_knows(machine, first):
    """The stand-in knows its options from here; botocore knows them from AWS."""
    session = pytest.importorskip("botocore.session").get_session()
    for name, (required, allowed) in aws_stand_in.CALLS.items():
        service, operation = name.split()
        if service == "configure":
            continue
        model = session.get_service_model(service.removesuffix("api"))
        shape = model.operation_model("".join(word.capitalize() for word in operation.split("-"))).input_shape
        members = {} if shape is None else shape.members
        plain = {option.replace("-", "") for option in {*required, *allowed} - {"no-paginate"}}
        assert plain <= {member.lower() for member in members}, name
        assert {member.lower() for member in (shape.required_members if shape else ())} <= plain | {"bucket"}, name
