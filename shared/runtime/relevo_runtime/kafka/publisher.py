"""Publishing with acknowledgement."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from relevo_runtime.errors import MessageTooLarge, PublishError
from relevo_runtime.kafka import clients
from relevo_runtime.kafka.murmur2 import murmur2
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import LARGEST_MESSAGE
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.supervision import cancel_all

_log = logging.getLogger(__name__)

_FEW = 4
"""Up to here messages share batches with other callers; above, whole batches are built at once (5 times cheaper)."""
_BATCH_BYTES = 256 * 1024

_REQUEST_TIMEOUT_MS = 20_000
Header = tuple[str, bytes]


class Partitioner:
    """Kafka's own way to choose a partition (murmur2 of the key), remembered: customers come again and again."""

    def __init__(self) -> None:
        self._hash = lru_cache(maxsize=65_536)(lambda key: murmur2(key) & 0x7FFFFFFF)

    def __call__(self, key: bytes, everything: Sequence[int], available: Sequence[int]) -> int:
        """Called by the producer for each message that is sent on its own."""
        return everything[self.partition(key, len(everything))]

    def partition(self, key: bytes, partitions: int) -> int:
        """The partition of `key` in a topic with this many."""
        hashed: int = self._hash(key)
        return hashed % partitions


class Publisher:
    """Publishes keyed messages: idempotent, acknowledged by all replicas, lingering up to 5 ms.

    Messages of one key keep their order. With `seals`, Kafka gets what is about people sealed. Use it as `async with`,
    or `start` and `stop`; `stop` sends what is waiting.
    """

    def __init__(
        self, settings: RuntimeSettings, metrics: Metrics | None = None, *, seals: Seals | None = None
    ) -> None:
        self._settings = settings
        self._seals = seals
        self._metrics = metrics
        self._partitioner = Partitioner()
        self._producer: Any = None
        self._renewing = asyncio.Lock()
        self._broken = False
        self._renewal: asyncio.Task[None] | None = None
        self._used: set[str] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect. Raises `KafkaUnreachable` if no broker can be used."""
        producer = clients.producer(
            self._settings,
            client_id="relevo",
            acks="all",
            enable_idempotence=True,
            compression_type="lz4" if self._seals is None else None,  # what is sealed can't be made smaller
            linger_ms=5,
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            partitioner=self._partitioner,
        )
        await clients.start(producer, self._settings)
        self._producer = producer

    async def stop(self) -> None:
        """Send what is waiting, then disconnect."""
        if self._renewal is not None:
            await cancel_all([self._renewal])
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def check(self) -> None:
        """Returns if a broker answers now and the topics that were published to have leaders.

        Raises `PublishError`, `KafkaError` or `ConnectionError`; may wait for long: bound it. Where the connection is
        unsound a new one is made, so that who publishes nothing while it is away is told when it is back.
        """
        if self._broken:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew(), name="renew the producer")
                self._renewal.add_done_callback(_looked_at)
            await asyncio.shield(self._renewal)
        if self._producer is None:
            raise ConnectionError("not connected to Kafka")
        cluster = await self._producer.client.fetch_all_metadata()
        for topic in sorted(self._used):
            partitions = cluster.partitions_for_topic(topic)
            if not partitions or partitions != cluster.available_partitions_for_topic(topic):
                raise ConnectionError(f"topic {topic} is not there, or some of its partitions have no leader")

    def partition_of(self, key: bytes) -> int:
        """On which partition of any topic the messages of `key` are."""
        return self._partitioner.partition(key, self._settings.partitions)

    async def publish(
        self, topic: str, messages: Sequence[tuple[bytes, bytes]], headers: Sequence[Header] | None = None
    ) -> None:
        """Publish `(key, value)` pairs to the logical `topic` and return when Kafka has acknowledged all of them.

        `headers` has one for each message, if there are any.

        Raises `PublishError`, or `MessageTooLarge`, which does not pass; some messages may then have been written, so
        publish again what readers can recognise as the same. Raises what the database raises if the keys that seal
        messages can't be asked for; nothing was written then. Takes up to 20 s to find out that no broker answers:
        bound it with `asyncio.timeout` if that is long.
        """
        if not messages:
            return
        if any(len(value) > LARGEST_MESSAGE for _, value in messages):
            too_large = MessageSizeTooLargeError(f"a message is larger than {LARGEST_MESSAGE} bytes")
            raise self._failed(topic, len(messages), [too_large] * len(messages))
        self._used.add(self._settings.topic(topic))
        if self._seals is not None:
            messages = await self._seals.seal(topic, messages)
        await self._renew()
        results: Sequence[object]
        try:
            producer, name = self._connected(topic, len(messages)), self._settings.topic(topic)
            if headers is not None:
                pairs = zip(messages, headers, strict=True)
                futures = [await producer.send(name, value, key, headers=[header]) for (key, value), header in pairs]
            else:
                send = self._send_each if len(messages) <= _FEW else self._send_batches
                futures = await send(producer, name, messages)
            results = (
                [await futures[0]] if len(futures) == 1 else await asyncio.gather(*futures, return_exceptions=True)
            )
        except KafkaError as error:
            results = [error] * len(messages)
        self._check(topic, len(messages), [result for result in results if isinstance(result, BaseException)])

    def _connected(self, topic: str, messages: int) -> Any:
        """The producer for one call: another caller may renew it meanwhile, and this call then fails as a whole."""
        if self._producer is None:
            raise PublishError(topic, messages, messages, ConnectionError("not connected to Kafka"))
        return self._producer

    async def _send_each(
        self, producer: Any, topic: str, messages: Sequence[tuple[bytes, bytes]]
    ) -> list[asyncio.Future[Any]]:
        return [await producer.send(topic, value, key) for key, value in messages]

    async def _send_batches(
        self, producer: Any, topic: str, messages: Sequence[tuple[bytes, bytes]]
    ) -> list[asyncio.Future[Any]]:
        partitions = len(await producer.partitions_for(topic))
        parted: dict[int, list[tuple[bytes, bytes]]] = {}
        for message in messages:
            parted.setdefault(self._partitioner.partition(message[0], partitions), []).append(message)
        return [
            await producer.send_batch(batch, topic, partition=partition)
            for partition, part in parted.items()
            for batch in self._batches(producer, part)
        ]

    def _batches(self, producer: Any, messages: Sequence[tuple[bytes, bytes]]) -> list[Any]:
        batch = producer.create_batch()
        batches = [batch]
        for key, value in messages:
            if batch.append(key=key, value=value, timestamp=None) is None:  # full
                batch = producer.create_batch()
                batches.append(batch)
                batch.append(key=key, value=value, timestamp=None)
        for each in batches:
            each.close()
        return batches

    def _check(self, topic: str, total: int, errors: Sequence[BaseException]) -> None:
        if not errors:
            if self._metrics is not None:
                self._metrics.records_published.labels(topic).inc(total)
            return
        # A lost batch leaves a gap in the producer's sequence numbers, which a broker refuses ever after.
        self._broken = True
        raise self._failed(topic, total, errors)

    def _failed(self, topic: str, total: int, errors: Sequence[BaseException]) -> PublishError:
        if self._metrics is not None:
            self._metrics.publish_failures.labels(topic).inc()
        too_large = all(isinstance(error, MessageSizeTooLargeError) for error in errors)
        kind = MessageTooLarge if too_large else PublishError
        return kind(topic, len(errors), total, errors[0])

    async def _renew(self) -> None:
        """After a failure go on with a new producer, which has a new identity and sequence."""
        if not self._broken:
            return
        async with self._renewing:
            if not self._broken:
                return
            old, self._producer = self._producer, None
            if old is not None:
                with contextlib.suppress(KafkaError, TimeoutError):
                    async with asyncio.timeout(1):
                        await old.stop()
            try:
                await self.start()
            except KafkaError as error:
                raise PublishError("any topic", 1, 1, error) from error
            self._broken = False
            _log.info("connected to Kafka again")


def _looked_at(task: "asyncio.Task[None]") -> None:
    """Nobody may be left to ask a renewal how it went: its next try tells."""
    if not task.cancelled():
        task.exception()
