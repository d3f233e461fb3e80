"""Each file of `events/` is what its function understands: the deployed function does what it must with it.

A file that the function no longer understands would be taken out of its queue as a dead letter, so that the answer
alone shows nothing. `docs/sam-local.md` describes the same files.
"""

import json
import time

import pytest
from hooklane_local.paths import ROOT
from hooklane_local.template import source

EVENT = "order-1001-created"
WEBHOOK = "wh_00000000000000000000000001"
FUNCTIONS = {
    name.removesuffix("Function").lower(): name
    for name, one in source.read()["Resources"].items()
    if one["Type"] == "AWS::Serverless::Function"
}


def sample(function: str) -> dict:
    return json.loads((ROOT / "events" / f"{function}.json").read_text())


@pytest.fixture
def acme(stack):
    """The tenant of the samples."""
    return stack.api("acme", stack.description["operatorKey"])


@pytest.fixture
def invoke(stack):
    """`invoke(function)`: its answer to its sample. No letter about the sample may be left anywhere."""

    def letters() -> set[str]:
        return {
            message["MessageId"] if "MessageId" in message else json.dumps(message, sort_keys=True, default=str)
            for url in stack.description["deadLetterQueueUrls"].values()
            for message in stack.messages(url)
            if EVENT in json.dumps(message) or WEBHOOK in json.dumps(message)
        }

    def made(function: str, event: dict | None = None) -> dict:
        before = letters()
        answer = stack.invoke(FUNCTIONS[function], event or sample(function))
        assert letters() <= before, f"{function} refused its sample"
        return answer

    return made


def test_dashboard_says_that_nobody_is_signed_in(invoke):
    answer = invoke("dashboard")

    assert answer["statusCode"] == 401
    assert "You are not signed in" in answer["body"]
    assert "default-src 'none'" in answer["headers"]["content-security-policy"]


def test_every_function_has_a_sample_and_every_sample_a_function():
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == set(FUNCTIONS)
    page = (ROOT / "docs" / "sam-local.md").read_text()
    for function, name in FUNCTIONS.items():
        assert f"invoke {name} events/{function}.json" in page or f"invoke {name} .local/sam-{function}.json" in page
        assert f"| `{name}` |" in page


def test_ingest_accepts_the_event_of_its_sample(invoke, acme):
    assert invoke("ingest") == {"batchItemFailures": []}
    wanted = json.loads(sample("ingest")["Records"][0]["body"])
    kept = acme.get(f"/api/v1/events/{EVENT}").expect(200).body
    assert (kept["id"], kept["type"], kept["data"]) == (wanted["id"], wanted["type"], wanted["data"])


def test_fanout_reads_the_record_of_its_sample(invoke):
    assert invoke("fanout") == {"batchItemFailures": []}


def test_stats_puts_the_event_of_its_sample_into_the_index(stack, invoke):
    assert invoke("stats") == {"batchItemFailures": []}
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.description["ledgerTable"])
    chunks = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("EX#")]
    assert any("acme" in item["pk"]["S"] for item in chunks), "no chunk of the index of acme"


def test_stats_settles_the_webhook_of_the_mark_of_its_sample(stack, invoke):
    marked = next(one for one in sample("stats")["Records"] if one["dynamodb"]["Keys"]["sk"]["S"] == "MARK")
    assert marked["dynamodb"]["Keys"]["pk"]["S"] == f"ST#{WEBHOOK}"
    table, accepted = stack.description["ledgerTable"], int(time.time() * 1000) - 600_000
    # So many are worth being kept.
    keys = [{"pk": {"S": f"WH#{WEBHOOK}"}, "sk": {"S": f"DL#{accepted + n:015}#settled-{n}"}} for n in range(100)]
    numbers = {name: {"N": str(value)} for name, value in {"g": 0, "n": 1, "r": 0, "v": 1}.items()}
    delivered = {"M": {"d": {"L": [{"N": str(accepted + 500)}, {"NULL": True}]}}}
    rest = {"t": {"S": "acme"}, "e": {"S": "order.created"}, "s": delivered, **numbers}
    expires = {"expiresAt": {"N": str(accepted // 1000 + 86_400)}}

    def settled() -> set[str]:
        found = stack.dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ST#{WEBHOOK}"}},
        )
        return {item["sk"]["S"] for item in found["Items"]}

    assert "P" not in settled()
    try:
        for n in range(0, 100, 25):
            puts = [{"PutRequest": {"Item": {**key, **rest, **expires}}} for key in keys[n : n + 25]]
            assert not stack.dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
        assert invoke("stats") == {"batchItemFailures": []}
        assert {"P", f"H#{accepted // 3_600_000:08}"} <= settled()
    finally:
        for n in range(0, 100, 25):
            deletes = [{"DeleteRequest": {"Key": key}} for key in keys[n : n + 25]]
            stack.dynamodb.batch_write_item(RequestItems={table: deletes})
        for sk in settled():
            stack.dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"ST#{WEBHOOK}"}, "sk": {"S": sk}})


def test_delivery_finds_that_the_webhook_of_its_sample_does_not_exist(stack, invoke):
    assert invoke("delivery") == {"batchItemFailures": []}
    found = stack.dynamodb.query(
        TableName=stack.description["ledgerTable"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"WH#{WEBHOOK}"}},
    )["Items"]
    assert found, "the delivery was not written"


def test_upkeep_makes_a_run(invoke):
    answer = invoke("upkeep")
    assert answer["failed"] == 0 and answer["looked"] >= 0
    scheduled = sample("upkeep")
    assert (scheduled["source"], scheduled["detail-type"]) == ("aws.events", "Scheduled Event")


def test_api_answers_the_request_of_its_sample(stack, invoke):
    event = sample("api")
    assert invoke("api")["statusCode"] == 401, "the file has a placeholder for the key"
    event["headers"]["authorization"] = f"Bearer {stack.description['operatorKey']}"
    answer = invoke("api", event)
    assert answer["statusCode"] == 200 and "data" in json.loads(answer["body"])


@pytest.mark.parametrize(
    ("function", "damaged"),
    [
        ("ingest", {"Records": [{"messageId": "m1", "body": f'{{"id": "{EVENT}", "what": 1}}'}]}),
        ("delivery", {"Records": [{"messageId": "m1", "body": f'{{"version":1,"kind":"deliver","body":"{EVENT}"}}'}]}),
    ],
)
def test_a_sample_that_is_not_understood_would_be_noticed(invoke, function, damaged):
    record = {**sample(function)["Records"][0], **damaged["Records"][0]}
    with pytest.raises(AssertionError, match="refused its sample"):
        invoke(function, {"Records": [record]})
