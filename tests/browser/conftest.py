"""Headless Chromium on the portal of a running stack.

Chromium is the system's own (Debian: `apt-get install chromium-headless-shell`, or `chromium`, which takes three times
the processor's time); Playwright drives it and downloads nothing. Without a browser the tests are skipped with that
reason. Pictures go to the folder that HOOKLANE_PICTURES names, or else to `.local/pictures`.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "local"))

from hooklane_local import polling, portal  # noqa: E402 - after the path is known
from hooklane_local.browser import browser_program, launch  # noqa: E402
from hooklane_local.client import LocalStack  # noqa: E402
from hooklane_local.receiver import Receiver  # noqa: E402
from hooklane_local.spread import pytest_collection_modifyitems, pytest_configure  # noqa: E402, F401 - hooks

pytest.register_assert_rewrite("visit")

PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="session")
def browser():
    program = browser_program()
    if program is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium-headless-shell")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make setup")
    # As the default of each context below.
    playwright.expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with playwright.sync_playwright() as driver:
        started = launch(driver, program)
        yield started
        started.close()


@pytest.fixture(scope="session")
def stack() -> LocalStack:
    described = Path(os.environ.get("HOOKLANE_STACK", ROOT / ".local" / "stack.json"))
    if not described.exists():
        pytest.exit(f"no stack is running ({described} is missing): start one with `make up`", 2)
    return LocalStack(json.loads(described.read_text()))


@pytest.fixture(scope="session")
def pictures() -> Path:
    folder = Path(os.environ.get("HOOKLANE_PICTURES", ROOT / ".local" / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def axe() -> str:
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed: make setup")
    return (Path(package.__file__).parent / "axe.min.js").read_text()


@pytest.fixture
def tenant() -> str:
    return f"b-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def api(stack, tenant):
    # Its events are of types that the catalog has.
    stack.api(None).put(f"/tenants/{tenant}", {"catalog": "default"}).expect(200)
    return stack.api(tenant)


@pytest.fixture
def receiver():
    with Receiver() as started:
        yield started


@pytest.fixture
def eventually():
    def wait(probe, what="the expected state was not reached"):
        found = polling.eventually(probe, PATIENCE_SECONDS)
        assert found, f"{what} within {PATIENCE_SECONDS:.0f} s"
        return found

    return wait


@pytest.fixture
def link(stack, tenant):
    """`link(scope="read")`: a fresh link of this test's tenant."""
    return lambda **wanted: portal.link(stack.description, tenant, **wanted)


@pytest.fixture(params=["with JavaScript", "without"])
def script(request) -> bool:
    return request.param == "with JavaScript"


@pytest.fixture
def visit(browser):
    """`visit(script=False, width=390)`: a page of a browser of its own, which counts what a policy forbade."""
    contexts = []

    def opened(script: bool = True, width: int = 1280, scheme: str = "light"):
        context = browser.new_context(
            java_script_enabled=script, viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        # Pages come from unoptimized functions and an emulator, beside other tests.
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
