"""The rights that a deployer of `template.yaml` needs, made from the types of its resources.

CloudFormation acts with the rights of whoever deploys. `make deployer-policy` writes
`docs/examples/deployer-policy.json`; a test compares it with the template.
"""

import json
from dataclasses import dataclass

from hooklane_local.paths import ROOT
from hooklane_local.template import source

FILE = ROOT / "docs" / "examples" / "deployer-policy.json"

# The stack's name, which begins the names of most of its resources.
_STACK = "hooklane"


@dataclass(frozen=True)
class Service:
    """A service: the resources that a deployer may touch there, and the actions that every type of it needs.

    `of_account` are actions that accept no resource, or a resource whose name nobody knows before.
    """

    resources: tuple[str, ...]
    of_account: tuple[str, ...] = ()


# Where a name is not chosen, CloudFormation makes it of the stack's name; of a secret, of its logical id.
SERVICES = {
    "apigateway": Service(("arn:aws:apigateway:*::/apis", "arn:aws:apigateway:*::/apis/*", "arn:aws:apigateway:*::/tags/*",
                           "arn:aws:apigateway:*::/domainnames", "arn:aws:apigateway:*::/domainnames/*")),
    "cloudwatch": Service((f"arn:aws:cloudwatch:*:*:alarm:{_STACK}-*", f"arn:aws:cloudwatch::*:dashboard/{_STACK}*")),
    "dynamodb": Service((f"arn:aws:dynamodb:*:*:table/{_STACK}-*",)),
    "ec2": Service((), of_account=("ec2:Describe*",)),
    "events": Service((f"arn:aws:events:*:*:rule/{_STACK}-*",)),
    "iam": Service((f"arn:aws:iam::*:role/{_STACK}-*",)),
    "lambda": Service((f"arn:aws:lambda:*:*:function:{_STACK}-*",)),
    "logs": Service((f"arn:aws:logs:*:*:log-group:/aws/lambda/{_STACK}*", f"arn:aws:logs:*:*:log-group:/aws/vendedlogs/{_STACK}/{_STACK}*")),
    "secretsmanager": Service(("arn:aws:secretsmanager:*:*:secret:*KeySecret-*",), of_account=("secretsmanager:GetRandomPassword",)),
    "sns": Service((f"arn:aws:sns:*:*:{_STACK}-*",)),
    "sqs": Service((f"arn:aws:sqs:*:*:{_STACK}-*",)),
}

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_API = tuple(f"apigateway:{verb}" for verb in _VERBS)
# A stage with an access log (Amazon API Gateway Developer Guide, "Configure logging for HTTP APIs").
_ACCESS_LOG = (
    "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies",
)
_TAGS_OF_EC2 = ("ec2:CreateTags", "ec2:DeleteTags")

