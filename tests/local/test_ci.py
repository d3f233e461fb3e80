"""`.ci/run` runs the steps in turn, allows no skipped test, and ends with the minutes of each step."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "run"
# The programs, besides `make`, of a machine on which nothing must be installed. Each one here only succeeds.
INSTALLED = ("cc", "git", "python3", "node", "npm", "php", "cargo", "apt-get", "sudo", "curl", "jq", "openssl")
FROM_THE_SYSTEM = ("bash", "dirname", "id")


@pytest.fixture
def ci(tmp_path):
    """`ci(make)`: what a copy of the script prints and its status, with a `make` of this content."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    for folder in (programs, home, tmp_path / ".ci"):
        folder.mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "run")
    for name in FROM_THE_SYSTEM:
        (programs / name).symlink_to(shutil.which(name))

    def program(name: str, content: str) -> None:
        (programs / name).write_text(f"#!{shutil.which('bash')}\n{content}\n")
        (programs / name).chmod(0o755)

    for name in INSTALLED:
        program(name, "exit 0")
    program("aws", "echo aws-cli/2.9.19 Python/3.11.2")

    def run(make: str, **others: str) -> tuple[list[str], int]:
        program("make", make)
        for name, content in others.items():
            program(name.replace("_", "-"), content)
        environment = {"PATH": str(programs), "HOME": str(home), "PYTHON": "python3"}
        ended = subprocess.run(
            [tmp_path / ".ci" / "run"], env=environment, cwd="/", capture_output=True, text=True, check=False
        )
        assert ended.stderr == ""
        lines = [line for line in ended.stdout.splitlines() if not line.startswith("==> installing")]
        return lines, ended.returncode

    return run


def steps(lines: list[str]) -> list[str]:
    """The steps of the table at the end, without their minutes."""
    table = lines[lines.index("Minutes:") + 1 :]
    return [re.fullmatch(r" +\d+\.\d min  (.*)", line).group(1) for line in table]


def test_every_step_is_run_in_turn_and_timed(ci):
    lines, status = ci('echo "make $*, HOOKLANE_NO_SKIPS=$HOOKLANE_NO_SKIPS, $HOOKLANE_CARGO_PROFILE"')

    made = [line for line in lines if line.startswith("make")]
    targets = ("setup", "check", "test", "limits STAND_INS=1", "limits", "bench-quick", "faults", "demo")
    assert made == [f"make {target}, HOOKLANE_NO_SKIPS=1, ci" for target in targets]
    assert steps(lines) == ["installation", "check", "test", "limits", "bench-quick", "faults", "demo"]
    assert status == 0


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("setup", ["installation (failed)"]),
        ("check", ["installation", "check (failed)"]),
        ("limits", ["installation", "check", "test", "limits (failed)"]),
        ("bench-quick", ["installation", "check", "test", "limits", "bench-quick (failed)"]),
        ("faults", ["installation", "check", "test", "limits", "bench-quick", "faults (failed)"]),
    ],
)
def test_a_step_that_fails_ends_the_run_and_is_timed_too(failing, expected, ci):
    lines, status = ci(f'[ "$1" != {failing} ] || exit 7')

    assert steps(lines) == expected
    assert status == 7


@pytest.mark.parametrize(
    ("known", "installed"),
    [
        ('[ "$2" = chromium-headless-shell ]', "chromium-headless-shell"),
        ("exit 100", "chromium"),
    ],
)
def test_the_browser_without_a_window_is_installed_where_the_system_has_it(known, installed, ci):
    asked = 'case "$*" in install*) echo "asked $*" ;; esac'
    lines, status = ci("exit 0", apt_cache=known, apt_get=asked, sudo='shift; "$@"')

    (asked,) = [line for line in lines if line.startswith("asked install")]
    assert asked.split()[-1] == installed
    assert status == 0
