"""Is this body really from the shop? HMAC over the raw bytes, several valid secrets, constant time."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from relevo_ingest.core.errors import InvalidSignature

NOT_THE_SHOPS = (
    "the signature matches none of the shop's secrets, or there is no such shop: "
    "compare the address and the secret with `relevo shops list`"
)


def sign_shopify(secret: str, body: bytes) -> str:
    """What Shopify puts into `X-Shopify-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body.

    Source: shopify.dev, "Verify webhook deliveries".
    """
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def verify_shopify(secrets: Iterable[str], body: bytes, header: str | None) -> None:
    """Raises `InvalidSignature` unless `header` is the signature of `body` by one of `secrets`.

    Every secret is tried, also after a match, so that the time tells nothing of which one fits.
    """
    if not header:
        raise InvalidSignature("X-Shopify-Hmac-Sha256 is missing: Shopify signs every webhook with it")
    try:
        claimed = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSignature("X-Shopify-Hmac-Sha256 is not base64") from None
    fits = [hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256"), claimed) for secret in secrets]
    if not any(fits):
        raise InvalidSignature(NOT_THE_SHOPS)


def bearer_token(header: str | None) -> str:
    """The token of an `Authorization: Bearer` header. Raises `InvalidSignature` if there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidSignature("a bearer token is needed: Authorization: Bearer TOKEN")
    return token.strip()
