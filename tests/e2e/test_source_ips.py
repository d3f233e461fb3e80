"""`GET /source-ips` on the deployed function: what the stack says, and what a mistake in it does."""

import json
import uuid

import pytest
from hooklane_local.client import Api
from hooklane_local.paths import ROOT

REQUEST = json.loads((ROOT / "events" / "api.json").read_text())
PATH = "/api/v1/source-ips"


@pytest.fixture
def api_with(stack, stack_file):
    """`api_with(cidrs)`: the name of a copy of the deployed function that has this SOURCE_CIDRS."""
    lambdas, made = stack.lambdas, []

    def make(cidrs: str) -> str:
        original = lambdas.get_function_configuration(FunctionName=stack.description["functions"]["ApiFunction"])
        name = f"copy-{uuid.uuid4().hex[:12]}"
        lambdas.create_function(
            FunctionName=name,
            Role=original["Role"],
            Runtime=original["Runtime"],
            Handler=original["Handler"],
            Architectures=original["Architectures"],
            Timeout=original["Timeout"],
            MemorySize=original["MemorySize"],
            Environment={"Variables": {**original["Environment"]["Variables"], "SOURCE_CIDRS": cidrs}},
            Code={"ZipFile": (stack_file.parent / "package" / "ApiFunction").read_bytes()},
        )
        made.append(name)
        return name

    yield make
    for name in made:
        lambdas.delete_function(FunctionName=name)


def invoked(stack, name: str) -> tuple[dict, bool]:
    """The answer to a request without a token, and whether it is an error of the function."""
    event = json.loads(json.dumps(REQUEST))
    event["rawPath"] = event["requestContext"]["http"]["path"] = PATH
    del event["headers"]["authorization"], event["headers"]["x-tenant-id"]
    answer = stack.lambdas.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read()), "FunctionError" in answer


def test_the_stack_of_the_tests_has_no_fixed_addresses(stack):
    answer = Api(stack.description, None, "no-token").get(PATH).expect(200)
    assert answer.body == {"fixed": False, "addresses": []}
    assert answer.headers["cache-control"] == "public, max-age=300"


def test_the_addresses_of_the_setting_are_shown(stack, api_with):
    answer, failed = invoked(stack, api_with("203.0.113.7/32, 198.51.100.0/24"))
    assert not failed and answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"fixed": True, "addresses": ["198.51.100.0/24", "203.0.113.7/32"]}


@pytest.mark.parametrize("wrong", ["my-nat", "203.0.113.7/24"])
def test_a_mistake_stops_the_function_with_the_settings_name_and_value(stack, api_with, wrong):
    answer, failed = invoked(stack, api_with(f"198.51.100.0/24,{wrong}"))
    assert failed
    assert "api cannot start: the setting SOURCE_CIDRS is invalid: " in answer["errorMessage"]
    assert f'"{wrong}"' in answer["errorMessage"]
