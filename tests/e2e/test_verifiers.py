"""The packages that receivers use verify the requests that a receiver got."""

import base64
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hooklane_local.receiver_languages import NODE_PACKAGES
from languages import require
from verifiers import Check, Verdict, check_of, node_verdicts, pypi_verdict

TEXT_SECRET = "your-webhook-secret"
WHSEC = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER_WHSEC = "whsec_" + base64.b64encode(bytes(24)).decode()

EVENT_TYPE = "order.completed"
# As a producer writes it. A change to the text of numbers or to escapes would show.
DATA = (
    '{"id": 1234567890123456789, "total": 1.0, "fee": 1E-7, "note": "Größe € 😀 \\u00e9 \\/ \\"q\\" \\n",'
    ' "items": [{}, [], {"10": null, "9": true}], "nothing": {}}'
)
# The same data, as a language reads it that has only doubles.
UNDERSTOOD = {
    "id": 1234567890123456800,
    "total": 1,
    "fee": 1e-7,
    "note": 'Größe € 😀 é / "q" \n',
    "items": [{}, [], {"10": None, "9": True}],
    "nothing": {},
}

# All of them refuse what is older than five minutes, with the same error as for a wrong signature.
TOO_LATE = timedelta(minutes=6)
STILL_IN_TIME = timedelta(minutes=4)


@dataclass(frozen=True)
class Case:
    contract: str
    package: str
    secret: str
    other_secret: str
    refusal: str
    # The header with the time of the signature, if there is one. It is signed too.
    time_header: str | None = None
    checks_age: bool = False


STANDARD = {
    "secret": WHSEC,
    "other_secret": OTHER_WHSEC,
    "refusal": "WebhookVerificationError",
    "time_header": "webhook-timestamp",
    "checks_age": True,
}
CASES = [
    Case("standard", "standardwebhooks", **STANDARD),
    Case("standard", "svix", **STANDARD),
    Case("cloudevents", "standardwebhooks", **STANDARD),
    Case("cloudevents", "svix", **STANDARD),
    Case("github", "@octokit/webhooks-methods", TEXT_SECRET, "another-secret", "SignatureMismatch"),
    Case("stripe", "stripe", WHSEC, OTHER_WHSEC, "StripeSignatureVerificationError", checks_age=True),
]
NODE = [pytest.param(case, id=f"{case.contract} by {case.package}") for case in CASES]
PYPI = [pytest.param(case, id=case.contract) for case in CASES if case.package == "standardwebhooks"]


@pytest.fixture
def node_packages() -> None:
    """Skips the test on a machine that cannot run them, before anything is delivered."""
    require(*NODE_PACKAGES)


@pytest.fixture
def delivered(api, register, requests):
    """`delivered(contract, secret)`: the request that a receiver under this contract got, and its secret."""

    def deliver(contract: str, secret: str):
        webhook = register(contract=contract, secret=secret)
        body = f'{{"type": "{EVENT_TYPE}", "data": {DATA}}}'.encode()
        api.post("/api/v1/events", body).expect(202)
        (request,) = requests(1)
        return request, webhook["secret"]

    return deliver


def one_bit_changed(body: bytes, where: int) -> bytes:
    return body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]


def acceptable(case: Case, genuine: Check) -> list[Check]:
    """The forms of the request that the package must accept."""
    late = [replace(genuine, later_by=STILL_IN_TIME)] if case.checks_age else []
    return [genuine, *late]


def unacceptable(case: Case, genuine: Check) -> dict[str, Check]:
    """The forms that it must refuse, by what is wrong with them."""
    body = genuine.body
    wrong = {
        "first byte": replace(genuine, body=one_bit_changed(body, 0)),
        "a byte in the middle": replace(genuine, body=one_bit_changed(body, len(body) // 2)),
        "last byte": replace(genuine, body=one_bit_changed(body, len(body) - 1)),
        "one byte more": replace(genuine, body=body + b" "),
        "one byte less": replace(genuine, body=body[:-1]),
        "another secret": replace(genuine, secret=case.other_secret),
    }
    if case.checks_age:
        wrong["too old"] = replace(genuine, later_by=TOO_LATE)
    if case.time_header:
        one_second_on = str(int(genuine.headers[case.time_header]) + 1)
        wrong["another time"] = genuine.with_header(case.time_header, one_second_on)
        wrong["another id"] = genuine.with_header("webhook-id", "evt_of_another_event")
    return wrong


def assert_verdicts(case: Case, good: list[Verdict], bad: dict[str, Verdict]) -> None:
    assert [verdict.accepted for verdict in good] == [True] * len(good), good
    assert {what: verdict.error for what, verdict in bad.items()} == dict.fromkeys(bad, case.refusal), bad


@pytest.mark.usefixtures("node_packages")
@pytest.mark.parametrize("case", NODE)
def test_a_node_package_accepts_only_genuine_requests(case, delivered):
    genuine = check_of(case.package, *delivered(case.contract, case.secret))
    good, bad = acceptable(case, genuine), unacceptable(case, genuine)

    verdicts = node_verdicts(good + list(bad.values()))

    assert_verdicts(case, verdicts[: len(good)], dict(zip(bad, verdicts[len(good) :], strict=True)))
    assert data_in(case.contract, verdicts[0].understood) == UNDERSTOOD


@pytest.mark.parametrize("case", PYPI)
def test_the_python_package_accepts_only_genuine_requests(case, delivered):
    genuine = check_of(case.package, *delivered(case.contract, case.secret))
    good, bad = acceptable(case, genuine), unacceptable(case, genuine)

    verdicts = [pypi_verdict(check) for check in good]

    assert_verdicts(case, verdicts, {what: pypi_verdict(check) for what, check in bad.items()})
    understood = data_in(case.contract, verdicts[0].understood)
    # Python keeps all digits of the number.
    assert understood == {**UNDERSTOOD, "id": 1234567890123456789}


@pytest.mark.usefixtures("node_packages")
def test_the_cloudevents_package_reads_a_delivery_as_its_event(tenant, delivered):
    request, secret = delivered("cloudevents", WHSEC)
    check = check_of("cloudevents", request, secret)
    incomplete = replace(check, body=check.body.replace(b'"type":', b'"kind":', 1))

    verdict, refused = node_verdicts([check, incomplete])

    assert verdict.accepted, verdict
    event = dict(verdict.understood)
    assert event.pop("time").endswith("Z")
    assert event == {
        "specversion": "1.0",
        # The event's id is also the message's id of Standard Webhooks.
        "id": request.headers["webhook-id"],
        "source": f"/tenants/{tenant}",
        "type": EVENT_TYPE,
        "datacontenttype": "application/json",
        "data": UNDERSTOOD,
    }
    assert not refused.accepted, "the package does not check the attributes"


def data_in(contract: str, understood):
    """The event's data in what a package returns."""
    match contract:
        case "github":
            return understood
        case "stripe":
            assert (understood["object"], understood["type"]) == ("event", EVENT_TYPE)
            return understood["data"]["object"]
        case _:
            assert understood["type"] == EVENT_TYPE
            return understood["data"]
