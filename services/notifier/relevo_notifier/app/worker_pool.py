"""One way out: what is held, what is under way, and the workers that do it.

A row is marked as begun (`sending`, `calling`) only when a worker is free for it: what a crash leaves in doubt is no
more than one for each connection. Those for workers that become free within a moment are marked by one statement.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol

import structlog
from msgspec import Struct

from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.ports import Attempting, Queue, R
from relevo_notifier.app.transient import retry_transient
from relevo_notifier.core.work import W, Workable
from relevo_runtime.clock import Clock
from relevo_runtime.database_errors import is_schema_mismatch
from relevo_runtime.errors import described
from relevo_runtime.supervision import asked_to_end, contained, together

_log = structlog.get_logger(__name__)


Pick = Callable[[deque[W], int], list[W]]
"""Takes up to so many of what is held, out of it, to be begun now."""


def oldest(held: deque[W], most: int) -> list[W]:
    """In the order in which they came."""
    return [held.popleft() for _ in range(min(len(held), most))]


class Gate(Protocol):
    """Whether messages may go for now."""

    def is_free(self, now: datetime) -> bool:
        """Whether they may go as they come."""
        ...

    def is_shut(self, now: datetime) -> bool:
        """Whether none goes, nor what is held already."""
        ...


class _Open:
    def is_free(self, now: datetime) -> bool:
        return True

    def is_shut(self, now: datetime) -> bool:
        return False


OPEN = _Open()


def _rank(work: Workable) -> bool:
    return not work.urgent


_STATEMENTS = 2
"""So many mark work as begun at once: while one of them waits for the disk, half of the workers are at work."""
_MOMENT = 0.005
"""Wall seconds that a few free workers wait for others: a statement for each would cost more than they do."""


class PoolLimits(Struct, frozen=True):
    """How much a worker pool holds and does at once (`slots`), and for how long. Durations are wall time.

    After `lease` another instance may take over what this one is sending; no attempt begins less than `margin`, the
    longest that one takes, before that.
    """

    slots: int
    capacity: int
    lease: timedelta
    margin: timedelta


class WorkerPool(Generic[W, R]):
    """Holds work in memory, up to a limit, and does it over `limits.slots` workers."""

    def __init__(
        self,
        name: str,
        attempt: Attempting[W, R],
        queue: Queue[W],
        settlements: Batcher[R],
        clock: Clock,
        *,
        limits: PoolLimits,
        pick: Pick[W] = oldest,
        gate: Gate = OPEN,
    ) -> None:
        self.name = name
        self._gate = gate
        self._slots = limits.slots
        self._attempt = attempt
        self._queue = queue
        self._pick = pick
        self._settlements = settlements
        self._clock = clock
        self._capacity = limits.capacity
        self._lease = limits.lease
        self._margin = limits.margin
        self._held: deque[W] = deque()
        self._begun: asyncio.Queue[W] = asyncio.Queue()
        self._busy = 0  # workers that have work
        self._changed = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._reserved = 0  # workers that will have what is being marked
        self._open: dict[tuple[str, str], datetime] = {}

    def lease(self) -> datetime:
        """The end of a lease that begins now, in clock time."""
        return self._clock.now() + self._clock.span(self._lease)

    def _enough(self) -> datetime:
        """What is held until after that is held long enough for an attempt, and to wait for it."""
        return self._clock.now() + self._clock.span((self._lease + self._margin) / 2)

    def room(self) -> int:
        """How much more may be held."""
        return max(0, self._capacity - len(self._held))

    @property
    def held(self) -> Sequence[W]:
        """What is held, in the order in which it goes."""
        return tuple(self._held)

    def room_for_new(self) -> int:
        """How much of what comes in may be held: nothing where all have to take their turns in the table."""
        return self.room() if self._gate.is_free(self._clock.now()) else 0

    def reserve(self, wanted: int) -> int:
        """Take up to `wanted` of the places of what goes out at once; give back by `begin` or `unreserve`."""
        free = 0 if self._held or not self._gate.is_free(self._clock.now()) else self._free()
        taken = min(wanted, free)
        self._reserved += taken
        return taken

    def unreserve(self, places: int) -> None:
        """Give back reserved places."""
        self._reserved -= places
        self._changed.set()

    async def begin(self, works: Iterable[W]) -> None:
        """Do these, which are marked as begun already; waits until workers are free for them."""
        works = list(works)
        self._open.update((work.ref, work.lease) for work in works)
        for work in works:
            while self._busy >= self._slots:
                await self._change()
            self._busy += 1
            self._begun.put_nowait(work)

    async def _change(self) -> None:
        """Wait until a worker has become free, or something else has changed."""
        self._changed.clear()
        await self._changed.wait()

    def _free(self) -> int:
        return max(0, self._slots - self._busy - self._reserved)

    def overdue(self, now: datetime) -> bool:
        """Whether something is under way here whose lease is over: this process knows best what becomes of it."""
        return any(lease <= now for lease in self._open.values())

    def hold(self, works: Iterable[W]) -> None:
        """Do these, which are queued and leased, as soon as workers are free.

        What is held already and comes again, because its lease has ended, is held under the new lease alone.
        """
        works = list(works)
        if self._held and works:
            again = {work.ref for work in works}
            self._held = deque(work for work in self._held if work.ref not in again)
        self._held.extend(works)
        if any(work.urgent for work in works):
            self._held = deque(sorted(self._held, key=_rank))
        if len(self._held) * 2 > self._capacity:
            self._roomy.clear()
        self._changed.set()

    @property
    def is_crowded(self) -> bool:
        """Whether half the capacity or more is held: `wait_for_capacity` waits."""
        return not self._roomy.is_set()

    async def wait_for_capacity(self, patience: float) -> bool:
        """Wait until less than half the capacity is held, for at most `patience` seconds; says whether it is so."""
        try:
            async with asyncio.timeout(patience):
                await self._roomy.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Work for ever. Raises `PartEnded` if one of the workers ends, which no piece of work can bring about."""
        feeds = (asyncio.create_task(self._feed(), name=f"{self.name}-feed-{number}") for number in range(_STATEMENTS))
        workers = (asyncio.create_task(self._work(), name=f"{self.name}-{number}") for number in range(self._slots))
        await together([*feeds, *workers])

    async def stop(self) -> None:
        """Give back what is held, and wait until what has begun has ended; `run` may be cancelled then."""
        await self._give_back()
        while self._busy or self._reserved:
            await self._change()

    async def _give_back(self) -> None:
        """Leave to the table what is held."""
        held, self._held = list(self._held), deque()
        self._roomy.set()
        if held:
            await self._queue.release(held, self._clock.now())

    async def _feed(self) -> None:
        """Mark what is held as begun, as many as there are workers free."""
        while not asked_to_end():
            await self._some_free()
            if self._gate.is_shut(self._clock.now()):
                # What can't be given back now is somebody's again when its lease is over.
                await retry_transient(f"{self.name}-release", self._give_back)
                continue
            chunk = self._pick(self._held, self._free())
            if not chunk:
                await self._change()
                continue
            if len(self._held) * 2 <= self._capacity:
                self._roomy.set()
            self._reserved += len(chunk)
            try:
                await self._begin_held(chunk)
            finally:
                self._reserved -= len(chunk)
                self._changed.set()

    async def _some_free(self) -> None:
        """Wait until half of the workers have work to get and are free; or a moment longer than for one."""
        while not (self._held and self._free()):
            await self._change()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                while self._free() * 2 < min(self._slots, len(self._held)):
                    await self._change()

    async def _begin_held(self, chunk: list[W]) -> None:
        """Mark `chunk` as begun. What fails for good is narrowed down by halves to the one at fault."""
        try:
            begun = await contained(self._mark(chunk))
        except Exception as error:  # noqa: BLE001 - one odd value costs itself only
            failure = error
        else:
            await self.begin(begun)
            return
        for work in chunk:
            self._open.pop(work.ref, None)
        if len(chunk) == 1:
            await self._give_up(chunk[0], failure)
            return
        middle = len(chunk) // 2
        await self._begin_held(chunk[:middle])
        await self._begin_held(chunk[middle:])

    async def _mark(self, chunk: list[W]) -> list[W]:
        tried: list[datetime] = []

        async def attempt() -> list[W]:
            # A try that failed may have been committed: then the rows are begun, and nobody else's.
            lease, enough = self.lease(), self._enough()
            for work in chunk:
                self._open.setdefault(work.ref, work.lease if work.lease > enough else lease)
            before = tuple(tried)
            tried.append(lease)
            return await self._queue.begin(chunk, lease, before, enough)

        begun = await retry_transient(f"{self.name}-begin", attempt, size=len(chunk))
        mine = {work.ref for work in begun}
        for work in chunk:
            if work.ref not in mine:
                self._open.pop(work.ref, None)
        if len(begun) < len(chunk):
            _log.info("lease_lost", workers=self.name, works=len(chunk) - len(begun))
        return begun

    async def _work(self) -> None:
        while not asked_to_end():
            work = await self._begun.get()
            try:
                settled = await contained(self._settled(work))
            except Exception as error:  # noqa: BLE001 - whatever one piece of work raises, it costs itself only
                await self._give_up(work, error)
            else:
                if settled is not None:
                    await self._settlements.put(settled)
            self._open.pop(work.ref, None)
            self._busy -= 1
            self._changed.set()  # what was not picked may be now

    async def _settled(self, work: W) -> R | None:
        await retry_transient(f"{self.name}-ready", partial(self._attempt.ready, work))
        now = self._clock.now()
        if now + self._clock.span(self._margin) < work.lease:
            return await self._attempt(work)
        return self._too_slow(work, now)

    def _too_slow(self, work: W, now: datetime) -> R | None:
        """Back into the queue: it certainly did not go out. One in doubt stays so for whoever looks at it next."""
        _log.warning("too_slow", workers=self.name, work=work.command.id, lease=work.lease.isoformat())
        return None if work.doubtful else self._attempt.put_back(work, now)

    async def _give_up(self, work: W, error: Exception) -> None:
        """Nothing of it went out in this attempt, and another one would fail in the same way.

        Raises `error` if no work is at fault but the service.
        """
        if is_schema_mismatch(error):
            raise error
        ids = {"shop": work.command.shop, "id": work.command.id}
        _log.error("attempt_failed", workers=self.name, error=described(error), exc_info=error, **ids)
        await self._settlements.put(self._attempt.failed(work, described(error), self._clock.now()))
