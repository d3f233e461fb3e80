"""The stack whose dead letters are redriven: the local one, or one on AWS."""

from dataclasses import dataclass

from hooklane_local.progress import Failure

# The functions that put dead letters aside, by the name of what they were.
SOURCES = ("events", "fanout", "stats", "deliveries", "upkeep")


class CannotSend(Exception):
    """Why a dead letter stays in its queue."""


@dataclass
class Target:
    """A deployed stack: its clients, and its queues, table and functions under the names of `stack.json`."""

    sqs: object
    lambdas: object
    dynamodb: object
    dynamodbstreams: object
    description: dict


def target_of(stack_name: str | None, local_description: dict | None) -> Target:
    """A stack on AWS by its name, with the caller's own credentials; without a name, the local stack."""
    if stack_name is None:
        if local_description is None:
            raise Failure("no local stack runs: start one with `make up`, or name one on AWS with STACK=name")
        from hooklane_local.aws import client

        def make(service: str):
            return client(service, local_description["awsEndpointUrl"])

        description = local_description
    else:
        import boto3

        make = boto3.client
        stacks = make("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
        description = _description_of({o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]})
    return Target(make("sqs"), make("lambda"), make("dynamodb"), make("dynamodbstreams"), description)


def _description_of(outputs: dict) -> dict:
    return {
        "eventQueueUrl": outputs["EventQueueUrl"],
        "deliveryQueueUrl": outputs["DeliveryQueueUrl"],
        "retryQueueUrl": outputs["RetryQueueUrl"],
        "deadLetterQueueUrls": {
            "events": outputs["EventDeadLetterQueueUrl"],
            "fanout": outputs["FanoutDeadLetterQueueUrl"],
            "stats": outputs["StatsDeadLetterQueueUrl"],
            "deliveries": outputs["DeliveryDeadLetterQueueUrl"],
            "upkeep": outputs["UpkeepDeadLetterQueueUrl"],
        },
        "ledgerTable": outputs["LedgerTableName"],
        "functions": {name: outputs[f"{name}Name"] for name in ("FanoutFunction", "StatsFunction")},
    }
