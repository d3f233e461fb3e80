"""A build is compared with the architecture that it is deployed for."""

import struct

import pytest
from hooklane_local.architecture import architecture_of, require_built_for
from hooklane_local.progress import Failure

X86_64, ARM64, RISC_V = 0x3E, 0xB7, 0xF3


def program(folder, name, machine):
    (folder / name).mkdir()
    path = folder / name / "bootstrap"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(100))
    return path


@pytest.mark.parametrize(("machine", "name"), [(X86_64, "x86_64"), (ARM64, "arm64")])
def test_a_programs_header_names_its_processor(tmp_path, machine, name):
    assert architecture_of(program(tmp_path, "ApiFunction", machine)) == name


def test_a_build_for_another_processor_is_refused_and_named(tmp_path):
    program(tmp_path, "ApiFunction", ARM64)
    program(tmp_path, "StatsFunction", X86_64)
    program(tmp_path, "UpkeepFunction", RISC_V)
    with pytest.raises(Failure, match=r"not built for arm64: StatsFunction \(x86_64\), UpkeepFunction \(unknown"):
        require_built_for("arm64", tmp_path)


def test_a_build_for_the_right_processor_passes(tmp_path):
    made = [program(tmp_path, "ApiFunction", ARM64), program(tmp_path, "StatsFunction", ARM64)]
    assert require_built_for("arm64", tmp_path) == made


def test_no_build_and_no_program_are_said_to_be_so(tmp_path):
    with pytest.raises(Failure, match="no built functions"):
        require_built_for("arm64", tmp_path)
    (tmp_path / "ApiFunction").mkdir()
    (tmp_path / "ApiFunction" / "bootstrap").write_text("#!/bin/sh\n")
    with pytest.raises(Failure, match="no program for Linux"):
        require_built_for("arm64", tmp_path)
