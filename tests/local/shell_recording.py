"""Which `aws` commands the blocks of a page run, found by bash itself: each program is a stand-in that records."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

_PROGRAMS = ("curl", "jq", "openssl", "make", "git", "gh", "tar", "sam", "cargo", "pip", "npm", "npx", "ministack", "python3", "node")
# What every stand-in prints, so that the blocks go on: a valid number and name alike.
PRINTED = "1111"
_RECORDER = """#!{python} -S
import json, os, sys
with open(os.environ["RECORD"], "a") as record:
    record.write(json.dumps(sys.argv[1:]) + "\\n")
print("1111")
"""
_STAND_IN = "#!/bin/sh\ncat >/dev/null\necho 1111\n"
# Whether something still runs is asked in a loop: it does not.
_JQ = "#!/bin/sh\ncat >/dev/null\ncase \"$*\" in *Running*) exit 1 ;; esac\necho 1111\n"
# An `aws` at the place of a command, with a service after it.
_COMMAND = re.compile(r"(?:^|[|;&({`]|\bdo\b|\bthen\b|\bif\b|!)\s*aws (?=[a-z])", re.MULTILINE)


def expected(text: str) -> int:
    """How many `aws` commands a text has."""
    return len(_COMMAND.findall(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)))


def recorded(blocks: list[str], folder: Path) -> list[list[str]]:
    """The arguments of every `aws` command that these blocks run, one after the other in one shell."""
    programs, record = folder / "bin", folder / "record"
    programs.mkdir()
    record.touch()
    (programs / "aws").write_text(_RECORDER.format(python=sys.executable))
    for name in _PROGRAMS:
        (programs / name).write_text(_STAND_IN)
    (programs / "jq").write_text(_JQ)
    for name in ("sleep", "kill"):
        (programs / name).write_text("#!/bin/sh\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    script = folder / "blocks.sh"
    script.write_text("\n".join(["export AWS_PAGER=", *blocks]))
    environment = {"PATH": f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin", "RECORD": str(record), "HOME": str(folder)}
    subprocess.run(
        ["bash", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
    )
    return [json.loads(line) for line in record.read_text().splitlines()]
