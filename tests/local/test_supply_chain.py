"""What is taken from others is exactly what somebody has looked at: hashes, lock files, no code at installation.

Each rule is a function that finds mistakes. A table shows that it finds them; the other tests hold the repository's
own files against it. docs/adr/0049-what-is-taken-from-others.md has the reasons.
"""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from hooklane_local import audit, pins, tools
from hooklane_local.progress import Failure

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "local"
FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
PINS = [name for name in FILES if re.fullmatch(r"local/requirements-.*\.txt", name)]
WORKFLOWS = [name for name in FILES if name.startswith(".github/workflows/")]
PYTHON = [name for name in FILES if name.endswith(".py")]
SCRIPTS = ["Makefile", ".ci/run", *WORKFLOWS]
PAGES = [name for name in FILES if name.endswith(".md")]

A_HASH = "--hash=sha256:" + "0a" * 32


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def normalised(name: str) -> str:
    """The name of a Python package in the one form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


# Python


def requirements(text: str) -> list[str]:
    """The requirements of a file, each with its markers and hashes on one line, without options and comments."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith(("#", "--only-binary"))]


def without_hash(text: str) -> list[str]:
    """The requirements that are not one exact version with a hash."""
    pinned = re.compile(r"[\w.-]+==[\w.!+]+( *;[^#]*?)?( +--hash=sha256:[0-9a-f]{64})+")
    return [line for line in requirements(text) if not pinned.fullmatch(line)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"six==1.17.0 \\\n    {A_HASH}\n", False),
        (f"tomli==2.5.0 ; python_full_version < '3.11' \\\n    {A_HASH} \\\n    {A_HASH}\n", False),
        ("six==1.17.0\n", True),
        (f"six>=1.17.0 {A_HASH}\n", True),
        (f"six {A_HASH}\n", True),
        ("six==1.17.0 --hash=md5:0123456789abcdef0123456789abcdef\n", True),
        (f"six==1.17.0 {A_HASH}\nevil @ https://example.com/evil.whl\n", True),
        ("--extra-index-url https://example.com/simple\n", True),
    ],
)
def test_a_requirement_without_hash_is_found(text, found):
    assert bool(without_hash(text)) == found


def test_the_sets_of_requirements_are_those_that_make_pins_resolves():
    assert set(PINS) == {f"local/requirements-{name}.txt" for name in pins.SETS}


@pytest.mark.parametrize("name", PINS)
def test_every_python_package_has_a_hash(name):
    assert requirements(text_of(name)), f"{name} is empty"
    assert without_hash(text_of(name)) == []


@pytest.mark.parametrize("name", PINS)
def test_everything_that_is_asked_for_is_pinned_and_comes_as_a_wheel(name):
    asked = text_of(name.replace(".txt", ".in"))
    pinned = {normalised(re.match(r"[\w.-]+", line).group()) for line in requirements(text_of(name))}
    assert {normalised(line) for line in requirements(asked)} <= pinned, "run `make pins`"
    for text in (asked, text_of(name)):
        assert re.search(r"^--only-binary :all:$", text, re.MULTILINE)


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """`installed(venv)`: the commands that install a set of pins into this folder, without running them."""
    commands = []
    requirements_file = tmp_path / "requirements-sample.txt"
    requirements_file.write_text(f"six==1.17.0 {A_HASH}\n")

    def made(command, **_options):
        (Path(command[-1]) / "bin").mkdir(parents=True)
        (Path(command[-1]) / "bin" / "python").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(tools.subprocess, "run", made)
    monkeypatch.setattr(tools, "run", lambda command, **_options: commands.append([str(part) for part in command]))

    def install(venv: Path) -> list[list[str]]:
        tools._install_venv(venv, requirements_file, "a sample")
        return commands

    return install


