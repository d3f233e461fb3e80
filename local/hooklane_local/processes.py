"""Programs that are started here, and that do not outlive what started them."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from hooklane_local.progress import Failure


class Stopped(BaseException):
    """A signal asked for the end. Not an Exception, so that nothing but clean-up catches it."""

    def __init__(self, signal_number: int):
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = 128 + signal_number


@contextmanager
def stopping_on_signals():
    """Turns SIGINT, SIGTERM and SIGHUP into `Stopped`, so that every `finally` runs.

    A second signal while cleaning up is ignored: clean-up is short, and half of it is none.
    """
    received = False

    def stop(signal_number, _frame):
        nonlocal received
        if not received:
            received = True
            raise Stopped(signal_number)

    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in watched}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(command: list, *, environment: dict[str, str], cwd: Path, quiet_log: Path | None = None) -> None:
    """Runs a program to its end; with `quiet_log`, its output goes there and is shown on failure.

    The program has a process group of its own, which is ended with it: whatever it started
    (compilers, test workers) goes too.
    """
    command = [str(part) for part in command]
    output = quiet_log.open("wb") if quiet_log else None
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
        try:
            status = process.wait()
        except BaseException:
            end_group(process.pid)
            raise
    except FileNotFoundError as error:
        raise Failure(f"{command[0]} is missing: run `make setup`") from error
    finally:
        if output:
            output.close()
    if status != 0:
        if quiet_log:
            print(quiet_log.read_text(errors="replace"), flush=True)
        raise Failure(f"`{' '.join(command)}` failed with status {status}")


def run_side_by_side(commands: dict[Path, list], *, environment: dict[str, str], cwd: Path) -> list[Path]:
    """Runs programs at once, each with its output in the file that names it; returns those that failed."""
    running = {}
    try:
        for log, command in commands.items():
            with log.open("wb") as output:
                running[log] = subprocess.Popen(
                    [str(part) for part in command],
                    env=environment,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        return [log for log, process in running.items() if process.wait() != 0]
    except FileNotFoundError as error:
        raise Failure(f"{error.filename} is missing: run `make setup`") from error
    finally:
        for process in running.values():
            end_group(process.pid)


def end_group(group: int, patience: float = 5.0) -> None:
    """Ends a process group: asks first, insists after `patience` seconds."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, signal_number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            _bury(group)
            if not group_lives(group):
                return
            time.sleep(0.05)


def _bury(group: int) -> None:
    """Takes the exit status of our own children: until then they count as members of the group."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Some systems say so of a group that only has zombies left.
        return False
    return True


def started_at(pid: int) -> str | None:
    """When a process was started, as an opaque text: tells a process from a later one of the same id."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # The name in parentheses may hold anything; the start time is field 22 of what stat(5) lists.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
