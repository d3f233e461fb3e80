"""`make bench` and its sisters, with a harness that prints lines which are made up."""

import json
import sys
from pathlib import Path

import pytest
from hooklane_local import harness, revisions
from hooklane_local.bench import figures, growth, page, run
from hooklane_local.commands import main
from hooklane_local.progress import Failure

from bench_lines import everything, of_case, of_fan_out, of_releases


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The folder of a harness that prints the lines of `lines.jsonl`, and notes in `calls` how it was called."""
    harness_prints(tmp_path, everything())
    program = tmp_path / "hooklane-bench"
    program.write_text(f"""#!{sys.executable}
import os, sys
from pathlib import Path
here = Path({str(tmp_path)!r})
options = [f"{{name}}={{os.environ[name]}}" for name in ("RUN", "QUICK") if name in os.environ]
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], os.environ["BIN"], *options, file=calls)
assert os.environ["NOTHING"] == str(here / "hooklane-nothing"), os.environ["NOTHING"]
print("a word to people")
sys.stdout.write((here / "lines.jsonl").read_text())
sys.exit(int((here / "status").read_text()) if (here / "status").exists() else 0)
""")
    program.chmod(0o755)
    monkeypatch.setattr(harness, "build", lambda profile, functions, more: None)
    monkeypatch.setattr(harness, "program", lambda profile, name="hooklane-bench": tmp_path / name)
    monkeypatch.setattr(run.compiling, "folder", lambda profile: Path("/built") / profile)
    monkeypatch.setattr(figures, "FILE", tmp_path / "figures" / "bench.jsonl")
    monkeypatch.setattr(page, "FILE", tmp_path / "figures" / "bench.jsonl")
    monkeypatch.setattr(page, "PAGE", tmp_path / "cost.md")
    monkeypatch.setattr(growth, "FIGURES", tmp_path / "figures" / "growth.jsonl")
    monkeypatch.setattr(growth, "PICTURE", tmp_path / "growth.svg")
    for name in ("ONLY", "MOST", "RUN", "RUNS", "QUICK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def harness_prints(folder: Path, lines: list[dict]) -> None:
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def cells(text: str) -> list[list[str]]:
    """The cells of a table among other lines, row by row."""
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in text.splitlines() if row.startswith("| ")]


def calls(folder: Path) -> list[str]:
    return [line.rstrip() for line in (folder / "calls").read_text().splitlines()]


def printed(capsys) -> tuple[list[dict], str]:
    """What was printed: the lines that are JSON, and the rest."""
    lines = capsys.readouterr().out.splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return found, "\n".join(line for line in lines if not line.startswith("{"))


def test_five_runs_are_measured_and_printed_for_programs_and_for_people(bench, capsys):
    run.bench(binaries=None, revision=None, write=False)

    assert calls(bench) == [f"bench /built/release RUN={run}" for run in range(1, 6)]
    lines, rest = printed(capsys)
    assert {line["function"] for line in lines if line["case"] == "1x10x500"} == {"ingest", "fanout", "delivery", "all"}
    assert "revision" not in lines[0]
    for part in ("| case ", "| target ", "a word to people", "The stand-ins answer 21,000 requests a second."):
        assert part in rest
    assert not figures.FILE.exists()


def test_functions_that_are_built_already_are_not_built(bench, tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr(harness, "build", lambda profile, functions, more: built.append((profile, functions, *more)))
    run.bench(binaries=str(tmp_path), revision=None, write=False)
    assert built == [("release", False, "hooklane-nothing")]
    assert calls(bench)[0] == f"bench {tmp_path} RUN=1"


def test_a_case_that_is_left_out_fails_the_run_of_this_revision(bench):
    lines = bench / "lines.jsonl"
    lines.write_text(lines.read_text() + "1x10x500-tls is left out: these functions do not trust the authority\n")
    with pytest.raises(Failure, match="1x10x500-tls is left out"):
        run.bench(binaries=None, revision=None, write=False)


def test_two_revisions_are_measured_in_turns(bench, monkeypatch, capsys):
    monkeypatch.setenv("RUNS", "2")
    monkeypatch.setattr(revisions, "commit_of", lambda revision: {"v1": "abc123"}[revision])
    monkeypatch.setattr(run, "_built_at", lambda commit: Path("/built") / commit)

    run.bench(binaries=None, revision="v1", write=False)

    assert calls(bench) == [f"bench /built/{side} RUN={run}" for run in (1, 2) for side in ("release", "abc123")]
    lines, rest = printed(capsys)
    assert {line["revision"] for line in lines} == {"now", "abc123"}
    assert "| abc123 | " in rest and "+0.0 %" in rest


def test_figures_are_stored_with_the_page_of_them(bench, monkeypatch):
    monkeypatch.setenv("RUNS", "1")
    run.bench(binaries=None, revision=None, write=True)
    stored = [json.loads(line) for line in figures.FILE.read_text().splitlines()]
    assert {line["case"] for line in stored} >= {"1x10x500", "1x1x500", "start"}
    assert page.PAGE.read_text() == page.current()
    assert "## By part" in page.PAGE.read_text()


def test_only_all_of_growth_is_stored(bench, monkeypatch):
    for name in ("ONLY", "MOST"):
        with monkeypatch.context() as limited:
            limited.setenv(name, "1000")
            with pytest.raises(Failure, match="WRITE=1"):
                run.bench_growth(binaries=None, write=True)
    with pytest.raises(Failure, match="WRITE=1"):
        run.bench_growth(binaries="/x", write=True)
    assert not growth.FIGURES.exists()


@pytest.mark.parametrize(
    ("options", "only"), [({"binaries": "/x"}, ""), ({"revision": "HEAD"}, ""), ({}, "1x10")], ids=["BIN", "COMPARE", "ONLY"]
)
def test_only_all_figures_of_this_checkout_are_stored(bench, monkeypatch, options, only):
    monkeypatch.setenv("ONLY", only)
    with pytest.raises(Failure, match="WRITE=1"):
        run.bench(**{"binaries": None, "revision": None, "write": True, **options})
    assert not (bench / "calls").exists()


def test_the_quick_run_is_one_of_the_build_of_ci(bench, capsys):
    run.bench_quick(binaries=None)
    assert calls(bench) == ["bench /built/ci QUICK=1"]
    _, rest = printed(capsys)
    assert "write units" in rest
    assert "plain loop" not in rest


def test_the_quick_run_fails_where_deliveries_take_more_than_they_may(bench):
    lines = everything()
    for line in lines:
        if line["function"] == "delivery":
            line["write_units_per_delivery"] = 2.0
    harness_prints(bench, lines)
    with pytest.raises(Failure, match="write units of 1x10x500: 3, at most 2.4; write units of 10x10x500"):
        run.bench_quick(binaries=None)


def test_a_harness_that_fails_is_no_measurement(bench):
    (bench / "status").write_text("3")
    with pytest.raises(Failure, match="failed with status 3"):
        run.bench_quick(binaries=None)


def test_growth_is_stored_with_its_picture_and_the_page(bench, capsys):
    lines = [
        {**line, "case": "growth", "axis": axis, "n": n}
        for axis in growth.AXES
        for n in (1, 10)
        for line in of_case("1x10x500")
        if line["function"] != "loop"
    ]
    harness_prints(bench, lines)

    run.bench_growth(binaries=None, write=True)

    assert calls(bench) == ["bench-growth /built/release"]
    found, rest = printed(capsys)
    assert len(found) == 8
    assert "| events that were accepted before " in rest
    assert growth.PICTURE.exists()
    assert "](growth.svg)" in page.PAGE.read_text()


def test_what_is_released_is_printed_for_programs_and_for_people(bench, capsys):
    lines = [of_releases("lambda", released=7_000, left=53_000), of_releases("none", released=58_000, left=2_000)]
    harness_prints(bench, lines)

    run.bench_releases(binaries=None)

    assert calls(bench) == ["bench-releases /built/release"]
    found, rest = printed(capsys)
    assert found == lines
    rows = cells(rest)
    assert rows[0][4:7] == ["released", "seconds", "a minute"]
    assert rows[2:] == [
        ["as on Lambda", "1", "60,000", "500", "7,000", "50.0", "7,000", "1,000", "2", "4", "1.5", "14"],
        ["none", "1", "60,000", "500", "58,000", "50.0", "58,000", "1,000", "2", "4", "1.5", "14"],
    ]


def test_a_fan_out_is_printed_for_programs_and_for_people(bench, capsys):
    lines = [
        of_fan_out("read", webhooks=1_000, batch=10, cpu_ms=289.4),
        of_fan_out("kept", webhooks=10_000, batch=1, cpu_ms=144.7),
    ]
    harness_prints(bench, lines)

    run.bench_fanout(binaries=None)

    assert calls(bench) == ["bench-fanout /built/release"]
    found, rest = printed(capsys)
    assert found == lines
    rows = cells(rest)
    assert rows[0] == [
        "webhooks", "events", "subscriptions", "messages", "requests", "cpu ms", "s at 128 MB", "s at 256 MB", "peak MiB",
    ]  # fmt: skip
    assert rows[2:] == [
        ["1,000", "10", "read anew", "10,000", "1,001", "289", "4.00", "2.00", "30"],
        ["10,000", "1", "kept", "10,000", "1,001", "145", "2.00", "1.00", "30"],
    ]


def test_the_command_knows_its_options(bench, monkeypatch, capsys):
    # As if the tools were installed, and this were their Python.
    monkeypatch.setenv("HOOKLANE_LOCAL_REEXECUTED", "1")
    assert main(["bench", "--quick", "--binaries", "/x"]) == 0
    harness_prints(bench, [of_releases("none", released=1, left=0)])
    monkeypatch.setenv("HOOKLANE_LOCAL_REEXECUTED", "1")
    assert main(["bench", "--releases", "--binaries", "/x"]) == 0
    harness_prints(bench, [of_fan_out("kept", webhooks=1, batch=1, cpu_ms=1.0)])
    monkeypatch.setenv("HOOKLANE_LOCAL_REEXECUTED", "1")
    assert main(["bench", "--fanout", "--binaries", "/x"]) == 0
    assert calls(bench) == ["bench /x QUICK=1", "bench-releases /x", "bench-fanout /x"]
    with pytest.raises(SystemExit):
        main(["bench", "--quick", "--growth"])
    assert "not allowed with" in capsys.readouterr().err
