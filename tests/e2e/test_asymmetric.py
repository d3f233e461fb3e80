"""Ed25519 signatures verify with the public key that the API shows, in an implementation that is not ours."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hooklane_local.receiver import Request
from readers import CONTRACTS, Reading, reader_of

# The contracts of Standard Webhooks. Every other contract refuses such a secret.
ASYMMETRIC = ["cloudevents", "standard"]


def versions(request: Request) -> list[str]:
    return [signature.split(",")[0] for signature in request.headers["webhook-signature"].split(" ")]


def verifying(request: Request, public: str) -> int:
    """How many of a request's signatures verify with a key (Standard Webhooks, "Signature scheme")."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_"), validate=True))
    headers = request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    return sum(
        fits(key, base64.b64decode(signature.removeprefix("v1a,")), signed)
        for signature in headers["webhook-signature"].split(" ")
        if signature.startswith("v1a,")
    )


def fits(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    # A signature that fits a changed message too would prove nothing.
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed + b" ")
    return True


@pytest.mark.parametrize("contract", ASYMMETRIC)
def test_a_signature_verifies_with_the_public_key_that_is_shown(contract, api, register, publish, requests):
    webhook = register(contract=contract, signing="ed25519")
    path = f"/api/v1/webhooks/{webhook['id']}"
    shown = [webhook, api.get(path).expect(200).body, api.get(f"{path}/secret").expect(200).body]
    assert {each["publicKey"] for each in shown} == {webhook["publicKey"]}

    publish({"note": "Größe € 😀", "n": 1.50})

    (request,) = requests(1)
    assert versions(request) == ["v1a"]
    assert verifying(request, webhook["publicKey"]) == 1


@pytest.mark.parametrize("contract", ASYMMETRIC)
def test_either_key_verifies_during_the_overlap_and_only_the_new_one_after_it(
    contract, register, rotate, overlap_is_over, publish, requests
):
    lasting = register(contract=contract, path="/lasting", signing="ed25519")
    short = register(contract=contract, path="/short", signing="ed25519")
    at_once = register(contract=contract, path="/at-once", signing="ed25519")
    overlaps = [(lasting, 600), (short, 1), (at_once, 0)]
    new = {webhook["id"]: rotate(webhook, seconds)["publicKey"] for webhook, seconds in overlaps}
    overlap_is_over(short)

    publish()

    for webhook, path, expected in (
        (lasting, "/lasting", (1, 1)),
        (short, "/short", (0, 1)),
        (at_once, "/at-once", (0, 1)),
    ):
        (request,) = requests(1, path=path)
        assert (verifying(request, webhook["publicKey"]), verifying(request, new[webhook["id"]])) == expected, path
        assert versions(request) == ["v1a"] * sum(expected)


@pytest.mark.parametrize("contract", ASYMMETRIC)
def test_a_rotation_changes_to_asymmetric_signatures_and_back(contract, register, rotate, publish, requests):
    reader = reader_of(contract)
    there = register(contract=contract, path="/there")
    public = rotate(there, 600, signing="ed25519")["publicKey"]
    back = register(contract=contract, path="/back", signing="ed25519")
    secret = rotate(back, 600, signing="hmac")["secret"]

    publish()

    (request,) = requests(1, path="/there")
    assert versions(request) == ["v1a", "v1"]
    assert verifying(request, public) == 1
    (returned,) = requests(1, path="/back")
    assert versions(returned) == ["v1", "v1a"]
    assert verifying(returned, back["publicKey"]) == 1
    # The packages ignore the signatures that they do not know.
    theirs = [Reading(request, there["secret"], reader.header), Reading(returned, secret, reader.header)]
    assert reader.accepts(theirs) == [True, True]


@pytest.mark.parametrize("contract", [name for name in CONTRACTS if name not in ASYMMETRIC])
def test_a_contract_without_asymmetric_signatures_refuses_them_in_a_rotation(contract, api, register):
    webhook = register(contract=contract)

    answer = api.post(f"/api/v1/webhooks/{webhook['id']}/rotate-secret", {"signing": "ed25519"}).expect(422).body

    assert [error["path"] for error in answer["errors"]] == ["signing"]
    assert api.get(f"/api/v1/webhooks/{webhook['id']}/secret").expect(200).body == {"secret": webhook["secret"]}
