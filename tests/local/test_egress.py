"""Fixed egress: what the template makes for each value of FixedEgress. The emulator knows no NAT gateways."""

import json
import re

import pytest
from hooklane_local.template import source
from hooklane_local.template.resolve import Unresolvable, resolve

TRANSLATED = source.translate(source.read())
SUBNETS = {"EgressSubnetIds": "subnet-0a,subnet-0b", "EgressSecurityGroupIds": "sg-0a"}
CALLERS = ("ApiFunction", "DashboardFunction", "DeliveryFunction")
VARIANTS = {
    "default": {},
    "stack of before": SUBNETS,
    "subnets": {**SUBNETS, "FixedEgress": "subnets", "SourceCidrs": "203.0.113.7/32", "EgressIpv6": "true"},
    "off": {**SUBNETS, "FixedEgress": "none"},
    "nat": {"FixedEgress": "nat"},
    "nat-ready": {"FixedEgress": "nat-ready"},
}


def deployed(**given) -> dict:
    return resolve(TRANSLATED, given)["Resources"]


def vpc_of(resources: dict) -> dict:
    """The VPC settings of the functions that call receivers. No other function has any."""
    found = {
        name: one["Properties"]["VpcConfig"]
        for name, one in resources.items()
        if one["Type"] == "AWS::Lambda::Function" and one["Properties"].get("VpcConfig")
    }
    if found:
        assert set(found) == set(CALLERS)
        assert found["ApiFunction"] == found["DeliveryFunction"]
    return found.get("DeliveryFunction", {})


def sources_of(resources: dict) -> str:
    return resources["ApiFunction"]["Properties"]["Environment"]["Variables"]["SOURCE_CIDRS"]


def of_network(resources: dict) -> dict[str, dict]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"].startswith("AWS::EC2::")}


def test_by_default_there_is_no_network_and_no_fixed_address():
    resources = deployed()
    assert (of_network(resources), vpc_of(resources), sources_of(resources)) == ({}, {}, "")


def test_a_stack_of_before_keeps_its_subnets_without_a_new_parameter():
    resources = deployed(**SUBNETS)
    assert vpc_of(resources) == {"SubnetIds": ["subnet-0a", "subnet-0b"], "SecurityGroupIds": ["sg-0a"]}
    assert (of_network(resources), sources_of(resources)) == ({}, "")


def test_own_subnets_may_say_their_addresses_and_use_ipv6():
    resources = deployed(**VARIANTS["subnets"])
    assert vpc_of(resources) == {
        "SubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": ["sg-0a"],
        "Ipv6AllowedForDualStack": True,
    }
    assert sources_of(resources) == "203.0.113.7/32"
    assert of_network(resources) == {}


def test_it_is_turned_off_although_the_subnets_are_still_given():
    resources = deployed(**VARIANTS["off"], SourceCidrs="203.0.113.7/32")
    assert (vpc_of(resources), sources_of(resources), of_network(resources)) == ({}, "", {})


def test_the_network_of_the_stack_has_one_way_out():
    resources = deployed(FixedEgress="nat")
    network = of_network(resources)
    assert vpc_of(resources) == {
        "SubnetIds": ["${EgressSubnetA}", "${EgressSubnetB}"],
        "SecurityGroupIds": ["${EgressSecurityGroup}"],
    }
    assert sources_of(resources) == "${EgressAddress.PublicIp}/32"
    private = [network["EgressSubnetA"], network["EgressSubnetB"]]
    assert len({subnet["AvailabilityZone"] for subnet in private}) == 2
    tables = {one["SubnetId"]: one["RouteTableId"] for one in network.values() if set(one) == {"SubnetId", "RouteTableId"}}
    routes = {
        one["RouteTableId"]: (one["DestinationCidrBlock"], one.get("NatGatewayId", one.get("GatewayId")))
        for one in network.values()
        if "DestinationCidrBlock" in one
    }
    for subnet in ("${EgressSubnetA}", "${EgressSubnetB}"):
        assert routes[tables[subnet]] == ("0.0.0.0/0", "${EgressNat}"), subnet
    assert network["EgressNat"]["SubnetId"] == "${EgressPublicSubnet}"
    assert network["EgressNat"]["AllocationId"] == "${EgressAddress.AllocationId}"
    assert routes[tables["${EgressPublicSubnet}"]] == ("0.0.0.0/0", "${EgressGateway}")
    # The tables are reached without the NAT gateway.
    endpoint = network["EgressLedgerEndpoint"]
    assert (endpoint["VpcEndpointType"], endpoint["ServiceName"]) == ("Gateway", "com.amazonaws.us-east-1.dynamodb")
    assert endpoint["RouteTableIds"] == [tables["${EgressSubnetA}"]] == [tables["${EgressSubnetB}"]]
    # Nothing comes in, and TCP goes out.
    group = network["EgressSecurityGroup"]
    assert "SecurityGroupIngress" not in group
    assert [(one["IpProtocol"], one["FromPort"], one["ToPort"]) for one in group["SecurityGroupEgress"]] == [("tcp", 1, 65535)]
    # The output names the address that the receivers are told.
    assert resolve(TRANSLATED, {"FixedEgress": "nat"})["Outputs"]["EgressIp"]["Value"] == "${EgressAddress.PublicIp}"


