"""What a webhook's page shows under the names of a platform guide."""

import json

import pytest
from playwright.sync_api import expect
from test_pages import looked_at

from hooklane_local.receiver import Response


@pytest.fixture
def webhook(api, stack, tenant, receiver, eventually):
    """Of a tenant of `virtual-queue`: three deliveries that arrived, and one that failed for good."""
    stack.api(None).put(f"/tenants/{tenant}", {"catalog": "default", "contract": "virtual-queue"}).expect(200)
    answers = [200, 200, 200, 503]
    headers = {"content-type": "application/json", "x-served-by": "queue-7"}
    receiver.respond = lambda _: Response(answers.pop(0), headers, b'{"ok":true}')
    body = {"name": "Desk", "url": receiver.url("/"), "events": ["*"], "retryPolicy": {"maxRetries": 0}}
    made = api.post("/webhooks", body).expect(201).body["data"]["id"]
    for number in range(4):
        api.post("/events", {"type": "order.created", "data": {"n": number}}).expect(202)
        eventually(lambda: len(answers) == 3 - number)

    def settled():
        found = api.get(f"/webhooks/{made}/deliveries", status="failed").expect(200).body["data"]
        return found and len(api.get(f"/webhooks/{made}/deliveries", status="delivered").expect(200).body["data"]) == 3

    eventually(settled)
    return made


def test_the_guides_metrics_alerts_and_debug_log(visit, link, webhook, receiver, script):
    page = visit(script)
    page.goto(link())
    page.goto(page.url.replace("/webhooks", f"/webhooks/{webhook}"))
    rows = page.locator("section[aria-labelledby=guide] tbody tr")
    shown = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows.all()}
    assert shown["Total deliveries"][0] == "4" and shown["Failed deliveries"][0] == "1"
    assert shown["Delivery rate"] == ["75.0%", "Alert Low delivery rate: under 95%"]
    assert shown["Retry rate"] == ["0%", "No alert High retry rate: over 10%"]
    assert shown["Error rate"] == ["25.0%", "Alert High error rate: over 5%"]
    assert shown["Health status"][0] == "unhealthy"
    with page.expect_download() as download:
        page.get_by_role("link", name="Debug log (JSON)").click()
    assert download.value.suggested_filename == f"{webhook}-attempts.json"
    log = json.loads(download.value.path().read_text())
    assert [entry["response"]["status"] for entry in log["data"]] == [503, 200, 200, 200]
    assert log["data"][0]["response"]["statusText"] == "Service Unavailable"
    assert log["data"][0]["response"]["headers"]["x-served-by"] == "queue-7"


@pytest.mark.long(20)
def test_the_guides_metrics_in_light_and_dark_and_on_a_phone(visit, link, webhook, pictures, axe):
    wrong = []
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
        page = visit(width=width, scheme=scheme)
        page.goto(link())
        page.goto(page.url.replace("/webhooks", f"/webhooks/{webhook}"))
        expect(page.get_by_role("heading", name="Webhook metrics")).to_be_visible()
        wrong += looked_at(page, axe, pictures, "webhook-of-a-guide", (scheme, width))
    assert not wrong, "\n".join(wrong)
