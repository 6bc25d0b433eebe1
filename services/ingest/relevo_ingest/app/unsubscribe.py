"""Somebody wants no more marketing: RFC 8058's one click, or the button of the page behind the link. Or undoes that."""

from datetime import datetime, timedelta

from relevo_contracts.consents import LINK
from relevo_contracts.contact import Channel
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_ingest.app.event_store import Accepted, store, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.aliases import KnownKey
from relevo_ingest.core.drafts import Arrival, Draft
from relevo_ingest.core.normalise import digest

UNDONE_WITHIN = timedelta(days=1)
"""So long an unsubscription can be undone by the page that confirmed it."""


async def unsubscribe(
    deps: IngestDependencies, *, shop: str, key: str, channel: Channel, received: datetime
) -> Accepted:
    """Stores the withdrawal of consent for one channel. Raises `Busy`.

    Two clicks within a second are one event; a click after a renewed subscription withdraws again.
    """
    payload = ConsentChanged(customer=Buyer(), channel=channel, state="withdrawn", source=LINK)
    return await _store(deps, payload, key, _arrival(shop, _id("unsubscribe", key, channel, received), received))


async def undo(
    deps: IngestDependencies, *, shop: str, key: str, channel: Channel, at: datetime, received: datetime
) -> Accepted:
    """Stores that the withdrawal of the instant `at` was undone: once, however often it is asked. Raises `Busy`."""
    payload = ConsentChanged(customer=Buyer(), channel=channel, state="restored", source=LINK, undoes=at)
    return await _store(deps, payload, key, _arrival(shop, _id("undo", key, channel, at), received))


def _id(what: str, key: str, channel: Channel, at: datetime) -> str:
    return f"{what}:{digest(f'{key}/{channel}')[:20]}:{at:%Y%m%dT%H%M%S}"


def _arrival(shop: str, event_id: str, received: datetime) -> Arrival:
    return Arrival(shop=shop, id=event_id, source=f"/shops/{shop}/{LINK}", received=received)


async def _store(deps: IngestDependencies, payload: ConsentChanged, key: str, arrival: Arrival) -> Accepted:
    draft = Draft(type="consent.changed", payload=payload, subject=KnownKey(key), at=arrival.received)
    async with within_budget(deps.budget):
        return (await store(deps, [draft], arrival))[0]
