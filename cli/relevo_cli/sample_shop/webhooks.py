"""A webhook as Shopify posts it: raw body, topic and ids in headers, HMAC over the raw body."""

import base64
import hashlib
import hmac
from datetime import datetime

from msgspec import Struct

API_VERSION = "2026-01"


class Webhook(Struct, frozen=True, kw_only=True):
    """One delivery. `at` is when the shop posts it; a repeated delivery carries the same `webhook_id`."""

    at: datetime
    topic: str
    webhook_id: str
    event_id: str
    triggered_at: datetime
    body: bytes


def signature(body: bytes, secret: str) -> str:
    """X-Shopify-Hmac-Sha256: base64 of the HMAC-SHA256 over the raw body (shopify.dev, "Verify deliveries")."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(webhook: Webhook, *, secret: str, domain: str) -> dict[str, str]:
    """The headers of a delivery, signed with the shop's `secret`."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Api-Version": API_VERSION,
        "X-Shopify-Event-Id": webhook.event_id,
        "X-Shopify-Hmac-Sha256": signature(webhook.body, secret),
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-Topic": webhook.topic,
        "X-Shopify-Triggered-At": webhook.triggered_at.isoformat(),
        "X-Shopify-Webhook-Id": webhook.webhook_id,
    }