# The actions by which CloudFormation makes, reads, changes and removes a resource of each type, sources: the page
# "Actions, resources, and condition keys" of each service (Service Authorization Reference), and the handlers'
# permissions in the schema of each type (`aws cloudformation describe-type --type RESOURCE --type-name …`).
ACTIONS: dict[str, tuple[str, ...]] = {
    "AWS::ApiGatewayV2::Api": _API,
    "AWS::ApiGatewayV2::ApiMapping": _API,
    "AWS::ApiGatewayV2::DomainName": _API,
    "AWS::ApiGatewayV2::Integration": _API,
    "AWS::ApiGatewayV2::Route": _API,
    "AWS::ApiGatewayV2::Stage": (*_API, *_ACCESS_LOG),
    "AWS::CloudWatch::Alarm": (
        "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms",
        "cloudwatch:TagResource", "cloudwatch:UntagResource", "cloudwatch:ListTagsForResource",
    ),
    "AWS::CloudWatch::CompositeAlarm": (
        "cloudwatch:PutCompositeAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms",
        "cloudwatch:TagResource", "cloudwatch:UntagResource", "cloudwatch:ListTagsForResource",
    ),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "cloudwatch:GetDashboard", "cloudwatch:DeleteDashboards"),
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable", "dynamodb:DescribeTable", "dynamodb:UpdateTable", "dynamodb:DeleteTable",
        "dynamodb:DescribeTimeToLive", "dynamodb:UpdateTimeToLive",
        "dynamodb:DescribeContinuousBackups", "dynamodb:UpdateContinuousBackups",
        "dynamodb:DescribeContributorInsights", "dynamodb:DescribeKinesisStreamingDestination",
        "dynamodb:GetResourcePolicy", "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
    ),
    "AWS::EC2::EIP": ("ec2:AllocateAddress", "ec2:ReleaseAddress", *_TAGS_OF_EC2),
    "AWS::EC2::InternetGateway": ("ec2:CreateInternetGateway", "ec2:DeleteInternetGateway", *_TAGS_OF_EC2),
    "AWS::EC2::NatGateway": ("ec2:CreateNatGateway", "ec2:DeleteNatGateway", *_TAGS_OF_EC2),
    "AWS::EC2::Route": ("ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"),
    "AWS::EC2::RouteTable": ("ec2:CreateRouteTable", "ec2:DeleteRouteTable", *_TAGS_OF_EC2),
    "AWS::EC2::SecurityGroup": (
        "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:AuthorizeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupEgress", "ec2:UpdateSecurityGroupRuleDescriptionsEgress", *_TAGS_OF_EC2,
    ),
    "AWS::EC2::Subnet": ("ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:ModifySubnetAttribute", *_TAGS_OF_EC2),
    "AWS::EC2::SubnetRouteTableAssociation": (
        "ec2:AssociateRouteTable", "ec2:DisassociateRouteTable", "ec2:ReplaceRouteTableAssociation",
    ),
    "AWS::EC2::VPC": ("ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute", *_TAGS_OF_EC2),
    "AWS::EC2::VPCEndpoint": ("ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint", "ec2:DeleteVpcEndpoints", *_TAGS_OF_EC2),
    "AWS::EC2::VPCGatewayAttachment": ("ec2:AttachInternetGateway", "ec2:DetachInternetGateway"),
    "AWS::Events::Rule": (
        "events:PutRule", "events:DescribeRule", "events:DeleteRule", "events:EnableRule", "events:DisableRule",
        "events:PutTargets", "events:RemoveTargets", "events:ListTargetsByRule",
        "events:TagResource", "events:UntagResource", "events:ListTagsForResource",
    ),
    # PassRole gives a function its role. The condition of its statement lets it be given to Lambda only.
    "AWS::IAM::Role": (
        "iam:CreateRole", "iam:GetRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy",
        "iam:DeleteRole", "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:DeleteRolePolicy", "iam:ListRolePolicies",
        "iam:ListAttachedRolePolicies", "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary",
        "iam:TagRole", "iam:UntagRole", "iam:ListRoleTags",
    ),
    "AWS::Lambda::EventInvokeConfig": (
        "lambda:PutFunctionEventInvokeConfig", "lambda:UpdateFunctionEventInvokeConfig",
        "lambda:GetFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig",
    ),
    "AWS::Lambda::EventSourceMapping": (
        "lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping",
        "lambda:DeleteEventSourceMapping", "lambda:ListTags", "lambda:TagResource", "lambda:UntagResource",
    ),
    "AWS::Lambda::Function": (
        "lambda:CreateFunction", "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction", "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetRuntimeManagementConfig", "lambda:GetFunctionRecursionConfig", "lambda:PutFunctionRecursionConfig",
        "lambda:ListTags", "lambda:TagResource", "lambda:UntagResource",
    ),
    "AWS::Lambda::Permission": ("lambda:AddPermission", "lambda:RemovePermission", "lambda:GetPolicy"),
    "AWS::Logs::LogGroup": (
        "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy",
        "logs:AssociateKmsKey", "logs:DisassociateKmsKey",
        "logs:TagResource", "logs:UntagResource", "logs:ListTagsForResource",
    ),
    "AWS::SNS::Subscription": ("sns:Subscribe", "sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes"),
    "AWS::SNS::Topic": (
        "sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:SetTopicAttributes",
        "sns:ListSubscriptionsByTopic", "sns:GetDataProtectionPolicy", "sns:Subscribe", "sns:Unsubscribe",
        "sns:TagResource", "sns:UntagResource", "sns:ListTagsForResource",
    ),
    "AWS::SNS::TopicPolicy": ("sns:GetTopicAttributes", "sns:SetTopicAttributes"),
    "AWS::SQS::Queue": (
        "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:GetQueueUrl",
        "sqs:TagQueue", "sqs:UntagQueue", "sqs:ListQueueTags",
    ),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes", "sqs:GetQueueAttributes"),
    "AWS::SecretsManager::Secret": (
        "secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:UpdateSecret",
        "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret",
        "secretsmanager:TagResource", "secretsmanager:UntagResource",
    ),
}

