"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "local"
STATE = ROOT / ".local"

BUILD_VENV = ROOT / ".venv"
# MiniStack and aws-sam-cli pin different boto3 versions, so each has its own environment.
EMULATOR_VENV = BUILD_VENV / "emulator"
CARGO_TOOLS = BUILD_VENV / "cargo"

# Other people's verifiers for the end-to-end tests, and the Node packages they consist of.
VERIFIERS = ROOT / "tests" / "verifiers"
NODE_MODULES = VERIFIERS / "node_modules"

EMULATOR_PYTHON = EMULATOR_VENV / "bin" / "python"
SAM = BUILD_VENV / "bin" / "sam"
