"""The connector of every platform without webhooks whose shops have a module of ours: it posts signed CloudEvents."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from relevo_ingest.connectors.connector import Claims, Signature, WebhookRequest
from relevo_ingest.core import shop_events
from relevo_ingest.core.drafts import NoEvent, Reading, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.shop_events import shop_event
from relevo_ingest.core.signature import verify_signed_at

SIGNATURE = "Relevo-Signature"
Reader = Callable[[bytes, ShopContext], Reading]


class Topic(Struct, frozen=True):
    """One kind of record: what reads it, which events it can make."""

    read: Reader
    events: tuple[str, ...]


class ModuleConnector:
    """A platform by its records. The topic is the type of the event, which is signed with the body."""

    signature = Signature(SIGNATURE, "`t=SECONDS,v1=HEX`: the HMAC-SHA256 over `t.body` with the module's secret")
    headers: Sequence[str] = ()
    topic_source = "the field `type` of the body"

    def __init__(self, name: str, title: str, topics: Mapping[str, Topic]) -> None:
        self.name = name
        self.title = title
        self.events_by_topic: Mapping[str, Sequence[str]] = {topic: known.events for topic, known in topics.items()}
        self._topics = topics

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
        return topic in self._topics

    def mismatch(self, topic: str, body: bytes, shop: ShopContext, headers: Mapping[str, str]) -> str | None:
        """Why the body can't be of this topic; `None` if nothing speaks against it, or if the topic is not read."""
        del shop, headers
        return shop_events.mismatch(topic, body) if topic in self._topics else None

    def read(self, topic: str, body: bytes, shop: ShopContext) -> Reading:
        """The drafts, or why there are none. Raises `InvalidPayload`."""
        known = self._topics.get(topic)
        return known.read(body, shop) if known else NoEvent(f"{topic}: no canonical event is made of this record")
