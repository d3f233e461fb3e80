"""What cfn-lint and checkov find in the template and why it stays, by rule: the resources, and the reason.

A reason says why, or where the thing is decided otherwise. "False alarm" is one too, with its proof.
"""

_FUNCTIONS = (
    "ApiFunction",
    "DashboardFunction",
    "IngestFunction",
    "FanoutFunction",
    "StatsFunction",
    "DeliveryFunction",
    "UpkeepFunction",
)
_LOG_GROUPS = (
    "AccessLogGroup",
    "ApiLogGroup",
    "DashboardLogGroup",
    "IngestLogGroup",
    "FanoutLogGroup",
    "StatsLogGroup",
    "DeliveryLogGroup",
    "UpkeepLogGroup",
)
_QUEUES = (
    "EventQueue",
    "DeliveryQueue",
    "RetryQueue",
    "EventDeadLetterQueue",
    "FanoutDeadLetterQueue",
    "StatsDeadLetterQueue",
    "DeliveryDeadLetterQueue",
    "UpkeepDeadLetterQueue",
)

# checkov looks at the default stack. What it says about keys and networks is a parameter.
ACCEPTED: dict[str, tuple[tuple[str, ...], str]] = {
    "CKV_AWS_27": (
        _QUEUES,
        "False alarm: it knows keys of KMS only. SqsManagedSseEnabled encrypts, which an assertion holds.",
    ),
    "CKV_AWS_28": (("LedgerTable",), "LedgerPointInTimeRecovery is a parameter: it costs as much as the data again."),
    "CKV_AWS_111": (
        ("ApiRole", "DashboardRole", "DeliveryRole"),
        "Network interfaces of a VPC: EC2 takes no resource there. A second statement denies them to the code itself.",
    ),
    "CKV_AWS_115": (
        _FUNCTIONS,
        "Reserved concurrency fails to deploy on accounts of ten; Scale limits the queues' instances instead.",
    ),
    "CKV_AWS_116": (
        _FUNCTIONS,
        "Only upkeep is invoked asynchronously, and its next run follows within a minute. Queues and streams have "
        "dead-letter queues of their own.",
    ),
    "CKV_AWS_117": (
        _FUNCTIONS,
        "A VPC is a parameter for what calls receivers. The others call AWS only, and a VPC would need endpoints.",
    ),
    "CKV_AWS_119": (("RegistryTable", "LedgerTable"), "A key of one's own is the parameter KmsKeyArn."),
    "CKV_AWS_149": (
        ("OperatorKeySecret", "DataKeySecret", "TokenKeySecret"),
        "A key of one's own is the parameter KmsKeyArn.",
    ),
    "CKV_AWS_158": (_LOG_GROUPS, "A key of one's own is the parameter KmsKeyArn. Logs are encrypted without it too."),
    "CKV_AWS_173": (
        _FUNCTIONS,
        "The variables hold names and limits, no secret. Lambda encrypts them at rest with a key of its own.",
    ),
}
