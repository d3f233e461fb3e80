"""`make test` lists what pytest skipped; where HOOKLANE_NO_SKIPS is set, a skip is a failure."""

import subprocess
import sys

import pytest
from hooklane_local import commands
from hooklane_local.progress import Failure
from hooklane_local.skips import Skips

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


@pytest.fixture(scope="module")
def skips(tmp_path_factory):
    """The skips of a real run of the tests above, in two workers as the end-to-end tests run."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_some.py").write_text(TESTS)
    report = folder / "report.xml"
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run([sys.executable, "-m", "pytest", folder, *options], cwd=folder, check=True, capture_output=True)
    read = Skips()
    read.add_report(report)
    return read


def test_each_reason_is_one_line_with_its_tests_counted(skips, capsys):
    skips.print()
    assert capsys.readouterr().out == "\nSkipped:\n     1 test   needs <IAM> & more\n     4 tests  needs PHP\n"


def test_a_run_without_skips_prints_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    skips = Skips()
    skips.add_report(tmp_path / "was-never-written.xml")

    skips.print()
    skips.require_none()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("setting", [None, "", "0"])
def test_skips_are_allowed_by_default(skips, setting, monkeypatch):
    monkeypatch.delenv("HOOKLANE_NO_SKIPS", raising=False)
    if setting is not None:
        monkeypatch.setenv("HOOKLANE_NO_SKIPS", setting)
    skips.require_none()


def test_no_skip_is_allowed_where_the_environment_forbids_it(skips, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    with pytest.raises(Failure, match="5 tests were skipped, and HOOKLANE_NO_SKIPS forbids it"):
        skips.require_none()


def test_the_list_comes_at_the_end_of_a_failed_run_too(skips, monkeypatch, capsys):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    monkeypatch.setattr(commands, "Skips", lambda: skips)

    # The failure of the run, not that of the skips.
    with pytest.raises(Failure, match="a test failed"), commands._reported_skips():
        raise Failure("a test failed")

    assert "needs PHP" in capsys.readouterr().out.rpartition("Skipped:")[2]


def test_a_machine_that_lacks_a_language_fails_before_anything_is_built_if_no_skip_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKLANE_NO_SKIPS", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(commands, "_in_emulator_python", lambda: pytest.fail("it went on"))

    with pytest.raises(Failure, match="the tests need Node.js 18 or newer"):
        commands.test(commands._parser().parse_args(["test"]))
