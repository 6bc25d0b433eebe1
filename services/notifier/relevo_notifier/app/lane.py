"""The way of one channel: what is held, what is being sent, and the workers that send it.

A delivery is marked as `sending` only when a worker is about to take it, a few at a time: what a crash leaves in doubt
is no more than about three for each connection.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.app.attempt import Attempt
from relevo_notifier.app.batches import Batches
from relevo_notifier.app.ports import Provider
from relevo_notifier.core.work import Settled, Work
from relevo_runtime.clock import Clock

_log = structlog.get_logger(__name__)


class Holding(Struct, frozen=True):
    """How much a lane holds, and for how long. Durations are wall time.

    After `lease` another instance may take over what this one is sending; no attempt begins less than `margin`, the
    longest that one takes, before that.
    """

    capacity: int
    lease: timedelta
    margin: timedelta


class Lane:
    """Holds deliveries of one channel in memory, up to a limit, and sends them over `provider.slots` workers."""

    def __init__(
        self,
        provider: Provider,
        attempt: Attempt,
        deliveries: Deliveries,
        settlements: Batches[Settled],
        clock: Clock,
        *,
        holding: Holding,
    ) -> None:
        self.channel: Channel = provider.channel
        self._slots = provider.slots
        self._attempt = attempt
        self._deliveries = deliveries
        self._settlements = settlements
        self._clock = clock
        self._capacity = holding.capacity
        self._lease = holding.lease
        self._margin = holding.margin
        self._held: deque[Work] = deque()
        self._begun: asyncio.Queue[Work] = asyncio.Queue(provider.slots)
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._reserved = 0

    def lease(self) -> datetime:
        """The end of a lease that begins now, in clock time."""
        return self._clock.now() + self._clock.span(self._lease)

    def room(self) -> int:
        """How many more deliveries may be held."""
        return max(0, self._capacity - len(self._held))

    def reserve(self, wanted: int) -> int:
        """Take up to `wanted` of the places of what goes out at once; give back by `begin` or `unreserve`."""
        free = 0 if self._held else self._slots - self._begun.qsize() - self._reserved
        taken = max(0, min(wanted, free))
        self._reserved += taken
        return taken

    def unreserve(self, places: int) -> None:
        """Give back reserved places."""
        self._reserved -= places

    async def begin(self, works: Iterable[Work]) -> None:
        """Send these, which are marked as `sending` already; waits until workers are free for them."""
        for work in works:
            await self._begun.put(work)

    def hold(self, works: Iterable[Work]) -> None:
        """Send these, which are queued and leased, as soon as workers are free."""
        self._held.extend(works)
        if len(self._held) * 2 > self._capacity:
            self._roomy.clear()
        self._changed.set()

    async def relaxed(self, patience: float) -> bool:
        """Wait until less than half the capacity is held, for at most `patience` seconds; says whether it is so."""
        try:
            async with asyncio.timeout(patience):
                await self._roomy.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(), name=f"{self.channel}-feed")
            for number in range(self._slots):
                group.create_task(self._work(), name=f"{self.channel}-{number}")

    async def stop(self) -> None:
        """Give back what is held, and wait until what has begun has ended; `run` may be cancelled then."""
        held, self._held = list(self._held), deque()
        if held:
            await self._deliveries.release(held, self._clock.now())
        await self._begun.join()

    async def _feed(self) -> None:
        """Mark what is held as being sent, as many at a time as there are workers."""
        while True:
            while not self._held:
                self._changed.clear()
                await self._changed.wait()
            chunk = [self._held.popleft() for _ in range(min(len(self._held), self._slots))]
            if len(self._held) * 2 <= self._capacity:
                self._roomy.set()
            await self._begin_held(chunk)

    async def _begin_held(self, chunk: list[Work]) -> None:
        begun = await self._deliveries.begin(chunk, self.lease())
        if len(begun) < len(chunk):
            _log.info("lease_lost", channel=self.channel, deliveries=len(chunk) - len(begun))
        await self.begin(begun)

    async def _work(self) -> None:
        while True:
            work = await self._begun.get()
            now = self._clock.now()
            if now + self._clock.span(self._margin) < work.lease:
                await self._settlements.put(await self._attempt(work))
            else:
                await self._too_slow(work, now)
            self._begun.task_done()

    async def _too_slow(self, work: Work, now: datetime) -> None:
        """Back into the queue: it certainly did not go out. One in doubt stays so for whoever looks at it next."""
        _log.warning("too_slow", channel=self.channel, delivery=work.delivery.id, lease=work.lease.isoformat())
        if not work.doubtful:
            await self._settlements.put(Settled(work=work, state="queued", reason="no worker was free", wake_at=now))
