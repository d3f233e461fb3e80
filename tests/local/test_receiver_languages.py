"""What the tests say about Node and PHP on a machine that lacks them."""

import sys
from pathlib import Path

import pytest
from hooklane_local.progress import Failure
from hooklane_local.receiver_languages import missing, require_all

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import languages  # noqa: E402 - after the path is known

NODE_IS_OLD = "Node.js 18 or newer (found: 16)"
NO_PHP = "PHP 8 or newer for the command line (found: none)"


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """`on_path(node="v20.1.0", …)`: programs that print these versions, and no others on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    languages._missing.cache_clear()

    def add(**versions: str) -> None:
        for name, version in versions.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\necho '{version}'\n")
            program.chmod(0o755)

    yield add
    languages._missing.cache_clear()


def test_new_enough_programs_are_enough(on_path):
    on_path(node="v18.20.4", npm="9.2.0", php="8.2.29")
    require_all()
    assert missing() == []


def test_everything_missing_or_too_old_is_named_in_one_line(on_path):
    on_path(node="v16.20.2", npm="9.2.0")

    assert missing() == [NODE_IS_OLD, NO_PHP]
    with pytest.raises(Failure) as failure:
        require_all()

    assert str(failure.value) == (
        "the tests need Node.js 18 or newer (found: 16), "
        "PHP 8 or newer for the command line (found: none); "
        "on Debian or Ubuntu: apt-get install nodejs npm php-cli"
    )


def test_java_is_named_only_where_it_is_needed(on_path):
    on_path(node="v18.20.4", npm="9.2.0", php="8.2.29")
    with pytest.raises(Failure) as failure:
        require_all("node", "npm", "java")
    assert str(failure.value) == (
        "the tests need Java 11 or newer (found: none); "
        "on Debian or Ubuntu: apt-get install nodejs npm php-cli, and default-jre-headless for Java"
    )
    on_path(java="openjdk 17.0.15 2025-04-15")
    require_all("node", "npm", "java")


def test_a_program_that_fails_counts_as_missing(on_path, tmp_path):
    on_path(php="8.2.29")
    (tmp_path / "php").write_text("#!/bin/sh\necho 8; exit 1\n")
    assert missing("php") == [NO_PHP]


def test_a_test_is_skipped_only_for_the_languages_that_it_needs(on_path):
    on_path(node="v16.20.2", npm="9.2.0")

    languages.require()
    languages.require("npm")
    with pytest.raises(pytest.skip.Exception) as skip:
        languages.require("node", "php")

    assert str(skip.value) == f"needs {NODE_IS_OLD} and {NO_PHP}"
