"""OroCommerce behind the one protocol of all platforms. Source: oroinc/platform, WebhookNotificationSender."""

from collections.abc import Mapping, Sequence

from relevo_ingest.connectors.connector import Claims, Fetch, Signature, WebhookRequest
from relevo_ingest.connectors.orocommerce import topics
from relevo_ingest.connectors.orocommerce.message import base_topic, envelope, made_at
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.signature import verify_hmac_hex

SIGNATURE = "Webhook-Signature"
TOPIC = "webhook-topic"
DELIVERY = "webhook-id"


class OroCommerce:
    """The connector of OroCommerce."""

    name = "orocommerce"
    title = "OroCommerce"
    signature = Signature(SIGNATURE, "Hex of the HMAC-SHA256 of the raw body with the webhook's secret")
    headers = (TOPIC, DELIVERY)
    topic_source = "the field `topic` of the body"
    events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.TOPICS.items()}

    def handshake(self, request: WebhookRequest) -> str | None:
        """OroCommerce asks nothing before it delivers."""
        del request
        return None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless one of `secrets` signed the body. Without a secret it signs nothing."""
        header = request.headers.get(SIGNATURE.lower())
        verify_hmac_hex(secrets, request.body, header, named=SIGNATURE, platform=self.title)

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the body says: topic, message and time are signed with it. The headers only repeat them."""
        del headers
        try:
            with collecting():  # the reader notes what is odd
                said = envelope(body)
        except InvalidPayload:
            return Claims(topic="")
        return Claims(
            topic=base_topic(said.topic),
            delivery=fields.ident(said.message_id),
            triggered_at=made_at(said.timestamp),
        )

    def is_known(self, topic: str) -> bool:
        """Whether it is read; an extension may add topics as it likes."""
        return topic in topics.TOPICS

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be what the topic says. The topic itself is signed, so this finds custom formats only."""
        del shop, headers
        return topics.mismatch(topic, parse_object(body)) if topic in topics.TOPICS else None

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading | Fetch:
        """The drafts, why there are none, or what has to be fetched first."""
        return topics.read(topic, body, shop)
