"""Kafka, as ingest sees it: events are stored, or the sender must try again."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_ingest.app.ports import Message, Outcome
from relevo_ingest.core.errors import Busy
from relevo_runtime.coalescing import CallRefused, Coalescer
from relevo_runtime.errors import MessageTooLarge, PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import temporary

_UNSOUND_SECONDS = 5.0
_STOP_SECONDS = 10.0
_log = logging.getLogger(__name__)


class KafkaEventLog:
    """Writes to the topics. A call that returns was acknowledged by all in-sync replicas.

    Calls that wait at the same time are published together. It connects when it is first needed, so that ingest can
    answer "try again" also before Kafka is there. At most `most_waiting` calls wait for Kafka at once: while it is
    away, requests must not pile up in memory.
    """

    def __init__(self, publisher: Publisher, *, most_waiting: int) -> None:
        self._publisher = publisher
        self._topics = {topic: self._rounds_of(topic, most_waiting) for topic in (EVENTS, UNRECOGNISED)}
        self._started = False
        self._starting = asyncio.Lock()
        self._failed_at = float("-inf")

    def _rounds_of(self, topic: str, most_waiting: int) -> Coalescer[Sequence[Message], None]:
        async def publish(calls: Sequence[Sequence[Message]]) -> list[None]:
            return await self._publish_together(topic, calls)

        return Coalescer(publish, is_shared=_is_for_all, most_waiting=most_waiting)

    async def start(self) -> None:
        """Connects. Raises `Busy` if no broker answers."""
        async with self._starting:
            if self._started:
                return
            try:
                await self._publisher.start()
            except (KafkaError, OSError) as error:
                raise Busy(f"Kafka can't be reached: {error!r}") from error
            self._started = True

    async def stop(self) -> None:
        """Sends what is waiting, then disconnects."""
        await asyncio.gather(*(rounds.close(_STOP_SECONDS) for rounds in self._topics.values()))
        if self._started:
            await self._publisher.stop()

    async def check(self) -> None:
        """Raises `Busy` if storing failed in the last seconds, and what `Publisher.check` raises."""
        await self.start()
        if asyncio.get_running_loop().time() - self._failed_at < _UNSOUND_SECONDS:
            raise Busy("Kafka did not take the last messages")
        await self._publisher.check()

    async def events(self, messages: Sequence[Message]) -> None:
        """Stores events, as (partition key, event). Raises `Busy` if Kafka did not take all of them."""
        await self._publish(EVENTS, messages)

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        """Stores the events of several senders together; what `events` would raise for a group is its outcome."""
        outcomes = await self._topics[EVENTS].call_each(groups)
        return [_as_answered(one) if isinstance(one, Exception) else None for one in outcomes]

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event. Raises `Busy` if Kafka did not take it."""
        await self._publish(UNRECOGNISED, [message])

    async def _publish(self, topic: str, messages: Sequence[Message]) -> None:
        try:
            await self._topics[topic].call(messages)
        except Exception as error:
            raise _as_answered(error) from error

    async def _publish_together(self, topic: str, calls: Sequence[Sequence[Message]]) -> list[None]:
        """Publishes what several calls store.

        It is not the task of any caller: the publisher must see the end of each call to know whether it is still sound.
        """
        try:
            if not self._started:
                await self.start()
            await self._publisher.publish(topic, [message for messages in calls for message in messages])
        except Exception as error:
            if _is_for_all(error):
                self._failed_at = asyncio.get_running_loop().time()
            _log.warning("%d requests were not stored: %s", len(calls), error, extra={"repeats": topic})
            raise
        return [None] * len(calls)


def _as_answered(error: Exception) -> Exception:
    """What is said of an error: `Busy` if trying again helps."""
    if isinstance(error, CallRefused | PublishError):
        return Busy.after(error, f"Kafka: {error}")
    return Busy.after(error, f"the database can't be asked now: {error!r}") if temporary(error) else error


def _is_for_all(error: Exception) -> bool:
    """Whether Kafka or the database is in the way: a message that is too large for Kafka fails alone."""
    return not isinstance(error, MessageTooLarge)
