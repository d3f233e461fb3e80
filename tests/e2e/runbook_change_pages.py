"""The runbooks about changes of a whole stack, each read once on a stack of the test's own."""

import json
import time

import inside
from hooklane_local import behaviours
from runbook_stage import WEBHOOK, Stage, reasons, registry

PAGES, of = registry()


@of("bad-release.md")
def bad_release(on: Stage) -> None:
    webhook = on.webhook()
    assert on.page.paste("LastModified").count("\n") == 7
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
    assert json.loads(on.page.paste("/source-ips")) == {"fixed": False, "addresses": []}
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
    rotated = on.page.paste('"overlapSeconds": 3600').strip()
    assert operator.get(path).body["secret"] == rotated != webhook["secret"]
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
