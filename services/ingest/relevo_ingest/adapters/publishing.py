"""Kafka, as ingest sees it: events are stored, or the sender must try again."""

from collections.abc import Sequence

from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_ingest.core.errors import Busy
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher

Message = tuple[bytes, bytes]


class KafkaLog:
    """Writes to the topics. A call that returns was acknowledged by all in-sync replicas."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def events(self, messages: Sequence[Message]) -> None:
        """Stores events, as (partition key, event). Raises `Busy` if Kafka did not take all of them."""
        await self._publish(EVENTS, messages)

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event. Raises `Busy` if Kafka did not take it."""
        await self._publish(UNRECOGNISED, [message])

    async def _publish(self, topic: str, messages: Sequence[Message]) -> None:
        try:
            await self._publisher.publish(topic, messages)
        except PublishError as error:
            raise Busy(str(error)) from error
