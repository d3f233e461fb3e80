"""From what a delivery uses to dollars: each part is compared with a value that was computed by hand."""

import re
from dataclasses import replace

import pytest
from hooklane_local.bench import idle, model, others
from hooklane_local.bench.case import Case
from hooklane_local.bench.deployed import PIPELINE, Deployed, deployed
from hooklane_local.bench.figures import Figures, Measured
from hooklane_local.bench.merge import merged
from hooklane_local.bench.model import CHEAPEST, ON_DEMAND, PARTS, PROVISIONED, RESERVED, Configuration
from hooklane_local.bench.prices import FILE, prices, read
from hooklane_local.metrics.declared import template
from hooklane_local.paths import ROOT

from bench_lines import of_case

PRICES = prices()
# A quarter of a GB, and so a seventh of a processor.
DEPLOYED = Deployed(
    memory_mb=dict.fromkeys((*PIPELINE, "upkeep"), 256),
    retention_days=30,
    platform_lines=frozenset(),
    read_capacity=55,
    write_capacity=205,
    queue_mappings=3,
    secrets=3,
    alarms=10,
    composite_alarms=2,
)
USUAL = Case.of("1x10x500")
DELIVERY = Figures(
    deliveries=1000,
    cpu_us=300,
    requests={"DynamoDB PutItem": 1, "DynamoDB BatchGetItem": 0.1},
    write_units=1,
    read_units=1,
    invocations=0.1,
    busy_ms=0.8,
    stored_bytes=700,
    log_bytes=90,
)
INGEST = Figures(
    cpu_us=110, requests={"DynamoDB PutItem": 1}, write_units=1, invocations=0.1, busy_ms=0.1, stored_bytes=900, log_bytes=60
)
FANOUT = Figures(cpu_us=20, requests={"SQS SendMessageBatch": 0.1}, invocations=0.1, log_bytes=60)


def of(name: str, figures: Figures, case: Case = USUAL, deployed: Deployed = DEPLOYED, **assumed) -> dict[str, float]:
    return model.of_function(name, figures, case, PRICES, deployed, model.Assumed(**assumed))


def case_of(name: str, **options) -> Measured:
    return merged(of_case(name, **options)).cases[0]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        # One write unit at $0.625 a million, one read unit at $0.125.
        ("writes", 0.625),
        ("reads", 0.125),
        # 700 bytes of a million deliveries are 0.7 GB, at $0.25.
        ("storage", 0.175),
        # A receive and a delete for each of 100,000 batches.
        ("sqs", 0.08),
        # 100,000 invocations.
        ("lambda_requests", 0.02),
        # 3 ms of a processor take 3 × 1769 / 256 = 20.73 ms. The invocation took 8 ms, so it waited for 5 ms; AWS takes
        # 2 × 5 ms more, and receivers 100 ms: 135.73, billed as 136 ms. 0.1 × 0.136 s × 0.25 GB × $16.6667.
        ("lambda_seconds", 0.0566667),
        ("api_gateway", 0.0),
        # 90 bytes, and 26 for each of 0.1 lines: 92.6 MB at $0.50 a GB.
        ("logs", 0.0463),
        ("kms", 0.0),
        # 500 + 830 bytes at $0.09 a GB.
        ("transfer", 0.1197),
    ],
)
def test_a_delivery_in_full_batches_costs_this_by_part(part, expected):
    assert of("delivery", DELIVERY)[part] == pytest.approx(expected, rel=1e-5)


def test_every_part_is_computed_and_transfer_is_in_no_sum():
    found = of("delivery", DELIVERY)
    assert tuple(found) == PARTS
    expected = 0.625 + 0.125 + 0.175 + 0.08 + 0.02 + 0.0566667 + 0.0463
    assert model.total(found) == pytest.approx(expected, rel=1e-5)


def test_an_event_from_the_queue_is_sent_received_and_deleted():
    assert of("ingest", INGEST)["sqs"] == pytest.approx(3 * 0.1 * 0.40)
    without = model.sqs_requests("ingest", INGEST, USUAL, PRICES, producer=False)
    assert without == pytest.approx(0.2)
    assert of("ingest", INGEST)["transfer"] == 0


