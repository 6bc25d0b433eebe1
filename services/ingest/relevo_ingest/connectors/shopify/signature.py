"""Shopify's signature. Source: shopify.dev, "Verify webhook deliveries"."""

from collections.abc import Iterable

from relevo_ingest.core.signature import hmac_base64, verify_hmac_base64

HEADER = "X-Shopify-Hmac-Sha256"


def sign_shopify(secret: str, body: bytes) -> str:
    """What Shopify puts into `X-Shopify-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body."""
    return hmac_base64(secret, body)


def verify_shopify(secrets: Iterable[str], body: bytes, header: str | None) -> None:
    """Raises `InvalidSignature` unless `header` is the signature of `body` by one of `secrets`."""
    verify_hmac_base64(secrets, body, header, named=HEADER, platform="Shopify")
