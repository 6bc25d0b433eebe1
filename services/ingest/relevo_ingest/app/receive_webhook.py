"""A webhook of a shop: canonical events, or a place among what was not recognised. Its signature was checked."""

from datetime import datetime

from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.storing import Receipt, Tools, concluded, find_keys, in_time, store
from relevo_ingest.core.drafts import Arrival, NoEvent, ShopContext
from relevo_ingest.core.normalise import digest
from relevo_ingest.core.shopify import topics
from relevo_ingest.core.unrecognised import encode, unrecognised

_ID_LIMIT = 150


class Webhook(Struct, frozen=True, kw_only=True):
    """What arrived. `delivery_id` is the sender's id of it, the same for each redelivery; it may be empty.

    `happening` is the sender's id of what happened, the same in all webhooks about it; `test` its mark of a test.
    """

    topic: str
    body: bytes
    received: datetime
    delivery_id: str = ""
    triggered_at: datetime | None = None
    happening: str = ""
    test: bool = False


async def receive_shopify(tools: Tools, shop: ShopContext, webhook: Webhook) -> Receipt:
    """Stores what the webhook says. When this returns, Kafka has it.

    Raises `InvalidPayload`, or `Busy` if it can't be stored in time.
    """
    reading = topics.read(webhook.topic, webhook.body, shop)
    arrival = Arrival(
        shop=shop.shop,
        id=delivery_id(webhook.delivery_id, webhook.topic, webhook.body),
        source=f"/shops/{shop.shop}/shopify",
        received=webhook.received,
        hinted_at=webhook.triggered_at,
        happening=_name(webhook.happening),
        test=webhook.test,
    )
    async with in_time(tools.budget):
        reading = await concluded(tools, reading, arrival)
        if isinstance(reading, NoEvent):
            return await _keep(tools, webhook, arrival, reading)
        return Receipt(events=await store(tools, reading, arrival))


def delivery_id(given: str, topic: str, body: bytes) -> str:
    """The id of a delivery: the sender's, else one made of topic and body, so that a redelivery has the same."""
    return _name(given) or digest(f"{topics.canonical_topic(topic)}\0{body.hex()}")


def _name(given: str) -> str:
    """A header's value as a part of ids; empty if it is none."""
    name = given.strip()
    if name and name.isascii() and name.isprintable():
        return name if len(name) <= _ID_LIMIT else digest(name)
    return ""


async def _keep(tools: Tools, webhook: Webhook, arrival: Arrival, reading: NoEvent) -> Receipt:
    message = unrecognised(
        shop=arrival.shop,
        platform="shopify",
        topic=webhook.topic,
        reason=reading.reason,
        delivery_id=arrival.id,
        body=webhook.body,
        received=arrival.received,
    )
    await find_keys(tools, arrival.shop, reading.learnt)
    value = encode(message, tools.limits.message_bytes)
    await tools.log.unrecognised((partition_key(arrival.shop, SHOP_KEY), value))
    return Receipt(unrecognised=[reading.reason])
