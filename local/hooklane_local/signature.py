"""Verifies signatures with an implementation that is not ours: the `standardwebhooks` package."""

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hooklane_local.receiver import Request


class SignatureError(Exception):
    """The signature does not match the body, or matches a changed body too."""


def verified(request: Request, secret: str) -> dict:
    """The payload of a request whose signature matches its body, byte for byte."""
    verifier = Webhook(secret)
    try:
        payload = verifier.verify(request.body, request.headers)
    except WebhookVerificationError as error:
        raise SignatureError(f"invalid: {error}") from error
    try:
        verifier.verify(request.body + b" ", request.headers)
    except WebhookVerificationError:
        return payload
    raise SignatureError("it matches a changed body too")
