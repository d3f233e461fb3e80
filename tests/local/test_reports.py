"""`make test` lists what pytest skipped and what failed; where HOOKLANE_NO_SKIPS is set, a skip is a failure."""

import copy
import subprocess
import sys

import pytest
from hooklane_local import commands
from hooklane_local.progress import Failure
from hooklane_local.reports import Reports

TESTS = """
import pytest

@pytest.mark.parametrize("n", range(3))
def test_php(n):
    pytest.skip("needs PHP")

@pytest.fixture
def stack():
    pytest.skip("needs <IAM> & more")

def test_fixture(stack): ...

@pytest.mark.skip(reason="needs PHP")
def test_marked(): ...

@pytest.mark.xfail
def test_expected(): assert False

def test_passes(): ...
"""

FAILURES = """
import pytest

@pytest.mark.parametrize("script", ["with JavaScript", "without"])
def test_page(script):
    assert script == "without", "the page is empty\\nthe second line"

@pytest.fixture
def browser():
    raise RuntimeError("x" * 1000)

def test_needs_a_browser(browser): ...

def test_passes(): ...
"""


def report_of(folder, tests, status):
    """The report of a real run of these tests, in two workers as the end-to-end tests run."""
    (folder / "test_some.py").write_text(tests)
    report = folder / "report.xml"
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", f"--junitxml={report}"]
    run = subprocess.run([sys.executable, "-m", "pytest", folder, *options], cwd=folder, capture_output=True)
    assert run.returncode == status, run.stdout
    return report


@pytest.fixture(scope="module")
def skips(tmp_path_factory):
    read = Reports()
    read.add(report_of(tmp_path_factory.mktemp("run"), TESTS, 0))
    return read


def test_the_tests_that_failed_come_last_with_what_each_said(tmp_path, skips, capsys):
    failed = report_of(tmp_path, FAILURES, 1)
    skips = copy.deepcopy(skips)
    skips.add(failed)

    skips.print()

    printed = capsys.readouterr().out
    assert printed.startswith("\nSkipped:\n")
    lines = printed.partition("\nFailed:\n")[2].splitlines()
    found = dict(zip(map(str.strip, lines[::2]), map(str.strip, lines[1::2]), strict=True))
    assert sorted(found) == ["test_some::test_needs_a_browser", "test_some::test_page[with JavaScript]"]
    assert found["test_some::test_page[with JavaScript]"] == "AssertionError: the page is empty"
    assert found["test_some::test_needs_a_browser"].startswith('failed on setup with "RuntimeError: xxx')
    assert max(map(len, lines)) <= 320


def test_each_reason_is_one_line_with_its_tests_counted(skips, capsys):
    skips.print()
    assert capsys.readouterr().out == "\nSkipped:\n     1 test   needs <IAM> & more\n     4 tests  needs PHP\n"


def test_a_run_without_skips_prints_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    skips = Reports()
    skips.add(tmp_path / "was-never-written.xml")

    skips.print()
    skips.require_no_skip()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("setting", [None, "", "0"])
def test_skips_are_allowed_by_default(skips, setting, monkeypatch):
    monkeypatch.delenv("HOOKLANE_NO_SKIPS", raising=False)
    if setting is not None:
        monkeypatch.setenv("HOOKLANE_NO_SKIPS", setting)
    skips.require_no_skip()


def test_no_skip_is_allowed_where_the_environment_forbids_it(skips, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    with pytest.raises(Failure, match="5 tests were skipped, and HOOKLANE_NO_SKIPS forbids it"):
        skips.require_no_skip()


def test_the_list_comes_at_the_end_of_a_failed_run_too(skips, monkeypatch, capsys):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    monkeypatch.setattr(commands, "Reports", lambda: skips)

    # The failure of the run, not that of the skips.
    with pytest.raises(Failure, match="a test failed"), commands._reported():
        raise Failure("a test failed")

    assert "needs PHP" in capsys.readouterr().out.rpartition("Skipped:")[2]


def test_a_machine_that_lacks_a_language_fails_before_anything_is_built_if_no_skip_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(commands, "_in_emulator_python", lambda: pytest.fail("it went on"))

    with pytest.raises(Failure, match="the tests need Node.js 18 or newer"):
        commands.test(commands._parser().parse_args(["test"]))
