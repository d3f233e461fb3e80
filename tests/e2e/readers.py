"""How receivers of each contract verify a request, with code that is not ours: the packages that they
use, or a sample of docs/receivers where a platform guide is all that they have."""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hooklane_local.paths import ROOT
from hooklane_local.receiver import Request
from hooklane_local.receiver_languages import NODE_PACKAGES
from languages import require
from sample_receivers import SampleReceiver, require_language_of
from verifiers import check_of, node_verdicts, pypi_verdict

# Read from the folder, so that a new contract cannot be forgotten.
CONTRACTS = sorted(path.stem for path in (ROOT / "contracts").glob("*.toml"))

# Headers that the HTTP client adds to every request itself.
_OF_THE_CONNECTION = ("host", "content-length", "connection")
_ANSWER_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Reading:
    """A request as one receiver reads it."""

    request: Request
    secret: str
    # The header that it takes the signature from, in lower case.
    header: str


@dataclass(frozen=True)
class Reader:
    contract: str
    # The header that holds the contract's signature, in lower case.
    header: str
    # Whether its receivers accept several signatures in that header.
    several: bool = False
    # The packages that verify, or the sample that does.
    packages: tuple[str, ...] = ()
    sample: str = ""

    @property
    def next_header(self) -> str:
        return f"{self.header}-next"

    def accepts(self, readings: Sequence[Reading]) -> list[bool]:
        """For each reading whether it is genuine. All verifiers must agree."""
        by_verifier = [self._by_package(package, readings) for package in self.packages]
        if self.sample:
            by_verifier.append(self._by_sample(readings))
        assert by_verifier, f"{self.contract} has no verifier"
        assert all(said == by_verifier[0] for said in by_verifier), f"{self.packages} disagree: {by_verifier}"
        return by_verifier[0]

    def _by_package(self, package: str, readings: Sequence[Reading]) -> list[bool]:
        name, _, registry = package.partition(" of ")
        checks = [
            check_of(name, each.request, each.secret).read_from(each.header, instead_of=self.header)
            for each in readings
        ]
        verdicts = [pypi_verdict(check) for check in checks] if registry == "PyPI" else node_verdicts(checks)
        return [verdict.accepted for verdict in verdicts]

    def _by_sample(self, readings: Sequence[Reading]) -> list[bool]:
        """Replays the requests to a sample, byte for byte; one process for each secret and header."""
        said: dict[tuple[int, str, str], bool] = {}
        for secret, header in dict.fromkeys((each.secret, each.header) for each in readings):
            with SampleReceiver(self.contract, self.sample, secret, header) as sample:
                for each in (each for each in readings if (each.secret, each.header) == (secret, header)):
                    status = _replayed(sample.url, each.request)
                    assert status in (200, 401), sample.output
                    said[_key(each)] = status == 200
        return [said[_key(each)] for each in readings]


_STANDARD = ("standardwebhooks", "svix", "standardwebhooks of PyPI")

READERS = {
    reader.contract: reader
    for reader in (
        Reader("standard", "webhook-signature", several=True, packages=_STANDARD),
        Reader("cloudevents", "webhook-signature", several=True, packages=_STANDARD),
        Reader("stripe", "stripe-signature", several=True, packages=("stripe",)),
        Reader("github", "x-hub-signature-256", packages=("@octokit/webhooks-methods",)),
        Reader("virtual-queue", "x-webhook-signature", sample="receiver.py"),
        Reader("virtual-queue-hex", "x-webhook-signature", sample="receiver.php"),
        Reader("ops-center", "x-webhook-signature", sample="receiver.mjs"),
        Reader("prism", "x-webhook-signature", sample="receiver.php"),
        Reader("aegisx", "x-webhook-signature-256", sample="receiver.py"),
        Reader("task-hub", "x-hub-signature", sample="receiver.mjs"),
    )
}


def reader_of(contract: str) -> Reader:
    """The contract's reader. Skips the running test if this machine cannot run its verifiers."""
    reader = READERS[contract]
    if reader.packages:
        require(*NODE_PACKAGES)
    if reader.sample:
        require_language_of(reader.sample)
    return reader


def _key(reading: Reading) -> tuple[int, str, str]:
    return reading.request.number, reading.secret, reading.header


def _replayed(url: str, request: Request) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_ANSWER_WITHIN_SECONDS)
    headers = {name: value for name, value in request.header_list if name.lower() not in _OF_THE_CONNECTION}
    try:
        connection.request(request.method, request.path, request.body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
