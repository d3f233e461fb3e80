"""Webhooks are registered, listed, read and deleted; a refusal names every invalid field."""

import pytest
from problems import refused, wrong_fields

GOOD = {"url": "https://hooks.example.com/in", "events": ["order.*"]}


def test_a_webhook_is_registered_with_every_setting(api):
    body = {
        **GOOD,
        "name": "Orders",
        "description": "to the warehouse",
        "secret": "whsec_c2l4dGVlbiBieXRlcyEhIQ==",
        "contract": "standard",
        "headers": {"X-Customer": "acme"},
        "retryPolicy": {"strategy": "linear", "initialDelayMs": 2000, "maxDelayMs": 9000, "maxRetries": 4},
    }

    answer = api.post("/api/v1/webhooks", body).expect(201)

    webhook = answer.body
    assert answer.headers["location"] == f"/api/v1/webhooks/{webhook['id']}"
    for name in ("name", "description", "url", "events", "secret", "contract"):
        assert webhook[name] == body[name]
    assert webhook["headers"] == {"X-Customer": "***"}
    assert webhook["retryPolicy"].items() >= body["retryPolicy"].items()
    assert (webhook["active"], webhook["status"]) == (True, "active")
    assert webhook["createdAt"] == webhook["updatedAt"]
    read = api.get(f"/api/v1/webhooks/{webhook['id']}").expect(200).body
    health = read.pop("health")
    assert (health["circuit"]["state"], health["consecutiveFailures"], health["waiting"]["count"]) == ("closed", 0, 0)
    assert read == {name: value for name, value in webhook.items() if name not in ("secret", "warnings")}


@pytest.mark.parametrize(
    "policy",
    [
        {"scheduleSeconds": [5, 300, 1800]},
        {"strategy": "fixed", "initialDelayMs": 1000, "maxRetries": 0},
        {"backoff": "linear", "retry_delay": 1000, "backoff_multiplier": 1.5, "max_delay": 60000, "maxAttempts": 4},
        "patient",
    ],
    ids=["a schedule", "no retries", "the platform guides' synonyms", "a preset"],
)
def test_a_retry_policy_is_accepted_in_every_form(policy, api):
    webhook = api.post("/api/v1/webhooks", {**GOOD, "retryPolicy": policy}).expect(201).body

    # The answer has the canonical form, which the API accepts too.
    again = api.post("/api/v1/webhooks", {**GOOD, "retryPolicy": webhook["retryPolicy"]}).expect(201).body
    assert again["retryPolicy"] == webhook["retryPolicy"]


def test_the_words_of_a_platform_guide_are_for_those_who_use_it(api):
    there = {**GOOD, "contract": "virtual-queue", "retryPolicy": "standard"}
    webhook = api.post("/api/v1/webhooks", there).expect(201).body
    assert webhook["retryPolicy"]["maxRetries"] == 3
    answer = api.post("/api/v1/webhooks", {**GOOD, "retryPolicy": "standard"})
    assert wrong_fields(answer) == ["retryPolicy"]
    message = answer.body["errors"][0]["message"]
    assert "standard-webhooks (9 retries in 3 d 3 h 35 min 5 s)" in message
    assert "standard is a preset of the contract virtual-queue only: 3 retries in 7 s" in message


def test_a_policy_that_ends_within_a_minute_is_warned_about(api):
    hasty = api.post("/api/v1/webhooks", {**GOOD, "retryPolicy": {"schedule": [1, 2, 4]}}).expect(201).body
    (warning,) = hasty["warnings"]
    assert (warning["code"], warning["field"]) == ("short_retry_policy", "retryPolicy")
    assert "3 retries in 7 s" in warning["detail"]
    path = f"/api/v1/webhooks/{hasty['id']}"
    assert "warnings" not in api.get(path).expect(200).body
    assert "warnings" in api.patch(path, {"name": "still hasty"}).expect(200).body
    assert "warnings" not in api.patch(path, {"retryPolicy": "quick"}).expect(200).body


@pytest.mark.parametrize("form", [{"active": False}, {"isActive": False}, {"status": "inactive"}])
def test_a_webhook_may_start_inactive(form, api):
    webhook = api.post("/api/v1/webhooks", {**GOOD, **form}).expect(201).body

    assert (webhook["active"], webhook["status"]) == (False, "inactive")


