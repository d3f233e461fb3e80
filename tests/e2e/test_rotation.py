"""A secret is rotated without a lost delivery, under every contract: receivers with the old secret and
receivers with the new one verify every request of the overlap."""

import base64

import pytest
from hooklane_local import behaviours
from readers import CONTRACTS, READERS, Reading, reader_of
from verifiers import check_of, pypi_verdict

# An overlap that lasts longer than any test, in seconds.
LASTING = 600
SHORT = 1
# A secret that no webhook has, in the form that the libraries of Standard Webhooks decode.
UNRELATED = "whsec_" + base64.b64encode(bytes(32)).decode()


@pytest.fixture
def delivered(publish, receiver, requests):
    """`delivered()`: publishes one more event and returns its request."""

    def deliver():
        count = len(receiver.requests) + 1
        publish()
        return requests(count)[-1]

    return deliver


def test_every_contract_has_a_reader():
    assert sorted(READERS) == CONTRACTS, "add the contract's verifiers to readers.py"


@pytest.mark.parametrize("contract", CONTRACTS)
def test_during_the_overlap_receivers_with_either_secret_verify_every_attempt(
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

    arrived = requests(3)
    assert [reader.next_header in request.headers for request in arrived] == [not reader.several] * 3
    expected = {(old, reader.header): True, (new, reader.header): reader.several, (UNRELATED, reader.header): False}
    if not reader.several:
        expected |= {(new, reader.next_header): True, (old, reader.next_header): False}
    assert verdicts(reader, arrived, expected) == {key: [verdict] * 3 for key, verdict in expected.items()}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_after_the_overlap_only_the_new_secret_verifies(
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


def test_a_receiver_with_the_old_secret_verifies_everything_until_functions_read_the_rotation(
    register, rotate, delivered, receiver, eventually
):
    reader = reader_of("prism")
    webhook = register(contract="prism")
    # From now on the function may cache the webhook without the rotation, for up to five seconds.
    delivered()
    new = rotate(webhook, LASTING)["secret"]

    def known():
        last = delivered()
        return reader.next_header in last.headers

    eventually(known, "no delivery was signed with the new secret")

    arrived = receiver.requests
    old = [Reading(request, webhook["secret"], reader.header) for request in arrived]
    assert reader.accepts(old) == [True] * len(arrived)
    assert reader.accepts([Reading(arrived[-1], new, reader.next_header)]) == [True]


def test_a_leaked_secret_is_no_longer_used_once_functions_read_the_rotation(
    register, rotate, delivered, receiver, eventually
):
    reader = reader_of("standard")
    webhook = register()
    delivered()
    new = rotate(webhook, 0)["secret"]

    def known():
        return pypi_verdict(check_of("standardwebhooks", delivered(), new)).accepted

    eventually(known, "no delivery was signed with the new secret")

    arrived = receiver.requests
    said = verdicts(reader, arrived, [(webhook["secret"], reader.header), (new, reader.header)])
    by_old, by_new = said.values()
    assert (by_old[-1], by_new[-1]) == (False, True)
    # Every request was signed with exactly one of the two.
    assert all(old != new for old, new in zip(by_old, by_new, strict=True)), said


@pytest.mark.parametrize("contract", ["standard", "prism"])
def test_a_rotation_to_a_secret_of_the_tenants_own(contract, register, rotate, publish, requests):
    reader = reader_of(contract)
    webhook = register(contract=contract)
    rotated = rotate(webhook, LASTING, secret="a-secret-of-their-own")
    # Standard Webhooks needs the secret in its own form. The other contracts use the text as it is.
    assert (rotated["secret"] == "a-secret-of-their-own") == (contract == "prism")

    publish()

    header = reader.header if reader.several else reader.next_header
    (request,) = requests(1)
    assert reader.accepts([Reading(request, rotated["secret"], header)]) == [True]


def verdicts(reader, arrived, ways) -> dict[tuple[str, str], list[bool]]:
    """The verdict on each request, by secret and header."""
    accepted = iter(reader.accepts([Reading(request, *way) for way in ways for request in arrived]))
    return {way: [next(accepted) for _ in arrived] for way in ways}


def assert_signed_by(reader, arrived, secret: str, none_of: list[str]) -> None:
    """Checks that the contract's header verifies with this secret and none of those, and that no header for
    the next secret was sent."""
    expected = {(secret, reader.header): True} | {(old, reader.header): False for old in none_of}
    assert verdicts(reader, arrived, expected) == {key: [verdict] * len(arrived) for key, verdict in expected.items()}
    assert not any(reader.next_header in request.headers for request in arrived)
