"""The runbooks about one tenant, each read once. `Stage` is the tenant."""

import json
import time

import inside
from hooklane_local import behaviours
from runbook_stage import Stage, registry

PAGES, of = registry()


@of("receivers-fail.md")
def receivers_fail(on: Stage) -> None:
    on.receiver.respond = behaviours.always(500)
    webhook = on.webhook(["order.created"], retryPolicy="none")
    event = on.publish()
    on.deliveries(webhook, "failed")

    # Other tests' webhooks fail more often.
    on.replaced["sed -n 1,20p"] = "sed -n 1,9999p"
    on.shows("attempt\\.failed", f"{on.tenant} {webhook['id']} 500")
    health = json.loads(on.page.paste("WEBHOOK="))
    assert health["status"] == "active" and health["health"]["newestDelivery"]["status"] == "failed"
    assert json.loads(on.page.paste("/test"))["statusCode"] == 500
    assert on.page.paste("/pause") == "paused\n"
    assert on.page.paste("/resume") == "active\n"
    # Not in a VPC, so nothing is printed.
    assert on.page.paste("VpcConfig") == ""
    assert on.page.paste("status=failed") == "1 failed\n"

    on.receiver.respond = behaviours.ok()
    assert on.page.paste('"include": "failed"').strip() in ("running", "completed")
    block = on.page.hold("sentDeliveries")

    def sent() -> bool:
        on.stack.invoke("UpkeepFunction", {})
        return json.loads(on.page.run(block))["sentDeliveries"] == 1

    on.eventually(sent)
    on.deliveries(webhook, "delivered")
    on.replaced["EVENT=order-1002-created"] = f"EVENT={event}"
    assert f"{webhook['id']} delivered: " in on.page.paste("explain=true")


@of("slow-receivers.md")
def slow_receivers(on: Stage) -> None:
    webhook = on.webhook()
    on.page.paste("lane_changed")
    on.page.paste("duration_ms")
    assert on.page.paste("queues DeliveryQueue").startswith("DeliveryQueueUrl ")
    before = json.loads(on.page.paste("lane:"))
    assert before["lane"] == "fast"
    assert on.page.paste('"timeoutSeconds": 5') == "5\n"
    assert on.api.get(f"/api/v1/webhooks/{webhook['id']}").body["timeoutSeconds"] == 5
    assert json.loads(on.page.paste("null")) == before["timeoutSeconds"]


@of("table-throttles.md")
def table_throttles(on: Stage) -> None:
    on.webhook()
    tables = on.page.paste("describe-table").splitlines()
    names = [on.stack.description["registryTable"], on.stack.description["ledgerTable"]]
    assert [line.split()[:2] for line in tables] == [[name, "PAY_PER_REQUEST"] for name in names]
    on.page.paste("ThrottledRequests")
    on.page.paste("congested")
    before = on.page.paste("jq .rateLimit")
    assert json.loads(on.page.paste('"requests": 300')) == {"requests": 300, "perSeconds": 1}
    assert json.loads(on.page.paste('"rateLimit": null')) == json.loads(before)
    on.page.paste("SINCE=300")


@of("flooding-tenant.md")
def flooding_tenant(on: Stage) -> None:
    on.receiver.respond = behaviours.always(500)
    webhook = on.webhook(retryPolicy="none")
    on.publish()
    on.deliveries(webhook, "failed")
    on.page.paste("flatten[].tenant")
    on.page.paste('"no tenant"')
    # Only the ten busiest tenants are shown, and other tests fail more often than this one.
    assert on.page.paste("jq -r .tenant")
    figures = on.page.paste("period=1h")
    assert '"totalDeliveries": 1' in figures and '"webhooks"' in figures
    assert json.loads(on.page.paste("tenant-before.json &&")) is not None
    assert on.page.paste("requestsPerMinute = 60") == "60\n"
    assert json.loads(on.page.paste('"requests": 10')) == {"requests": 10, "perSeconds": 1}
    assert on.page.paste(".paused = true") == "true\n"
    settings = on.stack.api(None).get(f"/api/v1/tenants/{on.tenant}").expect(200).body
    assert settings["paused"] is True and "requestsPerMinute" not in settings, "each step begins with what was before"

    on.receiver.respond = behaviours.ok()
    time.sleep(5)
    on.publish()
    parked = on.eventually(
        lambda: on.api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", parked="true").expect(200).body["data"]
    )
    assert parked[0]["reason"] == "tenant_paused"
    json.loads(on.page.paste("-d @tenant-before.json"))
    assert on.stack.api(None).get(f"/api/v1/tenants/{on.tenant}").body.get("paused") in (None, False)
    assert json.loads(on.page.paste('"rateLimit": null')) is None
    on.page.paste("queues DeliveryQueue")

    def released() -> bool:
        on.stack.invoke("UpkeepFunction", {})
        return bool(on.api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", status="delivered").body["data"])

    on.eventually(released)


@of("retry-queue-full.md")
def retry_queue_full(on: Stage) -> None:
    webhook = on.webhook(["order.created"])
    assert on.page.paste("queues RetryQueue").startswith("RetryQueueUrl ")
    on.page.paste("brake")
    query = on.page.hold("dynamodb query")

    def is_first() -> bool:
        # A run of upkeep may count what is parked between the two, and take the webhook off the list.
        inside.watch(on.stack, on.tenant, webhook["id"])
        inside.set_parked(on.stack, webhook["id"], 90_000_000)
        return f"90000000 {on.tenant} {webhook['id']}" in on.page.run(query).splitlines()[0]

    on.eventually(is_first)
    on.page.paste("attempt\\.failed")
    assert on.page.paste("/pause") == "paused\n"
    assert on.page.paste("/resume") == "active\n"
    on.page.paste("queues RetryQueue")
