"""Programs that run beside a step."""

import sys
from pathlib import Path

import pytest

from hooklane_local.environment import for_build_tools
from hooklane_local.processes import beside, group_lives
from hooklane_local.progress import Failure


def program(text: str) -> list:
    return [sys.executable, "-c", text]


def run_beside(tmp_path: Path, text: str):
    return beside(program(text), environment=for_build_tools(), cwd=tmp_path, log=tmp_path / "log")


def test_a_program_beside_a_step_is_waited_for(tmp_path):
    with run_beside(tmp_path, "import time; time.sleep(0.5); open('done', 'w').close()"):
        assert not (tmp_path / "done").exists()
    assert (tmp_path / "done").exists()


def test_its_failure_is_a_failure_and_shows_its_output(tmp_path, capsys):
    with pytest.raises(Failure, match="status 3"), run_beside(tmp_path, "print('why'); exit(3)"):
        pass
    assert "why" in capsys.readouterr().out


def test_it_ends_with_a_step_that_fails(tmp_path):
    started = tmp_path / "pid"
    text = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(ZeroDivisionError), run_beside(tmp_path, text):
        while not started.exists() or not started.read_text():
            pass
        raise ZeroDivisionError
    assert not group_lives(int(started.read_text()))
