"""Holds the built functions against the architecture that they are deployed for.

`sam build` and `sam deploy` each take the parameter Architecture, and nothing compares the two: a build for x86-64
that is deployed as arm64 fails at the first invocation (Runtime.InvalidEntrypoint), after the working version is gone.
"""

from pathlib import Path

from hooklane_local.progress import Failure

# The field e_machine of an ELF header, two bytes from offset 18 (System V ABI, "ELF Header").
_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
_NAME = "bootstrap"


def architecture_of(binary: Path) -> str:
    with binary.open("rb") as opened:
        head = opened.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF":
        raise Failure(f"{binary} is no program for Linux")
    order = "little" if head[5] == 1 else "big"
    machine = int.from_bytes(head[18:20], order)
    return _MACHINES.get(machine, f"unknown (ELF machine {machine:#x})")


def require_built_for(architecture: str, build: Path) -> list[Path]:
    """Fails unless every function of a build folder is for this architecture. Returns the programs."""
    programs = sorted(build.glob(f"*/{_NAME}"))
    if not programs:
        raise Failure(f"{build} contains no built functions: run `sam build` first")
    wrong = {program.parent.name: found for program in programs if (found := architecture_of(program)) != architecture}
    if wrong:
        named = ", ".join(f"{name} ({found})" for name, found in wrong.items())
        raise Failure(
            f"not built for {architecture}: {named}. Build again with "
            f"`sam build --parameter-overrides Architecture={architecture}`, or deploy with the one that was built"
        )
    return programs
