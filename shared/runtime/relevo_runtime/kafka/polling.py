"""How records are fetched: by long polls that cost an idle service next to nothing, and by windows under load.

Kafka itself does the waiting. A fetch names the bytes that make an answer worth while and how long it may wait for
them: a quiet consumer is answered by the first record, a busy one by what has gathered in a window. aiokafka takes
both figures once, when it starts, so they are set in its fetcher before each fetch; `tests/runtime/test_polling.py`
sees on a real broker that it heeds them.
"""

import asyncio
import contextlib
import math
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from relevo_runtime.kafka import clients
from relevo_runtime.server_settings import ServerSettings

# The broker answers a connection's requests in order: whatever else is asked, after a rebalance too, waits as long.
_LONG_POLL = 0.5
# What is held back may go on while a fetch is under way that leaves it out; such a fetch ends soon.
_HELD_POLL = 0.05
_LOOK_AGAIN = 5.0  # between two looks of the fetcher at its partitions, if nothing happens that it waits for
_FOREVER = 24 * 60 * 60.0
_ALL = 2**31  # records: more than a fetch can bring
_FULL_BYTES = 64 * 1024  # compressed: some hundred records, which are worth a transaction of their own at any time


class PollingConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka ships no types
    """aiokafka's consumer with another `getmany`: it returns as soon as there is something, and never with nothing.

    After a batch the next one is gathered until `window` seconds since that began, unless it is full before. After a
    window in which nothing came the next record is handed out at once.
    """

    def __init__(self, *topics: str, settings: ServerSettings, window: float, **options: Any) -> None:
        """`options` are aiokafka's; how the brokers are reached is as `settings` say."""
        polling = {
            "fetch_min_bytes": 1,
            "fetch_max_wait_ms": _milliseconds(_LONG_POLL),
            "consumer_timeout_ms": _milliseconds(_LOOK_AGAIN),
        }
        super().__init__(*topics, **(options | polling | clients.connection(settings)))
        self._settings = settings
        self._window = window
        self._gather_until = -math.inf

    async def start(self) -> None:
        """Connect and join the group. Raises `KafkaUnreachable`."""
        async with clients.explained(self._settings):
            await super().start()
        # A fetch asks for all partitions or waits until all are handed out: one that left some out would hold them up.
        self._fetcher._prefetch_backoff = _FOREVER

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """The records that have come, of each partition in order; waits for them, whatever `timeout_ms` says.

        Where more have come than `max_records`, each partition gives an even share of them.
        """
        loop = asyncio.get_running_loop()
        batch: dict[TopicPartition, list[ConsumerRecord]] = {}
        if (left := self._gather_until - loop.time()) > 0:
            batch = await self._poll(partitions, left, max_records)
        while not batch:
            wait = _HELD_POLL if self.paused() else _LONG_POLL
            self._next_fetch(1, wait)
            batch = await self._poll(partitions, wait, max_records)
        if self._window > 0:
            # Nothing is awaited since the last record was handed out, so the fetcher has not asked for more yet.
            self._gather_until = loop.time() + self._window
            self._next_fetch(_FULL_BYTES, self._window)
        return batch

    async def _poll(
        self, partitions: tuple[TopicPartition, ...], wait: float, max_records: int | None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        first = await self._drain(*partitions, wait=wait, most=1)
        return await self._evenly(first, max_records) if first else first

    async def _evenly(
        self, found: dict[TopicPartition, list[ConsumerRecord]], max_records: int | None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """`found` with what else is there, up to `max_records`. Nothing is awaited in between, so nothing changes.

        aiokafka would hand out all of one partition before any of the next, and what comes from one partition can't be
        worked on side by side. An error waits until there is nothing to hand out: the partition is asked again.
        """
        left = (max_records or _ALL) - 1
        while left > 0 and (ready := list(self._fetcher._records)):
            share = math.ceil(left / len(ready))
            for partition in ready:
                with contextlib.suppress(KafkaError):
                    taken = await self._drain(partition, most=min(share, left))
                    for records in taken.values():
                        found.setdefault(partition, []).extend(records)
                        left -= len(records)
                if left == 0:
                    break
        return found

    async def _drain(
        self, *partitions: TopicPartition, wait: float = 0.0, most: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        return dict(await super().getmany(*partitions, timeout_ms=wait * 1000, max_records=most))

    def _next_fetch(self, least_bytes: int, wait: float) -> None:
        self._fetcher._fetch_min_bytes = least_bytes
        self._fetcher._fetch_max_wait_ms = _milliseconds(wait)


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)
