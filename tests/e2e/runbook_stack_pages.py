"""The runbooks about what all tenants share, each read once on a stack of the test's own."""

import json
import time

import inside
from runbook_stage import Stage, lines_of_json, numbers, reasons, registry

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
    # Once the letter is a second old.
    on.shows("ages()", "13 days left, 0 old: moved by SQS\n")
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
