"""Starts programs that do not outlive the command that started them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooklane_local.progress import Failure


class Stopped(BaseException):
    """A signal asked this process to end. Not an Exception, so that only clean-up code sees it."""

    def __init__(self, signal_number: int):
        super().__init__(signal.Signals(signal_number).name)
        self.exit_status = 128 + signal_number


@contextmanager
def stopping_on_signals():
    """Turns SIGINT, SIGTERM and SIGHUP into `Stopped`, so that every `finally` runs.

    A second signal is ignored, because clean-up is short and must be complete.
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
    """Runs a program and fails unless it succeeds. With `quiet_log` its output is shown only on failure.

    The program has a process group of its own. If this is interrupted, the group is ended, and with it
    what the program has started (compilers, test workers).
    """
    output = quiet_log.open("wb") if quiet_log else None
    try:
        process = _started(
            command, environment=environment, cwd=cwd, stdout=output, stderr=subprocess.STDOUT if output else None
        )
        with _ending_its_group(process):
            status = process.wait()
    finally:
        if output:
            output.close()
    if status != 0 and quiet_log:
        print(quiet_log.read_text(errors="replace"), flush=True)
    _require_success(process, status)


def lines_of(command: list, *, environment: dict[str, str], cwd: Path) -> Iterator[str]:
    """Runs a program as `run` does, and hands over each line of its standard output as it is printed."""
    process = _started(command, environment=environment, cwd=cwd, stdout=subprocess.PIPE, text=True)
    with _ending_its_group(process):
        with process.stdout:
            for line in process.stdout:
                yield line.rstrip("\n")
        status = process.wait()
    _require_success(process, status)


def _started(command: list, *, environment: dict[str, str], cwd: Path, **streams: object) -> subprocess.Popen:
    """A program in a process group of its own, without input."""
    command = [str(part) for part in command]
    try:
        return subprocess.Popen(
            command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True, **streams
        )
    except FileNotFoundError as error:
        raise Failure(f"cannot find {command[0]}: run `make setup`") from error


@contextmanager
def _ending_its_group(process: subprocess.Popen) -> Iterator[None]:
    """Ends the program and what it has started if this is interrupted."""
    try:
        yield
    except BaseException:
        end_group(process.pid)
        raise


def _require_success(process: subprocess.Popen, status: int) -> None:
    if status != 0:
        raise Failure(f"`{' '.join(process.args)}` failed with status {status}")


def run_side_by_side(commands: dict[Path, list], *, environment: dict[str, str], cwd: Path) -> list[Path]:
    """Runs programs at the same time, each writing to the log file it is listed under. Returns the logs of
    those that failed."""
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
        raise Failure(f"cannot find {error.filename}: run `make setup`") from error
    finally:
        for process in running.values():
            end_group(process.pid)


@contextmanager
def beside(command: list, *, environment: dict[str, str], cwd: Path, log: Path):
    """Runs a program at low priority beside what the block does, and waits for it at the block's end. Its
    output is shown only if it fails."""
    command = ["nice", *(str(part) for part in command)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
        status = process.wait()
    finally:
        end_group(process.pid)
    if status != 0:
        print(log.read_text(errors="replace"), flush=True)
        raise Failure(f"`{' '.join(command)}` failed with status {status}")


def end_group(group: int, patience: float = 5.0) -> None:
    """Ends a process group with SIGTERM, and with SIGKILL after `patience` seconds."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, signal_number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            _reap(group)
            if not group_lives(group):
                return
            time.sleep(0.05)


def _reap(group: int) -> None:
    """Reads the exit status of our own children. Until then they count as members of the group."""
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
        # Some systems raise this for a group that consists only of zombies.
        return False
    return True


def started_at(pid: int) -> str | None:
    """The start time of a process, as opaque text. It tells a process from a later one with the same id."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # The name in parentheses may contain anything. The start time is field 22 in proc_pid_stat(5).
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
