"""The runbooks about what all tenants share, each read once on a stack of the test's own."""

import json
import time

import inside
from hooklane_local import behaviours
from runbook_stage import WEBHOOK, Stage, lines_of_json, numbers, reasons, registry

PAGES, of = registry()


@of("events-wait.md")
def events_wait(on: Stage) -> None:
    webhook = on.webhook()
    for function in ("Ingest", "Fanout", "Stats"):
        on.switch(function, False)
    # One waits in the stream, one in the queue.
    on.publish()
    on.stack.send_event({"tenant": on.tenant, "type": "order.paid", "data": {}})
    on.shows("queues EventQueue", "EventQueueUrl 1 0")
    assert on.page.paste("mappings").count("Disabled") == 3
    on.page.paste("IteratorAge")
    on.page.paste("batch\\.failed")
    assert on.receiver.requests == []
    assert on.page.paste("--enabled").count("\n") == 3
    on.deliveries(webhook, "delivered", 2)
    on.page.paste("Throttles")
    letters = on.page.paste("queues Dead").splitlines()
    assert len(letters) >= 4 and all(numbers(line) == [0, 0] for line in letters)


@of("deliveries-wait.md")
def deliveries_wait(on: Stage) -> None:
    webhook = on.webhook()
    on.switch("Delivery", False)
    on.publish()
    on.shows("queues Delivery", "DeliveryQueueUrl 1 0")
    assert on.page.paste("mappings").count("Disabled") == 2
    assert f"1 {on.tenant} {webhook['id']}" in on.page.paste("sample()")
    on.page.paste("interrupted")
    assert on.page.paste("--enabled").count("\n") == 2
    on.deliveries(webhook, "delivered")
    assert "DeliveryQueueUrl 0 " in on.page.paste("queues DeliveryQueue")


@of("canary.md")
def canary(on: Stage) -> None:
    on.switch("Fanout", False)
    on.stack.invoke("UpkeepFunction", {})
    way = on.page.paste("queues EventQueue")
    assert (way.count("Enabled"), way.count("Disabled")) == (3, 1), "only the place of the fault says so"
    on.switch("Fanout", True)
    on.page.paste("send-message")
    assert "accepted" in on.page.paste("accepted")
    assert "run.failed" in lines_of_json(on.page.paste("run\\.done"))[0]
    assert on.page.paste("queues Dead")


@of("upkeep-missing.md")
def upkeep_missing(on: Stage) -> None:
    events = on.client("events")
    arn = on.stack.lambdas.get_function_configuration(FunctionName=on.function("Upkeep"))["FunctionArn"]
    (rule,) = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    events.disable_rule(Name=rule)
    webhook = on.webhook()
    on.api.post(f"/api/v1/webhooks/{webhook['id']}/pause").expect(200)
    on.publish()
    on.deliveries(webhook, "pending")
    on.api.post(f"/api/v1/webhooks/{webhook['id']}/resume").expect(200)

    assert on.page.paste("RULE=").split() == [rule, "DISABLED", "rate(1", "minute)"]
    on.page.paste("SINCE=900")
    on.page.paste("enable-rule")
    assert events.describe_rule(Name=rule)["State"] == "ENABLED"
    assert "looked" in on.page.paste("upkeep.json")
    on.deliveries(webhook, "delivered")
    assert f" {on.tenant} {webhook['id']}" in on.page.paste("dynamodb query")


