"""The AWS CLI is found where the documents' commands can use it, or said to be missing."""

import pytest
from hooklane_local import shell_programs
from hooklane_local.progress import Failure


@pytest.fixture
def clis(tmp_path, monkeypatch):
    """`clis(*versions)`: PATH has one folder for each version, with an `aws` that says it."""

    def make(*versions: str):
        folders = []
        for place, version in enumerate(versions):
            folders.append(tmp_path / str(place))
            folders[-1].mkdir()
            program = folders[-1] / "aws"
            program.write_text(f"#!/bin/sh\necho {version}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", ":".join(map(str, folders)))
        shell_programs.aws_cli.cache_clear()

    yield make
    shell_programs.aws_cli.cache_clear()


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        (["aws-cli/2.9.19 Python/3.11.2"], 0),
        (["aws-cli/1.45.11 Python/3.11.7", "aws-cli/2.31.0 Python/3.13.7"], 1),
        (["nothing-of-the-kind", "aws-cli/3.0.1"], 1),
        (["aws-cli/2.8.12", "aws-cli/1.99.0"], None),
        ([], None),
    ],
)
def test_the_first_cli_that_is_new_enough_is_taken(clis, tmp_path, versions, found):
    clis(*versions)
    assert shell_programs.aws_cli() == (None if found is None else tmp_path / str(found) / "aws")


def test_what_is_missing_is_named_with_the_way_to_install_it(clis):
    clis("aws-cli/1.45.11")
    with pytest.raises(Failure, match=r"AWS CLI from version 2\.9, bash, curl, jq, openssl; on Debian: apt-get"):
        shell_programs.require_all()
