"""A webhook of a shop: canonical events, or a place among what was not recognised. Its signature was checked."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec
from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.event_types import ERASURES
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.event_store import OTHER_TOPIC, Receipt, accepted, conclude, find_keys, publish, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.connectors.connector import Claims, Connector, Fetch
from relevo_ingest.core.drafts import Arrival, Conclusion, Draft, NoEvent, ShopContext, finish
from relevo_ingest.core.errors import Busy, InvalidPayload
from relevo_ingest.core.normalise import digest
from relevo_ingest.core.notes import Note, collecting
from relevo_ingest.core.unrecognised import encode, unrecognised

_ID_LIMIT = 150
_log = logging.getLogger(__name__)


class Webhook(Struct, frozen=True, kw_only=True, dict=True):
    """What arrived. `headers` are those of the platform's own that it has, by their names in lower case.

    `id` and `stored_topic` are given for one that is read again.
    """

    connector: Connector
    headers: Mapping[str, str]
    body: bytes
    received: datetime
    id: str = ""
    stored_topic: str = ""

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
        )


async def receive_webhook(deps: IngestDependencies, shop: ShopContext, webhook: Webhook) -> Receipt:
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
    _report_notes(deps, shop, webhook, notes)
    keys = await find_keys(deps, arrival.shop, (draft.subject for draft in reading))
    try:
        finished = finish(_with_notes(reading, notes), keys, arrival, deps.limits)
    except InvalidPayload as error:
        return NoEvent(str(error), kind="too_large", where=error.where)
    # No platform signs what its headers say, so no webhook erases at once: what erases waits, and can be taken back.
    if deps.erasing_after and any(draft.type in ERASURES for draft in reading):
        # The delivery's id is not signed; what is signed tells whether it is the same request.
        request = delivery_id("", webhook.topic, webhook.body)
        await deps.erasures.postpone(finished, arrival.received + deps.erasing_after, request)
        return Receipt(waiting=accepted(finished))
    await publish(deps, finished)
    return Receipt(events=accepted(finished))


async def _read(deps: IngestDependencies, shop: ShopContext, webhook: Webhook, arrival: Arrival) -> Conclusion:
    """What the webhook says. A reader's bug costs this webhook only. Raises `Busy`."""
    connector, topic = webhook.connector, webhook.topic
    if not topic:
        return NoEvent(f"{connector.topic_source} is missing", kind="no_topic")
    try:
        with collecting():  # the reader notes it
            problem = connector.mismatch(topic, webhook.body, shop, webhook.headers)
        if problem:
            return NoEvent(problem, kind="mismatch")
        reading = connector.read(topic, webhook.body, shop)
        if isinstance(reading, Fetch):
            return NoEvent(f"{topic}: it only names what has changed, which has to be read from the platform's API")
        return await conclude(deps, reading, arrival)
    except InvalidPayload as error:
        return NoEvent(str(error), kind="invalid", where=error.where)
    except Busy:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the webhook is kept and can be read again
        _log.exception("the reader of %s failed", topic)
        return NoEvent(f"the reader of {topic} failed: {type(error).__name__}", kind="bug")


def _report_notes(deps: IngestDependencies, shop: ShopContext, webhook: Webhook, notes: Sequence[Note]) -> None:
    """Logs and counts what was left out: a shop reads no receipts. The values themselves are in the receipt alone."""
    if notes:
        places = ", ".join(one.place for one in notes)
        _log.info("values of a webhook were left out: shop=%s topic=%s %s", shop.shop, webhook.topic, places)
        deps.counters.left_out(shop.shop, webhook.label, notes)


def _with_notes(drafts: Sequence[Draft], notes: Sequence[str]) -> Sequence[Draft]:
    if not notes or not drafts:
        return drafts
    first, *others = drafts
    return [msgspec.structs.replace(first, notes=(*first.notes, *notes)), *others]


def delivery_id(given: str, topic: str, body: bytes) -> str:
    """The id of a delivery: the sender's, else one made of topic and body, so that a redelivery has the same."""
    return _name(given) or digest(f"{topic.strip().lower()}\0{body.hex()}")


def _name(given: str) -> str:
    """A header's value as a part of ids; empty if it is none."""
    name = given.strip()
    if name and name.isascii() and name.isprintable():
        return name if len(name) <= _ID_LIMIT else digest(name)
    return ""


async def _keep(deps: IngestDependencies, webhook: Webhook, arrival: Arrival, reading: NoEvent) -> Receipt:
    message = unrecognised(
        shop=arrival.shop,
        platform=webhook.connector.name,
        topic=webhook.topic,
        why=reading,
        delivery_id=arrival.id,
        body=webhook.body,
        received=arrival.received,
        headers=webhook.headers,
    )
    await find_keys(deps, arrival.shop, reading.subjects)
    value = encode(message, deps.limits.message_bytes)
    await deps.log.unrecognised((partition_key(arrival.shop, SHOP_KEY), value))
    deps.counters.unrecognised(arrival.shop, webhook.label, reading.kind)
    return Receipt(unrecognised=[reading.reason])
