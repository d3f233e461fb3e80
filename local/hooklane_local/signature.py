"""Checks signatures with an implementation that is not ours: the `standardwebhooks` package."""

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hooklane_local.receiver import Request


class SignatureError(Exception):
    """The signature does not fit, or fits what it must not."""


def verified(request: Request, secret: str) -> dict:
    """The payload of a request whose signature fits exactly the bytes that came."""
    verifier = Webhook(secret)
    try:
        payload = verifier.verify(request.body, request.headers)
    except WebhookVerificationError as error:
        raise SignatureError(f"refused: {error}") from error
    try:
        verifier.verify(request.body + b" ", request.headers)
    except WebhookVerificationError:
        return payload
    raise SignatureError("it fits a changed body too")
