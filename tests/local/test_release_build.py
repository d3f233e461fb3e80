"""How a release is compiled, and what its programs say of themselves."""

import json
import os
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hooklane_local.progress import Failure
from hooklane_local.release import build
from hooklane_local.release.inside import crates_inside, crates_of_bill
from hooklane_local.release.smoke import unpacked


@pytest.fixture
def compiled(monkeypatch):
    """`compiled(architecture)`: the command that compiles two programs, and its environment."""

    def command_of(architecture: str) -> tuple[list[str], dict[str, str]]:
        ran = []
        monkeypatch.setattr(build, "_has_target", lambda _target: True)
        monkeypatch.setattr(build, "install_release_tools", lambda: None)
        monkeypatch.setattr(build, "run", lambda command, environment, **_: ran.append((command, environment)))
        build.compile_functions(architecture, ["hooklane-api", "hooklane-stats"])
        ((command, environment),) = ran
        return [str(word) for word in command], environment

    return command_of


@pytest.mark.parametrize(("architecture", "option"), [("x86_64", "--x86-64"), ("arm64", "--arm64")])
def test_the_release_profile_is_compiled_with_the_lock_file_and_lists_its_crates(compiled, architecture, option):
    command, environment = compiled(architecture)
    assert command[0] == "cargo-auditable"
    assert {"--release", "--locked", option} < set(command)
    packages = [after for word, after in zip(command, command[1:], strict=False) if word == "--package"]
    assert packages == ["hooklane-api", "hooklane-stats"]
    # Nothing that another build has left is in a release.
    assert environment["CARGO_TARGET_DIR"].endswith("target/release-build")


def test_no_folder_of_the_machine_is_in_a_program(compiled, monkeypatch):
    monkeypatch.setenv("CARGO_HOME", "/somewhere/cargo")
    monkeypatch.setenv("RUSTFLAGS", "--cfg of_the_builder")
    flags = compiled("x86_64")[1]["RUSTFLAGS"].split()
    assert flags == [
        "--cfg", "of_the_builder", "--remap-path-prefix=/somewhere/cargo=/cargo", f"--remap-path-prefix={build.ROOT}=/hooklane"
    ]  # fmt: skip
    monkeypatch.delenv("CARGO_HOME")
    monkeypatch.delenv("RUSTFLAGS")
    of_home = Path(os.path.expanduser("~")) / ".cargo"
    assert compiled("x86_64")[1]["RUSTFLAGS"].startswith(f"--remap-path-prefix={of_home}=/cargo ")


def test_the_folder_of_a_tool_is_in_no_symbol(compiled, tmp_path):
    """Cargo makes the name of the compiler's wrapper part of them. These two do what the real ones do."""
    tools = {
        "cargo-auditable": 'shift; RUSTC_WORKSPACE_WRAPPER="$0" exec "${CARGO:-cargo}" "$@"',
        "cargo": 'echo "$RUSTC_WORKSPACE_WRAPPER ${CARGO:-unset} $*"',
    }
    for name, does in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    command, environment = compiled("x86_64")
    path = os.pathsep.join([str(tmp_path), environment["PATH"]])
    ran = subprocess.run(command, env=environment | {"PATH": path}, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("cargo-auditable unset lambda build --release --locked --x86-64 ")


def archive(folder: Path, section: str, content: bytes) -> Path:
    """The archive of a program that has this section besides the names of its sections (System V ABI, "Sections")."""
    named = b"\0" + section.encode() + b"\0.shstrtab\0"
    at = 64 + len(content)
    header = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 3, 0x3E, 1, 0, 0, at + len(named), 0, 64, 0, 0, 64, 3, 2
    )
    sections = [
        bytes(64),
        struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, 64, len(content), 0, 0, 1, 0),
        struct.pack("<IIQQQQIIQQ", len(section) + 2, 3, 0, 0, at, len(named), 0, 0, 1, 0),
    ]
    path = folder / "hooklane-api-x86_64.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("bootstrap", header + content + named + b"".join(sections))
    return path


def test_a_program_says_which_crates_are_in_it_and_not_what_only_compiled_it(tmp_path):
    packages = [
        {"name": "tokio", "version": "1.2.3", "source": "crates.io"},
        {"name": "hooklane-api", "version": "0.2.0", "source": "local", "kind": "runtime", "root": True},
        {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
    ]
    listed = zlib.compress(json.dumps({"packages": packages}).encode())
    assert crates_inside(archive(tmp_path, ".dep-v0", listed)) == {("tokio", "1.2.3"), ("hooklane-api", "0.2.0")}
    assert crates_inside(archive(tmp_path, ".text", listed)) is None


def test_a_bill_says_which_crates_are_in_an_archive():
    bill = {
        "components": [
            {"bom-ref": "a", "name": "tokio", "version": "1.2.3"},
            {"bom-ref": "b", "name": "serde", "version": "1.0.0"},
        ],
        "dependencies": [{"ref": "x.zip", "dependsOn": ["a"]}, {"ref": "y.zip", "dependsOn": ["a", "b"]}],
    }
    assert crates_of_bill(bill, "x.zip") == {("tokio", "1.2.3")}
    assert crates_of_bill(bill, "y.zip") == {("tokio", "1.2.3"), ("serde", "1.0.0")}


def test_what_is_no_release_is_refused_with_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar.gz").write_text("text")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "text.tar.gz", "other/text")
    for name, said in (
        ("empty", "is not the folder of a release"),
        ("missing.tar.gz", "neither a folder nor the archive"),
        ("text.tar.gz", "neither a folder nor the archive"),
        ("other.tar.gz", "is not the archive of one release"),
    ):
        with pytest.raises(Failure, match=said), unpacked(tmp_path / name):
            pass
