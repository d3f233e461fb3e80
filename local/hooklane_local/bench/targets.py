"""What must hold of the figures, and what is aimed for.

Counts (requests and units) do not depend on the machine, so `make bench-quick` holds them in every run, with some
slack. Times, memory and dollars are shown by `make bench`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hooklane_local.bench import model
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.figures import NOTHING, Bench, Measured
from hooklane_local.bench.prices import Prices

ONE, TEN, TRICKLE, LARGE = "1x10x500", "10x10x500", "1x1x500", "1x10x200000"
# The same, with `EventsPerMessage` 10.
ONE_BY_TEN, TEN_BY_TEN = f"{ONE}-by10", f"{TEN}-by10"
# A trickle: so many events a second, and the `BatchingSeconds` that is reckoned beside it.
RATE, SECONDS = 4, 2
# How much over its bound a count may be in `make bench-quick`: a batch that was split, a cache that was read again.
SLACK = 1.2
# A sum of measured parts is not exact.
_EXACTLY = 1e-9


@dataclass(frozen=True)
class Target:
    """One row: what is measured, and the bound that it must hold."""

    what: str
    case: str
    unit: str
    bound: float
    aim: float | None
    is_count: bool
    measure: Callable[[Measured], float | None]
    # Whether the bound itself is not met any more. Most bounds are.
    exclusive: bool = False


@dataclass(frozen=True)
class Judged:
    target: Target
    value: float | None

    def holds(self, slack: float = 1.0) -> bool:
        """Whether it was measured and is within its bound."""
        if self.value is None:
            return False
        bound = self.target.bound * slack
        return self.value < bound if self.target.exclusive else self.value <= bound + _EXACTLY

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if not self.holds():
            return "NOT MET"
        return "met" if self.target.aim is None or self.value > self.target.aim + _EXACTLY else "met, and the aim"


def targets(bench: Bench, prices: Prices, deployed: Deployed) -> list[Judged]:
    """All of them, judged."""

    def dollars(configuration: model.Configuration) -> Callable[[Measured], float]:
        def measure(measured: Measured) -> float:
            parts = model.of_case(measured, prices, deployed)
            return model.total(configuration.dollars(parts, prices, deployed))

        return measure

    def sqs(measured: Measured) -> float:
        each = (
            model.sqs_requests(name, figures, measured.case, prices, producer=False)
            for name, figures in measured.functions.items()
        )
        return sum(each)

    def ratio(measured: Measured) -> float | None:
        return measured.cpu_ratio

    def writes(measured: Measured) -> float:
        return measured.all.write_units

    def reads(measured: Measured) -> float:
        return measured.all.read_units

    def requests(measured: Measured) -> float:
        return sum(measured.all.requests.values())

    def peak(measured: Measured) -> float | None:
        delivery = measured.functions.get("delivery")
        return delivery.peak_rss_mib if delivery else None

    everything_pr, everything_od = dollars(model.PROVISIONED), dollars(model.ON_DEMAND)
    rows = [
        Target("processor time, as a multiple of the plain loop", ONE, "×", 5, 3, False, ratio),
        Target("processor time, as a multiple of the plain loop", TEN, "×", 3, 2, False, ratio),
        Target("write units", ONE, "", 2, None, True, writes),
        Target("write units", TEN, "", 1.1, None, True, writes),
        Target("read units", ONE, "", 1.5, None, True, reads),
        Target("requests to SQS, the pollers' too, without the producer's", ONE, "", 0.5, None, True, sqs),
        Target("requests to AWS", ONE, "", 0.75, None, True, requests),
        Target("requests to AWS", TEN, "", 0.35, None, True, requests),
        Target("peak memory of delivery", LARGE, "MiB", 48, None, False, peak, exclusive=True),
        Target("dollars a million, provisioned, 70 % used", ONE, "$", 1.00, None, False, everything_pr, exclusive=True),
        Target(
            "dollars a million, reserved for a year", ONE, "$", 1.00, 0.60, False, dollars(model.RESERVED), exclusive=True
        ),
        Target("dollars a million, on demand", TEN, "$", 0.95, 0.31, False, everything_od, exclusive=True),
        Target("dollars a million, on demand, batches of one", TRICKLE, "$", 4, None, False, everything_od, exclusive=True),
        Target("requests to SQS, the pollers' too, without the producer's", ONE_BY_TEN, "", 0.35, None, True, sqs),
        Target("requests to AWS", ONE_BY_TEN, "", 0.5, None, True, requests),
        Target(
            "dollars a million, provisioned, arm64, 7 days", ONE_BY_TEN, "$", 1.00, None, False,
            dollars(model.PROVISIONED_A_WEEK), exclusive=True,
        ),
        Target(
            "dollars a million, the same, reserved for a year", ONE_BY_TEN, "$", 1.00, 0.60, False,
            dollars(model.RESERVED_A_WEEK), exclusive=True,
        ),
        Target(
            "dollars a million, on demand, arm64, 7 days", TEN_BY_TEN, "$", 0.95, 0.31, False,
            dollars(model.A_WEEK), exclusive=True,
        ),
    ]  # fmt: skip
    judged = []
    for target in rows:
        measured = bench.case(target.case)
        judged.append(Judged(target, target.measure(measured) if measured else None))
    gathering = Target(
        f"dollars a million, on demand, {RATE} a second with BatchingSeconds {SECONDS}",
        TRICKLE, "$", 4, None, False, everything_od, exclusive=True,
    )  # fmt: skip
    ones, full = bench.case(TRICKLE), bench.case(ONE)
    of_trickle = None
    if ones and full:
        parts = [model.of_case(measured, prices, deployed) for measured in (ones, full)]
        size = model.gathered(RATE, SECONDS)
        of_trickle = model.total(model.in_batches_of(size, *parts, full.case.batch))
    return [*judged, Judged(gathering, of_trickle), *_of_starts(bench)]


def _of_starts(bench: Bench) -> list[Judged]:
    """A cold start beside that of a program that does nothing, and the size of `delivery`."""
    judged = []
    nothing = bench.starts.get(NOTHING)
    for function, start in bench.starts.items():
        if nothing and function != NOTHING:
            bound = 1.5 * nothing.cold_start_ms + 5
            target = Target(f"cold start of {function}", "start", "ms", bound, None, False, lambda _: None)
            judged.append(Judged(target, start.cold_start_ms))
    size = Target("size of delivery", "start", "MiB", 8, None, False, lambda _: None, exclusive=True)
    delivery = bench.starts.get("delivery")
    return [*judged, Judged(size, delivery.binary_mib if delivery else None)]


def broken_counts(judged: list[Judged], slack: float = SLACK) -> list[str]:
    """What `make bench-quick` fails for: counts that are not within their bounds, or were not measured."""
    return [
        f"{one.target.what} of {one.target.case}: {'not measured' if one.value is None else f'{one.value:.3g}'}, "
        f"at most {one.target.bound * slack:.3g}"
        for one in judged
        if one.target.is_count and not one.holds(slack)
    ]
