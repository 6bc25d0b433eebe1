"""Erasing a person by hand: the event that a platform's webhook would have led to."""

import uuid
from collections.abc import Sequence

import msgspec

from relevo_cli import database
from relevo_contracts import topics
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, PrivacyRequested
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.app.ports import Message, Outcome, outcome_of
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings


class _Topics:
    """The topics as ingest's log sees them."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def events(self, messages: Sequence[Message]) -> None:
        """Stores events."""
        await self._publisher.publish(topics.EVENTS, messages)

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        """Stores the events of several senders."""
        return [await outcome_of(self.events(group)) for group in groups]

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event."""
        await self._publisher.publish(topics.UNRECOGNISED, [message])


async def erase(settings: RuntimeSettings, shop: str, key: str, by: str) -> Event:
    """Publishes the erasure of `key`; ingest's part is done when this returns, the services do theirs.

    Raises what the database or Kafka raises; asking again is safe.
    """
    now = make_clock(settings).now()
    event = Event(
        id=f"privacy/{uuid.uuid4()}",
        source=f"/shops/{shop}/privacy/{by}",
        type="customer.redacted",
        time=now,
        shop=shop,
        key=key,
        data=event_data(PrivacyRequested(customer=Buyer())),
        receivedtime=now,
    )
    async with (
        database.connection(settings) as connection,
        Publisher(settings, seals=Seals(connection, settings)) as publisher,
    ):
        log = ErasingEventLog(_Topics(publisher), connection)
        await log.events([(partition_key(shop, key), msgspec.json.encode(event))])
    return event