@of("dead-letters.md")
def dead_letters(on: Stage) -> None:
    on.webhook(["order.created"])
    event = inside.event_item(on.stack, on.tenant, on.publish())
    on.requests(1)
    # Of events: a strict tenant's event of an unknown type.
    on.stack.api(None).put(f"/api/v1/tenants/{on.tenant}", {"strict": True}).expect(200)
    time.sleep(6)
    other = on.webhook(["late.*"], "/late", register=True)
    on.stack.send_event({"tenant": on.tenant, "id": "late", "type": "late.unknown", "data": {}})
    on.eventually(lambda: on.letters("events"))
    # Of the others: each a message that its function could not handle then.
    deliver = on.webhook(["order.cancelled"], "/deliver")
    on.bury("deliveries", inside.message(deliver["id"], event), **reasons("deliveries"))
    image = {**event, "i": {"S": "again"}, "pk": {"S": f"EV#{on.tenant}#again"}}
    for source in ("fanout", "stats"):
        on.bury(source, json.dumps(inside.stream_record(image)), **reasons(source))

    assert [numbers(line)[0] for line in sorted(on.page.paste("queues Dead").splitlines())][:2] == [1, 1]
    assert on.page.paste("DRY=1").count("1 would be sent") == 4
    shown = on.page.paste("letters()")
    assert on.tenant in shown and "late.unknown" in shown and "moved by SQS" not in shown
    assert on.page.paste("StatsDeadLetterQueueUrl").count("a test") == 3

    # The reason is mended first.
    on.stack.api(None).put(f"/api/v1/tenants/{on.tenant}", {"strict": False}).expect(200)
    time.sleep(6)
    on.page.paste("letters-of-events.txt")
    assert "1 would be sent" in on.page.paste("DRY=1")
    assert len(on.letters("events")) == 1, "a dry run changes nothing"
    assert "1 sent" in on.page.paste("SOURCE=events")
    on.deliveries(other, "delivered")
    assert on.page.paste("SOURCE=fanout").count("1 sent") == 3
    on.deliveries(deliver, "delivered")
    assert "again" in {request.headers["webhook-id"] for request in on.requests(2, "/")}
    assert all(numbers(line) == [0, 0] for line in on.page.paste("queues Dead").splitlines())


@of("old-letters.md")
def old_letters(on: Stage) -> None:
    webhook = on.webhook(["order.cancelled"])
    event = inside.event_item(on.stack, on.tenant, on.publish("order.other"))
    # A letter without attributes is one that SQS moved.
    on.bury("deliveries", inside.message(webhook["id"], event))
    # The letter is a second old, or so.
    assert on.page.paste("ages()") == "13 days left, 0 old: moved by SQS\n"
    # The same function on a letter of which SQS would say that it was sent ten days ago.
    sent = int((time.time() - 10 * 86_400 + 600) * 1000)
    letter = {"Messages": [{"Body": "{}", "Attributes": {"SentTimestamp": str(sent)}}]}
    on.page.run(f"letter='{json.dumps(letter)}'")
    assert on.page.run('(aws() { echo "$letter"; }; ages any)') == "4 days left, 9 old: moved by SQS\n"
    assert "1 would be sent" in on.page.paste("DRY=1")
    assert "1 sent" in on.page.paste("SOURCE=deliveries")
    on.deliveries(webhook, "delivered")
    assert all(numbers(line) == [0, 0] for line in on.page.paste("queues Dead").splitlines())


@of("functions-fail.md")
def functions_fail(on: Stage) -> None:
    lambdas, upkeep = on.stack.lambdas, on.function("Upkeep")
    variables = lambdas.get_function_configuration(FunctionName=upkeep)["Environment"]["Variables"]
    wrong = {"Variables": {**variables, "RETENTION_DAYS": "many"}}
    lambdas.update_function_configuration(FunctionName=upkeep, Environment=wrong)
    assert "FunctionError" in lambdas.invoke(FunctionName=upkeep, Payload=b"{}")
    on.shows("cannot_start", "RETENTION_DAYS")
    on.page.paste("panic")
    on.page.paste("Task timed out")
    assert on.page.paste("list-functions").count("\n") == 6
    assert on.page.paste("detect-stack-drift").strip()
    lambdas.update_function_configuration(FunctionName=upkeep, Environment={"Variables": variables})
    on.page.paste("put_off")
    on.page.paste("Errors Sum")
    on.stack.invoke("UpkeepFunction", {})


@of("function-throttles.md")
def function_throttles(on: Stage) -> None:
    webhook = on.webhook()
    ingest = on.function("Ingest")
    on.stack.lambdas.put_function_concurrency(FunctionName=ingest, ReservedConcurrentExecutions=0)
    on.stack.send_event({"tenant": on.tenant, "type": "order.paid", "data": {}})
    limit, unreserved = numbers(on.page.paste("get-account-settings"))
    assert limit >= unreserved > 0
    on.page.paste("ConcurrentExecutions --statistics")
    assert on.page.paste("ReservedConcurrentExecutions != null") == f"{ingest} 0\n"
    assert on.page.paste("ScalingConfig.MaximumConcurrency]").count("\n") == 3
    time.sleep(2)
    assert on.receiver.requests == []
    assert f"freed {ingest}" in on.page.paste("delete-function-concurrency")
    assert on.page.paste("MaximumConcurrency=2").count("\t2\n") == 2
    on.page.paste("Throttles Sum")
    # What waited comes back after its visibility timeout, so another one shows that it works again.
    on.stack.send_event({"tenant": on.tenant, "type": "order.paid", "data": {}})
    on.deliveries(webhook, "delivered")