def test_the_ranges_of_the_network_lie_in_it_and_apart():
    import ipaddress

    network = of_network(deployed(FixedEgress="nat"))
    whole = ipaddress.ip_network(network["EgressVpc"]["CidrBlock"])
    parts = [ipaddress.ip_network(network[f"Egress{name}"]["CidrBlock"]) for name in ("PublicSubnet", "SubnetA", "SubnetB")]
    assert all(part.subnet_of(whole) for part in parts)
    assert not any(one.overlaps(other) for one in parts for other in parts if one != other)


def test_a_network_that_is_ready_is_the_same_and_nothing_uses_it():
    """Its address can be told to receivers before, and the interfaces are gone before the network is."""
    ready = deployed(FixedEgress="nat-ready")
    assert of_network(ready) == of_network(deployed(FixedEgress="nat"))
    assert (vpc_of(ready), sources_of(ready)) == ({}, "")


def references(node) -> set[str]:
    return set(re.findall(r'"Ref": "([A-Za-z]+)"', json.dumps(node)))


@pytest.mark.parametrize("function", CALLERS)
def test_a_function_moves_into_the_vpc_after_its_ways_out_are_there(function):
    named = references(TRANSLATED["Resources"][function]["Properties"]["VpcConfig"])
    assert {"EgressRouteToNat", "EgressSubnetARoutes", "EgressSubnetBRoutes", "EgressLedgerEndpoint"} <= named


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("role", ["ApiRole", "DeliveryRole"])
def test_the_rights_to_network_interfaces_outlive_the_vpc_and_are_lambdas_alone(variant, role):
    (policy,) = deployed(**VARIANTS[variant])[role]["Properties"]["Policies"]
    allow, deny = [
        one for one in policy["PolicyDocument"]["Statement"] if "ec2:CreateNetworkInterface" in one["Action"]
    ]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert set(allow["Action"]) == set(deny["Action"]) and "Condition" not in allow
    assert deny["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}, "not of a name that may be cut"


def stateful(resources: dict) -> dict:
    kinds = ("AWS::DynamoDB::", "AWS::SQS::", "AWS::SecretsManager::")
    return {name: one for name, one in resources.items() if one["Type"].startswith(kinds)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_table_queue_or_secret_depends_on_where_deliveries_come_from(variant):
    assert stateful(deployed(**VARIANTS[variant])) == stateful(deployed())
    assert len(stateful(deployed())) >= 12


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"FixedEgress": "subnets"}, "FixedEgress subnets needs EgressSubnetIds"),
        ({"SourceCidrs": "203.0.113.7/32"}, "SourceCidrs and EgressIpv6 are about EgressSubnetIds"),
        ({"EgressIpv6": "true"}, "SourceCidrs and EgressIpv6 are about EgressSubnetIds"),
        ({"EgressSubnetIds": "subnet-0a"}, "must be given together"),
        ({**SUBNETS, "SourceCidrs": "my-nat"}, "SourceCidrs=my-nat does not match"),
        ({"FixedEgress": "natt"}, "none of"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(given, message):
    with pytest.raises(Unresolvable, match=message):
        deployed(**given)


def test_the_price_is_said_where_it_is_chosen():
    described = source.read()["Parameters"]["FixedEgress"]["Description"]
    assert "$32 a month" in described and "$0.045" in described
