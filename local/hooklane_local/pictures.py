"""The pictures of the documents: pages with the sample data, in light and dark (`make pictures`)."""

import importlib.util
import time
from dataclasses import replace
from pathlib import Path

from hooklane_local import portal, samples
from hooklane_local.browser import browser_program, launch
from hooklane_local.client import Api
from hooklane_local.paths import ROOT
from hooklane_local.polling import eventually
from hooklane_local.profile import Profile
from hooklane_local.progress import Failure, step
from hooklane_local.session import temporary_stack

FOLDER = ROOT / "docs" / "pictures"
SCHEMES = ("light", "dark")
WIDTH, HEIGHT = 1280, 860
# The receiver of the sample data that fails is probed after about a minute of failures.
PATIENCE_SECONDS = 240
FAILING, STEADY = "Invoice ledger", "Warehouse sync"


def names() -> list[str]:
    """The files, in the order in which they are made."""
    return [f"{page}-{scheme}.png" for scheme in SCHEMES for page in (*_PORTAL, *_OPERATOR)]


# The pages by name, each with its path once the ids of webhooks are known.
_PORTAL = {
    "webhooks": lambda _: "webhooks",
    "webhook-that-fails": lambda found: f"webhooks/{found[FAILING]}",
    "deliveries": lambda _: "deliveries",
    "delivery": lambda found: f"deliveries/{found['delivery']}",
    "new-webhook": lambda _: "new",
}
_OPERATOR = {"operator": lambda _: "overview"}


def take(profile: Profile, folder: Path = FOLDER) -> None:
    """Starts a stack with the sample data, takes all pictures, and stops what it started."""
    program = browser_program()
    if program is None or importlib.util.find_spec("playwright") is None:
        raise Failure("there is no Chromium; on Debian: apt-get install chromium-headless-shell, and then make setup")
    folder.mkdir(parents=True, exist_ok=True)
    with temporary_stack(replace(profile, signs_in=False)) as stack:
        samples.start(profile)
        try:
            with step("waiting until one of the sample receivers is known to fail (some minutes)"):
                found = _things(Api(stack.description, portal.TENANT))
            with step(f"taking {len(names())} pictures"):
                _take(program, stack.description, found, folder)
        finally:
            samples.stop(profile)


def _things(api: Api) -> dict:
    """The ids that paths need, once the pages have something to show."""

    def look() -> dict | None:
        found = {one["name"]: one for one in api.get("/webhooks", limit=100).expect(200).body["data"]}
        if not {FAILING, STEADY} <= found.keys():
            return None
        health = api.get(f"/webhooks/{found[FAILING]['id']}/health").expect(200).body
        late = api.get(f"/webhooks/{found[FAILING]['id']}/deliveries", status="retrying").expect(200).body["data"]
        if health["isolation"]["circuit"]["state"] == "closed" or not late:
            return None
        return {name: one["id"] for name, one in found.items()} | {"delivery": late[-1]["id"]}

    found = eventually(look, PATIENCE_SECONDS)
    if not found:
        raise Failure(f"no sample receiver was known to fail within {PATIENCE_SECONDS} s")
    return found


def _take(program: str, stack: dict, found: dict, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = launch(driver, program)
        try:
            for scheme in SCHEMES:
                size = {"width": WIDTH, "height": HEIGHT}
                page = browser.new_context(viewport=size, color_scheme=scheme, timezone_id="Europe/Berlin").new_page()
                page.goto(portal.link(stack, theme={"name": "Fernhill Supply"}, timeZone="Europe/Berlin"))
                for name, path in _PORTAL.items():
                    _picture(page, f"{stack['apiUrl']}/portal/{portal.TENANT}/{path(found)}", folder / f"{name}-{scheme}.png")
                page.goto(portal.operator_link(stack))
                for name, path in _OPERATOR.items():
                    _picture(page, f"{stack['apiUrl']}/operator/{path(found)}", folder / f"{name}-{scheme}.png")
        finally:
            browser.close()


def _picture(page, address: str, file: Path) -> None:
    page.goto(address, wait_until="load")
    # Until charts and the live list have been drawn.
    time.sleep(0.5)
    page.screenshot(path=file)
