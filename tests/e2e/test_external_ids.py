"""A platform finds its webhooks by its own ids, sees in the list how each is doing, and sends back what it read."""

from concurrent.futures import ThreadPoolExecutor

from hooklane_local import behaviours
from problems import refused, wrong_fields

GOOD = {"url": "https://hooks.example.com/in", "events": ["order.*"]}


def test_every_path_takes_an_external_id(api):
    webhook = api.post("/api/v1/webhooks", {**GOOD, "externalId": "crm:4711"}).expect(201).body
    path = "/api/v1/webhooks/ext:crm:4711"

    assert api.get(path).expect(200).body["id"] == webhook["id"]
    for list_of in ("deliveries", "logs"):
        assert api.get(f"{path}/{list_of}").expect(200).body["data"] == []
    assert api.get(f"{path}/secret").expect(200).body["secret"] == webhook["secret"]
    assert api.post(f"{path}/pause").expect(200).body["status"] == "paused"
    assert api.put(path, {"externalId": "crm:4712"}).expect(200).body["externalId"] == "crm:4712"
    refused(api.get(path), 404, "not-found")
    api.delete("/api/v1/webhooks/ext:crm:4712").expect(204)
    refused(api.get("/api/v1/webhooks/ext:crm:4712"), 404, "not-found")


def test_of_many_registrations_with_one_external_id_one_wins(api):
    with ThreadPoolExecutor(6) as pool:
        body = {**GOOD, "externalId": "the-one"}
        answers = list(pool.map(lambda _: api.post("/api/v1/webhooks", body), range(6)))

    (winner,) = [answer.body["id"] for answer in answers if answer.status == 201]
    losers = [answer for answer in answers if answer.status != 201]
    for loser in losers:
        refused(loser, 409, "external-id-taken")
        assert loser.body["webhookId"] == winner
    assert len(losers) == 5
    assert [webhook["id"] for webhook in api.get("/api/v1/webhooks").expect(200).body["data"]] == [winner]


def test_webhooks_are_found_by_metadata_and_external_id(api):
    for n, team in enumerate(("payments", "payments", "stock")):
        body = {**GOOD, "name": f"{n}", "externalId": f"e{n}", "metadata": {"team": team}}
        api.post("/api/v1/webhooks", body).expect(201)

    def names(**query):
        return [webhook["name"] for webhook in api.get("/api/v1/webhooks", **query).expect(200).body["data"]]

    assert names(metadata="team:payments") == ["1", "0"]
    assert names(externalId="e2") == ["2"]
    assert names(externalId="e3") == []
    assert names(status="paused") == []


def test_the_list_shows_what_became_of_the_last_delivery(api, receiver, register, publish, eventually):
    receiver.respond = behaviours.gone()
    webhook = register(events=["order.created"])
    event = publish()

    def ended():
        (listed,) = api.get("/api/v1/webhooks").expect(200).body["data"]
        return listed if listed["status"] == "disabled" else None

    listed = eventually(ended)
    last = listed["health"]["newestDelivery"]
    assert (listed["id"], last["eventId"], last["status"], last["reason"]) == (webhook["id"], event, "failed", "gone")
    assert listed["health"]["lastAttemptAt"] >= last["createdAt"]


def test_what_was_read_can_be_sent_back(api):
    body = {
        **GOOD,
        "externalId": "back",
        "metadata": {"team": "payments"},
        "headers": {"X-Token": "a-token"},
        "retryPolicy": {"schedule": [5, 300]},
        "signing": "ed25519",
        "active": False,
    }
    api.post("/api/v1/webhooks", body).expect(201)
    path = "/api/v1/webhooks/ext:back"
    read = api.get(path).expect(200)

    sent = api.put(path, read.body).expect(200)

    assert sent.headers["etag"] == read.headers["etag"]
    assert api.get(path).expect(200).body == read.body
    wrong = api.put(path, {**read.body, "createdAt": "2024-01-15T10:30:00.000Z"})
    assert wrong_fields(wrong) == ["createdAt"]
