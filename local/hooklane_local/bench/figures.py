"""What was measured of a case: the medians over its runs, for each delivery."""

from dataclasses import dataclass, field

from hooklane_local.bench.case import Case
from hooklane_local.paths import ROOT

# The lines of `make bench` that the pages are made of.
FILE = ROOT / "docs" / "figures" / "bench.jsonl"

LOOP, NOTHING, ALL, START, STAND_INS = "loop", "nothing", "all", "start", "stand-ins"


@dataclass(frozen=True)
class Figures:
    """What one function used for each delivery."""

    deliveries: float = 0
    cpu_us: float = 0
    requests: dict[str, float] = field(default_factory=dict)
    write_units: float = 0
    read_units: float = 0
    invocations: float = 0
    busy_ms: float = 0
    stored_bytes: float = 0
    log_bytes: float = 0
    peak_rss_mib: float | None = None

    def requests_to(self, service: str) -> float:
        return sum(number for call, number in self.requests.items() if call.split()[0] == service)


@dataclass(frozen=True)
class Start:
    """What a program takes to start, and its size."""

    cold_start_ms: float
    binary_mib: float


@dataclass(frozen=True)
class Measured:
    """One case: what each function used, and the plain loop that posts as much at the same pace."""

    name: str
    case: Case
    functions: dict[str, Figures]
    limit_cpu_us: float | None = None

    @property
    def all(self) -> Figures:
        """What all functions used together for a delivery. Their memories are not added: the largest counts."""
        each = list(self.functions.values())
        calls = sorted({call for one in each for call in one.requests})
        peaks = [one.peak_rss_mib for one in each if one.peak_rss_mib is not None]
        return Figures(
            deliveries=max((one.deliveries for one in each), default=0),
            cpu_us=sum(one.cpu_us for one in each),
            requests={call: sum(one.requests.get(call, 0) for one in each) for call in calls},
            write_units=sum(one.write_units for one in each),
            read_units=sum(one.read_units for one in each),
            invocations=sum(one.invocations for one in each),
            busy_ms=sum(one.busy_ms for one in each),
            stored_bytes=sum(one.stored_bytes for one in each),
            log_bytes=sum(one.log_bytes for one in each),
            peak_rss_mib=max(peaks, default=None),
        )

    @property
    def cpu_ratio(self) -> float | None:
        """The processor time of a delivery as a multiple of the plain loop's."""
        return self.all.cpu_us / self.limit_cpu_us if self.limit_cpu_us else None


@dataclass(frozen=True)
class Bench:
    """Everything that was measured of one revision."""

    cases: list[Measured]
    starts: dict[str, Start]
    # How many requests the stand-ins can answer in a second, which shows that they are not what limits a function.
    stand_ins_per_s: float | None = None

    def case(self, name: str) -> Measured | None:
        return next((one for one in self.cases if one.name == name), None)
