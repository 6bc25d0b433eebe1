"""WooCommerce behind the one protocol of all platforms. Source: woocommerce, class-wc-webhook.php."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from relevo_ingest.connectors.connector import Claims, Signature, WebhookRequest
from relevo_ingest.connectors.woocommerce import topics
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.signature import verify_hmac_base64

SIGNATURE = "X-WC-Webhook-Signature"
TOPIC = "x-wc-webhook-topic"
SOURCE = "x-wc-webhook-source"
DELIVERY = "x-wc-webhook-delivery-id"
_PING = re.compile(rb"webhook_id=\d{1,20}")


class WooCommerce:
    """The connector of WooCommerce."""

    name = "woocommerce"
    title = "WooCommerce"
    signature = Signature(SIGNATURE, "Base64 of the HMAC-SHA256 of the raw body with the webhook's secret")
    headers = (TOPIC, SOURCE, DELIVERY, "x-wc-webhook-id")
    topic_source = "the header X-WC-Webhook-Topic"
    events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.TOPICS.items()}

    def handshake(self, request: WebhookRequest) -> str | None:
        """The ping when a webhook is saved: a form with its id, unsigned. Anything but 200 is an error to the shop."""
        return "ok" if _PING.fullmatch(request.body.strip()) else None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless one of `secrets` signed the body."""
        header = request.headers.get(SIGNATURE.lower())
        verify_hmac_base64(secrets, request.body, header, named=SIGNATURE, platform=self.title)

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the headers say. The id of a delivery is made of the webhook and the second: two may have the same."""
        del body
        return Claims(topic=headers.get(TOPIC, "").strip().lower())

    def is_known(self, topic: str) -> bool:
        """Whether it is read; a shop may name actions as it likes."""
        return topic in topics.TOPICS

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be what the header says, or comes from another shop than this one."""
        if topic not in topics.TOPICS:
            return None
        return _other_shop(shop, headers.get(SOURCE, "")) or topics.mismatch(topic, parse_object(body))

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        """The drafts, or why there are none."""
        return topics.read(topic, body, shop)


def _other_shop(shop: ShopContext, source: str) -> str | None:
    """Whether the sender names another shop than the one whose address it was sent to."""
    registered, sender = _host(shop.domain), _host(source)
    if registered and sender and registered != sender:
        return f"it is from {sender[:100]}, and this address is {registered}'s"
    return None


def _host(address: str) -> str:
    """The host of an address or a domain, without `www.`; empty if there is none."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.lower().rstrip(".").removeprefix("www.")