# Actions that accept no resource of a name that is known before the deployment.
_OF_ACCOUNT = {
    "cloudwatch:DescribeAlarms",
    "lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes",
    *_ACCESS_LOG,
}
_LISTS = {"AWS::Logs::LogGroup": ("logs:DescribeLogGroups",)}


def types_of(template: dict) -> set[str]:
    """The types of all resources of the translated template, those of every condition included."""
    return {resource["Type"] for resource in source.translate(template)["Resources"].values()}


def policy_for(types: set[str]) -> dict:
    """The policy that lets somebody deploy a stack with resources of these types."""
    if unknown := sorted(types - ACTIONS.keys()):
        raise KeyError(f"{', '.join(unknown)}: add the actions to hooklane_local/deployer_policy.py")
    named: dict[str, set[str]] = {}
    account = set()
    for one in types:
        for action in (*ACTIONS[one], *_LISTS.get(one, ())):
            service = action.split(":")[0]
            if service == "ec2" or action in _OF_ACCOUNT or action in _LISTS.get(one, ()):
                account.add(action)
            else:
                named.setdefault(service, set()).add(action)
            account.update(SERVICES[service].of_account)
    statements = [*_deploying()]
    for service, actions in sorted(named.items()):
        statements.append(_allow(service.capitalize(), sorted(actions), list(SERVICES[service].resources)))
    statements.append(_allow("OfTheAccount", sorted(account), ["*"]))
    if "AWS::Lambda::Function" in types:
        passing = _allow("RolesForLambdaOnly", ["iam:PassRole"], list(SERVICES["iam"].resources))
        statements.append({**passing, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}})
    return {"Version": "2012-10-17", "Statement": statements}


def _deploying() -> list[dict]:
    """What `sam deploy` and `install.sh` themselves call: change sets, and their bucket for what they upload."""
    stacks = [f"arn:aws:cloudformation:*:*:stack/{name}/*" for name in (f"{_STACK}*", "aws-sam-cli-managed-default")]
    buckets = ["arn:aws:s3:::aws-sam-cli-managed-default-*", f"arn:aws:s3:::{_STACK}-*"]
    return [
        _allow(
            "Stack",
            [
                "cloudformation:CreateChangeSet", "cloudformation:CreateStack", "cloudformation:DeleteChangeSet",
                "cloudformation:DeleteStack", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResources", "cloudformation:DescribeStacks",
                "cloudformation:ExecuteChangeSet", "cloudformation:GetTemplate", "cloudformation:ListStackResources",
            ],
            [*stacks, "arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31"],
        ),
        _allow("Templates", ["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"], ["*"]),
        _allow(
            "Uploads",
            [
                "s3:CreateBucket", "s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration",
                "s3:GetObject", "s3:ListBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutObject",
            ],
            [resource for bucket in buckets for resource in (bucket, f"{bucket}/*")],
        ),
    ]


def _allow(name: str, actions: list[str], resources: list[str]) -> dict:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}


def current() -> str:
    """The file as it must be for the template as it is."""
    return json.dumps(policy_for(types_of(source.read())), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(current())
