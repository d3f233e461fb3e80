"""A stack whose parameters name other defaults than the template: contract and catalog of tenants without settings."""

from second_stack import second_stack


def test_a_stack_gives_its_own_contract_and_catalog_to_tenants_without_settings(
    stack, tenant, receiver, requests, eventually
):
    with second_stack(stack, DefaultContract="virtual-queue", DefaultCatalog="") as second:
        use(second, tenant, receiver, requests, eventually)


def use(second, tenant, receiver, requests, eventually):
    # The contract also decides the shape of the API's answers, unless this is asked for.
    host = {"Host": second.description["apiHost"], "Accept": "application/vnd.hooklane+json"}
    api = second.api(tenant)
    body = {"name": "test", "url": receiver.url("/"), "events": ["*"]}
    # The emulator may route to a new API only after a moment.
    made = eventually(
        lambda: (answer := api.post("/api/v1/webhooks", body, **host)).status == 201 and answer.body,
        "the second stack did not register a webhook",
    )
    assert made["contract"] == "virtual-queue"

    types = api.request("GET", "/api/v1/webhooks/events/available", headers=host).expect(200).body["data"]
    assert "queue.created" in {row["type"] for row in types}
    api.post("/api/v1/events", {"type": "queue.created", "data": {"n": 1}}, **host).expect(202)
    second.send_event({"tenant": tenant, "type": "queue.created", "data": {"n": 2}})
    assert all("x-webhook-signature" in {name.lower() for name in request.headers} for request in requests(2))
    api.request("DELETE", f"/api/v1/webhooks/{made['id']}", headers=host).expect(204)
