"""Each stack of the covering list deploys, so that each parameter was away from its default once.

The list is `local/hooklane_local/template/stacks.py`; `make check` fails for a parameter that no stack of it sets.
"""

import fcntl
import json
import uuid

import pytest
import second_stack
from hooklane_local.aws import client
from hooklane_local.paths import ROOT
from hooklane_local.template.stacks import COVERING


@pytest.fixture
def deployed(stack, stack_file, request):
    """The stack of the list that the test names, deployed: its resources and outputs, and a client maker."""
    endpoint = stack.description["awsEndpointUrl"]
    name = f"covering-{request.param}-{uuid.uuid4().hex[:8]}"
    # There is only one custom domain of a name, so tests that run side by side take turns.
    with open(stack_file.parent / f"covering-{request.param}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield Deployed(endpoint, second_stack.create(endpoint, name, COVERING[request.param]))
        finally:
            # Its functions must not go on reading queues while other tests run.
            client("cloudformation", endpoint).delete_stack(StackName=name)


class Deployed:
    def __init__(self, endpoint: str, described: dict) -> None:
        self.endpoint, self.name = endpoint, described["StackName"]
        self.given = {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}
        resources = self.client("cloudformation").describe_stack_resources(StackName=self.name)["StackResources"]
        self.ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}

    def client(self, service: str):
        return client(service, self.endpoint)

    def function(self, name: str) -> dict:
        return self.client("lambda").get_function_configuration(FunctionName=self.ids[name])

    def queue(self, name: str) -> dict:
        return self.client("sqs").get_queue_attributes(QueueUrl=self.ids[name], AttributeNames=["All"])["Attributes"]

    def table(self, name: str) -> dict:
        return self.client("dynamodb").describe_table(TableName=self.ids[name])["Table"]

    def log_group(self, name: str) -> dict:
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=self.ids[name])["logGroups"]
        return next(one for one in groups if one["logGroupName"] == self.ids[name])


@pytest.mark.parametrize("deployed", list(COVERING), indirect=True)
def test_each_stack_of_the_list_has_the_parameters_that_it_was_given(deployed):
    wanted = COVERING[next(name for name in COVERING if f"-{name}-" in deployed.name)]
    assert wanted.items() <= deployed.given.items()


@pytest.mark.parametrize("deployed", ["large"], indirect=True)
def test_memory_limits_and_capacities_follow_the_parameters(deployed):
    sizes = {name: (deployed.function(f"{name}Function")) for name in ("Api", "Ingest", "Delivery", "Upkeep")}
    assert {name: (one["MemorySize"], one["Timeout"]) for name, one in sizes.items()} == {
        "Api": (1769, 20),
        "Ingest": (512, 60),
        "Delivery": (1024, 120),
        "Upkeep": (1769, 300),
    }
    # Six times the limit of the function that reads them, and delivery knows it.
    assert int(deployed.queue("EventQueue")["VisibilityTimeout"]) == 360
    for queue in ("DeliveryQueue", "RetryQueue"):
        assert int(deployed.queue(queue)["VisibilityTimeout"]) == 720
    # A text: Lambda takes nothing else for a variable.
    assert sizes["Delivery"]["Environment"]["Variables"]["QUEUE_VISIBILITY_SECONDS"] == "720"
    assert int(deployed.table("LedgerTable")["ProvisionedThroughput"]["WriteCapacityUnits"]) == 400
    assert deployed.log_group("ApiLogGroup")["retentionInDays"] == 90
    assert deployed.function("StatsFunction")["TracingConfig"]["Mode"] == "Active"
    assert deployed.table("RegistryTable")["DeletionProtectionEnabled"] is True


# The emulator shows neither a table's key nor a role's boundary: the assertions of `make check` hold those.
@pytest.mark.parametrize("deployed", ["own"], indirect=True)
def test_keys_topics_and_address_follow_the_parameters(deployed):
    own = COVERING["own"]
    for queue in ("EventQueue", "DeliveryDeadLetterQueue"):
        assert deployed.queue(queue)["KmsMasterKeyId"] == own["KmsKeyArn"]
    assert deployed.log_group("AccessLogGroup")["kmsKeyId"] == own["KmsKeyArn"]
    assert deployed.table("LedgerTable").get("DeletionProtectionEnabled") is False
    secret = deployed.client("secretsmanager").describe_secret(SecretId=deployed.outputs["DataKeySecretArn"])
    assert secret["KmsKeyId"] == own["KmsKeyArn"]

    policy = json.loads(deployed.queue("EventQueue")["Policy"])
    named = [one["Condition"]["ArnEquals"]["aws:SourceArn"] for one in policy["Statement"] if "ArnEquals" in one["Condition"]]
    assert named == [own["PublishingTopicArns"].split(",")]

    assert deployed.outputs["ApiUrl"] == "https://hooks.example.com"
    api = deployed.client("apigatewayv2").get_api(ApiId=deployed.ids["HttpApi"])
    assert api["DisableExecuteApiEndpoint"] is True


def test_the_example_of_a_key_is_one_that_the_template_takes(stack):
    endpoint = stack.description["awsEndpointUrl"]
    cloudformation, name = client("cloudformation", endpoint), f"key-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(StackName=name, TemplateBody=(ROOT / "docs" / "examples" / "kms-key.yaml").read_text())
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (made,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        key = made["Outputs"][0]["OutputValue"]
        second = Deployed(endpoint, second_stack.create(endpoint, f"{name}-user", {"KmsKeyArn": key}))
        assert second.queue("RetryQueue")["KmsMasterKeyId"] == key
        assert second.log_group("UpkeepLogGroup")["kmsKeyId"] == key
    finally:
        for one in (f"{name}-user", name):
            cloudformation.delete_stack(StackName=one)
