"""What producers and tenants really send, and receivers that sign what they parsed."""

import base64
import json
import shutil
import subprocess

import pytest
from hooklane_local.paths import VERIFIERS
from languages import require

SECRET = "your-webhook-secret"
# As other languages write it: JavaScript has no `1.0`, and puts keys that are numbers first.
DATA = '{"b": 1.0, "10": "\\u00e9", "9": [1e2, -0.0, 1234567890123456789], "half": "\\uD83D", "total": 99.90}'
# The contract, the header of its signature, and what stands before the hex digits.
SIGNED_BY_JAVASCRIPT = [
    ("aegisx", "x-webhook-signature-256", "sha256="),
    ("task-hub", "x-hub-signature", "sha256="),
    ("virtual-queue", "x-webhook-signature", "sha256="),
    ("virtual-queue-hex", "x-webhook-signature", ""),
]


def restringified(body: bytes, secret: str) -> str:
    """The signature that a receiver in JavaScript computes from the body that its framework parsed."""
    require("node")
    ended = subprocess.run(
        [shutil.which("node") or "node", "restringify.mjs"],
        cwd=VERIFIERS,
        input=json.dumps({"secret": secret, "body": base64.b64encode(body).decode()}),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return ended.stdout


@pytest.mark.parametrize(("contract", "header", "prefix"), SIGNED_BY_JAVASCRIPT)
def test_a_receiver_that_signs_json_stringify_of_its_body_verifies(contract, header, prefix, api, register, requests):
    register(contract=contract, secret=SECRET)
    api.post("/api/v1/events", f'{{"type": "order.completed", "data": {DATA}}}'.encode()).expect(202)

    (request,) = requests(1)

    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers[header] == prefix + restringified(request.body, SECRET)


def test_single_label_hosts_are_refused_although_this_machine_is_listed(api):
    for url in ["https:///x", "https://intranet/", "https://intranet./", "https:/example.com/"]:
        api.post("/api/v1/webhooks", {"url": url, "events": ["*"]}).expect(422)


def test_a_byte_order_mark_before_json_is_ignored(api, register, requests):
    register()

    api.post("/api/v1/events", '\ufeff{"type": "order.completed", "data": {"orderId": "1"}}'.encode()).expect(202)

    (request,) = requests(1)
    assert json.loads(request.body)["data"] == {"orderId": "1"}
