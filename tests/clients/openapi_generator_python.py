"""What a platform does with the Python client that OpenAPI Generator made. It asserts what it is answered.

Run with the generated package `hooklane_client` on PYTHONPATH. It prints what it published, for the test to compare
with what the receiver got.
"""

import json
import os
import sys
import time

from hooklane_client import (
    ApiClient,
    Configuration,
    DeliveriesApi,
    EventsApi,
    NewEvent,
    NewEvents,
    NewToken,
    NewWebhook,
    Preset,
    RetryPolicy,
    Scope,
    TenantsApi,
    WebhooksApi,
)
from hooklane_client.exceptions import UnprocessableEntityException

URL, KEY, TENANT, RECEIVER = (os.environ[name] for name in ("HOOKLANE_URL", "HOOKLANE_KEY", "TENANT", "RECEIVER"))
PATIENCE_SECONDS = 90


def with_token(token: str, **headers: str) -> ApiClient:
    client = ApiClient(Configuration(host=URL, access_token=token))
    for name, value in headers.items():
        client.set_default_header(name.replace("_", "-"), value)
    return client


def token_of_the_tenant(operator: ApiClient) -> str:
    scopes = [Scope.WEBHOOKS_COLON_READ, Scope.WEBHOOKS_COLON_WRITE, Scope.EVENTS_COLON_PUBLISH]
    return TenantsApi(operator).create_token(TENANT, new_token=NewToken(scopes=scopes)).token


def create(client: ApiClient, path: str, event: str, policy: RetryPolicy):
    created = WebhooksApi(client).create_webhook(NewWebhook(url=RECEIVER + path, events=[event], retry_policy=policy))
    assert created.secret.startswith("whsec_")
    return created


def webhooks_by_pages(client: ApiClient) -> list[str]:
    found, page = [], 1
    while True:
        listed = WebhooksApi(client).list_webhooks(page=page, limit=1)
        found += [webhook.id for webhook in listed.data]
        if listed.page * listed.limit >= listed.total:
            return found
        page += 1


def deliveries_by_pages(client: ApiClient, webhook: str, status: str) -> list:
    found, cursor = [], None
    while True:
        listed = DeliveriesApi(client).list_deliveries(webhook, limit=2, status=status, cursor=cursor)
        found += listed.data
        cursor = listed.next_cursor
        if cursor is None:
            return found


def publish(client: ApiClient, data) -> str:
    accepted = EventsApi(client).publish_event(NewEvent(type="order.created", data=data))
    assert accepted.duplicate is False
    return accepted.id


def publish_batch(client: ApiClient, taken: str) -> dict[str, object]:
    """A batch of three: two are accepted, and one has the id of another event."""
    sent = [
        NewEvent(type="order.shipped", data={"orderId": "A-2"}),
        NewEvent(type="order.created", data="another content", id=taken),
        NewEvent(type="invoice.paid", data={"invoiceId": "I-7"}),
    ]
    first, second, third = EventsApi(client).publish_events(NewEvents(events=sent)).results
    assert (first.status, second.status, third.status) == (202, 409, 202)
    assert second.error.status == 409 and second.error.title
    return {first.id: sent[0].data, third.id: sent[2].data}


def retry_what_failed(client: ApiClient, webhook: str) -> None:
    deliveries = DeliveriesApi(client)
    (failed,) = eventually(lambda: deliveries_by_pages(client, webhook, "failed"))
    assert failed.attempt_count == 2, failed
    assert deliveries.retry_delivery(failed.id).id == failed.id

    def delivered():
        shown = deliveries.get_delivery(webhook, failed.id)
        return shown if shown.status == "delivered" else None

    assert [attempt.status_code for attempt in eventually(delivered).attempts] == [500, 500, 200]


def read_what_is_wrong(client: ApiClient) -> None:
    wrong = NewWebhook(url="http://example.com", events=["order.*", "no.such.type"], filter="event.type =")
    try:
        WebhooksApi(client).create_webhook(wrong)
    except UnprocessableEntityException as error:
        fields = {field.path: field.message for field in error.data.errors}
        assert set(fields) == {"url", "events[1]", "filter"}, fields
        assert error.status == 422 and all(fields.values())
    else:
        raise AssertionError("the webhook was taken")


def eventually(probe):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s")


def main() -> None:
    operator = with_token(KEY, X_Tenant_Id=TENANT)
    steady = create(operator, "/steady", "order.*", RetryPolicy(preset=Preset.PATIENT))
    broken = create(operator, "/broken", "invoice.paid", RetryPolicy(schedule_seconds=[1]))
    assert broken.retry_policy.schedule_seconds == [1] and len(steady.retry_policy.schedule_seconds) == 10
    client = with_token(token_of_the_tenant(operator))
    assert webhooks_by_pages(client) == [broken.id, steady.id]

    contents = [{"orderId": "A-1", "lines": [{"price": 49.9}, None]}, ["a", 2, {"b": True}], "plain text", 12.5]
    published = {publish(client, data): data for data in contents}
    published |= publish_batch(client, taken=next(iter(published)))
    delivered = eventually(lambda: all_delivered(client, steady.id, 5))
    assert {delivery.event_id for delivery in delivered} < set(published)
    retry_what_failed(client, broken.id)
    read_what_is_wrong(client)
    json.dump({"published": published, "secrets": {"/steady": steady.secret, "/broken": broken.secret}}, sys.stdout)


def all_delivered(client: ApiClient, webhook: str, count: int) -> list | None:
    found = deliveries_by_pages(client, webhook, "delivered")
    return found if len(found) == count else None


if __name__ == "__main__":
    main()
