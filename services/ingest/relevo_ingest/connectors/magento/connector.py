"""Magento Open Source behind the one protocol of all platforms. It has no webhooks: its module posts instead."""

from collections.abc import Mapping, Sequence

from relevo_ingest.connectors.connector import Claims, Signature, WebhookRequest
from relevo_ingest.connectors.magento import topics
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.shop_events import shop_event
from relevo_ingest.core.signature import verify_signed_at

SIGNATURE = "Relevo-Signature"


class Magento:
    """The connector of Magento Open Source."""

    name = "magento"
    title = "Magento Open Source"
    signature = Signature(SIGNATURE, "`t=SECONDS,v1=HEX`: the HMAC-SHA256 over `t.body` with the module's secret")
    headers: Sequence[str] = ()
    topic_source = "the field `type` of the body"
    events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.TOPICS.items()}

    def handshake(self, request: WebhookRequest) -> str | None:
        """The module asks nothing before it delivers."""
        del request
        return None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless one of `secrets` signed the body within the last five minutes."""
        header = request.headers.get(SIGNATURE.lower())
        verify_signed_at(secrets, request.body, header, request.received, named=SIGNATURE, platform=self.title)

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the body says, which is signed."""
        del headers
        try:
            with collecting():  # the reader notes what is odd
                event = shop_event(body)
        except InvalidPayload:
            return Claims(topic="")
        return Claims(topic=event.type, delivery=event.id, triggered_at=event.time)

    def is_known(self, topic: str) -> bool:
        """Whether it is read."""
        return topic in topics.TOPICS

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be of this topic."""
        del shop, headers
        return topics.mismatch(topic, body)

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        """The drafts, or why there are none."""
        return topics.read(topic, body, shop)