def test_pip_installs_only_wheels_whose_hash_is_known_and_a_pinned_pip_first(installed, tmp_path):
    commands = installed(tmp_path / "venv")

    assert [Path(command[-1]).name for command in commands] == ["requirements-pip.txt", "requirements-sample.txt"]
    for command in commands:
        assert "--require-hashes" in command
        assert command[command.index("--only-binary") + 1] == ":all:"


def test_an_environment_is_made_anew_when_a_pin_changes(installed, tmp_path):
    # A whole environment with what was installed under other pins. Another one, in the same folder, stays.
    python = tmp_path / "venv" / "bin" / "python"
    unchecked = tmp_path / "venv" / "lib" / "unchecked.py"
    neighbour = tmp_path / "venv" / "emulator" / "bin"
    for folder in (python.parent, unchecked.parent, neighbour):
        folder.mkdir(parents=True)
    python.touch()
    unchecked.touch()

    first = list(installed(tmp_path / "venv"))
    again = installed(tmp_path / "venv")

    assert not unchecked.exists()
    assert neighbour.exists()
    assert again == first, "the same pins are installed once"


# Cargo and npm

# The subcommands that resolve dependencies, and would write Cargo.lock.
RESOLVES = {"bench", "build", "check", "clippy", "doc", "fetch", "install", "metadata", "run", "rustc", "test", "tree"}
COMMAND = re.compile(rf"\bcargo (?:{'|'.join(sorted(RESOLVES))})\b[^\n;&|`]*")


def commands_of_script(text: str) -> list[str]:
    """Every command of cargo in a script, on one line each."""
    code = [line for line in re.sub(r"\\\n", " ", text).splitlines() if not line.lstrip().startswith("#")]
    return COMMAND.findall("\n".join(code))