@of("dropped-invocations.md")
def dropped_invocations(on: Stage) -> None:
    on.stack.invoke("UpkeepFunction", {})
    on.page.paste("RecursiveInvocationsDropped")
    on.page.paste("AsyncEventsDropped")
    on.shows("run\\.done", "T")
    assert on.page.paste("queues Dead")
    assert "0 would be sent" in on.page.paste("DRY=1")
    assert "0 sent" in on.page.paste("SOURCE=deliveries")


@of("api-fails.md")
def api_fails(on: Stage) -> None:
    arn = on.page.run('printf %s "$TOKEN_SECRET"')
    on.stack.secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    assert json.loads(on.page.paste("/status"))["version"]
    on.page.paste("request\\.failed")
    on.page.paste("AWS/ApiGateway")
    on.page.paste("Throttles")
    assert on.page.paste("describe-secret").count("None") == 2
    on.page.paste("restore-secret")
    assert "DeletedDate" not in on.stack.secrets.describe_secret(SecretId=arn)
    on.page.paste("SINCE=300")


@of("bad-release.md")
def bad_release(on: Stage) -> None:
    webhook = on.webhook()
    assert on.page.paste("LastModified").count("\n") == 6
    assert "CREATE_COMPLETE" in on.page.paste("describe-stack-events")
    on.page.paste("dead_lettered")
    assert on.page.paste("--no-enabled").count("\n") == 3
    on.publish()
    time.sleep(3)
    assert on.receiver.requests == [], "nothing is delivered meanwhile"
    assert on.page.paste("--enabled").count("\n") == 3
    on.deliveries(webhook, "delivered")

    # What the bad release wrote, and this one cannot read.
    event = inside.event_item(on.stack, on.tenant, on.publish())
    newer = json.loads(inside.message(webhook["id"], event))
    newer["version"] = 99
    on.stack.sqs.send_message(QueueUrl=on.stack.description["deliveryQueueUrl"], MessageBody=json.dumps(newer))
    on.shows("message\\.newer", "message.newer")
    buried = on.webhook(["order.cancelled"], "/buried")
    on.bury("deliveries", inside.message(buried["id"], event), **reasons("deliveries"))
    assert "1 would be sent" in on.page.paste("DRY=1")
    assert "1 sent" in on.page.paste("make redrive STACK")
    on.deliveries(buried, "delivered")
    assert on.page.paste("queues Dead")


@of("egress.md")
def egress(on: Stage) -> None:
    on.webhook()
    delivery = on.function("Delivery")
    ec2 = on.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"][0]["GroupId"]
    inside_vpc = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    on.stack.lambdas.update_function_configuration(FunctionName=delivery, VpcConfig=inside_vpc)
    on.replaced["VPC=vpc-0123456789abcdef0"] = f"VPC={vpc}"
    assert on.page.paste("VpcConfig") == f"{delivery} {subnet} {group}\n"
    on.page.paste("describe-nat-gateways")
    on.page.paste("describe-route-tables")
    assert json.loads(on.page.paste("/test"))["successful"] is True
    assert on.page.paste("SubnetIds=[]").count(on.name) == 2
    configuration = on.stack.lambdas.get_function_configuration(FunctionName=delivery)
    assert not configuration.get("VpcConfig", {}).get("SubnetIds")
    on.page.paste("describe-network-interfaces")
    on.page.paste("SINCE=900")


