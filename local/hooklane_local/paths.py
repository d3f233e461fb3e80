"""The folders and programs of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "local"
STATE = ROOT / ".local"

BUILD_VENV = ROOT / ".venv"
# MiniStack and aws-sam-cli pin different versions of boto3, so each has its own virtual environment.
EMULATOR_VENV = BUILD_VENV / "emulator"
# What checks the repository is not installed beside what makes the deployed binaries.
CHECKS_VENV = BUILD_VENV / "checks"
CARGO_TOOLS = BUILD_VENV / "cargo"

# Third-party verifiers for the end-to-end tests: a Node program, and the packages that it uses.
VERIFIERS = ROOT / "tests" / "verifiers"
NODE_MODULES = VERIFIERS / "node_modules"

EMULATOR_PYTHON = EMULATOR_VENV / "bin" / "python"
SAM = BUILD_VENV / "bin" / "sam"
