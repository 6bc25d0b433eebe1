"""Somebody wants no more marketing: RFC 8058's one click, or the button of the page behind the link. Or undoes that."""

from datetime import datetime, timedelta

from relevo_contracts.consents import LINK
from relevo_contracts.contact import Channel
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_ingest.app.say_consent import ConsentDependencies, Said, say
from relevo_ingest.core.drafts import Arrival
from relevo_ingest.core.normalise import digest
from relevo_ingest.core.preferences import FollowedLink, left

UNDONE_WITHIN = timedelta(days=1)
"""So long an unsubscription can be undone by the page that confirmed it."""


async def unsubscribe(deps: ConsentDependencies, link: FollowedLink, received: datetime) -> None:
    """The withdrawal of consent for one channel holds when this returns. Raises `Busy`.

    Two clicks within a second are one event; a click after a renewed subscription withdraws again.
    """
    await _say(deps, link, left(link.channel), _id("unsubscribe", link.key, link.channel, received), received)


async def undo(deps: ConsentDependencies, link: FollowedLink, *, at: datetime, received: datetime) -> None:
    """The withdrawal of the instant `at` is undone: once, however often it is asked. Raises `Busy`."""
    payload = ConsentChanged(customer=Buyer(), channel=link.channel, state="restored", source=LINK, undoes=at)
    await _say(deps, link, payload, _id("undo", link.key, link.channel, at), received)


def _id(what: str, key: str, channel: Channel, at: datetime) -> str:
    return f"{what}:{digest(f'{key}/{channel}')[:20]}:{at:%Y%m%dT%H%M%S}"


async def _say(
    deps: ConsentDependencies, link: FollowedLink, payload: ConsentChanged, event_id: str, received: datetime
) -> None:
    arrival = Arrival(shop=link.shop, id=event_id, source=f"/shops/{link.shop}/{LINK}", received=received)
    said = Said(payloads=[(event_id, payload)], arrival=arrival, address=link.address)
    await say(deps, link.shop, link.key, lambda _: said)
