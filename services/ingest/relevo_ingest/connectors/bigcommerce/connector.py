"""BigCommerce behind the one protocol of all platforms. Source: bigcommerce/docs, https-webhook-overview.mdx."""

import hmac
import re
from collections.abc import Mapping, Sequence

from relevo_ingest.connectors.bigcommerce import topics
from relevo_ingest.connectors.bigcommerce.message import envelope, made_at
from relevo_ingest.connectors.connector import Claims, Fetch, Signature, WebhookRequest
from relevo_ingest.core import fields
from relevo_ingest.core.drafts import Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload, InvalidSignature
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.signature import NOT_THE_SHOPS, verify_standard_webhook

HEADER = "X-Relevo-Secret"
SIGNATURE, MESSAGE, TIMESTAMP = "webhook-signature", "webhook-id", "webhook-timestamp"
_STORE = re.compile(r"store-(?P<hash>[a-z0-9]+)(?:-\d+)?\.mybigcommerce\.com")


class BigCommerce:
    """The connector of BigCommerce."""

    name = "bigcommerce"
    title = "BigCommerce"
    signature = Signature(
        HEADER,
        "The shop's secret as a header of the webhook, or Standard Webhooks (`webhook-signature`) by the client secret",
    )
    headers: Sequence[str] = ()
    topic_source = "the field `scope` of the body"
    events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.TOPICS.items()}

    def handshake(self, request: WebhookRequest) -> str | None:
        """BigCommerce asks nothing before it delivers."""
        del request
        return None

    def authenticate(self, secrets: Sequence[str], request: WebhookRequest) -> None:
        """Raises `InvalidSignature` unless the request has one of `secrets` in its header, or is signed with one.

        A signature that does not fit is not an error by itself: without the client secret it can't be checked.
        """
        given = request.headers.get(HEADER.lower(), "").encode("latin-1", "replace")
        fits = [hmac.compare_digest(secret.encode(), given) for secret in secrets]
        if any(fits):
            return
        if SIGNATURE not in request.headers:
            raise InvalidSignature(NOT_THE_SHOPS if given else f"{HEADER} is missing: the webhook was made without it")
        message, at = request.headers.get(MESSAGE, ""), request.headers.get(TIMESTAMP, "")
        signature = request.headers[SIGNATURE]
        verify_standard_webhook(secrets, request.body, signature, message=message, at=at, received=request.received)

    def claims(self, headers: Mapping[str, str], body: bytes) -> Claims:
        """What the body says. Its `hash` is the same for each change of one thing: it names no delivery."""
        del headers
        try:
            with collecting():  # the reader notes what is malformed
                said = envelope(body)
        except InvalidPayload:
            return Claims(topic="")
        return Claims(topic=fields.word(said.scope), triggered_at=made_at(said.created_at))

    def is_known(self, topic: str) -> bool:
        """Whether it is read."""
        return topic in topics.TOPICS

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be of this scope, or comes from another store than this one."""
        del headers
        if topic not in topics.TOPICS:
            return None
        return _other_store(shop, fields.word(envelope(body).producer)) or topics.mismatch(topic, body)

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading | Fetch:
        """The drafts, why there are none, or what has to be fetched first."""
        return topics.read(topic, body, shop)


def _other_store(shop: ShopContext, producer: str) -> str | None:
    """Whether the sender is another store than the one whose permanent address the shop was registered with."""
    own = _STORE.fullmatch(shop.domain.lower())
    sender = producer.removeprefix("stores/")
    if own and sender and sender != own["hash"]:
        return f"it is from the store {sender[:50]}, and this address is {own['hash']}'s"
    return None
