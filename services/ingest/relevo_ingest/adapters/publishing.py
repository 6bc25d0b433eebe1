"""Kafka, as ingest sees it: events are stored, or the sender must try again."""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_ingest.core.errors import Busy
from relevo_runtime.errors import PublishError
from relevo_runtime.kafka import Publisher

Message = tuple[bytes, bytes]
_UNSOUND_SECONDS = 5.0
_STOP_SECONDS = 10.0
_log = logging.getLogger(__name__)


class KafkaLog:
    """Writes to the topics. A call that returns was acknowledged by all in-sync replicas.

    It connects when it is first needed, so that ingest can answer "try again" also before Kafka is there. At most
    `most_waiting` calls wait for Kafka at once: while it is away, requests must not pile up in memory.
    """

    def __init__(self, publisher: Publisher, *, most_waiting: int) -> None:
        self._publisher = publisher
        self._most_waiting = most_waiting
        self._waiting: set[asyncio.Task[None]] = set()
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
        if self._waiting:
            await asyncio.wait(set(self._waiting), timeout=_STOP_SECONDS)
        if self._started:
            await self._publisher.stop()

    async def check(self) -> None:
        """Raises `Busy` if no broker answers, or if storing failed in the last seconds."""
        await self.start()
        if asyncio.get_running_loop().time() - self._failed_at < _UNSOUND_SECONDS:
            raise Busy("Kafka did not take the last messages")

    async def events(self, messages: Sequence[Message]) -> None:
        """Stores events, as (partition key, event). Raises `Busy` if Kafka did not take all of them."""
        await self._publish(EVENTS, messages)

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event. Raises `Busy` if Kafka did not take it."""
        await self._publish(UNRECOGNISED, [message])

    async def _publish(self, topic: str, messages: Sequence[Message]) -> None:
        if len(self._waiting) >= self._most_waiting:
            raise Busy(f"{len(self._waiting)} requests wait for Kafka already")
        # The publisher must see the end of each call to know whether it is still sound, also when the sender's
        # time is up: so the call goes on behind a shield.
        task = asyncio.create_task(self._connected_publish(topic, messages))
        self._waiting.add(task)
        task.add_done_callback(self._finished)
        await asyncio.shield(task)

    async def _connected_publish(self, topic: str, messages: Sequence[Message]) -> None:
        if not self._started:
            await self.start()
        try:
            await self._publisher.publish(topic, messages)
        except PublishError as error:
            raise Busy(str(error)) from error

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed_at = asyncio.get_running_loop().time()
            _log.warning("not stored: %s", error)
