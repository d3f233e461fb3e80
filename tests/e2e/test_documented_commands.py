"""The commands of the documentation do what their page says, on the local stack."""

import fcntl
import json
import socket
import uuid

import inside
import pytest
from documented import Reader
from hooklane_local.aws import client
from hooklane_local.paths import ROOT
from hooklane_local.signature import verified
from languages import require


@pytest.fixture
def reader(tmp_path, stack, stack_file):
    """`reader(page, replace)`: pastes the page's commands. With `on_aws`, `aws` reaches the stack by itself."""

    def make(page: str, replace: dict[str, str] | None = None, on_aws: bool = False) -> Reader:
        endpoint = stack.description["awsEndpointUrl"] if on_aws else None
        return Reader(page, tmp_path, stack_file, replace or {}, endpoint)

    return make


@pytest.fixture
def secret(stack):
    """`secret(value)`: a secret of this test alone. The stack's own are shared with other tests."""
    made = []

    def make(value: str) -> str:
        made.append(stack.secrets.create_secret(Name=f"test-{uuid.uuid4().hex}", SecretString=value)["ARN"])
        return made[-1]

    yield make
    for arn in made:
        stack.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def letters(stack):
    """`letters(body)`: a dead-letter queue of this test alone, with one letter."""
    made = []

    def make(body: str) -> str:
        made.append(stack.sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex}")["QueueUrl"])
        reason = {"reason": {"DataType": "String", "StringValue": "a test"}}
        stack.sqs.send_message(QueueUrl=made[-1], MessageBody=body, MessageAttributes=reason)
        return made[-1]

    yield make
    for url in made:
        stack.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.mark.long(100)
