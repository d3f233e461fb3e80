"""Builds the functions, deploys the unchanged template, and writes `stack.json`."""

import json
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from hooklane_local import compiling, portal
from hooklane_local.architecture import require_built_for
from hooklane_local.environment import for_sam
from hooklane_local.paths import ROOT, SAM
from hooklane_local.private import write_private
from hooklane_local.processes import run
from hooklane_local.profile import REGION, STACK_NAME, Profile, host_architecture
from hooklane_local.progress import step

_FUNCTIONS = (
    "ApiFunction",
    "DashboardFunction",
    "IngestFunction",
    "FanoutFunction",
    "StatsFunction",
    "DeliveryFunction",
    "UpkeepFunction",
)


def build(profile: Profile) -> None:
    """Compiles the functions that the template names."""
    profile.make_state()
    environment = {**for_sam(profile), **compiling.for_cargo_lambda()}
    with step("compiling the functions (takes minutes the first time)"):
        # `sam build` would compile them too, but does not show cargo's progress.
        run(
            ["cargo", "build", "--locked", *compiling.programs()],
            environment=environment,
            cwd=ROOT,
        )
    with step("sam build"):
        run(
            [
                SAM,
                "build",
                "--template",
                ROOT / "template.yaml",
                "--build-dir",
                profile.build_dir,
                "--no-cached",
                "--region",
                REGION,
                "--parameter-overrides",
                *parameters(profile),
            ],
            environment=environment,
            cwd=ROOT,
            quiet_log=profile.state / "build.log",
        )


def deploy(profile: Profile) -> None:
    """Runs `sam deploy` to the running emulator."""
    with step("deploying template.yaml to the emulator"):
        _package(profile)
        run(
            [
                SAM,
                "deploy",
                "--template",
                profile.package_dir / "template.yaml",
                "--stack-name",
                STACK_NAME,
                "--resolve-s3",
                "--capabilities",
                "CAPABILITY_IAM",
                "--no-confirm-changeset",
                "--no-fail-on-empty-changeset",
                "--region",
                REGION,
                "--parameter-overrides",
                *parameters(profile),
            ],
            environment=for_sam(profile),
            # Not in the root, whose samconfig.toml is for AWS accounts.
            cwd=profile.state,
            quiet_log=profile.state / "deploy.log",
        )


def _package(profile: Profile) -> None:
    """Zips each function's folder, so that `sam deploy` uploads the archives as they are.

    Otherwise sam zips them itself, one after the other with the best compression. With binaries of the
    debug profile that takes most of a deployment's time.
    """
    shutil.rmtree(profile.package_dir, ignore_errors=True)
    profile.package_dir.mkdir()
    shutil.copy(profile.build_dir / "template.yaml", profile.package_dir)
    require_built_for(host_architecture(), profile.build_dir)
    folders = [path for path in profile.build_dir.iterdir() if path.is_dir()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda folder: _archive(folder, profile.package_dir / folder.name), folders))


def _archive(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, path.name)


def api_host(profile: Profile) -> str:
    """The name by which the emulator knows the deployed API."""
    api_id = outputs(profile)["ApiUrl"].split("://", 1)[1].split(".", 1)[0]
    return f"{api_id}.execute-api.localhost:{profile.port}"


def write_description(profile: Profile) -> dict:
    """Writes `stack.json` and returns its content."""
    stack = describe(profile)
    write_private(profile.stack_file, json.dumps(stack, indent=2) + "\n")
    return stack


def describe(profile: Profile) -> dict:
    """What a user or a test needs to use the deployed stack: the content of `stack.json`."""
    from hooklane_local.aws import client

    found = outputs(profile)
    secrets = client("secretsmanager", profile.endpoint)
    # One key per line, the current one first.
    operator_key = secrets.get_secret_value(SecretId=found["OperatorKeySecretArn"])["SecretString"].split()[0]
    stack = {
        "apiUrl": profile.api_url,
        "operatorKey": operator_key,
        "eventQueueUrl": found["EventQueueUrl"],
        "deliveryQueueUrl": found["DeliveryQueueUrl"],
        "retryQueueUrl": found["RetryQueueUrl"],
        "deadLetterQueueUrls": {
            "events": found["EventDeadLetterQueueUrl"],
            "fanout": found["FanoutDeadLetterQueueUrl"],
            "stats": found["StatsDeadLetterQueueUrl"],
            "deliveries": found["DeliveryDeadLetterQueueUrl"],
            "upkeep": found["UpkeepDeadLetterQueueUrl"],
        },
        "registryTable": found["RegistryTableName"],
        "ledgerTable": found["LedgerTableName"],
        "awsEndpointUrl": profile.endpoint,
        "region": REGION,
        "functions": {name: found[f"{name}Name"] for name in _FUNCTIONS},
    }
    return stack | portal.addresses(stack, signs_in=profile.signs_in)


def outputs(profile: Profile) -> dict[str, str]:
    """The outputs of the deployed template."""
    from hooklane_local.aws import client

    cloudformation = client("cloudformation", profile.endpoint)
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["Outputs"]
    }


def parameters(profile: Profile) -> list[str]:
    """What a stack on this machine differs in from the template's defaults."""
    return [
        f"Architecture={host_architecture()}",
        # The receivers of the demo and the tests listen on the loopback.
        "AllowedTargetCidrs=127.0.0.0/8",
        f"AllowedTargetPorts={ports_without(_own_ports(profile))}",
        f"LogLevel={profile.log_level}",
        # The API's plain address: the one that the emulator gives it leads nowhere.
        f"TestInboxes={profile.api_url}",
        # Every function instance is a process on this machine.
        "Scale=small",
        # Events that come together share messages, as on a stack that saves requests.
        "EventsPerMessage=10",
        # A test that lists events must not wait for others.
        "EventIndexSeconds=1",
        # A test that waits for a probe must not take a minute.
        "FirstProbeSeconds=2",
        # The emulator has no composite alarms.
        "CompositeAlarms=false",
        *([f"DefaultCatalog={profile.default_catalog}"] if profile.default_catalog else []),
    ]


def _own_ports(profile: Profile) -> set[int]:
    """Where this stack itself listens: whoever reaches the emulator can read its secrets."""
    endpoints = [profile.endpoint, profile.function_aws_endpoint or profile.endpoint, profile.api_url]
    return {urlsplit(endpoint).port or 80 for endpoint in endpoints}


def ports_without(own: set[int]) -> str:
    """The template's default ports, without these, as AllowedTargetPorts lists them."""
    ranges, first = ["443"], 1024
    for port in sorted(own):
        if port > first:
            ranges.append(f"{first}-{port - 1}")
        first = max(first, port + 1)
    return ",".join([*ranges, f"{first}-65535"] if first <= 65535 else ranges)
