"""The commands that the Makefile calls."""

import argparse
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hooklane_local import shell_programs
from hooklane_local.paths import BUILD_VENV, EMULATOR_VENV, LOCAL
from hooklane_local.processes import Stopped, stopping_on_signals
from hooklane_local.profile import API_PORT, EMULATOR_PORT, profile_of
from hooklane_local.progress import Failure, complain, print_durations, say
from hooklane_local.receiver_languages import HOW_TO_INSTALL, NODE_PACKAGES, missing, require_all
from hooklane_local.redrive_target import SOURCES as REDRIVE_SOURCES
from hooklane_local.reports import Reports, skips_fail
from hooklane_local.tools import (
    install_cargo_tools,
    install_check_tools,
    install_client_tools,
    install_generator,
    install_node_packages,
    install_python_tools,
    require_commands,
)

_REEXECUTED = "HOOKLANE_LOCAL_REEXECUTED"


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        with stopping_on_signals():
            return options.command(options)
    except Failure as failure:
        complain(str(failure))
        return 1
    except Stopped as stopped:
        complain(f"stopped by {stopped}")
        return stopped.exit_status
    except BrokenPipeError:
        # The reader of the output has closed it, so the rest of the buffer is dropped.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def setup(options: argparse.Namespace) -> int:
    require_commands("cargo")
    install_python_tools()
    if options.check_tools:
        install_check_tools()
        install_cargo_tools()
    return 0