def test_an_event_that_comes_back_to_its_queue_costs_another_request():
    refused = replace(INGEST, requests={"SQS ChangeMessageVisibility": 0.5})
    assert of("ingest", refused)["sqs"] == pytest.approx(0.12 + 0.20)


def test_what_is_kept_for_half_of_the_time_costs_half():
    assert of("delivery", DELIVERY, deployed=replace(DEPLOYED, retention_days=15))["storage"] == pytest.approx(0.0875)


def test_a_message_to_a_webhook_is_sent_by_fanout():
    assert of("fanout", FANOUT)["sqs"] == pytest.approx(0.04)


def test_what_a_function_itself_asks_of_a_queue_is_paid_for_too():
    failing = replace(DELIVERY, requests={**DELIVERY.requests, "SQS ChangeMessageVisibility": 0.5})
    assert of("delivery", failing)["sqs"] == pytest.approx(0.08 + 0.20)


def test_an_event_by_the_api_pays_api_gateway_and_its_log_instead_of_a_queue():
    api = Figures(cpu_us=110, requests={"DynamoDB PutItem": 1}, write_units=1, invocations=1, log_bytes=600)
    found = of("api", api, Case.of("1x1x500-api"))
    assert found["api_gateway"] == pytest.approx(1.00)
    assert found["sqs"] == 0
    # The function's bytes, its line, and 400 bytes of the access log.
    assert found["logs"] == pytest.approx((600 + 26 + 400) / 1000 * 0.50)


@pytest.mark.parametrize(
    ("name", "webhooks", "data_bytes", "expected"),
    [
        # 10 × 800 bytes are one request.
        ("ingest", 1, 500, 0.3),
        # 10 × 10,300 bytes are two of 64 KiB, sent and received; deleted by one.
        ("ingest", 1, 10_000, 0.5),
        # 10 × 200,300 bytes are 31.
        ("ingest", 1, 200_000, 31 * 0.2 + 0.1),
        # 10 × (300 + 10,000 × 0.33 × 4/3) = 47,000 bytes are one request, received and deleted.
        ("delivery", 1, 10_000, 0.2),
        # 10 × (300 + 90,000 × 0.33 × 4/3) bytes are seven.
        ("delivery", 1, 90_000, 0.8),
        # Of 200 KB even a third is more than a message carries, so the message has no content.
        ("delivery", 1, 200_000, 0.2),
    ],
)
def test_sqs_bills_each_64_kib(name, webhooks, data_bytes, expected):
    case = Case(webhooks, 10, data_bytes)
    figures = Figures(invocations=0.1)
    assert model.sqs_requests(name, figures, case, PRICES) == pytest.approx(expected)


def test_a_batch_of_one_costs_ten_times_the_requests():
    alone = replace(DELIVERY, invocations=1)
    found, full = of("delivery", alone, Case.of("1x1x500")), of("delivery", DELIVERY)
    assert found["sqs"] == pytest.approx(10 * full["sqs"])
    assert found["lambda_requests"] == pytest.approx(10 * full["lambda_requests"])


def test_a_receiver_that_the_case_names_is_not_added_again():
    # 3 ms of a processor, 2,010 ms until the end: 20.73 + 2,007 + 10.
    slow = replace(DELIVERY, busy_ms=201)
    assert model.billed_ms("delivery", slow, Case.of("1x10x500-2s"), DEPLOYED) == 2038
    assert model.billed_ms("delivery", slow, USUAL, DEPLOYED) == 2138
    assert model.billed_ms("delivery", DELIVERY, USUAL, DEPLOYED, model.Assumed(answer_ms=2000)) == 2036


def test_more_memory_makes_the_processor_faster_and_the_second_dearer():
    large = replace(DEPLOYED, memory_mb=dict.fromkeys(PIPELINE, 1769))
    # 3 + 5 + 10 + 100 ms.
    assert model.billed_ms("delivery", DELIVERY, USUAL, large) == 118
    expected = 0.1 * 0.118 * 1769 / 1024 * 16.6667
    assert of("delivery", DELIVERY, deployed=large)["lambda_seconds"] == pytest.approx(expected)


