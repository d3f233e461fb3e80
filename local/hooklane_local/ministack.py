"""Starts MiniStack with the names that IAM has for the batch calls of SQS: `python -m hooklane_local.ministack`.

On AWS, `sqs:SendMessage` permits `SendMessageBatch` too, and no action of that name exists (Service
Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"). MiniStack takes the
operation's name for the action. A role that satisfies both would need `sqs:SendMessage*`, and a star in
the product's template for the emulator's sake is the wrong way round.
"""

_SQS = "AmazonSQS."
_BATCH = "Batch"


def action_of(target: str, operation: str | None) -> str | None:
    """The IAM action of an operation, by the header X-Amz-Target of its request."""
    if operation and target.startswith(_SQS) and operation.endswith(_BATCH):
        return operation.removesuffix(_BATCH)
    return operation


def main() -> None:
    from ministack.app import main as ministack
    from ministack.core import iam_actions

    named = iam_actions._action_from_target
    iam_actions._action_from_target = lambda headers: action_of(headers.get("x-amz-target", ""), named(headers))
    ministack()


if __name__ == "__main__":
    main()
