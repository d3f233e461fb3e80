"""Verifies requests with the packages that receivers use.

None of them is ours: the Node packages of tests/verifiers, and `standardwebhooks` from PyPI.
"""

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from unittest import mock

from hooklane_local.paths import NODE_MODULES, VERIFIERS
from hooklane_local.receiver import Request
from hooklane_local.receiver_languages import NODE_PACKAGES
from languages import require
from standardwebhooks import webhooks as pypi

# Node starts and loads packages, on a machine that may be busy.
_NODE_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Check:
    """A request as one package gets to see it."""

    package: str
    secret: str
    headers: dict[str, str]
    body: bytes
    # How far the package's clock is ahead of the real one.
    later_by: timedelta = field(default=timedelta(0))

    def with_header(self, name: str, value: str) -> "Check":
        return replace(self, headers={**self.headers, name: value})

    def read_from(self, header: str, instead_of: str) -> "Check":
        """The request with `header`'s value in the place of another header, for a receiver that reads `header`."""
        return self.with_header(instead_of, self.headers[header])


@dataclass(frozen=True)
class Verdict:
    accepted: bool
    # What the package returned for a request that it accepted.
    understood: object = None
    # The class and the text of the error with which it refused.
    error: str | None = None
    message: str | None = None


def check_of(package: str, request: Request, secret: str) -> Check:
    """The request as it arrived."""
    return Check(package, secret, request.headers, request.body)


def node_verdicts(checks: list[Check]) -> list[Verdict]:
    """The verdicts of the Node packages, in the order of the checks. One process makes all of them."""
    require(*NODE_PACKAGES)
    assert (NODE_MODULES / ".installed").exists(), f"run `make e2e` once, or `npm ci --ignore-scripts` in {VERIFIERS}"
    ended = subprocess.run(
        [shutil.which("node") or "node", "verify.mjs"],
        cwd=VERIFIERS,
        input=json.dumps([_as_json(check) for check in checks]),
        capture_output=True,
        encoding="utf-8",
        timeout=_NODE_WITHIN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    verdicts = [Verdict(**verdict) for verdict in json.loads(ended.stdout)]
    assert len(verdicts) == len(checks)
    return verdicts


def pypi_verdict(check: Check) -> Verdict:
    """The verdict of the Python package."""
    with mock.patch.object(pypi, "datetime", _clock_later_by(check.later_by)):
        try:
            understood = pypi.Webhook(check.secret).verify(check.body, check.headers)
        except pypi.WebhookVerificationError as error:
            return Verdict(False, error=type(error).__name__, message=str(error))
    return Verdict(True, understood)


def _as_json(check: Check) -> dict:
    return {
        "package": check.package,
        "secret": check.secret,
        "headers": check.headers,
        "body": base64.b64encode(check.body).decode(),
        "laterBySeconds": check.later_by.total_seconds(),
    }


def _clock_later_by(later_by: timedelta) -> type[datetime]:
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + later_by

    return Later
