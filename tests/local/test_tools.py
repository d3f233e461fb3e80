"""What `make test` says to someone whose machine lacks something."""

import pytest
from hooklane_local.progress import Failure
from hooklane_local.tools import require_receiver_languages


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """`on_path(node="v20.1.0", …)`: programs that say so, and no others on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def add(**versions: str) -> None:
        for name, version in versions.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\necho '{version}'\n")
            program.chmod(0o755)

    return add


def test_what_is_new_enough_is_enough(on_path):
    on_path(node="v18.20.4", npm="9.2.0", php="8.2.29")
    require_receiver_languages()


def test_all_that_is_missing_or_too_old_is_named_in_one_line(on_path):
    on_path(node="v16.20.2", npm="9.2.0")

    with pytest.raises(Failure) as failure:
        require_receiver_languages()

    assert str(failure.value) == (
        "the tests run receivers in Node and PHP and need Node.js 18 or newer (there is 16), "
        "PHP 8 or newer for the command line (there is none); "
        "on Debian or Ubuntu: apt-get install nodejs npm php-cli"
    )
