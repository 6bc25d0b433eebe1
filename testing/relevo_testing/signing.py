"""Webhooks as each platform signs them, with the secret of the shop."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from relevo_ingest.core.signature import hmac_base64, signed_at, standard_webhook

SIGNED = ("bigcommerce", "magento", "orocommerce", "prestashop", "shopify", "woocommerce")
"""The platforms that sign with a secret."""


def signed_headers(
    platform: str, body: bytes, secret: str, *, topic: str, at: datetime, message: str = "msg_1"
) -> Mapping[str, str]:
    """The headers that say what a webhook is and that the shop sent it, `at` that instant, `message` being its id.

    BigCommerce signs by Standard Webhooks, which covers the body; its secret in a header would cover nothing. Raises
    `ValueError` for a platform that signs with a key of its own (Adobe Commerce), or not at all.
    """
    match platform:
        case "shopify":
            return {"x-shopify-hmac-sha256": hmac_base64(secret, body), "x-shopify-topic": topic}
        case "woocommerce":
            return {"x-wc-webhook-signature": hmac_base64(secret, body), "x-wc-webhook-topic": topic}
        case "orocommerce":
            return {
                "webhook-signature": hmac.digest(secret.encode(), body, hashlib.sha256).hex(),
                "webhook-topic": topic,
            }
        case "bigcommerce":
            second = int(at.timestamp())
            signature = standard_webhook(secret, body, message, second)
            return {"webhook-id": message, "webhook-timestamp": str(second), "webhook-signature": signature}
        case "magento" | "prestashop":
            return {"relevo-signature": signed_at(secret, body, at)}
    raise ValueError(f"a webhook of {platform} can't be signed with a secret: {', '.join(SIGNED)} can")
