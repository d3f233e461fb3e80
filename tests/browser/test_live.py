"""Pages that follow what happens: the list of webhooks, and the operator's overview."""

import sys
import time
import uuid

import pytest
from conftest import ROOT
from playwright.sync_api import expect

from hooklane_local import portal
from hooklane_local.aws import client
from hooklane_local.profile import STACK_NAME
from hooklane_local.receiver import Response

sys.path.append(str(ROOT / "tests" / "e2e"))

import inside  # noqa: E402 - after the path is known


def status(page):
    return page.locator("#live [role=status]")


def test_the_list_of_webhooks_follows_what_happens(visit, link, api, receiver):
    answers = {"status": 200}
    receiver.respond = lambda _: Response(answers["status"])
    body = {"name": "Desk", "url": receiver.url("/"), "events": ["*"], "retryPolicy": {"schedule": [1, 1, 3600]}}
    made = api.post("/webhooks", body).expect(201).body["id"]
    page = visit()
    page.goto(link())
    expect(status(page)).to_have_text("Live")
    row = page.locator(f"[data-id='{made}']")
    spark = row.locator("[data-label='Last 24 hours']").inner_html()
    expect(row).to_contain_text("No event for it yet")

    answers["status"] = 503
    api.post("/events", {"type": "order.created", "data": {}}).expect(202)
    expect(row).to_contain_text("Unsteady")
    expect(row).to_contain_text("503")
    expect(row.locator("[data-label=Waiting]")).to_have_text("1")
    expect(page.locator("#lead")).to_have_text("1 is unsteady. One delivery waits; it is not lost.")
    # Figures are counted by the minute, so these wait for the next load of the page.
    assert row.locator("[data-label='Last 24 hours']").inner_html() == spark

    # What is new is said, and comes when it is asked for.
    other = api.post("/webhooks", {**body, "name": "Ledger"}).expect(201).body["id"]
    expect(status(page)).to_have_text("1 new webhook.")
    assert page.locator(f"[data-id='{other}']").count() == 0
    page.get_by_role("button", name="Load the page again").click()
    expect(page.locator(f"[data-id='{other}']")).to_be_visible()

    # Nothing is transferred while nothing changes.
    with page.expect_response("**/webhooks/rows**") as first:
        pass
    assert first.value.status == 200
    with page.expect_response("**/webhooks/rows**") as second:
        pass
    assert second.value.status == 304
    page.get_by_role("button", name="Pause updates").click()
    expect(status(page)).to_have_text("Paused")


@pytest.fixture
def overview(visit, stack):
    page = visit()
    page.goto(portal.operator_link(stack.description))
    expect(status(page)).to_have_text("Live")
    return page


@pytest.fixture
def cloudwatch(stack):
    return client("cloudwatch", stack.description["awsEndpointUrl"])


@pytest.fixture
def in_trouble(stack, api, tenant, receiver, eventually):
    """`in_trouble(name, failing_for)`: a webhook that fails since so many seconds, and whose delivery waits."""

    def made(name, failing_for):
        receiver.respond = lambda _: Response(503)
        body = {"name": name, "url": receiver.url("/"), "events": ["*"], "retryPolicy": {"schedule": [3600]}}
        webhook = api.post("/webhooks", body).expect(201).body["id"]
        api.post("/events", {"type": "order.created", "data": {}}).expect(202)
        eventually(lambda: api.get(f"/webhooks/{webhook}/deliveries", status="retrying").expect(200).body["data"])
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - failing_for))
        open_ = {"is": "open", "since": since, "probe_at": "2100-01-01T00:00:00Z", "probes": 3}
        inside.put_health(stack, webhook, {"circuit": open_, "pace": {"mean_ms": 5, "attempts": 9}})
        inside.watch(stack, tenant, webhook)

    return made


def test_the_overview_follows_and_says_who_waits_longest(overview, tenant, in_trouble):
    """What other tests have left may wait longer than both webhooks, so the order is that of the rows that are shown."""
    first, second = f"First {uuid.uuid4().hex[:8]}", f"Second {uuid.uuid4().hex[:8]}"
    years = 3600 * 24 * 365
    in_trouble(first, 30 * years)
    expect(overview.get_by_text(first)).to_be_visible()
    in_trouble(second, 31 * years)
    expect(overview.get_by_text(second)).to_be_visible()
    text = overview.locator("#rows").inner_text()
    assert text.index(second) < text.index(first), "it fails longest"
    overview.get_by_role("link", name="waits longest").click()
    expect(overview.locator("#rows .panel-head p")).to_contain_text("those that wait longest first")
    since = overview.locator('#rows td[data-label="The oldest since"] time').evaluate_all("all => all.map(one => one.dateTime)")
    assert len(since) >= 2 and since == sorted(since), "what waits longest comes first"
    expect(status(overview)).to_have_text("Live")


def test_the_overview_shows_which_alarms_ring_and_how_old_what_waits_is(overview, cloudwatch, stack):
    alarm = f"{STACK_NAME}-recursion-dropped-upkeep"
    queue = stack.description["deliveryQueueUrl"].rsplit("/", 1)[-1]
    age = {"MetricName": "ApproximateAgeOfOldestMessage", "Value": 7260, "Unit": "Seconds"}
    age |= {"Dimensions": [{"Name": "QueueName", "Value": queue}]}
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[age])
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    try:
        row = overview.get_by_role("row", name="recursion-dropped-upkeep")
        # The function asks twice a minute.
        expect(row).to_contain_text("docs/runbooks/")
        expect(overview.locator("#now")).to_contain_text("the oldest for 2 h 1 min")
        expect(overview.locator("#now .facts")).to_contain_text("Ringing")
    finally:
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")
    expect(row).to_have_count(0)
