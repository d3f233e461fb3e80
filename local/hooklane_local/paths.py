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
# checkov brings more packages than everything else that checks.
SCAN_VENV = BUILD_VENV / "scan"
# The generators of clients bring a pydantic of their own, and the clients what they need.
CLIENTS_VENV = BUILD_VENV / "clients"
GENERATOR_VENV = BUILD_VENV / "generator"
CARGO_TOOLS = BUILD_VENV / "cargo"

# Third-party verifiers for the end-to-end tests: a Node program, and the packages that it uses.
VERIFIERS = ROOT / "tests" / "verifiers"
NODE_MODULES = VERIFIERS / "node_modules"
# Programs that use generated clients, and the Node packages that make and run those in TypeScript.
CLIENTS = ROOT / "tests" / "clients"

EMULATOR_PYTHON = EMULATOR_VENV / "bin" / "python"
SAM = BUILD_VENV / "bin" / "sam"
