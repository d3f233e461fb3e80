"""The covering list of stacks: each parameter is away from its default in at least one of them.

The assertions hold for the default stack and for each of these, and a test deploys each to the local stack. A
new parameter fails `make check` until one of these sets it: add it here, to whichever stack it fits.
"""

from hooklane_local.paths import ROOT

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# A certificate whose line ends have become blanks, as on the way through a command line.
AUTHORITY = " ".join((ROOT / "shared" / "sender" / "src" / "tests" / "authority.pem").read_text().split("\n")).strip()

# What the stacks of tests set anyway says nothing about a parameter, so it is away from both here.
COVERING: dict[str, dict[str, str]] = {
    # More of everything: a platform that is busy and careful.
    "large": {
        "Architecture": "arm64",
        "LogLevel": "debug",
        "LogRetentionDays": "90",
        "Scale": "large",
        "BatchingSeconds": "2",
        "EventsPerMessage": "10",
        "EventIndexSeconds": "30",
        "Tracing": "true",
        "MemoryApi": "1769",
        "MemoryDashboard": "1769",
        "MemoryIngest": "512",
        "MemoryFanout": "1024",
        "MemoryStats": "512",
        "MemoryDelivery": "1024",
        "MemoryUpkeep": "1769",
        "TimeoutApi": "20",
        "TimeoutDashboard": "20",
        "PortalFrameAncestors": "https://app.example.com",
        "TimeoutIngest": "60",
        "TimeoutFanout": "120",
        "TimeoutStats": "300",
        "TimeoutDelivery": "120",
        "TimeoutUpkeep": "300",
        "BillingMode": "PROVISIONED",
        "RegistryReadCapacity": "50",
        "RegistryWriteCapacity": "20",
        "LedgerReadCapacity": "100",
        "LedgerWriteCapacity": "400",
        "RetentionDays": "90",
        "LedgerPointInTimeRecovery": "true",
        "CircuitFailures": "20",
        "CircuitSeconds": "120",
        "FirstProbeSeconds": "30",
        "LongestProbeSeconds": "3600",
        "SlowResponseMs": "2000",
        "DisableAfterDays": "10",
        "MaxParked": "1000000",
        "BrakeInFlight": "60000",
        "ApiRate": "5000",
        "ApiBurst": "2500",
        "ApiRateLimit": "6000",
        "UsageMinutes": "720",
        "AlarmEmail": "on-call@example.com",
        "CompositeAlarms": "false",
        "AlarmDeliveryRate": "0.9",
        "AlarmResponseMs": "8000",
        "AlarmRetryRate": "0.2",
        "AlarmErrorRate": "0.1",
        "AlarmDeadLetters": "10",
        "AlarmEventAgeSeconds": "600",
        "AlarmDeliveryAgeSeconds": "900",
        "AlarmInFlight": "50000",
        "AlarmIteratorAgeMs": "600000",
        "AlarmFunctionErrors": "10",
        "AlarmThrottles": "500",
        "AlarmApiErrors": "20",
        "AlarmApiLatencyMs": "5000",
        "CanaryMinutes": "15",
        "TestInboxes": "https://in.example.com",
        "OperatorBusName": "platform",
    },
    # Own keys, own domain, own network, own rules.
    "own": {
        "DeletionProtection": "false",
        "KmsKeyArn": KEY,
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
        "PublishingTopicArns": "arn:aws:sns:us-east-1:210987654321:orders,arn:aws:sns:eu-west-1:210987654321:billing",
        "AllowedTargetCidrs": "10.1.0.0/16=acme|beta, 10.2.0.0/16",
        "AllowedTargetPorts": "443,8443",
        "TrustedTargetCas": AUTHORITY,
        "EgressSubnetIds": "subnet-0a1,subnet-0b2",
        "EgressSecurityGroupIds": "sg-0c3",
        "FixedEgress": "subnets",
        "EgressIpv6": "true",
        "SourceCidrs": "203.0.113.7/32",
        "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:on-call",
        "Dashboard": "false",
        "CorsAllowedOrigins": "https://app.example.com,https://admin.example.com",
        "ApiDomainName": "hooks.example.com",
        "ApiCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
        "DefaultContract": "github",
        "DefaultCatalog": "default",
        "QuotaWebhooks": "100",
        "QuotaExpressionCost": "100000000",
        "QuotaEventTypes": "50",
        "QuotaEventsPerWebhook": "20",
        "QuotaHeaderBytesPerWebhook": "2048",
        "QuotaTokensPerDay": "100",
        "QuotaConcurrentTests": "1",
        "QuotaRecoveriesPerDay": "5",
        "QuotaConcurrentScans": "1",
        "QuotaKeys": "10",
    },
    # Somebody who watches the stack with tools of their own.
    "unwatched": {"Alarms": "false", "CompositeAlarms": "false", "TestInboxes": "off"},
}


def uncovered(declared: dict) -> list[str]:
    """The parameters that no stack sets to something else than their default."""
    return [
        name
        for name, parameter in declared.items()
        if not any(name in given and given[name] != str(parameter.get("Default")) for given in COVERING.values())
    ]
