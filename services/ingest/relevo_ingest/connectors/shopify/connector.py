"""Shopify behind the one protocol of all platforms.

Source: shopify.dev, "Webhooks": delivery structure, verify deliveries (Admin API 2024-10 to 2026-04).
"""

from collections.abc import Mapping, Sequence

from relevo_ingest.connectors.connector import Claims, Signature, WebhookRequest
from relevo_ingest.connectors.shopify import evidence, topics
from relevo_ingest.connectors.shopify.events_by_topic import EVENTS_BY_TOPIC
from relevo_ingest.connectors.shopify.signature import HEADER, verify_shopify
from relevo_ingest.core.decoding import top_level
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.times import parse_instant

TOPIC = "x-shopify-topic"
DELIVERY = "x-shopify-webhook-id"
EVENT_ID = "x-shopify-event-id"
TRIGGERED = "x-shopify-triggered-at"
DOMAIN = "x-shopify-shop-domain"
TEST = "x-shopify-test"


class Shopify:
    """The connector of Shopify."""

    name = "shopify"
    title = "Shopify"
    signature = Signature(HEADER, "Base64 of the HMAC-SHA256 of the raw body with the shop's webhook secret")
    headers = (TOPIC, DELIVERY, EVENT_ID, TRIGGERED, DOMAIN, TEST, "x-shopify-api-version")
    topic_source = "the header X-Shopify-Topic"
    events_by_topic: Mapping[str, Sequence[str]] = EVENTS_BY_TOPIC

    def handshake(self, request: WebhookRequest) -> str | None:
        """Shopify asks nothing before it delivers."""
        del request
        return None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless one of `secrets` signed the body."""
        verify_shopify(secrets, request.body, request.headers.get(HEADER.lower()))

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the headers say."""
        del body
        return Claims(
            topic=topics.canonical_topic(headers.get(TOPIC, "")),
            delivery=headers.get(DELIVERY, ""),
            occurrence=headers.get(EVENT_ID, ""),
            triggered_at=parse_instant(headers.get(TRIGGERED)),
            test=headers.get(TEST, "").strip().lower() == "true",
        )

    def is_known(self, topic: str) -> bool:
        """Whether it is read, or is known not to be."""
        return topics.is_known(topic)

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be what the header says; of a topic that is not read nothing is asked."""
        if topic not in topics.READERS:
            return None
        return evidence.mismatch(topic, top_level(body), shop, headers.get(DOMAIN, ""))

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        """The drafts, or why there are none."""
        return topics.read(topic, body, shop)
