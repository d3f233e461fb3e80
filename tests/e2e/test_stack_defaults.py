"""A stack whose parameters name other defaults than the template: contract and catalog of tenants without settings."""

import uuid

import pytest
import second_stack
from hooklane_local.aws import client
from hooklane_local.client import LocalStack
from hooklane_local.profile import STACK_NAME


@pytest.fixture
def another(stack):
    """`another(**parameters)`: a second stack in the same account, deployed like the shared one but for these."""
    endpoint = stack.description["awsEndpointUrl"]
    cloudformation = client("cloudformation", endpoint)
    names = []

    def deploy(**parameters: str) -> LocalStack:
        names.append(f"defaults-{uuid.uuid4().hex[:12]}")
        (shared,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        given = {one["ParameterKey"]: one["ParameterValue"] for one in shared["Parameters"]} | parameters
        made = second_stack.create(endpoint, names[-1], given)
        outputs = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
        key = stack.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
        api_id = outputs["ApiUrl"].split("://", 1)[1].split(".", 1)[0]
        return LocalStack(
            {
                "apiUrl": endpoint,
                "apiHost": f"{api_id}.execute-api.localhost",
                "operatorKey": key,
                "eventQueueUrl": outputs["EventQueueUrl"],
                "awsEndpointUrl": endpoint,
            }
        )

    yield deploy
    for name in names:
        cloudformation.delete_stack(StackName=name)


def test_a_stack_gives_its_own_contract_and_catalog_to_tenants_without_settings(
    another, tenant, receiver, requests, eventually
):
    second = another(DefaultContract="virtual-queue", DefaultCatalog="")
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
