"""Adobe Commerce behind the one protocol of all platforms.

Source: developer.adobe.com, "Securing your webhooks"; adobe/aio-lib-events, signatureUtils.js.
"""

import hmac
from collections.abc import Mapping, Sequence

from relevo_ingest.connectors.adobe_commerce import topics
from relevo_ingest.connectors.adobe_commerce.message import envelope, topic_of
from relevo_ingest.connectors.connector import HANDSHAKE_METHOD, Claims, PublicKeys, Signature, WebhookRequest
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload, InvalidSignature
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.signature import NOT_THE_SHOPS, verify_rsa_base64
from relevo_ingest.core.times import parse_instant

SIGNATURES = ("X-Adobe-Digital-Signature-1", "X-Adobe-Digital-Signature-2")
KEYS = PublicKeys(
    base="https://static.adobeioevents.com",
    headers=("x-adobe-public-key1-path", "x-adobe-public-key2-path"),
    path=r"/(?:prod|stage)/keys/[A-Za-z0-9_-]{1,100}\.pem",
)
EVENT = "x-adobe-event-id"
_CHALLENGE = "challenge"


class AdobeCommerce:
    """The connector of Adobe Commerce."""

    name = "adobe-commerce"
    title = "Adobe Commerce"
    signature = Signature(
        SIGNATURES[0],
        "Base64 of the RSA signature (SHA-256) of the raw body by a key of Adobe's; the second header has another",
        KEYS,
    )
    headers = (EVENT,)
    topic_source = "the field `type` of the body"
    events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.TOPICS.items()}

    def handshake(self, request: WebhookRequest) -> str | None:
        """The challenge when a webhook is registered, which wants to be repeated."""
        return request.query.get(_CHALLENGE) if request.method == HANDSHAKE_METHOD else None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless Adobe signed the body and it is for one of the shop's client ids.

        Adobe signs for all its customers with the same keys, so the signature alone would let in anyone's events.
        """
        pairs = [
            (request.headers.get(header.lower(), ""), request.keys.get(address, b""))
            for header, address in zip(SIGNATURES, KEYS.addresses(request.headers), strict=True)
        ]
        verify_rsa_base64(request.body, pairs, named=SIGNATURES[0], platform=self.title)
        recipient = _recipient(request.body).encode()
        fits = [hmac.compare_digest(secret.encode(), recipient) for secret in secrets]
        if not any(fits):
            raise InvalidSignature(NOT_THE_SHOPS)

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the body says, all of which is signed."""
        del headers
        try:
            with collecting():  # the reader notes what is malformed
                said = envelope(body)
        except InvalidPayload:
            return Claims(topic="")
        delivery = fields.first(fields.ident(one) for one in (said.event_id, said.eventid, said.id))
        return Claims(topic=topic_of(said.type), delivery=delivery, triggered_at=parse_instant(said.time))

    def is_known(self, topic: str) -> bool:
        """Whether it is read; a shop may make events as it likes."""
        return topic in topics.TOPICS

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Nothing: what names the topic is signed with the rest."""
        del topic, body, shop, headers
        return None

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        """The drafts, or why there are none."""
        return topics.read(topic, body, shop)


def _recipient(body: bytes) -> str:
    """The client id that the event was sent to; empty if the body can't be read."""
    try:
        with collecting():
            said = envelope(body)
    except InvalidPayload:
        return ""
    return normalise.text(said.recipientclientid or said.recipient_client_id, 200)
