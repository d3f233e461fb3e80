"""Reads what is encoded in a delivery's id."""

import base64
import binascii

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PREFIX = "dlv_"
# The webhook's ULID follows a tag of one byte.
_ULID = slice(1, 17)


def webhook_of(delivery: str | None) -> str | None:
    """The id of the webhook that a delivery goes to, or None if this is not a delivery's id."""
    if not delivery or not delivery.startswith(_PREFIX):
        return None
    text = delivery.removeprefix(_PREFIX)
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    number = int.from_bytes(key[_ULID], "big")
    if len(key[_ULID]) < 16:
        return None
    letters = [_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return "wh_" + "".join(letters)
