"""A receiver that fails, and recovers while somebody looks."""

import pytest

from hooklane_local.receiver import Response


@pytest.fixture
def delivery(api, receiver, eventually):
    """A delivery that failed once and waits for its first retry."""
    receiver.respond = lambda _: Response(503)
    made = api.post("/webhooks", {"name": "Ledger", "url": receiver.url("/"), "events": ["*"]}).expect(201).body
    api.post("/events", {"type": "order.created", "data": {"id": "o-1"}}).expect(202)
    path = f"/webhooks/{made['id']}/deliveries"
    return eventually(lambda: api.get(path, status="retrying").expect(200).body["data"])[0]


def test_watch_a_failing_delivery_being_retried_until_it_recovers(visit, link, script, receiver, delivery, eventually):
    page = visit(script)
    page.goto(link())
    page.goto(page.url.replace("/webhooks", f"/deliveries/{delivery['id']}"))
    assert "Retrying" in page.locator(".lead").inner_text()
    assert "Next attempt, at the earliest" in page.locator(".life").inner_text()
    assert page.locator(".attempt").count() == 1

    receiver.respond = lambda _: Response(200)

    def arrived():
        page.reload()
        return "Delivered" in page.locator(".lead").inner_text()

    eventually(arrived, "the retry is not shown")
    life = page.locator(".life").inner_text()
    assert "503 Service Unavailable" in life and "200" in life
    assert page.locator(".attempt").count() == 2, "both attempts are there, with what was answered"
    assert len(receiver.requests) == 2
