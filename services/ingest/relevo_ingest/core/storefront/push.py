"""A browser that takes push messages, or none any more: what it says of itself is checked before it is kept.

Source: W3C Push API (endpoint and keys), RFC 8291 section 3 (a point of P-256 in 65 bytes, a secret of 16).
"""

import base64
import binascii
from urllib.parse import urlsplit

from relevo_contracts.payloads import PushChanged
from relevo_ingest.core.errors import InvalidPayload

_LONGEST = 1000
_POINT, _SECRET = 65, 16
_UNCOMPRESSED = 4


def checked(said: PushChanged, *, subscribed: bool) -> PushChanged:
    """What a browser said, with its keys if it takes messages. Raises `InvalidPayload`.

    Whether messages go to the endpoint at all is decided where they are sent: it may be any address.
    """
    if not _is_endpoint(said.endpoint):
        raise InvalidPayload("data.endpoint", "is not the https address of a push service")
    if not subscribed:
        return PushChanged(customer=said.customer, endpoint=said.endpoint)
    point, secret = _decoded(said.p256dh), _decoded(said.auth)
    if len(point) != _POINT or point[0] != _UNCOMPRESSED:
        raise InvalidPayload("data.p256dh", "is not a public key of P-256 in base64url")
    if len(secret) != _SECRET:
        raise InvalidPayload("data.auth", f"is not a secret of {_SECRET} bytes in base64url")
    return said


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _LONGEST
        return plain and parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        return False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