@of("leaked-key.md")
def leaked_key(on: Stage) -> None:
    webhook = on.webhook()
    old = on.stack.description["operatorKey"]
    key = on.api.post("/api/v1/keys", {"name": "leaked", "scopes": ["webhooks:read"]}).expect(201).body
    on.replaced |= {"KEY=key_01HM6WKJ2Y3M8F5J0V9Q4T7C1D": f"KEY={key['id']}", "the-old-key": old}
    tokens = f"/api/v1/tenants/{on.tenant}/tokens"
    scopes = {"scopes": ["webhooks:read"]}
    token = on.stack.api(None).post(tokens, scopes).expect(201).body["token"]

    def status(bearer: str) -> int:
        return on.stack.api(None, bearer).get("/api/v1/webhooks").status

    assert (status(key["secret"]), status(token)) == (200, 200)
    on.page.paste("principal")
    assert f"{key['id']} leaked " in on.page.paste("/keys?limit")

    # The operator key.
    on.page.paste("openssl rand -hex 24")
    on.page.paste("restart()")
    assert on.page.paste("http_code").strip() == "200"
    assert on.stack.api(on.tenant, old).get("/api/v1/webhooks").status == 401
    on.stack.description["operatorKey"] = on.page.run('printf %s "$OPERATOR_KEY"')
    operator = on.stack.api(on.tenant)

    # The token key: it ends the token and no key.
    on.page.paste("openssl rand -hex 32 |")
    assert (status(key["secret"]), status(token)) == (200, 401)
    token = on.stack.api(None).post(tokens, scopes).expect(201).body["token"]

    # A key and the tokens of one tenant.
    rotated = on.page.paste("/rotate\"").strip()
    assert (status(key["secret"]), status(rotated), status(token)) == (401, 200, 200)
    assert on.page.paste("/tokens/revoke").strip() in ("200", "204")
    assert (status(rotated), status(token)) == (200, 401)
    assert webhook["url"] in on.page.paste(".updatedAt")

    # A signing secret.
    path = f"/api/v1/webhooks/{webhook['id']}/secret"
    assert operator.get(path).body["secret"] == on.page.paste('"overlapSeconds": 3600').strip() != webhook["secret"]
    assert "previousSecretExpiresAt" in operator.get(path).body
    newest = on.page.paste('"overlapSeconds": 0').strip()
    assert operator.get(path).body == {"secret": newest}

    # The data key: what is stored stays readable.
    on.page.paste("write_secret \"$DATA_KEY_SECRET\"")
    keys = json.loads(on.page.run('read_secret "$DATA_KEY_SECRET"'))
    assert keys["current"] == "k2" and {"k1", "k2"} < keys.keys()
    assert operator.get(path).body == {"secret": newest}
    assert f"{on.tenant} 1" in on.page.paste("/tenants?limit=100")
    assert on.page.paste("http_code").strip() == "401"


@of("restore-a-table.md")
def restore_a_table(on: Stage) -> None:
    webhook = on.webhook()
    lost = on.webhook(["order.created"], "/lost")
    registry = on.stack.description["registryTable"]
    on.replaced[WEBHOOK] = f"WEBHOOK={webhook['id']}"
    # Where the emulator keeps what is in S3.
    on.replaced["https://$BUCKET.s3.amazonaws.com"] = f"{on.stack.description['awsEndpointUrl']}/$BUCKET"
    assert "PointInTimeRecoveryStatus" in on.page.paste("describe-continuous-backups")
    assert on.page.paste("ItemCount").startswith("ACTIVE")
    on.page.paste("restore-table-to-point-in-time")
    # A script deletes a webhook that the restored table still has.
    on.api.delete(f"/api/v1/webhooks/{lost['id']}").expect(204)
    assert "ACTIVE" in on.page.paste("wait table-exists")
    assert int(on.page.paste("--select COUNT")) >= 3
    on.page.paste("update-continuous-backups")
    assert on.page.paste("LedgerTable") == ""
    on.page.paste("--no-enabled")
    on.page.paste("moved.json")
    assert on.page.paste("IMPORT").splitlines()[-1].split() == ["Import", "RegistryTableRestored"]
    on.page.paste("stack-import-complete")
    changes = [line.split() for line in on.page.paste("move-table").splitlines()[1:]]
    assert [line[1] for line in changes if line[0] == "Remove"] == ["RegistryTable"]
    on.page.paste("stack-update-complete")
    assert "Enabled" in on.page.paste("--enabled")
    assert int(on.page.paste("template.yaml")) > 5
    assert f"RegistryTableName\t{registry}-restored" in on.page.paste("TableName")
    assert on.page.paste("jq .total") == "2\n"
    on.stack.dynamodb.describe_table(TableName=registry)
    on.receiver.respond = behaviours.ok()
    on.publish()
    on.requests(1, "/lost")
