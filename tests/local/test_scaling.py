"""docs/scaling.md says what the template and the code say."""

import re

import pytest
from hooklane_local.metrics.declared import template
from hooklane_local.paths import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text()
SCALES = template()["Mappings"]["Concurrency"]
PARAMETERS = template()["Parameters"]
# What a batch of `delivery` takes beside the time of its receivers.
MORE_SECONDS = 0.04
ATTEMPTS_AT_ONCE = 10


def default(parameter: str) -> int:
    return int(PARAMETERS[parameter]["Default"])


def source(path: str) -> str:
    return (ROOT / path).read_text()


@pytest.mark.parametrize("scale", SCALES)
def test_instances_make_so_many_deliveries(scale):
    row = re.search(rf"\| \*{scale}\* \| (.*) \|", PAGE)
    instances, *rates = (int(cell.replace(",", "")) for cell in row[1].split(" | "))
    assert instances == SCALES[scale]["FirstAttempts"]
    for seconds, rate in zip((0.1, 1, 10), rates, strict=True):
        assert rate == pytest.approx(instances * ATTEMPTS_AT_ONCE / (seconds + MORE_SECONDS), rel=0.03)


def test_the_instances_of_the_other_queues_are_those_of_the_template():
    for kind, sentence in (("Retries", r"Retries .*: ([\d, and]+)\. "), ("Events", r"Events from the queue have ([\d, and]+)\.")):
        found = [int(number) for number in re.findall(r"\d+", re.search(sentence, PAGE)[1])]
        assert found == [scale[kind] for scale in SCALES.values()]
    assert f"*large* alone uses {sum(SCALES['large'].values())}" in PAGE
    instances = [SCALES[scale]["FirstAttempts"] + SCALES[scale]["Retries"] for scale in ("medium", "large")]
    assert [f"{count}" in PAGE for count in instances] == [True, True]


def test_defaults_are_those_of_the_template():
    for parameter, text in (
        ("LedgerWriteCapacity", "the ledger has {} write units"),
        ("BrakeInFlight", "`BrakeInFlight` ({:,})"),
        ("AlarmInFlight", "rings at {:,} in the retry queue"),
        ("QuotaWebhooks", "up to {:,} by default (`QuotaWebhooks`)"),
        ("ApiRate", "lets {} through (`ApiRate`, `ApiBurst`)"),
        ("ApiRateLimit", "`ApiRateLimit` is {} requests a minute"),
    ):
        assert text.format(default(parameter)) in PAGE, parameter
    assert f"{int(PARAMETERS['QuotaWebhooks']['MaxValue']):,} at most" in PAGE
    limits = template()["Mappings"]["TimeLimits"]
    events, deliveries = (
        limits[str(default(parameter))]["VisibilityTimeout"] for parameter in ("TimeoutIngest", "TimeoutDelivery")
    )
    assert f"{events} s for events, {deliveries} s for deliveries" in PAGE


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("shared/domain/src/delivery/waiting.rs", "MAX_FAST_WAIT: Duration = Duration::from_secs(60)", "up to 60 s, hidden"),
        ("shared/domain/src/delivery/waiting.rs", "MAX_DELAY_SECONDS: u32 = 900", "a delay of up to 15 minutes"),
        ("shared/domain/src/isolation/brake.rs", "LONG_WAIT: Duration = Duration::from_secs(15 * 60)", "over 15 minutes sooner"),
        ("functions/delivery/src/interval.rs", "WRITE_INTERVAL: Duration = Duration::from_secs(10)", "once in ten seconds"),
        ("functions/upkeep/src/tuning.rs", "LOOKS_AT_ONCE: usize = 8", "eight webhooks at a time"),
        ("functions/upkeep/src/tuning.rs", "MAX_RELEASED: usize = 5_000", "of one webhook 5,000 in a look"),
        ("functions/upkeep/src/tuning.rs", "RUN_TIME: Duration = Duration::from_secs(50)", "for 50 seconds"),
        ("functions/fanout/src/route_cache.rs", "LARGEST_TABLE: usize = 8 << 20", "Above 8 MiB of subscriptions"),
        ("shared/app/src/cache.rs", "MAX_AGE: Duration = Duration::from_secs(5)", "once in five seconds"),
        ("template.yaml", "ParallelizationFactor: 5", "five instances for each shard"),
        ("shared/aws/src/ledger/keys.rs", "WH#", "`WH#{webhook}`"),
    ],
)
def test_numbers_are_those_of_the_code(path, code, text):
    assert code in source(path)
    assert text in PAGE