def test_webhooks_are_listed_newest_first_in_pages(api):
    created = [api.post("/api/v1/webhooks", {**GOOD, "name": f"hook {n}"}).expect(201).body["id"] for n in range(5)]

    pages = [api.get("/api/v1/webhooks", page=page, limit=2).expect(200).body for page in (1, 2, 3, 4)]

    listed = [webhook["id"] for page in pages for webhook in page["data"]]
    assert listed == created[::-1]
    assert [len(page["data"]) for page in pages] == [2, 2, 1, 0]
    assert {page["total"] for page in pages} == {5}


def test_a_deleted_webhook_is_gone(api):
    path = f"/api/v1/webhooks/{api.post('/api/v1/webhooks', GOOD).expect(201).body['id']}"

    api.delete(path).expect(204)

    refused(api.get(path), 404, "not-found")
    refused(api.delete(path), 404, "not-found")
    assert api.get("/api/v1/webhooks").expect(200).body["data"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://0x0a.1/",
        "https://0/",
        "https://localhost/",
        "https://api.localhost/",
        "https://localhost./",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:80/",
        "hooks.example.com",
        "",
        "https://hooks.example.com/" + "x" * 2048,
        7,
        None,
    ],
)
def test_a_forbidden_url_is_refused(url, api):
    assert wrong_fields(api.post("/api/v1/webhooks", {**GOOD, "url": url})) == ["url"]


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        ({"events": []}, ["events"]),
        ({"events": "order.created"}, ["events"]),
        ({"events": None}, ["events"]),
        ({"events": ["order created"]}, ["events[0]"]),
        ({"events": ["order.created", "*.created"]}, ["events[1]"]),
        ({"events": ["order.**"]}, ["events[0]"]),
        ({"secret": "short"}, ["secret"]),
        ({"secret": "x" * 256}, ["secret"]),
        ({"secret": "with a\nline break"}, ["secret"]),
        ({"secret": "whsec_not base64!"}, ["secret"]),
        ({"contract": "homing-pigeon"}, ["contract"]),
        ({"headers": {"Host": "elsewhere"}}, ["headers.Host"]),
        ({"headers": {"Content-Length": "1"}}, ["headers.Content-Length"]),
        ({"headers": {"webhook-signature": "mine"}}, ["headers.webhook-signature"]),
        ({"headers": {"X-Ok": "a\r\nX-Injected: b"}}, ["headers.X-Ok"]),
        ({"headers": {"not a name": "x"}}, ["headers.not a name"]),
        ({"headers": {"X-Number": 1}}, ["headers"]),
        ({"retryPolicy": "whenever"}, ["retryPolicy"]),
        ({"retryPolicy": {"scheduleSeconds": [0]}}, ["retryPolicy.scheduleSeconds[0]"]),
        ({"retryPolicy": {"schedule": [86401]}}, ["retryPolicy.schedule[0]"]),
        ({"retryPolicy": {"schedule": [1] * 11}}, ["retryPolicy.schedule"]),
        ({"retryPolicy": {"maxRetries": 11}}, ["retryPolicy.maxRetries"]),
        ({"retryPolicy": {"strategy": "fixed", "surprise": 1}}, ["retryPolicy.surprise"]),
        ({"surprise": 1}, ["surprise"]),
        ({"name": ""}, ["name"]),
        ({"active": "yes"}, ["active"]),
        ({"url": "http://10.0.0.1/", "events": [], "surprise": 1}, ["events", "surprise", "url"]),
    ],
)
def test_every_wrong_field_is_named(wrong, paths, api):
    assert sorted(wrong_fields(api.post("/api/v1/webhooks", {**GOOD, **wrong}))) == paths


@pytest.mark.parametrize("missing", ["url", "events"])
def test_a_missing_field_of_a_webhook_is_named(missing, api):
    body = {name: value for name, value in GOOD.items() if name != missing}

    assert wrong_fields(api.post("/api/v1/webhooks", body)) == [missing]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"null"])
def test_a_body_that_is_not_an_object_is_refused(body, api):
    assert wrong_fields(api.post("/api/v1/webhooks", body)) == [""]


def test_a_body_is_read_as_json_whatever_its_content_type(api):
    body = b'{"url": "https://hooks.example.com/", "events": ["*"]}'

    api.post("/api/v1/webhooks", body).expect(201)
    api.request("POST", "/api/v1/webhooks", body, {"Content-Type": "application/x-www-form-urlencoded"}).expect(201)
