"""A webhook of a shop: canonical events, or a place among what was not recognised. Its signature was checked."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.event_store import (
    IngestDependencies,
    Receipt,
    accepted,
    conclude,
    find_keys,
    publish,
    within_budget,
)
from relevo_ingest.connectors.shopify import evidence, topics
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.drafts import Arrival, Conclusion, Draft, NoEvent, ShopContext, finish
from relevo_ingest.core.errors import Busy, InvalidPayload
from relevo_ingest.core.normalise import digest
from relevo_ingest.core.notes import Note, collecting
from relevo_ingest.core.times import parse_instant
from relevo_ingest.core.unrecognised import encode, unrecognised

PLATFORM = "shopify"
TOPIC = "x-shopify-topic"
DELIVERY = "x-shopify-webhook-id"
HAPPENING = "x-shopify-event-id"
TRIGGERED = "x-shopify-triggered-at"
DOMAIN = "x-shopify-shop-domain"
TEST = "x-shopify-test"
HEADERS = (TOPIC, DELIVERY, HAPPENING, TRIGGERED, DOMAIN, TEST, "x-shopify-api-version")
"""What Shopify says beside the body. It is not signed."""

_ID_LIMIT = 150
_log = logging.getLogger(__name__)


class Webhook(Struct, frozen=True, kw_only=True):
    """What arrived. `headers` are those of `HEADERS` that it has. `id` is given for one that is read again."""

    headers: Mapping[str, str]
    body: bytes
    received: datetime
    id: str = ""

    @property
    def topic(self) -> str:
        """The topic as it is looked up; empty if the header is missing."""
        return topics.canonical_topic(self.headers.get(TOPIC, ""))

    def arrival(self, shop: str) -> Arrival:
        """How it came: its id is the same for each redelivery."""
        return Arrival(
            shop=shop,
            id=self.id or delivery_id(self.headers.get(DELIVERY, ""), self.topic, self.body),
            source=f"/shops/{shop}/{PLATFORM}",
            received=self.received,
            hinted_at=parse_instant(self.headers.get(TRIGGERED)),
            happening=_name(self.headers.get(HAPPENING, "")),
            test=self.headers.get(TEST, "").strip().lower() == "true",
        )


async def receive_shopify(deps: IngestDependencies, shop: ShopContext, webhook: Webhook) -> Receipt:
    """Stores what the webhook says, or keeps it with the reason why it says nothing. When this returns, it is safe.

    A genuine webhook is never refused for its content: a shop that sees errors again and again ends the subscription.
    Raises `Busy` if it can't be stored in time.
    """
    arrival = webhook.arrival(shop.shop)
    async with within_budget(deps.budget):
        found = await store_webhook(deps, shop, webhook, arrival)
        return found if isinstance(found, Receipt) else await _keep(deps, webhook, arrival, found)


async def store_webhook(
    deps: IngestDependencies, shop: ShopContext, webhook: Webhook, arrival: Arrival
) -> Receipt | NoEvent:
    """Publishes the events, or keeps them until they are due if they erase; or says why there are none.

    Raises `Busy`.
    """
    with collecting() as notes:
        reading = await _read(deps, shop, webhook, arrival)
    if isinstance(reading, NoEvent):
        return reading
    _tell(deps, shop, webhook.topic, notes)
    keys = await find_keys(deps, arrival.shop, (draft.subject for draft in reading))
    try:
        finished = finish(_with_notes(reading, notes), keys, arrival, deps.limits)
    except InvalidPayload as error:
        return NoEvent(str(error), kind="too_large", where=error.where)
    if webhook.topic in evidence.ERASING and deps.erasing_after:
        # The delivery's id is not signed; what is signed tells whether it is the same request.
        request = delivery_id("", webhook.topic, webhook.body)
        await deps.erasures.put_off(finished, arrival.received + deps.erasing_after, request)
        return Receipt(waiting=accepted(finished))
    await publish(deps, finished)
    return Receipt(events=accepted(finished))


async def _read(deps: IngestDependencies, shop: ShopContext, webhook: Webhook, arrival: Arrival) -> Conclusion:
    """What the webhook says. A reader's bug costs this webhook only. Raises `Busy`."""
    topic = webhook.topic
    if not topic:
        return NoEvent("the header X-Shopify-Topic is missing", kind="no_topic")
    try:
        problem = _mismatch(shop, topic, webhook)
        if problem:
            return NoEvent(problem, kind="mismatch")
        return await conclude(deps, topics.read(topic, webhook.body, shop), arrival)
    except InvalidPayload as error:
        return NoEvent(str(error), kind="invalid", where=error.where)
    except Busy:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the webhook is kept and can be read again
        _log.exception("the reader of %s failed", topic)
        return NoEvent(f"the reader of {topic} failed: {type(error).__name__}", kind="bug")


def _mismatch(shop: ShopContext, topic: str, webhook: Webhook) -> str | None:
    """Why the body can't be what the unsigned header says; `None` if nothing speaks against it."""
    if topic not in topics.READERS:
        return None
    with collecting():  # the reader notes it
        body = parse(webhook.body)
    if not isinstance(body, dict):
        raise InvalidPayload("body", "is not a JSON object")
    return evidence.mismatch(topic, body, shop, webhook.headers.get(DOMAIN, ""))


def _tell(deps: IngestDependencies, shop: ShopContext, topic: str, notes: Sequence[Note]) -> None:
    """Logs and counts what was left out: a shop reads no receipts. The values themselves are in the receipt alone."""
    if notes:
        places = ", ".join(one.place for one in notes)
        _log.info("values of a webhook were left out: shop=%s topic=%s %s", shop.shop, topic, places)
        deps.counters.left_out(shop.shop, topic, notes)


def _with_notes(drafts: Sequence[Draft], notes: Sequence[str]) -> Sequence[Draft]:
    if not notes or not drafts:
        return drafts
    first, *others = drafts
    return [msgspec.structs.replace(first, notes=(*first.notes, *notes)), *others]


def delivery_id(given: str, topic: str, body: bytes) -> str:
    """The id of a delivery: the sender's, else one made of topic and body, so that a redelivery has the same."""
    return _name(given) or digest(f"{topics.canonical_topic(topic)}\0{body.hex()}")


def _name(given: str) -> str:
    """A header's value as a part of ids; empty if it is none."""
    name = given.strip()
    if name and name.isascii() and name.isprintable():
        return name if len(name) <= _ID_LIMIT else digest(name)
    return ""


async def _keep(deps: IngestDependencies, webhook: Webhook, arrival: Arrival, reading: NoEvent) -> Receipt:
    message = unrecognised(
        shop=arrival.shop,
        platform=PLATFORM,
        topic=webhook.topic,
        why=reading,
        delivery_id=arrival.id,
        body=webhook.body,
        received=arrival.received,
        headers=webhook.headers,
    )
    await find_keys(deps, arrival.shop, reading.learnt)
    value = encode(message, deps.limits.message_bytes)
    await deps.log.unrecognised((partition_key(arrival.shop, SHOP_KEY), value))
    deps.counters.unrecognised(arrival.shop, webhook.topic, reading.kind)
    return Receipt(unrecognised=[reading.reason])
