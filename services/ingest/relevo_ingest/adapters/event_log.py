"""Kafka, as ingest sees it: events are stored, or the sender must try again."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_ingest.core.errors import Busy
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import temporary
from relevo_runtime.supervision import contained

Message = tuple[bytes, bytes]
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
        self._most_waiting = most_waiting
        self._waiting: list[tuple[str, Sequence[Message], asyncio.Future[None]]] = []
        self._in_flight = 0
        self._worker: asyncio.Task[None] | None = None
        self._started = False
        self._starting = asyncio.Lock()
        self._failed_at = float("-inf")

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
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=_STOP_SECONDS)
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

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event. Raises `Busy` if Kafka did not take it."""
        await self._publish(UNRECOGNISED, [message])

    async def _publish(self, topic: str, messages: Sequence[Message]) -> None:
        if len(self._waiting) + self._in_flight >= self._most_waiting:
            raise Busy(f"{self._most_waiting} requests wait for Kafka already")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((topic, messages, future))
        # The work goes on in a task of its own: the publisher must see the end of each call to know whether it is
        # still sound, also when the sender's time is up.
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        await future

    async def _work(self) -> None:
        """Publishes whatever waits until nothing does. What arrives meanwhile waits for the next round."""
        try:
            while self._waiting:
                taken = [call for call in self._waiting if not call[2].done()]  # whose time is up sends it again
                self._waiting = []
                self._in_flight = len(taken)
                topics = dict.fromkeys(topic for topic, _, _ in taken)
                await asyncio.gather(
                    *(self._publish_together(topic, [each for each in taken if each[0] == topic]) for topic in topics)
                )
                self._in_flight = 0
        finally:
            self._worker = None

    async def _publish_together(
        self, topic: str, calls: Sequence[tuple[str, Sequence[Message], asyncio.Future[None]]]
    ) -> None:
        error = await self._error_of(topic, [message for _, messages, _ in calls for message in messages])
        if error is not None:
            self._failed_at = asyncio.get_running_loop().time()
            _log.warning("%d requests were not stored: %s", len(calls), error, extra={"repeats": topic})
        for _, _, future in calls:
            if not future.done():  # else the sender's time was up
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(error)

    async def _error_of(self, topic: str, messages: Sequence[Message]) -> Exception | None:
        """Publishes, and returns what went wrong for everyone who waits for it."""
        try:
            if not self._started:
                await self.start()
            await contained(self._publisher.publish(topic, messages))
        except PublishError as error:
            return Busy(str(error))
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits for this round
            return Busy(f"the database can't be asked now: {error!r}") if temporary(error) else error
        return None