def commands_of_python(text: str) -> list[str]:
    """Every command of cargo that a Python file writes as a list."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.List, ast.Tuple)):
            words = [part.value if isinstance(part, ast.Constant) else "…" for part in node.elts]
            if len(words) > 1 and words[0] == "cargo" and words[1] in RESOLVES:
                found.append(" ".join(str(word) for word in words))
    return found


def unlocked(commands: list[str]) -> list[str]:
    return [command for command in commands if not re.search(r" --(locked|frozen)\b", command)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("check:\n\t@cargo build --locked --release\n", False),
        ("check:\n\tcargo build \\\n\t  --locked\n", False),
        ("# cargo build\ncargo fmt --all --check\n", False),
        ("check:\n\t@cargo build --release\n", True),
        ("cargo fetch --locked && cargo test\n", True),
    ],
)
def test_a_cargo_command_that_is_not_locked_is_found_in_a_script(text, found):
    assert bool(unlocked(commands_of_script(text))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run(['cargo', 'test', '--locked', '--target', host()])", False),
        ("run(['cargo', 'fmt', '--all'])", False),
        ("run(['cargo', 'test', '--target', host()])", True),
        ("checks = [('docs', ['cargo', 'doc', *target])]", True),
    ],
)
def test_a_cargo_command_that_is_not_locked_is_found_in_python(text, found):
    assert bool(unlocked(commands_of_python(text))) == found


def test_every_cargo_command_keeps_to_the_lock_file():
    commands = [command for name in SCRIPTS for command in commands_of_script(text_of(name))]
    commands += [command for name in PYTHON for command in commands_of_python(text_of(name))]
    # A developer who adds a dependency wants another lock file. A tool that is installed has its own.
    in_pages = [command for name in PAGES for command in commands_of_script(text_of(name))]
    commands += [command for command in in_pages if command.startswith("cargo install")]

    assert len(commands) > 8, "the search has lost the commands"
    assert unlocked(commands) == []


def test_what_is_deployed_is_built_from_the_lock_file():
    # `sam build` passes no flags on, so cargo-lambda reads this.
    assert re.search(r"^\[workspace\.metadata\.lambda\.build\]\nlocked = true$", text_of("Cargo.toml"), re.MULTILINE)


@pytest.mark.parametrize(
    ("install", "named"),
    [(tools.install_cargo_tools, tools._CHECK_TOOLS), (tools.install_release_tools, tools._RELEASE_TOOLS)],
)
def test_a_tool_of_cargo_is_installed_in_one_exact_version(monkeypatch, tmp_path, install, named):
    commands = []
    monkeypatch.setattr(tools, "CARGO_TOOLS", tmp_path)
    monkeypatch.setattr(tools, "require_commands", lambda *_names: None)
    monkeypatch.setattr(tools, "run", lambda command, **_options: commands.append([str(part) for part in command]))

    install()

    assert len(commands) == len(named) > 0
    for command in commands:
        assert "--locked" in command
        assert re.fullmatch(r"[\w-]+@\d+\.\d+\.\d+", command[-1])


def test_the_toolchain_is_one_exact_version():
    assert re.search(r'^channel = "\d+\.\d+\.\d+"$', text_of("rust-toolchain.toml"), re.MULTILINE)


def test_no_node_package_runs_a_script_when_it_is_installed(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(tools, "run", lambda command, **_options: commands.append(command))
    folders = []
    for name in ("VERIFIERS", "CLIENTS"):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        for pins_file in ("package.json", "package-lock.json"):
            (folders[-1] / pins_file).write_text("{}")
        monkeypatch.setattr(tools, name, folders[-1])

    tools.install_node_packages()
    tools.install_node_packages()

    assert commands == [["npm", "ci", "--ignore-scripts"]] * 2, "each folder once"
    elsewhere = [line for name in [*SCRIPTS, *PAGES] for line in text_of(name).splitlines() if "npm ci" in line]
    assert [line for line in elsewhere if "npm ci --ignore-scripts" not in line] == []


LOCK_FILES = [name for name in FILES if name.endswith("package-lock.json")]


def test_every_lock_file_of_node_packages_is_installed_and_audited(monkeypatch):
    folders = {(ROOT / name).parent for name in LOCK_FILES}
    assert folders == {tools.VERIFIERS, tools.CLIENTS}
    asked = set()
    monkeypatch.setattr(audit, "run", lambda command, cwd, **_: asked.add(cwd) if command[0] == "npm" else None)
    audit.run_audit()
    assert asked == folders


@pytest.mark.parametrize("name", LOCK_FILES)
def test_every_node_package_has_a_hash_and_no_address(name):
    packages = yaml.safe_load(text_of(name))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "sha512-" not in package.get("integrity", "")] == []


# Crates


def test_only_crates_in_use_may_have_a_build_script():
    allowed = re.search(r"^allow-build-scripts = \[\n(.*?)^\]", text_of("deny.toml"), re.MULTILINE | re.DOTALL).group(1)
    names = re.findall(r'^ +"([\w-]+)",$', allowed, re.MULTILINE)
    in_use = set(re.findall(r'^name = "(.+)"$', text_of("Cargo.lock"), re.MULTILINE))

    assert names, "every build script is allowed"
    assert [name for name in names if name not in in_use] == []


# Known vulnerabilities


def test_one_database_that_fails_does_not_keep_the_audit_from_the_others(monkeypatch):
    asked = []

    def ask(command, **_options):
        asked.append(" ".join(str(part) for part in command))
        if "npm" in asked[-1] or "requirements-pip.txt" in asked[-1]:
            raise Failure("no answer")

    monkeypatch.setattr(audit, "run", ask)
    monkeypatch.setenv("GH_TOKEN", "a token")

    with pytest.raises(Failure, match="Python packages of pip; Node packages of the verifiers; Node packages of the clients"):
        audit.run_audit()

    for pinned in ("cargo-deny", *(f"requirements-{name}.txt" for name in pins.SETS), "npm audit", "zizmor"):
        assert any(pinned in command for command in asked), f"nobody asks about {pinned}"
