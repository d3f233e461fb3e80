"""Starts and stops MiniStack, the AWS emulator, as a background process, and finds a running one again."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from hooklane_local.environment import for_emulator
from hooklane_local.paths import EMULATOR_VENV
from hooklane_local.ports import require_free
from hooklane_local.processes import end_group, group_lives, started_at
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
            [str(EMULATOR_VENV / "bin" / "python"), "-m", "ministack"],
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
        _record(profile, process.pid)
        _wait_until_ready(profile, process)
    except BaseException:
        end_group(process.pid)
        profile.emulator_record.unlink(missing_ok=True)
        raise


def is_running(profile: Profile) -> bool:
    """Whether this state folder's emulator is alive, answers, and has this profile's settings."""
    record = _read_record(profile)
    return record is not None and _is_ours(record) and record["settings"] == _settings(profile) and _answers(profile)


def differences(profile: Profile) -> list[str]:
    """The settings of the running emulator that differ from this profile's; empty if no emulator runs."""
    record = _read_record(profile)
    if record is None or not _is_ours(record):
        return []
    asked = _settings(profile)
    return [f"{_NAMES[name]}={_shown(value)}" for name, value in record["settings"].items() if asked.get(name) != value]


def port_of_running(profile: Profile) -> int | None:
    """The port of this state folder's emulator, or None if none runs."""
    record = _read_record(profile)
    return record["settings"]["port"] if record is not None and _is_ours(record) else None


def stop(profile: Profile) -> bool:
    """Stops this state folder's emulator and every function process. True if it was running."""
    record = _read_record(profile)
    was_running = record is not None and _is_ours(record)
    if was_running:
        end_group(record["pid"])
    profile.emulator_record.unlink(missing_ok=True)
    profile.stack_file.unlink(missing_ok=True)
    shutil.rmtree(profile.state / "tmp", ignore_errors=True)
    return was_running


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


def _record(profile: Profile, pid: int) -> None:
    record = {"pid": pid, "startedAt": started_at(pid), "settings": _settings(profile)}
    profile.emulator_record.write_text(json.dumps(record, indent=2) + "\n")


def _read_record(profile: Profile) -> dict | None:
    try:
        return json.loads(profile.emulator_record.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _is_ours(record: dict) -> bool:
    # Process ids are reused. Only the start time tells that this is still the same process.
    return started_at(record["pid"]) == record["startedAt"] and group_lives(record["pid"])


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
