"""The metrics that the functions print, and the alarms and the dashboard of template.yaml."""

import json
import re

import pytest
from hooklane_local.metrics.alarms import Alarm, states, statistic
from hooklane_local.metrics.declared import STACK, Declared, dashboard_metrics, template
from hooklane_local.metrics.embedded import Metric, Value, mistakes, values
from hooklane_local.paths import ROOT

from staged import AWS_METRICS, AWS_SHOWN, END, FAILURES, HEALTHY, MINUTE, PRINTED, START, constant, every_minute, key, lines

INDEX = json.loads((ROOT / "docs" / "runbooks" / "index.json").read_text())

ALL = sorted(path.stem for path in PRINTED.glob("*.snap"))
DECLARED = Declared()
ALARMS = DECLARED.alarms()
OWN = {name: alarm for name, alarm in ALARMS.items() if alarm.metric.namespace == "Hooklane"}
OTHERS = {name: alarm for name, alarm in ALARMS.items() if name not in OWN}
FUNCTIONS = ("api", "dashboard", "ingest", "fanout", "stats", "delivery", "upkeep")


def printed() -> set[Metric]:
    return {value.metric for name in ALL for line in lines(name) for value in values(line)}


def rings(alarm: Alarm, given: list[Value]) -> bool:
    return "ALARM" in states(alarm, given, START, END)


def healthy() -> list[Value]:
    """Half an hour in which all is well, with AWS's own metrics."""
    found = every_minute(*HEALTHY)
    for alarm in OTHERS.values():
        value = AWS_METRICS[key(alarm.metric)][0]
        if value is not None:
            found += constant(alarm.metric, value)
    return found


# ---- What is printed


@pytest.mark.parametrize("name", ALL)
def test_cloudwatch_reads_every_line_that_a_function_prints(name):
    for line in lines(name):
        assert mistakes(line) == [], line


def test_every_function_prints_and_names_itself():
    found = {dict(metric.dimensions)["function"] for metric in printed()}
    # dashboard accepts no event and makes no delivery; Lambda's own metrics say what it costs.
    assert found == set(FUNCTIONS) - {"dashboard"}
    for function in FUNCTIONS:
        main = (ROOT / "functions" / function / "src" / "main.rs").read_text()
        assert f'hooklane_aws::telemetry::start("{function}")' in main


def test_dimensions_are_stack_and_function_and_for_two_metrics_the_lane():
    for metric in printed():
        names = {name for name, _ in metric.dimensions}
        if names != {"stack", "function"}:
            assert names == {"stack", "function", "lane"}
            assert metric.name in ("DeliverySucceeded", "ResponseTime")
    assert len({metric for metric in printed()}) <= 30, "each costs 30 cents a month"


def _changed(change) -> str:
    document = json.loads(lines("delivery-healthy")[0])
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("_aws"),
        lambda d: d["_aws"].pop("Timestamp"),
        lambda d: d["_aws"].update(Timestamp="now"),
        lambda d: d["_aws"].update(Timestamp=1_705_314_600),
        lambda d: d["_aws"]["CloudWatchMetrics"][0].pop("Namespace"),
        lambda d: d["_aws"]["CloudWatchMetrics"][0].update(Dimensions=["stack"]),
        lambda d: d["_aws"]["CloudWatchMetrics"][0].update(Dimensions=[["tenant"]]),
        lambda d: d["_aws"]["CloudWatchMetrics"][0]["Metrics"][0].update(Unit="ms"),
        lambda d: d["_aws"]["CloudWatchMetrics"][0]["Metrics"].append({"Name": "Absent"}),
        lambda d: d.update(stack=""),
        lambda d: d.update(ResponseTime=[1] * 101),
        lambda d: d.update(ResponseTime=[]),
        lambda d: d.update(ResponseTime=["5"]),
        lambda d: d.update(ResponseTime=[True]),
    ],
)
def test_a_line_that_cloudwatch_would_not_read_is_found(change):
    assert mistakes(_changed(change)) != []


def test_a_line_with_something_before_it_is_found():
    assert mistakes("INFO " + lines("delivery-healthy")[0]) != []