def up(_options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local import emulator, local_address, samples
    from hooklane_local.session import keep_stack

    profile = profile_of("up")
    # Without a port in the environment, that of the running stack is meant.
    if not os.environ.get(EMULATOR_PORT):
        profile = replace(profile, port=emulator.port_of_running(profile) or profile.port)
    if not os.environ.get(API_PORT):
        profile = replace(profile, chosen_api_port=local_address.port_of_running(profile))
    stack = keep_stack(profile)
    with_samples = os.environ.get("SAMPLE") != "0"
    if with_samples:
        samples.start(profile)
    say(
        f"\nThe stack is running. API: {stack['apiUrl']}\nNames and keys: {profile.stack_file}\nStop it: make down\n\n"
        f"Portal{', with sample data' if with_samples else ''}, signed in for eight hours (the link works for five minutes, "
        f"`make portal` prints a new one):\n{stack['dashboardLink']}"
    )
    return 0


def portal(options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.portal import TENANT, link, operator_link

    file = profile_of("up").stack_file
    if not file.exists():
        raise Failure("no local stack is running; `make up` starts one")
    stack = json.loads(file.read_text())
    print(operator_link(stack) if options.operator else link(stack, options.tenant or TENANT))
    return 0


def pictures(_options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.pictures import FOLDER, take
    from hooklane_local.paths import ROOT

    try:
        take(profile_of("demo"))
    finally:
        print_durations()
    say(f"The pictures are in {FOLDER.relative_to(ROOT)}. Open each before you commit it.")
    return 0


def down(_options: argparse.Namespace) -> int:
    from hooklane_local import emulator

    say("stopped the local stack" if emulator.stop(profile_of("up")) else "no local stack was running")
    return 0


def demo(_options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.demo import run_demo

    return 0 if run_demo(profile_of("demo")) else 1


def test(options: argparse.Namespace) -> int:
    # Before anything is built: a missing program must not show only after ten minutes of compiling.
    if skips_fail():
        require_all()
        shell_programs.require_all()
    _in_emulator_python()
    lacking = missing()
    if lacking:
        say(f"    tests are skipped, because they need {', '.join(lacking)}; {HOW_TO_INSTALL}")
    lacking = shell_programs.missing()
    if lacking:
        say(f"    tests are skipped, because they need {', '.join(lacking)}; {shell_programs.HOW_TO_INSTALL}")
    install_client_tools()
    if not missing(*NODE_PACKAGES):
        install_node_packages()
    from hooklane_local.testing import run_tests

    with _reported() as reports:
        run_tests(profile_of("test"), reports, only_end_to_end=options.only_end_to_end, pytest_arguments=options.pytest)
    return 0


def clients(options: argparse.Namespace) -> int:
    require_all(*NODE_PACKAGES, "java")
    _in_emulator_python()
    install_client_tools()
    install_generator()
    install_node_packages()
    from hooklane_local.testing import run_client_tests

    with _reported() as reports:
        run_client_tests(profile_of("test"), reports, options.pytest)
    return 0


def seeds(options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.testing import run_seeds

    run_seeds(profile_of("test"), options.seeds)
    return 0


def faults(options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.testing import run_faults

    with _reported() as reports:
        run_faults(profile_of("faults"), reports, options.pytest)
    return 0


@contextmanager
def _reported():
    """Prints the steps, the skipped and the failed tests at the end, however it comes, and fails if no skip is allowed."""
    reports = Reports()
    try:
        yield reports
    finally:
        print_durations()
        reports.print()
    reports.require_no_skip()


def limits(options: argparse.Namespace) -> int:
    require_commands("cargo")
    from hooklane_local.limits import run_limits, run_stand_in_conformance

    try:
        if options.stand_ins:
            run_stand_in_conformance()
        else:
            run_limits(release=options.release, binaries=options.binaries)
    finally:
        print_durations()
    return 0


def bench(options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.bench import run

    try:
        if options.quick:
            run.bench_quick(binaries=options.binaries)
        elif options.growth:
            run.bench_growth(binaries=options.binaries, write=options.write)
        elif options.releases:
            run.bench_releases(binaries=options.binaries)
        elif options.fanout:
            run.bench_fanout(binaries=options.binaries)
        else:
            run.bench(binaries=options.binaries, revision=options.compare, write=options.write)
    finally:
        print_durations()
    return 0


def costs(_options: argparse.Namespace) -> int:
    require_commands("cargo")
    from hooklane_local.limits import run_costs

    try:
        run_costs()
    finally:
        print_durations()
    return 0


def redrive(options: argparse.Namespace) -> int:
    _in_emulator_python()
    from hooklane_local.redrive import SOURCES, Options, redrive
    from hooklane_local.redrive_target import target_of

    # The tests name their own stack, as they do for pytest.
    stack_file = Path(os.environ.get("HOOKLANE_STACK") or profile_of("up").stack_file)
    local = json.loads(stack_file.read_text()) if stack_file.exists() else None
    target = target_of(options.stack, local)
    chosen = Options(dry=options.dry, scan=options.scan, match=options.match)
    sources = [options.source] if options.source else SOURCES
    reports = [redrive(target, source, chosen) for source in sources]
    # A letter that could not be sent makes the command fail, so that a caller's `&&` stops.
    return 1 if any(report.kept for report in reports) else 0


def built(options: argparse.Namespace) -> int:
    from hooklane_local.architecture import require_built_for
    from hooklane_local.paths import ROOT

    programs = require_built_for(options.architecture, ROOT / ".aws-sam" / "build")
    say(f"{len(programs)} functions are built for {options.architecture}")
    return 0


def release(options: argparse.Namespace) -> int:
    require_commands("git")
    # The SAM translator is in it.
    _in_python(BUILD_VENV)
    from hooklane_local.release.making import DIST, make_release, ready_folders

    try:
        make_release(options.architecture, ready_folders(options.binaries), into=Path(options.into or DIST).resolve())
    finally:
        print_durations()
    return 0


def smoke(options: argparse.Namespace) -> int:
    shell_programs.require_all()
    _in_emulator_python()
    from hooklane_local.release.smoke import smoke

    return 0 if smoke(Path(options.release), profile_of("smoke")) else 1


def upgrades(options: argparse.Namespace) -> int:
    require_commands("git")
    shell_programs.require_all()
    _in_emulator_python()
    from hooklane_local.testing import run_upgrades

    with _reported() as reports:
        run_upgrades(profile_of("upgrades"), reports, options.pytest)
    return 0


def check(_options: argparse.Namespace) -> int:
    require_commands("cargo")
    install_python_tools()
    install_check_tools()
    install_cargo_tools()
    from hooklane_local.checks import run_checks

    try:
        run_checks()
    finally:
        print_durations()
    return 0


def audit(_options: argparse.Namespace) -> int:
    require_commands("cargo", "npm")
    install_check_tools()
    install_cargo_tools()
    from hooklane_local.audit import run_audit

    run_audit()
    return 0


def pins(options: argparse.Namespace) -> int:
    install_check_tools()
    from hooklane_local.pins import resolve

    resolve(upgrade=options.upgrade)
    return 0


def _in_emulator_python() -> None:
    """Installs the tools, and runs this command again with the Python that has boto3."""
    _in_python(EMULATOR_VENV)


def _in_python(venv: Path) -> None:
    """Installs the tools, and runs this command again with the Python of this virtual environment."""
    if os.environ.get(_REEXECUTED) == "1":
        del os.environ[_REEXECUTED]
        return
    require_commands("cargo")
    install_python_tools()
    if os.path.realpath(sys.prefix) == os.path.realpath(venv):
        return
    sys.stdout.flush()
    environment = {**os.environ, _REEXECUTED: "1", "PYTHONPATH": str(LOCAL)}
    python = str(venv / "bin" / "python")
    os.execve(python, [python, "-m", "hooklane_local", *sys.argv[1:]], environment)


def _parser() -> argparse.ArgumentParser:
    description = "Runs Hooklane on this machine, without an AWS account."
    parser = argparse.ArgumentParser(prog="hooklane_local", description=description)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(function, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(function.__name__, help=text, description=text)
        command.set_defaults(command=function)
        return command

    add(setup, "install the pinned tools into .venv").add_argument(
        "--check-tools", action="store_true", help="also install what only `make check` needs"
    )
    add(up, "start a local stack and keep it running, or redeploy to the running one")
    portals = add(portal, "print a link that signs in to the portal of the stack that `up` started")
    portals.add_argument("--tenant", help="another tenant than that of the sample data")
    portals.add_argument("--operator", action="store_true", help="to the operator's pages instead")
    measured = add(bench, "measure what deliveries take of the processor, of AWS and of dollars")
    sizes = measured.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="a few cases once, with the build of CI, and hold their counts")
    sizes.add_argument("--growth", action="store_true", help="how the cost grows instead")
    sizes.add_argument("--releases", action="store_true", help="what a run of upkeep releases instead")
    sizes.add_argument("--fanout", action="store_true", help="what an invocation of fanout takes by batch, memory and webhooks")
    sizes.add_argument("--compare", metavar="REVISION", help="measure the functions of this revision too")
    measured.add_argument("--binaries", help="a folder with functions that are built already")
    measured.add_argument("--write", action="store_true", help="store the figures, and make docs/cost.md of them")
    add(costs, "count what pages and figures ask of the tables, and their share of a price")
    add(pictures, "take the pictures of the documents, of a temporary stack with the sample data")
    add(down, "stop the local stack that `up` started")
    add(demo, "publish events to a temporary local stack, and show and check their deliveries")
    tests = add(test, "run every test")
    tests.add_argument("--only-end-to-end", action="store_true", help="leave out the tests that need no stack")
    tests.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    generated = add(clients, "run the tests of generated clients, those that take long too, on a temporary local stack")
    generated.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    seeded = add(seeds, "hold the API against its OpenAPI document with other seeds than that of the tests")
    seeded.add_argument("seeds", nargs="+", type=int, help="the seeds")
    broken = add(faults, "run the fault tests on a temporary local stack")
    broken.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    limited = add(limits, "give the functions hostile inputs under Lambda's limits")
    limited.add_argument("--release", action="store_true", help="build with the real release profile, search for five minutes")
    limited.add_argument("--binaries", help="a folder with functions that are built already")
    limited.add_argument("--stand-ins", action="store_true", help="only test the harness's stand-ins for AWS")
    letters = add(redrive, "send dead letters again")
    letters.add_argument("--source", choices=REDRIVE_SOURCES, help="only letters of this source")
    letters.add_argument("--match", help="only letters whose body contains this text")
    letters.add_argument("--dry", action="store_true", help="show what would be sent, and send nothing")
    letters.add_argument("--scan", action="store_true", help="search the ledger for records that left the stream")
    letters.add_argument("--stack", help="the name of a stack on AWS, instead of the local one")
    architectures = add(built, "check that `sam build` built for the architecture that is deployed")
    architectures.add_argument("--architecture", choices=("x86_64", "arm64"), default="x86_64", help="as the parameter")
    releasing = add(release, "make what a release holds, in dist")
    releasing.add_argument(
        "--architecture", action="append", default=[], choices=("x86_64", "arm64"), help="fail without this one"
    )
    releasing.add_argument(
        "--binaries", action="append", default=[], metavar="ARCHITECTURE=FOLDER", help="functions that are built already"
    )
    tried = add(smoke, "install the files of a release on this machine, and try each function")
    tried.add_argument("release", help="its folder, or the archive that is published")
    upgraded = add(upgrades, "upgrade earlier versions to this one, and back, on a local stack (compiles each)")
    upgraded.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    releasing.add_argument("--into", metavar="FOLDER", help="where the release's folder is made, instead of dist")
    add(check, "check formats, lints, docs, dependencies, workflows, template and imports")
    add(audit, "ask the databases of vulnerabilities about everything that is pinned")
    resolving = add(pins, "resolve the Python requirements into exact pins with hashes")
    resolving.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that are a week old, not the pinned ones"
    )
    return parser
