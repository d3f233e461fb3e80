"""The canary goes the whole way of an event, and does not arrive when a function on its way stands still."""

import json
import time

import pytest
from hooklane_local.aws import client
from second_stack import second_stack


@pytest.fixture(scope="module")
def watched(stack):
    """A stack of its own that sends a canary every minute, because what stands still there stops no other test."""
    with second_stack(stack, CanaryMinutes="1") as second:
        yield second


def run(watched) -> dict | None:
    """Runs `upkeep` once more than its schedule does. Returns what the newest canary says."""
    return watched.invoke("UpkeepFunction", {})["canary"]


def newest_line(watched) -> dict:
    lines = [json.loads(line) for line in watched.log_tail("UpkeepFunction", 200) if line.startswith("{")]
    return [line for line in lines if line["message"] == "run.done"][-1]


def item(watched) -> dict:
    key = {"pk": {"S": "CANARY"}, "sk": {"S": "CANARY"}}
    return watched.dynamodb.get_item(TableName=watched.description["ledgerTable"], Key=key)["Item"]


def set_fanout(watched, on: bool) -> None:
    lambdas = client("lambda", watched.description["awsEndpointUrl"])
    function = watched.description["functions"]["FanoutFunction"]
    (mapping,) = lambdas.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


@pytest.mark.long(60)
def test_a_canary_arrives_and_does_not_while_fanout_stands_still(watched, eventually):
    eventually(lambda: (said := run(watched)) and said["arrived"], "no canary arrived")
    line = newest_line(watched)
    assert line["run.canary_arrived"] == 1
    assert 0 <= line["run.canary_seconds"] < 60

    # Nobody sees it, and nothing of it stays in a queue.
    operator = watched.api(None)
    host = {"Host": watched.description["apiHost"]}
    assert operator.request("GET", "/api/v1/tenants", headers=host).expect(200).body["data"] == []
    refused = watched.api("hooklane-canary").request("GET", "/api/v1/events", headers=host).expect(400)
    assert "reserved for Hooklane itself" in refused.body["detail"]

    set_fanout(watched, False)
    sent = item(watched)["i"]["S"]
    eventually(lambda: run(watched) is not None and item(watched)["i"]["S"] != sent, "no other canary was sent")
    eventually(lambda: run(watched)["arrived"] is False, "the missing canary was not noticed")
    assert newest_line(watched)["run.canary_arrived"] == 0

    set_fanout(watched, True)
    eventually(lambda: run(watched)["arrived"], "no canary arrived again")
    for source in ("events", "fanout", "stats", "deliveries", "upkeep"):
        assert watched.dead_letters(source) == []


def test_a_producers_event_of_the_canarys_tenant_is_a_dead_letter(stack, eventually):
    marker = f"m{time.time_ns()}"
    stack.send_event({"tenant": "hooklane-canary", "type": "hooklane.canary", "data": {"marker": marker}})
    letters = eventually(lambda: [one for one in stack.dead_letters("events") if marker in one["Body"]])
    assert len(letters) == 1