def test_the_lines_of_lambda_count_if_the_template_has_them():
    with_lines = replace(DEPLOYED, platform_lines=frozenset(PIPELINE))
    more = of("delivery", DELIVERY, deployed=with_lines)["logs"] - of("delivery", DELIVERY)["logs"]
    each = sum(len(line) + 26 for line in model.PLATFORM_LINES)
    assert 300 < each < 400
    assert more == pytest.approx(0.1 * each / 1000 * 0.50)


def test_a_case_is_the_sum_of_its_functions():
    functions = {"ingest": INGEST, "fanout": FANOUT, "delivery": DELIVERY}
    measured = Measured("1x10x500", USUAL, functions)
    found = model.of_case(measured, PRICES, DEPLOYED)
    for part in PARTS:
        each = [of(name, figures)[part] for name, figures in functions.items()]
        assert found[part] == pytest.approx(sum(each)), part
    assert found["writes"] == pytest.approx(1.25)
    # Published, received and deleted by batches of ten; sent to webhooks, received and deleted likewise.
    assert found["sqs"] == pytest.approx(0.24)


def test_an_event_for_ten_webhooks_costs_each_delivery_a_tenth():
    one, ten = case_of("1x10x500"), case_of("10x10x500", webhooks=10)
    accepted = (model.of_function("ingest", each.functions["ingest"], each.case, PRICES, DEPLOYED) for each in (one, ten))
    alone, shared = map(model.total, accepted)
    assert shared == pytest.approx(alone / 10, rel=0.01)


def parts_under(configuration: Configuration) -> dict[str, float]:
    parts = {**dict.fromkeys(PARTS, 0.0), "writes": 1.25, "reads": 0.125, "storage": 0.4, "lambda_seconds": 0.06}
    return configuration.dollars(parts, PRICES, DEPLOYED)


@pytest.mark.parametrize(
    ("configuration", "part", "expected"),
    [
        (ON_DEMAND, "writes", 1.25),
        # $0.00065 an hour for 3,600 × 0.7 units are $0.25794 a million.
        (PROVISIONED, "writes", 2 * 0.257937),
        (PROVISIONED, "reads", 0.0515873),
        (PROVISIONED, "storage", 0.4),
        (RESERVED, "writes", 2 * 0.257937 * 0.46),
        (RESERVED, "reads", 0.0515873 * 0.46),
        (CHEAPEST, "lambda_seconds", 0.06 * 0.8),
        (CHEAPEST, "storage", 0.2),
        (Configuration("three years", provisioned_use=0.7, reserved_years=3), "writes", 2 * 0.257937 * 0.23),
        (Configuration("a key of one's own", own_key=True), "kms", 0.0099),
    ],
)
def test_a_configuration_changes_the_parts_that_it_is_about(configuration, part, expected):
    assert parts_under(configuration)[part] == pytest.approx(expected, rel=1e-4)


def test_a_configuration_leaves_what_it_is_given():
    parts = dict.fromkeys(PARTS, 1.0)
    CHEAPEST.dollars(parts, PRICES, DEPLOYED)
    assert parts == dict.fromkeys(PARTS, 1.0)


# ---- The constants are those of what is deployed


def test_the_template_says_what_functions_have():
    found = deployed()
    assert set(found.memory_mb) >= {*PIPELINE, "upkeep"}
    assert found.retention_days == int(template()["Parameters"]["RetentionDays"]["Default"])
    assert (found.queue_mappings, found.secrets) == (3, 3)
    # The template turns Lambda's lines off.
    assert not found.platform_lines


def test_what_a_message_carries_is_what_the_code_says():
    source = (ROOT / "shared" / "app" / "src" / "payload.rs").read_text()
    for name, value in (("PLAIN_MAX", model.PLAIN_BYTES), ("PACKED_MAX", model.PACKED_BYTES)):
        kib = re.search(rf"const {name}: usize = (\d+) \* 1024;", source)
        assert int(kib[1]) * 1024 == value


def test_metrics_and_alarms_are_those_of_their_page():
    page = (ROOT / "docs" / "metrics.md").read_text()
    most = re.search(r"\| metrics of our own, at \$0\.30 \| \d+ to (\d+) \|", page)
    assert int(most[1]) == idle.OWN_METRICS
    assert f"| alarms, at $0.10 | {deployed().alarms} | {deployed().alarms * 0.1:.2f} |" in page
    assert f"| composite alarms, at $0.50 | {deployed().composite_alarms} |" in page


