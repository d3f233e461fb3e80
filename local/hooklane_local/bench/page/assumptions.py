"""What the model assumes, and the prices that it uses."""

from hooklane_local.bench import model
from hooklane_local.bench.deployed import Deployed
from hooklane_local.bench.model import PROVISIONED
from hooklane_local.bench.prices import Prices
from hooklane_local.bench.table import percent, table


def what_is_assumed(deployed: Deployed) -> str:
    memory = sorted({deployed.memory_mb[name] for name in model.AWS_TURNS})
    body = [
        ("receivers answer after", f"{model.ANSWER_MS} ms, unless the case says otherwise; a batch waits for the slowest"),
        ("a call of AWS takes", f"{model.AWS_CALL_MS} ms, twice in turn in `delivery`, once in each other function"),
        (
            "memory and processor",
            f"{', '.join(map(str, memory))} MB, which is {percent(memory[0] / model.MB_OF_A_PROCESSOR, 1)} of a processor: "
            "processor time takes that much longer",
        ),
        ("Lambda's own requests to SQS", "one receive and one delete for each batch"),
        ("the producer", f"sends batches as large as `ingest` gets them; an event has {model.ENVELOPE_BYTES} B around its data"),
        (
            "messages of deliveries",
            f"carry content of up to {model.PLAIN_BYTES // 1024} KiB as it is, or up to {model.PACKED_BYTES // 1024} KiB "
            f"compressed to {percent(model.COMPRESSED)}; a larger one is read by `delivery`",
        ),
        (
            "logs",
            "the functions' lines as counted, "
            + (
                "and Lambda's three for each invocation"
                if deployed.platform_lines
                else "none of Lambda's, which the template turns off"
            )
            + f", {model.LOG_LINE_BYTES} B more for each batch; {model.ACCESS_LOG_BYTES} B for each call of the API",
        ),
        ("a request to a receiver", f"has {model.POST_OVERHEAD_BYTES} B beside the event's data"),
        ("a key of your own", f"is used {model.KMS_USES_PER_MILLION:,} times for a million deliveries"),
        ("storage", f"is what deliveries fill within {deployed.retention_days} days, once the first ones expire"),
    ]
    return f"""\
## What is assumed

{table(("", ""), body, left=2)}

Not in it: retries beyond the first attempts of the cases, reads of pages and of the API, recoveries, point-in-time recovery, a NAT gateway ([operations.md](operations.md#fixed-egress-addresses))."""


def price_table(prices: Prices) -> str:
    per_million_writes, per_million_reads = (
        model.provisioned_per_million(hour, PROVISIONED.provisioned_use)
        for hour in (prices.dynamodb.write_unit_hour, prices.dynamodb.read_unit_hour)
    )
    table_of, functions = prices.dynamodb, prices.functions
    body = [
        ("[DynamoDB, on demand](https://aws.amazon.com/dynamodb/pricing/on-demand/)",
         f"{table_of.write_per_million} and {table_of.read_per_million} a million write and read units"),
        ("[DynamoDB, provisioned](https://aws.amazon.com/dynamodb/pricing/provisioned/)",
         f"{table_of.write_unit_hour:.5f} and {table_of.read_unit_hour:.5f} a unit-hour, at "
         f"{percent(PROVISIONED.provisioned_use)} use {per_million_writes:.3f} and {per_million_reads:.3f} a million; reserved for a "
         f"year {percent(table_of.reserved_1_year_off)} less, for three {percent(table_of.reserved_3_years_off)}"),
        ("[DynamoDB, storage](https://aws.amazon.com/dynamodb/pricing/on-demand/)", f"{table_of.storage_gb_month} a GB-month"),
        ("[SQS](https://aws.amazon.com/sqs/pricing/)",
         f"{prices.sqs.per_million:.2f} a million requests, each {prices.sqs.billed_bytes // 1024} KiB one"),
        ("[Lambda](https://aws.amazon.com/lambda/pricing/)",
         f"{functions.requests_per_million:.2f} a million requests, {functions.x86_64_gb_second:.10f} a GB-second, "
         f"{functions.arm64_gb_second:.10f} on arm64"),
        ("[API Gateway, HTTP API](https://aws.amazon.com/api-gateway/pricing/)", f"{prices.api.per_million:.2f} a million requests"),
        ("[CloudWatch](https://aws.amazon.com/cloudwatch/pricing/)",
         f"{prices.cloudwatch.logs_gb:.2f} a GB of logs, {prices.cloudwatch.alarm_month:.2f} an alarm, "
         f"{prices.cloudwatch.metric_month:.2f} a metric"),
        ("[KMS](https://aws.amazon.com/kms/pricing/)",
         f"{prices.kms.key_month:.2f} a month for a key of your own, {prices.kms.per_ten_thousand:.2f} for 10,000 uses"),
        ("[Secrets Manager](https://aws.amazon.com/secrets-manager/pricing/)", f"{prices.secrets.secret_month:.2f} a secret and month"),
        ("[Data to the internet](https://aws.amazon.com/ec2/pricing/on-demand/)",
         f"{prices.transfer.gb:.2f} a GB after {prices.transfer.free_gb_month:g} GB a month"),
    ]  # fmt: skip
    return f"""\
## Prices

Of {prices.as_of}, in dollars.

{table(("", ""), body, left=2)}"""
