"""Somebody wants no more marketing: RFC 8058's one click, or the button of the page behind the link."""

from datetime import datetime

from relevo_contracts.contact import Channel
from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_ingest.app.storing import Accepted, Tools, in_time, store
from relevo_ingest.core.aliases import Known
from relevo_ingest.core.drafts import Arrival, Draft
from relevo_ingest.core.normalise import digest

SOURCE = "unsubscribe-link"


async def unsubscribe(tools: Tools, *, shop: str, key: str, channel: Channel, received: datetime) -> Accepted:
    """Stores the withdrawal of consent for one channel. Raises `Busy`.

    Two clicks within a second are one event; a click after a renewed subscription withdraws again.
    """
    arrival = Arrival(
        shop=shop,
        id=f"unsubscribe:{digest(f'{key}/{channel}')[:20]}:{received:%Y%m%dT%H%M%S}",
        source=f"/shops/{shop}/{SOURCE}",
        received=received,
    )
    payload = ConsentChanged(customer=Buyer(), channel=channel, state="withdrawn", source=SOURCE)
    draft = Draft(type="consent.changed", payload=payload, subject=Known(key), at=received)
    async with in_time(tools.budget):
        return (await store(tools, [draft], arrival))[0]
