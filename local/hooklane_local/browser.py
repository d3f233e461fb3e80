"""The browser of the machine, which the portal's tests and pictures use."""

import os
import shutil

# The one without a window first.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
VARIABLE = "HOOKLANE_BROWSER"


def browser_program() -> str | None:
    """The browser that is installed, or the one that HOOKLANE_BROWSER names."""
    named = os.environ.get(VARIABLE)
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(driver, program: str):
    """Starts it. The sandbox needs rights that containers lack, and the only pages that are loaded are Hooklane's."""
    return driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