def test_a_price_that_is_unknown_or_missing_is_an_error():
    text = FILE.read_text()
    with pytest.raises(TypeError):
        read(text.replace("read_per_million", "raed_per_million"))
    with pytest.raises(TypeError):
        read(text.replace("gb = 0.09\n", ""))


# ---- Idle, and others


def test_an_idle_stack_costs_two_dollars_and_its_alarms():
    # 3 × 0.40; 3 × 5 × 131,400 receives of 20 s at $0.40 a million; 43,800 runs of 200 ms; the canary.
    upkeep = 43_800 * 0.2e-6 + 43_800 * 0.2 * 0.25 * 0.0000166667
    expected = 1.20 + 0.7884 + upkeep + 0.06
    assert idle.month(PRICES, DEPLOYED, watching=False) == pytest.approx(expected)
    alarms = 10 * 0.10 + 2 * 0.50 + 26 * 0.30
    assert idle.month(PRICES, DEPLOYED, watching=True) == pytest.approx(expected + alarms)
    assert idle.provisioned_month(PRICES, DEPLOYED) == pytest.approx((55 * 0.00013 + 205 * 0.00065) * 730)


@pytest.mark.parametrize(
    ("webhooks", "data_bytes", "expected"),
    [(1, 500, 1.20), (10, 500, 0.30), (100, 500, 0.21), (1, 200_000, 4.20), (10, 200_000, 0.60)],
)
def test_api_destinations_cost_less_for_each_the_more_webhooks_an_event_has(webhooks, data_bytes, expected):
    assert others.eventbridge_per_million(PRICES.eventbridge, webhooks, data_bytes) == pytest.approx(expected)


def test_a_server_costs_the_same_in_every_month():
    hour = 2 * 0.0816 + 0.130 + 0.0225 + 0.008
    assert others.server_month(PRICES.server) == pytest.approx(hour * 730 + 100 * 0.23)


def test_a_hosted_service_costs_its_plan_and_what_exceeds_it():
    metered = next(one for one in PRICES.hosted if one.per_million)
    assert others.hosted_month(metered, metered.included) == metered.month
    more = others.hosted_month(metered, metered.included + 1_000_000)
    assert more == pytest.approx(metered.month + metered.per_million)
    silent = replace(metered, per_million=None)
    assert others.hosted_month(silent, metered.included + 1) is None
    assert others.hosted_month(replace(silent, included=None), 1e9) == metered.month


@pytest.mark.parametrize(
    ("rate", "seconds", "batch"),
    # The first message, and what comes in the meantime to one of five pollers.
    [(4, 0, 1), (4, 1, 1.8), (4, 2, 2.6), (100, 5, 101)],
)
def test_a_batch_that_waits_gathers_what_comes_to_its_poller(rate, seconds, batch):
    assert model.gathered(rate, seconds) == pytest.approx(batch)


@pytest.mark.parametrize(("size", "expected"), [(1, 6.0), (2, 3.5), (5, 2.0), (10, 1.5), (50, 1.5)])
def test_what_is_paid_for_each_batch_is_shared_by_what_is_in_it(size, expected):
    # One dollar for what is in a batch, and five for the batch itself.
    parts = model.in_batches_of(size, {"sqs": 6.0, "writes": 1.25}, {"sqs": 1.5, "writes": 1.25}, 10)
    assert parts == {"sqs": pytest.approx(expected), "writes": pytest.approx(1.25)}


@pytest.mark.parametrize(
    ("name", "cpu_ms", "memory_mb", "ms"),
    # A seventh of a processor: 6.91 times as long. Two calls of 5 ms, and the receiver's 100 ms.
    [("delivery", 2, 256, 124), ("delivery", 2, 1769, 112), ("delivery", 0, 128, 110), ("fanout", 1, 128, 19)],
)
def test_a_batch_takes_its_processor_time_by_the_share_of_a_processor_and_waits(name, cpu_ms, memory_mb, ms):
    assert model.batch_ms(name, cpu_ms, memory_mb) == ms
