"""A webhook as it arrived: what it says of itself, and the id that each redelivery of it has again."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from msgspec import Struct, structs

from relevo_ingest.app.event_store import OTHER_TOPIC
from relevo_ingest.connectors.connector import Claims, Connector
from relevo_ingest.core.drafts import Arrival, ShopContext
from relevo_ingest.core.normalise import digest

_ID_LIMIT = 150


class Webhook(Struct, frozen=True, kw_only=True, dict=True):
    """What arrived. `headers` are those of the platform's own that it has, by their names in lower case.

    `id` and `stored_topic` are given for one that is read again, `stored_topic` also for what was read from the
    platform's API. What is `historical` starts nothing.
    """

    connector: Connector
    headers: Mapping[str, str]
    body: bytes
    received: datetime
    id: str = ""
    stored_topic: str = ""
    historical: bool = False

    @cached_property
    def claims(self) -> Claims:
        """What it says of itself."""
        return self.connector.claims(self.headers, self.body)

    @property
    def topic(self) -> str:
        """The topic as it is looked up; empty if the webhook names none."""
        return self.claims.topic or self.stored_topic

    @property
    def label(self) -> str:
        """The topic for metrics: a sender may name any."""
        return self.topic if self.connector.is_known(self.topic) else OTHER_TOPIC

    def arrival(self, shop: str) -> Arrival:
        """How it came: its id is the same for each redelivery."""
        return Arrival(
            shop=shop,
            id=self.id or delivery_id(self.claims.delivery, self.topic, self.body),
            source=f"/shops/{shop}/{self.connector.name}",
            received=self.received,
            hinted_at=self.claims.triggered_at,
            occurrence=_name(self.claims.occurrence),
            test=self.claims.test,
            historical=self.historical,
        )


class Delivery(Struct, frozen=True):
    """A webhook, the shop that sent it (its signature was checked), and how it came."""

    shop: ShopContext
    webhook: Webhook
    arrival: Arrival

    @classmethod
    def of(cls, shop: ShopContext, webhook: Webhook) -> "Delivery":
        """The webhook as it came to `shop`."""
        return cls(shop, webhook, webhook.arrival(shop.shop))

    def traced(self, traceparent: str) -> "Delivery":
        """The same delivery in a trace."""
        return structs.replace(self, arrival=structs.replace(self.arrival, traceparent=traceparent))


def delivery_id(given: str, topic: str, body: bytes) -> str:
    """The id of a delivery: the sender's, else one made of topic and body, so that a redelivery has the same."""
    return _name(given) or digest(f"{topic.strip().lower()}\0{body.hex()}")


def _name(given: str) -> str:
    """A header's value as a part of ids; empty if it is none."""
    name = given.strip()
    if name and name.isascii() and name.isprintable():
        return name if len(name) <= _ID_LIMIT else digest(name)
    return ""
