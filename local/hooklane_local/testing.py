"""The steps of `make test`, `make faults` and the tests of generated clients."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from hooklane_local import compiling
from hooklane_local.client import LocalStack
from hooklane_local.environment import for_aws_clients, for_build_tools
from hooklane_local.openapi import hold_against_document
from hooklane_local.paths import EMULATOR_PYTHON, LOCAL, ROOT
from hooklane_local.ports import a_free_one
from hooklane_local.processes import beside, run
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure, Later, say, step
from hooklane_local.session import temporary_stack
from hooklane_local.stack import build
from hooklane_local.reports import Reports

_FUNCTION_LOG_LINES = 15


def run_tests(profile: Profile, reports: Reports, *, only_end_to_end: bool, pytest_arguments: list[str]) -> None:
    """Runs first what needs no stack: a fault that shows there is harder to find through the stack."""
    if not only_end_to_end:
        with step("tests that need no stack"):
            run(
                ["cargo", "test", "--locked", "--no-fail-fast", *compiling.options()],
                environment=for_build_tools(),
                cwd=ROOT,
            )
            _pytest(profile, reports, ROOT / "tests" / "local", "-n", "2", "--dist", "worksteal")
            _pytest(profile, reports, ROOT / "tests" / "openapi")
    with temporary_stack(profile) as stack:
        later = Later()
        with step("conformance of the stores and queues with the emulator"), later:
            _conformance(profile)
        with step("end-to-end tests, and an hour beside a dead receiver in virtual time"), later:
            parallel = ["-n", "4", "--dist", "worksteal", "--durations=10"]
            with nullcontext() if only_end_to_end else _simulation(profile):
                _pytest(profile, reports, ROOT / "tests" / "e2e", *parallel, *pytest_arguments)
        if not pytest_arguments:
            with step("the portal in a browser"), later:
                _pytest(profile, reports, ROOT / "tests" / "browser", "-n", "3", "--dist", "worksteal")
            with step("clients that others' generators make"), later:
                _pytest(profile, reports, ROOT / "tests" / "clients", "-m", "not long", "--durations=5")
            with step("the API against its OpenAPI document"), later:
                hold_against_document(profile, stack)
        if later.failures:
            print_function_logs(stack)
            say(f"The emulator's whole log: {profile.emulator_log}")
        later.fail()


def run_client_tests(profile: Profile, reports: Reports, pytest_arguments: list[str]) -> None:
    """Runs the tests of generated clients, those that take long too, on a stack of their own."""
    with temporary_stack(profile) as stack:
        try:
            with step("clients that others' generators make"):
                _pytest(profile, reports, ROOT / "tests" / "clients", "--durations=10", *pytest_arguments)
        except Failure:
            print_function_logs(stack)
            say(f"The emulator's whole log: {profile.emulator_log}")
            raise


def run_seeds(profile: Profile, seeds: list[int]) -> None:
    """Holds the API against its document with each of these seeds, on a stack of their own."""
    with temporary_stack(profile) as stack:
        for seed in seeds:
            with step(f"the API against its OpenAPI document, with the seed {seed}"):
                hold_against_document(profile, stack, seed)


def run_upgrades(profile: Profile, reports: Reports, pytest_arguments: list[str]) -> None:
    """Upgrades releases of earlier commits to this one, in an account of the emulator for each."""
    build(profile)
    with step("upgrades, and the way back"):
        _pytest(profile, reports, ROOT / "tests" / "upgrades", "--durations=10", *pytest_arguments)


def run_faults(profile: Profile, reports: Reports, pytest_arguments: list[str]) -> None:
    """Runs the fault tests on a stack whose functions reach AWS through a proxy that makes calls fail."""
    proxy_port = a_free_one()
    # The tests start the proxy. Until then no function answers, so nobody is signed in.
    profile = replace(profile, function_aws_endpoint=f"http://127.0.0.1:{proxy_port}", signs_in=False)
    with temporary_stack(profile) as stack:
        try:
            with step("fault tests"):
                settings = {"HOOKLANE_FAULT_PROXY_PORT": str(proxy_port)}
                _pytest(profile, reports, ROOT / "tests" / "faults", *pytest_arguments, settings=settings)
        except Failure:
            print_function_logs(stack)
            say(f"The emulator's whole log: {profile.emulator_log}")
            raise


def print_function_logs(stack: LocalStack, lines: int = _FUNCTION_LOG_LINES) -> None:
    """Prints the last log lines of each function."""
    for function in stack.description["functions"]:
        say(f"\n--- the last log lines of {function}")
        for line in stack.log_tail(function, lines) or ["(none)"]:
            say(f"    {line}")


def _conformance(profile: Profile) -> None:
    environment = for_build_tools()
    environment.update(for_aws_clients(profile.endpoint))
    environment["CONFORMANCE_ENDPOINT_URL"] = profile.endpoint
    run(
        [
            "cargo",
            "test",
            "--locked",
            *compiling.options(),
            "--test",
            "conformance",
            "--",
            "--include-ignored",
        ],
        environment=environment,
        cwd=ROOT,
    )


def _simulation(profile: Profile):
    """The tests of the simulation that take long, on the processor time that the end-to-end tests leave."""
    suite = ["cargo", "test", "--locked", *compiling.options(), "--test", "isolation"]
    command = [*suite, "--", "--ignored"]
    return beside(command, environment=for_build_tools(), cwd=ROOT, log=profile.state / "simulation.log")


def _pytest(profile: Profile, reports: Reports, folder: Path, *arguments: str, settings: dict | None = None) -> None:
    environment = {**for_build_tools(), **(settings or {})}
    environment["PYTHONPATH"] = str(LOCAL)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["HOOKLANE_STACK"] = str(profile.stack_file)
    profile.make_state()
    report = profile.state / f"pytest-{folder.name}.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-o", f"cache_dir={profile.state / 'pytest'}", f"--junitxml={report}"]
    try:
        run([EMULATOR_PYTHON, "-m", "pytest", folder, *options, *arguments], environment=environment, cwd=ROOT)
    finally:
        reports.add(report)
