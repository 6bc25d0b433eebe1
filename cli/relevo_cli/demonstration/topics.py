"""Reads along on the topics, without a consumer group: what was decided and why, and what was in doubt."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
from aiokafka import AIOKafkaConsumer

from relevo_cli import database
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome, SendDelivery
from relevo_contracts.topics import DELIVERIES, EVENTS, OUTCOMES
from relevo_control.app.topics import opened
from relevo_runtime.kafka import clients
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_POLL_MS = 200


class TopicReader:
    """What the topics said of one shop since the reading began."""

    def __init__(self, shop: str) -> None:
        self.events = 0
        self.deliveries: dict[str, SendDelivery] = {}
        self.outcomes: dict[str, DeliveryOutcome] = {}
        self._shop = shop

    @property
    def skipped(self) -> int:
        """Deliveries that the notifier did not send, with a reason."""
        return sum(outcome.status == "skipped" for outcome in self.outcomes.values())

    def doubted(self) -> set[str]:
        """The effect keys of which it cannot be known whether they were sent."""
        return {effect for effect, outcome in self.outcomes.items() if _in_doubt(outcome)} & set(self.deliveries)

    def take(self, topic: str, value: bytes) -> None:
        """One message of a topic (its logical name)."""
        match topic:
            case "relevo.events":
                self.events += msgspec.json.decode(value, type=Event).shop == self._shop
            case "relevo.deliveries":
                delivery = msgspec.json.decode(value, type=SendDelivery)
                if delivery.shop == self._shop and delivery.recall is None:
                    self.deliveries[delivery.id] = delivery
            case "relevo.outcomes":
                self._take_outcome(msgspec.json.decode(value, type=DeliveryOutcome))

    def _take_outcome(self, outcome: DeliveryOutcome) -> None:
        known = self.outcomes.get(outcome.delivery_id)
        if outcome.shop == self._shop and (known is None or not _in_doubt(known)):
            self.outcomes[outcome.delivery_id] = outcome


def _in_doubt(outcome: DeliveryOutcome) -> bool:
    """Whether the notifier says that it cannot know: it gave up, or sent again what may have arrived before."""
    return outcome.status == "in_doubt" or "nobody knows how it ended" in outcome.reason


@contextlib.asynccontextmanager
async def reading_topics(settings: RuntimeSettings, shop: str) -> AsyncIterator[TopicReader]:
    """Reads from the topics' ends on while the block runs. Raises aiokafka's errors if the broker is not there."""
    seen = TopicReader(shop)
    logical = {settings.topic(name): name for name in (EVENTS, DELIVERIES, OUTCOMES)}
    async with clients.reading(settings, *logical, auto_offset_reset="latest") as consumer:
        for partition in consumer.assignment():
            await consumer.position(partition)  # returns once the end is looked up: what comes from now on is read
        reading = asyncio.create_task(_read(consumer, settings, logical, seen), name="read-along")
        try:
            yield seen
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def _read(
    consumer: AIOKafkaConsumer, settings: RuntimeSettings, logical: dict[str, str], seen: TopicReader
) -> None:
    async with database.connection(settings) as connection:
        seals = Seals(connection, settings)
        while True:
            for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                for record in await opened(seals, logical[place.topic], records):
                    seen.take(record.topic, record.value)
