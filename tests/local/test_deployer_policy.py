"""The deployer's policy has the rights for every type of resource in the template, and for nothing else."""

import copy
import json
import re

import pytest
from hooklane_local import deployer_policy
from hooklane_local.template import source

TEMPLATE = source.read()
TYPES = deployer_policy.types_of(TEMPLATE)
WRITTEN = json.loads(deployer_policy.FILE.read_text())


def actions(policy: dict) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_the_file_is_that_of_the_template():
    assert deployer_policy.FILE.read_text() == deployer_policy.current(), "stale: run `make deployer-policy`"


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_of_the_template_has_its_rights(kind):
    assert set(deployer_policy.ACTIONS[kind]) <= actions(WRITTEN)


def test_every_right_is_of_a_type_of_the_template_or_of_the_deployment_itself():
    needed = {action for kind in TYPES for action in deployer_policy.ACTIONS[kind]}
    others = actions(WRITTEN) - needed
    allowed = {"iam:PassRole", "logs:DescribeLogGroups", "secretsmanager:GetRandomPassword", "ec2:Describe*"}
    assert {action for action in others if not action.startswith(("cloudformation:", "s3:"))} <= allowed


def test_a_type_that_is_added_or_removed_changes_the_policy():
    more = copy.deepcopy(TEMPLATE)
    more["Resources"]["Extra"] = {"Type": "AWS::SNS::Topic"}
    changed = deployer_policy.policy_for(deployer_policy.types_of(more) | {"AWS::SNS::Topic"})
    fewer = deployer_policy.policy_for(TYPES - {"AWS::EC2::NatGateway"})
    assert "sns:CreateTopic" in actions(changed)
    assert "ec2:CreateNatGateway" in actions(WRITTEN) - actions(fewer)
    with pytest.raises(KeyError, match="AWS::Kinesis::Stream"):
        deployer_policy.policy_for(TYPES | {"AWS::Kinesis::Stream"})


def test_the_policy_is_one_that_iam_takes():
    """A role's inline policies may have 10,240 characters together, white space aside (IAM User Guide, "IAM and AWS
    STS quotas")."""
    assert len(re.sub(r"\s", "", deployer_policy.FILE.read_text())) <= 10_240
    names = [statement["Sid"] for statement in WRITTEN["Statement"]]
    assert len(set(names)) == len(names) and all(name.isalnum() for name in names)
    for statement in WRITTEN["Statement"]:
        assert statement["Effect"] == "Allow" and statement["Resource"] and statement["Action"]
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+\*?", action), action


def test_roles_are_given_to_lambda_only_and_only_those_of_the_stack_are_touched():
    passing = [one for one in WRITTEN["Statement"] if "iam:PassRole" in one["Action"]]
    assert [one["Condition"] for one in passing] == [{"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}]
    for statement in WRITTEN["Statement"]:
        if any(action.startswith("iam:") for action in statement["Action"]):
            assert statement["Resource"] == ["arn:aws:iam::*:role/hooklane-*"]


def test_every_role_of_the_template_is_assumed_by_lambda():
    """Another service's role would need another condition of PassRole."""
    for resource in source.translate(TEMPLATE)["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("stack", ["hooklane", "hooklane-next"])
def test_every_name_that_the_template_chooses_is_covered(stack):
    """Also of a second stack beside the first, whose name begins alike (docs/upgrading.md)."""
    covered = [one.replace("*", ".*") for statement in WRITTEN["Statement"] for one in statement["Resource"] if one != "*"]
    arns = [f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{stack}/1234"]
    for resource in source.translate(TEMPLATE)["Resources"].values():
        kind, properties = resource["Type"], resource["Properties"]
        if kind == "AWS::Logs::LogGroup":
            name = properties["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", stack)
            arns.append(f"arn:aws:logs:eu-central-1:123456789012:log-group:{name}")
        if kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            name = properties["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", stack)
            arns.append(f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}")
    assert len(arns) > 50
    missing = [arn for arn in arns if not any(re.fullmatch(one, arn) for one in covered)]
    assert not missing


def test_an_access_log_needs_rights_that_no_resource_bounds():
    """Without them CloudFormation fails at the stage with "Insufficient permissions to enable logging"."""
    needed = {action for action in deployer_policy.ACTIONS["AWS::ApiGatewayV2::Stage"] if action.startswith("logs:")}
    (statement,) = [one for one in WRITTEN["Statement"] if one["Sid"] == "OfTheAccount"]
    assert needed and needed <= set(statement["Action"]) and statement["Resource"] == ["*"]
