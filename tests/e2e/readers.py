"""How a receiver of each contract tells what is genuine, decided by code that is not ours: the packages
that such receivers use, and the samples of docs/receivers where a document is all that they have."""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hooklane_local.paths import ROOT
from hooklane_local.receiver import Request
from sample_receivers import SampleReceiver
from verifiers import check_of, node_verdicts, pypi_verdict

# As the files are, so that one which is added cannot be left out.
CONTRACTS = sorted(path.stem for path in (ROOT / "contracts").glob("*.toml"))

# What a client makes itself for every request.
_OF_THE_CONNECTION = ("host", "content-length", "connection")
_ANSWER_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Reading:
    """A request as one receiver looks at it."""

    request: Request
    secret: str
    # Where it takes the signature from, in lower case.
    header: str


@dataclass(frozen=True)
class Reader:
    contract: str
    # Where the contract's receivers look for the signature, in lower case.
    header: str
    # Whether they stand several signatures in it.
    several: bool = False
    # The packages that decide, or else the sample that does.
    packages: tuple[str, ...] = ()
    sample: str = ""

    @property
    def next_header(self) -> str:
        return f"{self.header}-next"

    def accepts(self, readings: Sequence[Reading]) -> list[bool]:
        """For each reading whether it is genuine, of which all the verifiers have to be of one mind."""
        by_verifier = [self._by_package(package, readings) for package in self.packages]
        if self.sample:
            by_verifier.append(self._by_sample(readings))
        assert by_verifier, f"nobody verifies {self.contract}"
        assert all(said == by_verifier[0] for said in by_verifier), f"{self.packages} differ: {by_verifier}"
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
        """Plays what came to a sample, byte for byte; one process for each way of looking at it."""
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
