"""A secret is rotated and no receiver misses anything: not the one that still has the old secret, not
the one that has the new one already, and under no contract."""

import base64

import pytest
from hooklane_local import behaviours
from readers import CONTRACTS, READERS, Reading, reader_of
from verifiers import check_of, pypi_verdict

# Long enough that it lasts for as long as a test may take.
LASTING = 600
SHORT = 1
# In the form that the libraries of Standard Webhooks read; to everyone else it is a text.
NOBODYS = "whsec_" + base64.b64encode(bytes(32)).decode()


@pytest.fixture
def delivered(publish, receiver, requests):
    """`delivered()`: publishes one event more and returns its request, where each has one."""

    def deliver():
        count = len(receiver.requests) + 1
        publish()
        return requests(count)[-1]

    return deliver


def test_every_contract_has_a_reader():
    assert sorted(READERS) == CONTRACTS, "say in readers.py by what its receivers verify"


@pytest.mark.parametrize("contract", CONTRACTS)
def test_in_the_overlap_receivers_with_either_secret_verify_every_attempt(
    contract, register, rotate, publish, receiver, requests
):
    receiver.respond = behaviours.failing(1)
    reader = reader_of(contract)
    webhook = register(contract=contract, retryPolicy={"schedule": [1]})
    rotated = rotate(webhook, LASTING)
    old, new = webhook["secret"], rotated["secret"]
    assert old != new and "previousSecretExpiresAt" in rotated

    publish()
    publish()

    came = requests(3)
    assert [reader.next_header in request.headers for request in came] == [not reader.several] * 3
    expected = {(old, reader.header): True, (new, reader.header): reader.several, (NOBODYS, reader.header): False}
    if not reader.several:
        expected |= {(new, reader.next_header): True, (old, reader.next_header): False}
    assert verdicts(reader, came, expected) == {key: [verdict] * 3 for key, verdict in expected.items()}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_after_the_overlap_the_new_secret_alone_verifies(
    contract, register, rotate, overlap_is_over, publish, requests
):
    reader = reader_of(contract)
    webhook = register(contract=contract)
    old, new = webhook["secret"], rotate(webhook, SHORT)["secret"]
    overlap_is_over(webhook)

    publish()

    assert_signed_by(reader, requests(1), new, none_of=[old])


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_rotation_without_an_overlap_ends_every_older_secret_at_once(contract, register, rotate, publish, requests):
    reader = reader_of(contract)
    webhook = register(contract=contract)
    second = rotate(webhook, LASTING)["secret"]
    third = rotate(webhook, 0)
    assert "previousSecretExpiresAt" not in third

    publish()

    assert_signed_by(reader, requests(1), third["secret"], none_of=[webhook["secret"], second])


def test_a_receiver_with_the_old_secret_misses_nothing_while_deliveries_learn_of_the_rotation(
    register, rotate, delivered, receiver, eventually
):
    reader = reader_of("prism")
    webhook = register(contract="prism")
    # From here on the function that delivered has the webhook as it was, for up to five seconds.
    delivered()
    new = rotate(webhook, LASTING)["secret"]

    def known():
        last = delivered()
        return reader.next_header in last.headers

    eventually(known, "no delivery was signed with the new secret")

    came = receiver.requests
    old = [Reading(request, webhook["secret"], reader.header) for request in came]
    assert reader.accepts(old) == [True] * len(came)
    assert reader.accepts([Reading(came[-1], new, reader.next_header)]) == [True]


def test_a_secret_that_leaked_is_gone_once_deliveries_learn_of_it(
    register, rotate, delivered, receiver, eventually
):
    reader = reader_of("standard")
    webhook = register()
    delivered()
    new = rotate(webhook, 0)["secret"]

    def known():
        return pypi_verdict(check_of("standardwebhooks", delivered(), new)).accepted

    eventually(known, "no delivery was signed with the new secret")

    came = receiver.requests
    said = verdicts(reader, came, [(webhook["secret"], reader.header), (new, reader.header)])
    by_old, by_new = said.values()
    assert (by_old[-1], by_new[-1]) == (False, True)
    # Never with both, and never with neither.
    assert all(old != new for old, new in zip(by_old, by_new, strict=True)), said


@pytest.mark.parametrize("contract", ["standard", "prism"])
def test_a_secret_of_the_tenants_own_takes_over(contract, register, rotate, publish, requests):
    reader = reader_of(contract)
    webhook = register(contract=contract)
    rotated = rotate(webhook, LASTING, secret="a-secret-of-their-own")
    # Standard Webhooks' libraries read the form that is shown, everyone else the text itself.
    assert (rotated["secret"] == "a-secret-of-their-own") == (contract == "prism")

    publish()

    header = reader.header if reader.several else reader.next_header
    (request,) = requests(1)
    assert reader.accepts([Reading(request, rotated["secret"], header)]) == [True]


def verdicts(reader, came, ways) -> dict[tuple[str, str], list[bool]]:
    """By secret and header, what is said of each request that came."""
    said = iter(reader.accepts([Reading(request, *way) for way in ways for request in came]))
    return {way: [next(said) for _ in came] for way in ways}


def assert_signed_by(reader, came, secret: str, none_of: list[str]) -> None:
    """That the contract's own header fits this secret and none of those, and that there is no other one."""
    expected = {(secret, reader.header): True} | {(old, reader.header): False for old in none_of}
    assert verdicts(reader, came, expected) == {key: [verdict] * len(came) for key, verdict in expected.items()}
    assert not any(reader.next_header in request.headers for request in came)
