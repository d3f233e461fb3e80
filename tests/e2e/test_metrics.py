"""The lines with metrics that the deployed functions print are what CloudWatch reads, and the alarms are deployed."""

import json

import pytest
from hooklane_local.aws import client
from hooklane_local.metrics.declared import STACK, Declared
from hooklane_local.metrics.embedded import Metric, mistakes, values
from hooklane_local.polling import eventually

_LOGS_WITHIN_SECONDS = 60


@pytest.fixture
def lines(stack):
    """`lines(function)`: the lines with metrics in the function's log."""

    def of(function: str) -> list[str]:
        return [line for line in stack.log_tail(f"{function.capitalize()}Function", 10_000) if '"_aws"' in line]

    return of


@pytest.fixture
def printed(lines):
    """`printed(name, function)`: the values of a metric of ours, once there is one that is not 0."""

    def of(name: str, function: str) -> list[float]:
        metric = Metric("Hooklane", name, frozenset({("stack", STACK), ("function", function)}))

        def found() -> list[float] | None:
            read = [value for line in lines(function) for value in values(line)]
            known = [value.value for value in read if value.metric == metric]
            return known if any(known) else None

        return eventually(found, _LOGS_WITHIN_SECONDS, every=1) or []

    return of


def test_the_deployed_functions_print_what_they_count(stack, tenant, publish, register, requests, printed, lines):
    register()
    publish()
    requests(1)
    stack.send_event({"id": f"{tenant}-queued", "tenant": tenant, "type": "user.created", "data": {}})
    requests(2)
    stack.invoke("UpkeepFunction", {})

    for function in ("api", "ingest"):
        assert printed("EventsAccepted", function), function
    assert printed("EventsFannedOut", "fanout")
    assert printed("DeliveriesQueued", "fanout")
    assert printed("FanoutDelay", "fanout")
    assert set(printed("DeliverySucceeded", "delivery")) <= {0, 1}
    assert printed("DeliverySucceeded", "delivery")
    assert printed("FirstAttemptDelay", "delivery")
    assert set(printed("RunCompleted", "upkeep")) == {1}
    for function in ("api", "ingest", "fanout", "stats", "delivery", "upkeep"):
        found = eventually(lambda function=function: lines(function), _LOGS_WITHIN_SECONDS, every=1)
        assert found, function
        for line in found:
            assert mistakes(line) == [], line


def test_the_alarms_and_the_dashboard_are_deployed(stack):
    cloudwatch = client("cloudwatch", stack.description["awsEndpointUrl"])
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{STACK}-")
    declared = {alarm.name: alarm for alarm in Declared(CompositeAlarms="false").alarms().values()}
    # Other tests deploy stacks whose names begin with this one's.
    found = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    deployed = {name: alarm for name, alarm in found.items() if name in declared}
    assert set(deployed) == set(declared)
    for name, alarm in deployed.items():
        assert alarm["Threshold"] == declared[name].threshold
        assert alarm["TreatMissingData"] == declared[name].missing
        assert alarm["AlarmActions"] == [], "the local stack tells nobody"
        assert all("{" not in one["Value"] for one in alarm["Dimensions"]), "each resource is resolved"
    body = json.loads(cloudwatch.get_dashboard(DashboardName=f"{STACK}-{stack.description['region']}")["DashboardBody"])
    assert "${" not in json.dumps(body)
    assert len(body["widgets"]) == len(Declared().dashboard()["widgets"])
