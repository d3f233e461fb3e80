"""Starts and stops MiniStack, the AWS emulator, as a background process, and finds a running one again."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request

from hooklane_local import local_address, samples
from hooklane_local.background import Background
from hooklane_local.environment import for_emulator
from hooklane_local.paths import EMULATOR_VENV
from hooklane_local.ports import require_free
from hooklane_local.processes import end_group
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure, say

_READY_WITHIN_SECONDS = 60


def start(profile: Profile) -> None:
    """Starts an emulator and waits until it answers. If that fails, nothing keeps running."""
    require_free(profile.port)
    profile.make_state()
    # Files of an earlier emulator belong to tables and queues that no longer exist.
    shutil.rmtree(profile.state / "tmp", ignore_errors=True)
    (profile.state / "tmp").mkdir()
    with profile.emulator_log.open("wb") as log:
        process = subprocess.Popen(
            [str(EMULATOR_VENV / "bin" / "python"), "-m", "hooklane_local.ministack"],
            env=for_emulator(profile),
            cwd=profile.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # In a process group of its own, which `stop` ends. A Ctrl-C in `make` must not reach the
            # emulator before the functions' logs have been read.
            start_new_session=True,
        )
    try:
        _program(profile).write(process.pid, _settings(profile))
        _wait_until_ready(profile, process)
    except BaseException:
        end_group(process.pid)
        profile.emulator_record.unlink(missing_ok=True)
        raise


def is_running(profile: Profile) -> bool:
    """Whether this state folder's emulator is alive, answers, and has this profile's settings."""
    return _program(profile).settings() == _settings(profile) and _answers(profile)


def differences(profile: Profile) -> list[str]:
    """The settings of the running emulator that differ from this profile's; empty if no emulator runs."""
    running, asked = _program(profile).settings() or {}, _settings(profile)
    return [f"{_NAMES[name]}={_shown(value)}" for name, value in running.items() if asked.get(name) != value]


def port_of_running(profile: Profile) -> int | None:
    """The port of this state folder's emulator, or None if none runs."""
    settings = _program(profile).settings()
    return settings["port"] if settings else None


def stop(profile: Profile) -> bool:
    """Stops this state folder's emulator, every function process, and the API's address, which is of no use
    without them. True if anything was running."""
    samples.stop(profile)
    address_was_open = local_address.stop(profile)
    was_running = _program(profile).stop()
    profile.stack_file.unlink(missing_ok=True)
    shutil.rmtree(profile.state / "tmp", ignore_errors=True)
    return was_running or address_was_open


def stop_leftover(profile: Profile) -> None:
    """Stops what an earlier run of the same command left behind because it was killed."""
    if stop(profile):
        say(f"    stopped an emulator that an earlier `make {profile.name}` left behind")


def log_tail(profile: Profile, lines: int = 60) -> str:
    if not profile.emulator_log.exists():
        return "(no emulator log)"
    return "\n".join(profile.emulator_log.read_text(errors="replace").splitlines()[-lines:])


# The variable that sets each setting.
_NAMES = {"port": "HOOKLANE_PORT", "enforceIam": "IAM", "functionAwsEndpoint": "FUNCTION_AWS_ENDPOINT"}


def _shown(value) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value or "")


def _settings(profile: Profile) -> dict:
    # The settings that a running emulator cannot change.
    return {
        "port": profile.port,
        "enforceIam": profile.enforce_iam,
        "functionAwsEndpoint": profile.function_aws_endpoint,
    }


def _program(profile: Profile) -> Background:
    return Background(profile.emulator_record)


def _wait_until_ready(profile: Profile, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failure(f"the emulator ended while it started; the end of its log:\n{log_tail(profile, 20)}")
        if _answers(profile):
            return
        time.sleep(0.1)
    raise Failure(f"the emulator did not answer in {_READY_WITHIN_SECONDS} s; the end of its log:\n{log_tail(profile, 20)}")


def _answers(profile: Profile) -> bool:
    # Ignores any proxy that the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{profile.endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
