"""What a delivery's id says by itself."""

import base64
import binascii

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PREFIX = "dlv_"
# A tag, then the webhook's ULID.
_ULID = slice(1, 17)


def webhook_of(delivery: str | None) -> str | None:
    """The webhook that a delivery goes to, or None for what is no delivery's id."""
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
