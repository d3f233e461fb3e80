"""The environment variables that other programs are started with."""

import os

from hooklane_local.paths import BUILD_VENV, CARGO_TOOLS, LOCAL
from hooklane_local.profile import REGION, Profile


def for_aws_clients(endpoint: str) -> dict[str, str]:
    """Makes an AWS client call the emulator, whatever the user's own settings are."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        # The user's own profiles and endpoints must be neither used nor changed.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _with_loopback(os.environ.get("NO_PROXY", "")),
        "no_proxy": _with_loopback(os.environ.get("no_proxy", "")),
    }


def for_build_tools() -> dict[str, str]:
    """The user's environment with the pinned tools first on PATH."""
    environment = _without_aws(os.environ)
    environment["PATH"] = os.pathsep.join(
        [str(BUILD_VENV / "bin"), str(CARGO_TOOLS / "bin"), os.environ.get("PATH", os.defpath)]
    )
    environment["SAM_CLI_TELEMETRY"] = "0"
    return environment


def for_sam(profile: Profile) -> dict[str, str]:
    """For `sam build` and `sam deploy` of a local stack."""
    environment = for_build_tools()
    environment.update(for_aws_clients(profile.endpoint))
    # The host's linker and not the profile `release`, so that the artifacts of `cargo test` are reused and no
    # cross-compiler is needed. For AWS the functions are built with plain `sam build`.
    environment["SAM_BUILD_MODE"] = "debug"
    environment["CARGO_LAMBDA_COMPILER"] = "cargo"
    # Seconds between two polls of the deployment, which the emulator finishes at once.
    environment["SAM_CLI_POLL_DELAY"] = "0.3"
    return environment


def for_emulator(profile: Profile) -> dict[str, str]:
    """For MiniStack and for the functions, to which it passes its own environment on."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        **for_aws_clients(profile.function_aws_endpoint or profile.endpoint),
        "TMPDIR": str(profile.state / "tmp"),
        "STATE_DIR": str(profile.state / "tmp" / "state"),
        "S3_DATA_DIR": str(profile.state / "tmp" / "s3"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(profile.port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "AUTH": "true" if profile.enforce_iam else "false",
        # A socket that does not exist. Otherwise the emulator would search the user's Docker for its
        # containers when it stops.
        "DOCKER_HOST": f"unix://{profile.state / 'no-docker.sock'}",
        "PYTHONUNBUFFERED": "1",
        # For the module that starts it.
        "PYTHONPATH": str(LOCAL),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def for_reverse_proxy() -> dict[str, str]:
    """For the proxy at the API's address, which needs nothing but its own sources."""
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(LOCAL), "PYTHONDONTWRITEBYTECODE": "1"}


def _without_aws(environment) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _with_loopback(no_proxy: str) -> str:
    return ",".join(filter(None, [no_proxy, "127.0.0.1", "localhost", ".localhost"]))