def test_the_commands_of_operations(
    reader, stack, stack_file, tenant, register, publish, requests, secret, letters, deliveries_of
):
    description = stack.description

    def value(arn: str) -> str:
        return stack.secrets.get_secret_value(SecretId=arn)["SecretString"]

    with reader("docs/operations.md", {"acme": tenant}) as page:
        # The block for the local stack comes before the one that it makes possible.
        outputs = page.hold("outputs=")
        page.paste("stack() {")
        page.run(outputs)
        page.paste("API=")
        names = page.run('printf "%s\\n" "$API" "$QUEUE" "$DEAD_LETTERS" "$REGISTRY" "$OPERATOR_KEY"').split()
        assert names == [
            description["apiUrl"],
            description["eventQueueUrl"],
            description["deadLetterQueueUrls"]["events"],
            description["registryTable"],
            description["operatorKey"],
        ]

        # ---- is all well?
        stack.invoke("UpkeepFunction", {})
        page.paste("describe-alarms")
        assert json.loads(page.paste("/status"))["parts"] == {"registry": "ok", "ledger": "ok", "secrets": "ok"}
        queues = [line.split()[0] for line in page.paste("queues").splitlines()]
        assert {"EventQueueUrl", "DeliveryQueueUrl", "RetryQueueUrl", "DeliveryDeadLetterQueueUrl"} <= set(queues)
        assert page.paste("mappings").count("Enabled") == 5
        assert json.loads(page.paste("run\\.done"))["run.failed"] == 0

        # ---- the canary
        canary = json.loads(page.paste("jq .canary"))
        assert canary is None or canary["arrived"] in (True, False)

        # ---- dead letters
        webhook = register(["order.created"])
        data = """{"n":1.50,"big":12345678901234567890123,"text":"ü '\\u00fc\\\\ $HOME"}"""
        event = f'{{"id":"late","tenant":"{tenant}","type":"order.created","data":{data}}}'
        queue = letters(event)
        page.run(f"DEAD_LETTERS={queue}")
        (shown,) = json.loads(page.paste("receive-message"))["Messages"]
        assert shown["Body"] == event
        assert shown["MessageAttributes"]["reason"]["StringValue"] == "a test"

        # Other tests put letters into the stack's queues and take them back, so here nothing is sent.
        with open(stack_file.parent / "redrive.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # A letter of another test may be one that cannot be sent, which makes the command fail.
            page.run("export DRY=1; set +e")
            printed = page.paste("make redrive DRY=1")
            assert printed.count("would be sent") == 7, printed
            page.run("set -e")

        page.paste('"$DEAD_LETTERS" --visibility-timeout 120')
        (request,) = requests(1, "/")
        assert data in request.body.decode()
        assert stack.messages(queue) == []

        # A webhook that the event was not fanned out to: only the letter makes the delivery.
        other = register(["order.cancelled"], path="/other")
        queue = letters(inside.message_with(other["id"], inside.event_item(stack, tenant, "late"), data))
        page.run(f"DELIVERY_DEAD_LETTERS={queue}")
        page.paste('"$DELIVERY_DEAD_LETTERS"')
        (request,) = requests(1, "/other")
        assert data in request.body.decode()
        assert stack.messages(queue) == []

        later = inside.event_item(stack, tenant, publish())
        deliveries_of(webhook, 2)
        queue = letters(json.dumps(inside.stream_record(later)))
        page.run(f"FANOUT_DEAD_LETTERS={queue}")
        page.paste('"$FANOUT_DEAD_LETTERS"')
        assert stack.messages(queue) == []

        # ---- keys
        first = "first-operator-key"
        own = secret(f"{first}\n")
        page.run(f"OPERATOR_KEY_OF_THE_STACK=$OPERATOR_KEY OPERATOR_SECRET={own}")
        page.paste("openssl rand -hex 24")
        second, *others = value(own).split()
        assert len(second) == 48 and others == [first]
        assert page.run('printf %s "$OPERATOR_KEY"') == second
        page.paste('"$OPERATOR_SECRET"')
        assert value(own).split() == [second]
        page.run("OPERATOR_KEY=$OPERATOR_KEY_OF_THE_STACK")

        token = json.loads(page.paste("/tokens"))
        assert stack.api(tenant, token["token"]).get("/api/v1/webhooks").expect(200).body["data"]

        key = json.loads(page.paste("/keys"))
        assert stack.api(None, key["secret"]).get("/api/v1/webhooks").expect(200).body["data"]

        own = secret("first-token-key")
        page.run(f"TOKEN_SECRET={own}")
        page.paste("openssl rand -hex 32")
        old, new = value(own).split()
        assert (old, len(new)) == ("first-token-key", 64)
        page.paste("tail -n 1")
        assert value(own).split() == [new, old]
        page.paste('"$TOKEN_SECRET" | sed -n 1p')
        assert value(own).split() == [new]
        page.paste("openssl rand -hex 32 |")
        (alone,) = value(own).split()
        assert len(alone) == 64 and alone != new

        assert json.loads(page.paste('"quotas"'))["quotas"]["webhooks"] == 5000

        before = {"current": "k1", "k1": "x" * 64}
        own = secret(json.dumps(before))
        page.run(f"DATA_KEY_SECRET={own}")
        block = page.hold('write_secret "$DATA_KEY_SECRET"')
        for name in ("k2", "k3"):
            page.run(block)
            after = json.loads(value(own))
            assert after == {**before, "current": name, name: after[name]}
            assert len(after[name]) == 64
            before = after
        # The name that comes next is taken.
        stack.secrets.put_secret_value(SecretId=own, SecretString='{"current":"k2","k2":"a"}')
        page.run(f"if ! {{ {block.strip()}; }}; then echo refused; fi")
        assert json.loads(value(own)) == {"current": "k2", "k2": "a"}

        # ---- the rest
        page.paste("describe-nat-gateways")
        assert page.paste("describe-network-interfaces").strip() == "0"
        assert "looked" in page.paste("upkeep.json")
        assert "Items" in json.loads(page.paste("dynamodb query"))


def test_the_commands_of_the_readme(reader, stack, tenant, api, free_port, eventually):
    with reader("README.md", {"acme": tenant, "9000": free_port}, on_aws=True) as page:
        received = page.start("class Receiver")
        register = page.hold("/webhooks")
        webhook = json.loads(page.run(register))
        assert webhook["secret"].startswith("whsec_")
        assert json.loads(page.run(register)) == webhook, "running it twice registers one webhook"
        eventually(lambda: answers(free_port))
        publish = page.hold("/events")
        first, again = json.loads(page.run(publish)), json.loads(page.run(publish))
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        printed = eventually(lambda: received.read_text() if '"total":99.90' in received.read_text() else None)
        assert "webhook-id: order-1002-created" in printed
        eventually(lambda: api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries?status=delivered").body["data"])
        listed, delivery = documents(page.paste("/deliveries"))
        assert [each["id"] for each in listed["data"]] == [delivery["id"]]
        assert len(delivery["attempts"]) == 1
        key, seen = documents(page.paste("/keys"))
        assert key["name"] == "Billing" and [each["id"] for each in seen["data"]] == [webhook["id"]]
        assert page.paste("get-secret-value").strip() == stack.description["operatorKey"]


def documents(text: str) -> list:
    """The JSON documents that were printed one after the other."""
    found = []
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def answers(port: str) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", int(port))) == 0


def test_the_commands_of_deploying(reader, stack, tenant, receiver, requests, free_port):
    iam = client("iam", stack.description["awsEndpointUrl"])
    role = f"deployer-{uuid.uuid4().hex[:12]}"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    replace = {
        "acme": tenant,
        "hooklane-deployer": role,
        "https://example.com/hook": f"http://127.0.0.1:{receiver.port}/",
        "order-1001-created": f"{tenant}-created",
    }
    with reader("docs/deploying.md", replace, on_aws=True) as page:
        page.paste("put-role-policy")
        policy = iam.get_role_policy(RoleName=role, PolicyName="deploy-hooklane")["PolicyDocument"]
        assert policy == json.loads((ROOT / "docs" / "examples" / "deployer-policy.json").read_text())
        assert int(page.paste("get-account-settings")) > 0
        page.paste("outputs=")
        # The emulator's own name of the API needs a Host header; the reverse proxy in front of it does not.
        page.run(f"API={stack.description['apiUrl']}")
        assert page.run('printf %s "$KEY"') == stack.description["operatorKey"]
        assert json.loads(page.paste("/webhooks"))["secret"].startswith("whsec_")
        published, delivery = documents(page.paste("/events"))
        assert (published["id"], published["duplicate"]) == (f"{tenant}-created", False)
        (request,) = requests(1)
        assert request.headers["webhook-id"] == f"{tenant}-created"
        assert (delivery["status"], delivery["attemptCount"]) == ("delivered", 1)
        assert json.loads(page.paste("/status"))["status"] == "ok"
        assert json.loads(page.paste("/source-ips")) == {"fixed": False, "addresses": []}
        queues = documents(page.paste("get-queue-attributes"))
        assert len(queues) == 8 and all(queue["ApproximateNumberOfMessages"].isdigit() for queue in queues)
        kept = [line.split() for line in page.paste("list-stack-resources").splitlines()]
        tables = {name for kind, name in kept if kind == "AWS::DynamoDB::Table"}
        assert tables == {stack.description["registryTable"], stack.description["ledgerTable"]}
        assert len([name for kind, name in kept if kind == "AWS::SecretsManager::Secret"]) == 3
    iam.delete_role_policy(RoleName=role, PolicyName="deploy-hooklane")
    iam.delete_role(RoleName=role)


def test_the_commands_of_producers(reader, stack, tenant, register, requests):
    webhook = register(["order.*", "invoice.paid"])
    endpoint = stack.description["awsEndpointUrl"]
    with reader("docs/producers.md", {"acme": tenant}, on_aws=True) as page:
        page.paste("QUEUE_ARN=")
        page.run("export QUEUE")
        page.paste("sqs send-message")
        page.run(f"export AWS_ENDPOINT_URL={endpoint}")
        page.paste("send_message_batch")
        page.paste("shop-topic")
        page.paste("sns publish")
        page.paste("shop-events")
        page.paste("order.completed")
        page.paste("Invoice Paid")
        received = {request.headers["webhook-id"]: verified(request, webhook["secret"]) for request in requests(6)}
        page.paste("delete-stack")

    def delivered(event_type: str, data: dict) -> dict:
        return {"type": event_type, "data": data}

    assert {id: delivered(event["type"], event["data"]) for id, event in received.items()} == {
        "order-1003-shipped": delivered("order.shipped", {"orderId": "1003"}),
        "order-1003-paid": delivered("order.paid", {"orderId": "1003"}),
        "order-1004-paid": delivered("order.paid", {"orderId": "1004"}),
        "order-1003-returned": delivered("order.returned", {"orderId": "1003"}),
        "order-1003-completed": delivered("order.completed", {"orderId": "1003"}),
        "invoice-77-paid": delivered("invoice.paid", {"number": "77", "total": 99.9}),
    }


def test_the_commands_of_the_api(reader, stack, tenant, requests, register):
    register(["order.*"])
    with reader("docs/api.md", {"acme": tenant}, on_aws=True) as page:
        page.run(f"QUEUE={stack.description['eventQueueUrl']}")
        page.paste("send-message")
        requests(1)


def test_the_command_of_filters(reader, stack, tenant):
    with reader("docs/filters.md", {"acme": tenant}) as page:
        page.run(f"API={stack.description['apiUrl']} AUTH='Authorization: Bearer {stack.description['operatorKey']}'")
        webhook = json.loads(page.paste("JSON"))
    assert webhook["filter"] == "event.data.total > 50.0 && event.data.status == 'paid'"


def test_the_commands_of_the_catalog(reader, stack, tenant, api):
    with reader("docs/catalog.md", {"acme": tenant}) as page:
        page.run(f"API={stack.description['apiUrl']} AUTH='Authorization: Bearer {stack.description['operatorKey']}'")
        added = json.loads(page.paste("PUT"))
        assert (added["type"], added["category"], added["source"]) == ("ticket.opened", "tickets", "tenant")
        api.delete("/api/v1/event-types/ticket.opened").expect(204)
        webhook = json.loads(page.paste("eventTypes"))
    assert webhook["events"] == ["ticket.*"]
    assert api.get("/api/v1/event-types/ticket.opened").expect(200).body["sample"]["ticketId"] == "T-1"


def test_the_commands_of_receivers(reader, free_port, eventually):
    require("node", "php")
    with reader("docs/receivers/README.md", {"9000": free_port}) as page:
        for program in ("node", "python3", "php"):
            page.start(program)
            eventually(lambda: answers(free_port), f"the receiver of {program} did not listen")
            page.stop()


def test_the_settings_for_sam_local(reader, stack):
    with reader("docs/sam-local.md") as page:
        page.paste("stack() {")
        settings = json.loads(page.run("cat .local/sam-env.json"))
    assert settings["IngestFunction"]["LEDGER_TABLE"] == stack.description["ledgerTable"]


def test_the_command_of_the_portal(reader, stack, tenant):
    with reader("docs/portal.md", {"acme": tenant}) as shell:
        shell.run(f"API={stack.description['apiUrl']}; OPERATOR_KEY={stack.description['operatorKey']}")
        answer = json.loads(shell.paste("/portal"))
        assert f"/portal/{tenant}/enter?link=" in answer["url"]


def test_a_link_to_the_operators_pages(reader, stack):
    with reader("docs/operator.md") as shell:
        shell.run(f"API={stack.description['apiUrl']}; OPERATOR_KEY={stack.description['operatorKey']}")
        answer = json.loads(shell.paste("/operator-links"))
        assert "/operator/enter?link=" in answer["url"]


def test_the_settings_of_embedding(reader, stack):
    with reader("docs/embedding.md") as shell:
        shell.paste("stack() {")
        settings = shell.run('echo "$HOOKLANE_URL $HOOKLANE_KEY $TENANT"').split()
    assert settings == [f"{stack.description['apiUrl']}/api/v1", stack.description["operatorKey"], "acme"]


def test_the_commands_of_usage(reader, stack, tenant):
    with reader("docs/usage.md", {"acme": tenant}) as shell:
        shell.run(f"API={stack.description['apiUrl']}; OPERATOR_KEY={stack.description['operatorKey']}")
        answer = json.loads(shell.paste("X-Tenant-Id"))
        months = ["2026-10", "2026-11"]
        assert [(row["tenant"], row["month"]) for row in answer["data"]] == [(tenant, month) for month in months]
        header = shell.paste("text/csv").splitlines()[0]
        assert header.startswith("tenant,month,events,") and header.endswith(",final,asOf")


def test_the_commands_of_figures(reader, stack, register, tenant):
    webhook = register(["order.created"])
    with reader("docs/figures.md", {"acme": tenant}) as shell:
        shell.run(f"API={stack.description['apiUrl']}; WEBHOOK={webhook['id']}")
        shell.run(f"AUTH='Authorization: Bearer {stack.description['operatorKey']}'")
        figures = json.loads(shell.paste("period=24h"))
        assert (figures["totalDeliveries"], figures["truncated"]) == (0, False)
        series = json.loads(shell.paste("stats/series"))
        assert (series["metric"], series["by"], series["step"]) == ("failedAttempts", "error", "1h")