def test_lambda_passes_lines_of_level_info_on_and_the_functions_know_their_stack():
    """By "Log-level filtering" in the AWS Lambda Developer Guide, Lambda drops lines below ApplicationLogLevel."""
    found = template()
    functions = [one["Properties"] for one in found["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    for one in [*functions, found["Globals"]["Function"]]:
        level = one.get("LoggingConfig", {}).get("ApplicationLogLevel", "INFO")
        assert level in ("INFO", "DEBUG", "TRACE"), "alarms would miss their metrics"
    assert found["Globals"]["Function"]["Environment"]["Variables"]["STACK_NAME"] == {"Ref": "AWS::StackName"}


# ---- Alarms


def test_every_alarm_is_on_a_metric_that_is_printed_or_aws_own():
    for name, alarm in OWN.items():
        assert alarm.metric in printed(), name
    for name, alarm in OTHERS.items():
        assert key(alarm.metric) in AWS_METRICS, name
        for _, value in alarm.metric.dimensions:
            assert re.fullmatch(r"\{[A-Za-z]+(\.QueueName)?}|\$default|undelivered", value), name
    assert {key(alarm.metric) for alarm in OTHERS.values()} == set(AWS_METRICS)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_no_alarm_rings_while_all_is_well(name):
    found = states(ALARMS[name], healthy(), START, END)
    assert "ALARM" not in found
    assert found[-1] in ("OK", "INSUFFICIENT_DATA")


@pytest.mark.parametrize("name", sorted(OWN))
def test_each_alarm_of_ours_rings_at_its_staged_failure(name):
    failing = every_minute(FAILURES[name])
    # Only what the failure is about fails.
    others = [value for value in healthy() if value.metric != OWN[name].metric]
    assert rings(OWN[name], others + failing)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_each_alarm_on_a_metric_of_aws_rings_at_its_staged_failure(name):
    _, failing, source = AWS_METRICS[key(OTHERS[name].metric)]
    assert source
    assert rings(OTHERS[name], constant(OTHERS[name].metric, failing))


def test_the_staged_failures_are_those_of_our_alarms():
    assert set(FAILURES) == set(OWN)
    assert lines("upkeep-failing") == [], "a run that fails prints no metrics"


def test_a_dead_customer_rings_none_of_the_four_rates():
    for runs in (["delivery-circuit-open"], ["delivery-circuit-open", *HEALTHY]):
        for name in ("delivery-rate", "response-time", "retry-rate", "error-rate"):
            assert not rings(ALARMS[name], every_minute(*runs)), name


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_each_alarm_rings_beyond_its_threshold_and_not_before(name):
    alarm = ALARMS[name]
    step = 0.001 if alarm.threshold < 1 else 1
    # Sums are of one value in each period here.
    beyond = {
        "GreaterThanThreshold": (alarm.threshold + step, alarm.threshold),
        "GreaterThanOrEqualToThreshold": (alarm.threshold, alarm.threshold - step),
        "LessThanThreshold": (alarm.threshold - step, alarm.threshold),
    }
    for value, expected in zip(beyond[alarm.operator], (True, False), strict=True):
        given = [Value(alarm.metric, at, value) for at in range(START, END, alarm.period)]
        assert rings(alarm, given) is expected, value


def test_each_threshold_is_a_parameter_or_the_least_that_can_happen():
    used = set()
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            threshold = resource["Properties"]["Threshold"]
            assert threshold == 1 or isinstance(threshold, dict)
            used |= set(threshold.values()) if isinstance(threshold, dict) else set()
    parameters = {name for name in template()["Parameters"] if re.match(r"Alarm[A-Z]", name)}
    assert parameters - used == {"AlarmEmail", "AlarmTopicArn"}
    assert Declared(AlarmRetryRate="0.5").alarms()["retry-rate"].threshold == 0.5


def test_alarms_are_well_formed_and_name_their_runbook():
    names = [alarm.name for alarm in ALARMS.values()]
    assert len(set(names)) == len(names)
    for name, alarm in ALARMS.items():
        assert alarm.name == f"{STACK}-{name}"
        assert alarm.period % MINUTE == 0
        assert alarm.period * alarm.evaluation_periods <= 24 * 60 * MINUTE
        assert 1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods
        assert alarm.missing in ("breaching", "notBreaching", "ignore", "missing")
        # Which one it is, test_runbooks.py says.
        assert re.search(r" docs/runbooks/[a-z-]+\.md$", alarm.description), alarm.description


def test_functions_and_dead_letter_queues_have_all_their_alarms():
    resources = template()["Resources"]
    for function in FUNCTIONS:
        for kind in ("function-errors", "function-throttles"):
            assert f"{kind}-{function}" in ALARMS
    watched = {value for alarm in OTHERS.values() for _, value in alarm.metric.dimensions}
    for queue, one in resources.items():
        if one["Type"] == "AWS::SQS::Queue":
            assert f"{{{queue}.QueueName}}" in watched, queue


def test_composite_alarms_ring_for_theirs_which_are_then_not_sent_themselves():
    topic = "arn:aws:sns:us-east-1:000000000000:pager"
    together = Declared(AlarmEmail="ops@example.com", AlarmTopicArn=topic)
    alarms, covered = together.alarms(), set()
    for name, composite in together.composites().items():
        children = re.findall(r'ALARM\("hooklane-([a-z-]+)"\)', composite["AlarmRule"])
        assert composite["AlarmRule"] == " OR ".join(f'ALARM("hooklane-{child}")' for child in children)
        assert len(children) > 1 and not covered & set(children), name
        covered |= set(children)
        assert composite["AlarmActions"] == composite["OKActions"] == ["{AlarmTopic}", topic]
        assert composite["AlarmDescription"].endswith(f" docs/runbooks/{INDEX['alarms'][name]}")
    assert covered == {name for name, alarm in alarms.items() if alarm.actions == []}
    assert all(alarm.actions == ["{AlarmTopic}", topic] for name, alarm in alarms.items() if name not in covered)

    apart = Declared(AlarmEmail="ops@example.com", CompositeAlarms="false")
    assert apart.composites() == {}
    assert all(alarm.actions == ["{AlarmTopic}"] for alarm in apart.alarms().values())


def test_what_is_turned_off_is_not_there():
    off = Declared(Alarms="false", AlarmEmail="ops@example.com", Dashboard="false")
    assert off.resources == {}
    assert "canary" not in Declared(CanaryMinutes="0").alarms()
    assert "canary" not in Declared(CanaryMinutes="0").composites()["events-stuck"]["AlarmRule"]
    assert Declared().of_type("AWS::SNS::Topic") == {}
    (subscription,) = Declared(AlarmEmail="ops@example.com").of_type("AWS::SNS::Subscription").values()
    assert subscription == {"TopicArn": "{AlarmTopic}", "Protocol": "email", "Endpoint": "ops@example.com"}


# ---- The evaluator

METRIC = Metric("N", "M", frozenset())


def _alarm(missing: str, periods: int, points: int) -> Alarm:
    return Alarm("a", METRIC, "Maximum", MINUTE, periods, points, "GreaterThanThreshold", 5, missing)


@pytest.mark.parametrize(
    ("missing", "given", "expected"),
    [
        ("notBreaching", "9 9 9", "ALARM"),
        ("notBreaching", "9 9 -", "ALARM"),
        ("notBreaching", "9 - -", "OK"),
        ("breaching", "9 - 1", "ALARM"),
        ("breaching", "- - -", "ALARM"),
        ("breaching", "1 1 -", "OK"),
        ("missing", "- - -", "INSUFFICIENT_DATA"),
        ("missing", "9 9 -", "ALARM"),
        ("ignore", "- - -", "INSUFFICIENT_DATA"),
        ("ignore", "9 9 9 - - -", "ALARM"),
        ("ignore", "9 9 9 - - 1", "ALARM"),
        ("ignore", "9 9 9 - 1 1", "OK"),
        ("notBreaching", "5 5 5", "OK"),
    ],
)
def test_two_of_three_periods_decide_and_missing_ones_as_told(missing, given, expected):
    points = [Value(METRIC, START + n * MINUTE, float(one)) for n, one in enumerate(given.split()) if one != "-"]
    end = START + len(given.split()) * MINUTE
    assert states(_alarm(missing, 3, 2), points, START, end)[-1] == expected


def test_statistics_are_those_of_cloudwatch():
    given = [float(n) for n in range(1, 101)]
    found = [statistic(name, given) for name in ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "p99")]
    assert found == [50.5, 5050, 1, 100, 100, 99]


# ---- The dashboard


def test_the_dashboard_has_the_form_that_cloudwatch_documents():
    """Amazon CloudWatch API Reference, "Dashboard Body Structure and Syntax"."""
    body = DECLARED.dashboard()
    assert set(body) <= {"start", "end", "periodOverride", "widgets", "variables"}
    taken = set()
    for widget in body["widgets"]:
        assert widget["type"] in ("metric", "text")
        assert 0 <= widget["x"] and 1 <= widget["width"] <= 24 and widget["x"] + widget["width"] <= 24
        assert 1 <= widget["height"] <= 1000
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken, widget
        taken |= cells
        properties = widget["properties"]
        if widget["type"] == "text":
            assert set(properties) == {"markdown"}
        else:
            assert properties["region"] == "us-east-1" and properties["title"]
            assert properties["view"] in ("timeSeries", "singleValue", "bar", "pie", "table", "gauge")
            assert 1 <= len(properties["metrics"]) <= 500


def test_the_dashboard_shows_metrics_that_exist_and_all_of_ours():
    shown = {metric for metric, _ in dashboard_metrics(DECLARED.dashboard())}
    for metric in shown:
        if metric.namespace == "Hooklane":
            assert metric in printed(), metric
        else:
            assert key(metric) in set(AWS_METRICS) | AWS_SHOWN, metric
    ours = {metric.name for metric in shown if metric.namespace == "Hooklane"}
    assert {metric.name for metric in printed()} - ours == {"Released", "Swept"}


def test_the_dashboard_names_runbooks_of_alarms():
    text = json.dumps(DECLARED.dashboard())
    known = {alarm.description.rsplit(" ", 1)[1] for alarm in ALARMS.values()}
    known |= {one["AlarmDescription"].rsplit(" ", 1)[1] for one in DECLARED.composites().values()}
    assert set(re.findall(r"docs/runbooks/[a-z-]+\.md", text)) <= known


# ---- The document


def test_the_document_lists_every_metric_alarm_and_threshold():
    document = (ROOT / "docs" / "metrics.md").read_text()
    for metric in {metric.name for metric in printed()}:
        assert f"| `{metric}` |" in document, metric
    for name in [*ALARMS, *DECLARED.composites()]:
        assert f"`{name}`" in document, name
    for parameter in template()["Parameters"]:
        if re.match(r"Alarm|CompositeAlarms|Dashboard", parameter):
            assert f"`{parameter}`" in document, parameter
