"""What a platform does with the client that openapi-python-client made. It asserts what it is answered.

Run with the generated package `hooklane_client` on PYTHONPATH. It prints what it published, for the test to compare
with what the receiver got.
"""

import json
import os
import sys
import time

from hooklane_client import AuthenticatedClient
from hooklane_client.api.deliveries import get_delivery, list_deliveries, retry_delivery
from hooklane_client.api.events import publish_event, publish_events
from hooklane_client.api.tenants import create_token
from hooklane_client.api.webhooks import create_webhook, list_webhooks
from hooklane_client.models import (
    DeliveryStatus,
    ListDeliveriesStatus,
    NewEvent,
    NewEvents,
    NewToken,
    NewWebhook,
    Preset,
    Problem,
    RetryPolicy,
    Scope,
)

URL, KEY, TENANT, RECEIVER = (os.environ[name] for name in ("HOOKLANE_URL", "HOOKLANE_KEY", "TENANT", "RECEIVER"))
PATIENCE_SECONDS = 90


def operator() -> AuthenticatedClient:
    """A client with the operator key, for one tenant."""
    return AuthenticatedClient(base_url=URL, token=KEY, headers={"X-Tenant-Id": TENANT}, raise_on_unexpected_status=True)


def platform(token: str) -> AuthenticatedClient:
    """A client with a tenant's token, which says for which tenant it is."""
    return AuthenticatedClient(base_url=URL, token=token, raise_on_unexpected_status=True)


def token_of_the_tenant() -> str:
    scopes = [Scope.WEBHOOKSREAD, Scope.WEBHOOKSWRITE, Scope.EVENTSPUBLISH]
    created = create_token.sync(TENANT, client=operator(), body=NewToken(scopes=scopes))
    assert created.tenant == TENANT
    return created.token


def create(client: AuthenticatedClient, path: str, event: str, policy):
    created = create_webhook.sync(
        client=client, body=NewWebhook(url=RECEIVER + path, events=[event], retry_policy=policy)
    )
    assert created.secret.startswith("whsec_")
    return created


def webhooks_by_pages(client: AuthenticatedClient) -> list[str]:
    found, page = [], 1
    while True:
        listed = list_webhooks.sync(client=client, page=page, limit=1)
        found += [webhook.id for webhook in listed.data]
        if listed.page * listed.limit >= listed.total:
            return found
        page += 1


def deliveries_by_pages(client: AuthenticatedClient, webhook: str, status: ListDeliveriesStatus) -> list:
    listed = list_deliveries.sync(webhook, client=client, limit=2, status=status)
    found = listed.data
    while listed.next_cursor:
        listed = list_deliveries.sync(webhook, client=client, limit=2, status=status, cursor=listed.next_cursor)
        found += listed.data
    return found


def publish(client: AuthenticatedClient, data) -> str:
    accepted = publish_event.sync(client=client, body=NewEvent(type_="order.created", data=data))
    assert accepted.duplicate is False
    return accepted.id


def publish_batch(client: AuthenticatedClient, taken: str) -> dict[str, object]:
    """A batch of three: one is accepted, one has the id of another event, one has no type that exists."""
    sent = [
        NewEvent(type_="order.shipped", data={"orderId": "A-2"}),
        NewEvent(type_="order.created", data="another content", id=taken),
        NewEvent(type_="invoice.paid", data={"invoiceId": "I-7"}),
    ]
    first, second, third = publish_events.sync(client=client, body=NewEvents(events=sent)).results
    assert (first.status, third.status) == (202, 202), (first, third)
    assert second.status == 409, second
    assert second.error.status == 409 and second.error.title, second
    return {first.id: sent[0].data, third.id: sent[2].data}


def retry_what_failed(client: AuthenticatedClient, webhook: str) -> None:
    failed = eventually(lambda: deliveries_by_pages(client, webhook, ListDeliveriesStatus.FAILED))
    assert len(failed) == 1 and failed[0].attempt_count == 2, failed
    assert retry_delivery.sync(failed[0].id, client=client).id == failed[0].id

    def delivered():
        shown = get_delivery.sync(webhook, failed[0].id, client=client)
        return shown if shown.status == DeliveryStatus.DELIVERED else None

    codes = [attempt.status_code for attempt in eventually(delivered).attempts]
    assert codes == [500, 500, 200], codes


def read_what_is_wrong(client: AuthenticatedClient) -> None:
    answer = create_webhook.sync_detailed(
        client=client,
        body=NewWebhook(url="http://example.com", events=["order.*", "no.such.type"], filter_="event.type ="),
    )
    assert answer.status_code == 422 and isinstance(answer.parsed, Problem), answer
    wrong = {field.path: field.message for field in answer.parsed.errors}
    assert set(wrong) == {"url", "events[1]", "filter"}, wrong
    assert all(wrong.values())


def eventually(probe):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s")


def main() -> None:
    steady = create(operator(), "/steady", "order.*", RetryPolicy(preset=Preset.PATIENT))
    broken = create(operator(), "/broken", "invoice.paid", RetryPolicy(schedule_seconds=[1]))
    # A preset is shown as the policy that it stands for.
    assert broken.retry_policy.schedule_seconds == [1] and len(steady.retry_policy.schedule_seconds) == 10
    client = platform(token_of_the_tenant())
    assert webhooks_by_pages(client) == [broken.id, steady.id]

    contents = [{"orderId": "A-1", "lines": [{"price": 49.9}, None]}, ["a", 2, {"b": True}], "plain text", 12.5]
    published = {publish(client, data): data for data in contents}
    published |= publish_batch(client, taken=next(iter(published)))
    delivered = eventually(lambda: _all(client, steady.id, ListDeliveriesStatus.DELIVERED, 5))
    assert {delivery.event_id for delivery in delivered} < set(published)
    retry_what_failed(client, broken.id)
    read_what_is_wrong(client)
    json.dump({"published": published, "secrets": {"/steady": steady.secret, "/broken": broken.secret}}, sys.stdout)


def _all(client: AuthenticatedClient, webhook: str, status: ListDeliveriesStatus, count: int) -> list | None:
    found = deliveries_by_pages(client, webhook, status)
    return found if len(found) == count else None


if __name__ == "__main__":
    main()
