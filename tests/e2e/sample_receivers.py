"""Runs each receiver of docs/receivers as a program of its own."""

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from hooklane_local.paths import ROOT
from hooklane_local.polling import eventually
from languages import require

FOLDER = ROOT / "docs" / "receivers"

_READY_WITHIN_SECONDS = 30.0
_END_WITHIN_SECONDS = 5.0
_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_ACCEPTED = re.compile(r"^accepted (\S+) \(remember (\S+)\): (.*)$")

# How to start each receiver, as its first lines say. With port 0 the system chooses one, and the receiver
# prints it.
_COMMANDS: dict[str, Callable[[str], list[str]]] = {
    "receiver.mjs": lambda program: ["node", program],
    "receiver.py": lambda program: [sys.executable, program],
    "receiver.php": lambda program: ["php", "-S", "127.0.0.1:0", program],
}
_NEEDS = {"receiver.mjs": ["node"], "receiver.py": [], "receiver.php": ["php"]}


@dataclass(frozen=True)
class Accepted:
    """What a receiver prints about a delivery whose signature it verified."""

    event_type: str
    remember: str
    # JSON, as the receiver's language serialises it.
    data: str


def all_samples() -> list[tuple[str, str]]:
    """The contract and the file of every receiver."""
    return sorted((path.parent.name, path.name) for path in FOLDER.glob("*/receiver.*"))


def secret_of(contract: str, text: str) -> str:
    """The text as a secret in the form that the contract's receivers read: a key of Standard Webhooks, or the text."""
    return f"whsec_{base64.b64encode(text.encode()).decode()}" if contract == "standard" else text


def require_language_of(file: str) -> None:
    """Skips the running test if this machine cannot run a sample with this file name."""
    require(*_NEEDS[file])


class SampleReceiver:
    """A context manager: the sample runs on an ephemeral loopback port until the end of the `with` block.

    `signature_header` makes it read the signature from another header than its contract's.
    """

    def __init__(self, contract: str, file: str, secret: str, signature_header: str | None = None):
        require_language_of(file)
        self._program = FOLDER / contract / file
        self._environment = {"PATH": os.environ["PATH"], "PORT": "0", "SECRET": secret}
        if signature_header is not None:
            self._environment["SIGNATURE_HEADER"] = signature_header
        self._lines: list[str] = []
        self.url = ""

    def __enter__(self) -> "SampleReceiver":
        program, *arguments = _COMMANDS[self._program.name](str(self._program))
        # In the process group of the tests, so it ends when they are stopped.
        self._process = subprocess.Popen(
            [shutil.which(program) or program, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, failed: type | None, *_exception) -> None:
        self._stop()
        if failed is not None:
            print(self.output)

    @property
    def output(self) -> str:
        return "\n".join(self._lines)

    @property
    def accepted(self) -> list[Accepted]:
        matches = (_ACCEPTED.match(line) for line in list(self._lines))
        return [Accepted(*match.groups()) for match in matches if match]

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))

    def _wait_until_ready(self) -> str:
        def listens() -> str | None:
            found = _LISTENS.search(self.output)
            if found is None and self._process.poll() is not None:
                raise AssertionError(f"{self._program} ended with {self._process.returncode}: {self.output}")
            return found and found.group()

        url = eventually(listens, _READY_WITHIN_SECONDS, every=0.05)
        assert url, f"{self._program} did not listen within {_READY_WITHIN_SECONDS:.0f} s: {self.output}"
        return url

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_END_WITHIN_SECONDS)
        self._process.stdout.close()
