"""Lines as the harness of `bench/` prints them, with figures that are made up."""

EVENT_BYTES, DELIVERY_BYTES = 800, 700


def line(case: str, function: str, **members) -> dict:
    """What a function that did nothing but run would print for a case."""
    idle = {
        "deliveries": 1000,
        "cpu_us_per_delivery": 0.0,
        "requests_per_delivery": {},
        "write_units_per_delivery": 0.0,
        "read_units_per_delivery": 0.0,
        "invocations_per_delivery": 0.0,
        "busy_ms_per_delivery": 0.0,
        "stored_bytes_per_delivery": 0.0,
        "log_bytes_per_delivery": 0.0,
        "peak_rss_mib": 14.0,
    }
    return {"case": case, "run": 1, "function": function, **idle, **members}


def of_releases(limits: str, *, released: int, left: int) -> dict:
    """What a run of `upkeep` would print that had one webhook with parked deliveries."""
    return {
        **line("releases", "upkeep"),
        "shape": f"1x{released + left}x500",
        "webhooks": 1,
        "parked": released + left,
        "bytes": 500,
        "limits": limits,
        "released": released,
        "left": left,
        "seconds": 50.04,
        "released_a_minute": float(released),
        "cpu_us_per_delivery": 1000.0,
        "requests_per_delivery": {"SQS SendMessage": 1.0, "DynamoDB DeleteItem": 1.0},
        "write_units_per_delivery": 4.0,
        "read_units_per_delivery": 1.5,
    }


def of_fan_out(subscriptions: str, *, webhooks: int, batch: int, cpu_ms: float) -> dict:
    """What an invocation of `fanout` would print whose events have so many webhooks."""
    return {
        "case": "fanout",
        "webhooks": webhooks,
        "batch": batch,
        "subscriptions": subscriptions,
        "messages": webhooks * batch,
        "cpu_ms": cpu_ms,
        "requests": webhooks * batch // 10 + 1,
        "peak_rss_mib": 30.0,
        "seconds_at_mb": {"128": cpu_ms / 72.36, "256": cpu_ms / 144.7},
    }


def of_case(
    name: str, *, webhooks: int = 1, batch: int = 10, accepting: str = "ingest", in_a_message: int = 1
) -> list[dict]:
    """A line for each function and for the loop. One event of each batch, and one delivery of each, is a write."""
    events = 1 / webhooks
    at_once = batch * in_a_message
    batches = events if accepting == "api" else events / batch
    return [
        line(
            name,
            accepting,
            cpu_us_per_delivery=100 * events,
            requests_per_delivery={"DynamoDB BatchExecuteStatement": batches},
            write_units_per_delivery=events,
            invocations_per_delivery=batches,
            stored_bytes_per_delivery=EVENT_BYTES * events,
            log_bytes_per_delivery=600 * batches,
            peak_rss_mib=11.0,
        ),
        line(
            name,
            "fanout",
            cpu_us_per_delivery=20,
            requests_per_delivery={"SQS SendMessageBatch": max(0.1 / in_a_message, events / batch)},
            invocations_per_delivery=events / batch,
        ),
        line(
            name,
            "delivery",
            cpu_us_per_delivery=280,
            requests_per_delivery={"DynamoDB BatchExecuteStatement": 1 / at_once, "DynamoDB BatchGetItem": 1 / at_once},
            write_units_per_delivery=1.0,
            read_units_per_delivery=1.0,
            invocations_per_delivery=1 / at_once,
            busy_ms_per_delivery=0.38,
            stored_bytes_per_delivery=DELIVERY_BYTES,
            log_bytes_per_delivery=900 / at_once,
            peak_rss_mib=15.5,
        ),
        {"case": name, "run": 1, "function": "loop", "posts": 1000, "cpu_us_per_post": 100.0},
    ]


def starts() -> list[dict]:
    programs = {"nothing": (4.0, 2.0), "ingest": (10.5, 9.0), "delivery": (11.5, 7.5)}
    return [
        {"case": "start", "run": 1, "function": name, "cold_start_ms": time, "binary_mib": size}
        for name, (time, size) in programs.items()
    ]


def everything() -> list[dict]:
    """A whole run, in which every count is within its bound."""
    return [
        *of_case("1x10x500"),
        *of_case("10x10x500", webhooks=10),
        *of_case("1x1x500", batch=1),
        *of_case("1x1x500-api", batch=1, accepting="api"),
        *of_case("1x10x200000"),
        *of_case("1x10x500-2s"),
        *of_case("1x10x500-50%"),
        *of_case("1x10x500-by10", in_a_message=10),
        *of_case("10x10x500-by10", webhooks=10, in_a_message=10),
        *starts(),
        {"case": "stand-ins", "function": "stand-ins", "requests_per_s": 21000.0},
    ]
