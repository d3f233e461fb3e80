"""A receiver gets the golden request of its contract, byte for byte except for ids, times and signatures:
no queue and no HTTP client on the way changes it."""

import re

import pytest
from hooklane_local.paths import ROOT
from readers import CONTRACTS

SNAPSHOTS = ROOT / "shared" / "contract" / "bundled" / "src" / "snapshots"

# Headers that the HTTP client adds.
OF_THE_CLIENT = {"host", "content-length", "accept"}

# The samples of shared/contract/bundled/src/tests/sample.rs, as a producer publishes them.
EVENTS = {
    "bare": r'{"id": "evt-1", "type": "task.created", "data": { "taskId": "123", "title": "New Task" }}',
    "full": r"""{"id": "evt-1", "type": "task.completed", "version": "2.0", "timestamp": "2024-01-15T10:30:00.123Z",
        "metadata": {"source":"api","userId":"u-1","requestId":"req-1"},
        "data": { "note": 1, "title": "Gr\u00f6ße \/ <b>\"1\"</b> \ud83d\ude00", "id": 1234567890123456789,
            "amount": 1.50, "rate": 1E+21, "7": [true, null, -0.0], "note": 2 }}""",
}

# What differs in each run, and what replaces it before comparing. Times and numbers keep their form.
VARYING = [
    (r"wh_[0-9A-Z]{26}", "wh_…"),
    (r"dlv_[\w-]+", "dlv_…"),
    (r"\b[0-9a-f]{64}\b", "<hex>"),
    (r"[A-Za-z0-9+/]{43}=", "<base64>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "0000-00-00T00:00:00"),
    (r"(?<=T00:00:00\.)\d{3}(?=Z)", "000"),
    (r"(?<!\d)\d{10}(?!\d)", "0000000000"),
]


def normalised(text: str) -> str:
    for pattern, instead in VARYING:
        text = re.sub(pattern, instead, text)
    return text


def golden(contract: str, event: str) -> str:
    snapshot = (SNAPSHOTS / f"hooklane_bundled_contracts__tests__{contract}.{event}.snap").read_text(encoding="utf-8")
    return snapshot.split("---\n", 2)[2].rstrip("\n")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_receiver_gets_the_golden_request(contract, event, api, tenant, register, requests):
    register(contract=contract, name='Orders "new"')
    api.post("/api/v1/events", EVENTS[event].encode()).expect(202)

    (request,) = requests(1)

    lines = sorted((name.lower(), value) for name, value in request.header_list if name.lower() not in OF_THE_CLIENT)
    headers = "\n".join(f"{name}: {value}" for name, value in lines)
    arrived = f"{request.method}\n{headers}\n\n{request.body.decode()}"
    assert normalised(arrived.replace(f"/tenants/{tenant}", "/tenants/acme")) == normalised(golden(contract, event))
