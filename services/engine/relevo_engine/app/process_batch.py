"""One batch of messages: decide, write everything in one transaction, publish what left, forget what was published.

The order is the guarantee. Inbox, facts, runs, timers, decisions and outbox are one commit; the outbox is published
after it; offsets are committed by the consumer after this returned. A crash at any point repeats the batch, and the
inbox makes the repetition have no effect; what was committed and not published is published by the scheduler.
A large batch is several such transactions, up to four of them side by side, each of whole partitions: while some wait
for the database, another decides. They decide one after the other, so that the first to be done is written while the
next one decides, and not all of them are written at once while nobody decides.
(For the wake-up of a run the run itself is the inbox: it knows which of its timers are still to fire, in which turn.)
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from datetime import timedelta

from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_engine.app.batch_trace import BatchTrace
from relevo_engine.app.ports import BatchKeys, BatchStore, DeadLetters, OpenBatch, Publisher, Unpublished
from relevo_engine.core.batch import Changes, Definitions, decide_into
from relevo_engine.core.catalogue import named_by, with_products
from relevo_engine.core.inputs import IncomingMessage, Rejected, read
from relevo_engine.core.merging import SubjectKey, addressed, merges_of
from relevo_engine.core.order import in_order
from relevo_engine.core.recommendations import asked, recommend
from relevo_runtime.clock import Clock
from relevo_runtime.dead_letters import shop_of
from relevo_runtime.metrics import Metrics
from relevo_runtime.records import Record
from relevo_runtime.traces import NO_TRACES, Traces
from relevo_workflow import Subject

_log = logging.getLogger(__name__)
_SCHEDULERS_SLEEP = timedelta(seconds=1)
"""Wall time after which a scheduler looks again by itself."""


DECIDE_SECONDS = 5.0
"""Wall time that one transaction may spend on decisions: its locks and the wait of the others stay short."""

SLICE_SECONDS = 0.01
"""Wall time of deciding after which other tasks have their turn: what the database answered to another transaction."""

SIDE_BY_SIDE = 4
"""Transactions of one batch at a time: one that is opened, one that is decided, one that is written, one committed."""

_WORTH = 100
"""Messages that are worth a transaction of their own; of a larger batch a sixteenth is, so that each lane has four.

While the first of a batch is opened nobody decides, and while the last is written: the smaller, the shorter.
"""
_SHARES = 4 * SIDE_BY_SIDE

Transaction = tuple[Changes, Unpublished, Sequence[IncomingMessage]]
"""What one transaction did, what it left to publish, and the messages that are left for the next one."""


class BatchProcessor:
    """Handles batches for one or several consumers at once; holds no state that a crash could lose."""

    def __init__(
        self,
        *,
        store: BatchStore,
        publisher: Publisher,
        dead_letters: DeadLetters,
        clock: Clock,
        metrics: Metrics,
        on_fanouts: Callable[[], None] = lambda: None,
        most: int = 1000,
        decide_seconds: float = DECIDE_SECONDS,
        slice_seconds: float = SLICE_SECONDS,
        traces: Traces = NO_TRACES,
    ) -> None:
        """`most`: how many messages one transaction takes, `decide_seconds`: how long it may decide.

        What is left then is for the next one. `slice_seconds`: how long until others have their turn.
        """
        self._store = store
        self._most = most
        self._decide_seconds = decide_seconds
        self._slice_seconds = slice_seconds
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._clock = clock
        self._metrics = metrics
        self._on_fanouts = on_fanouts
        self._traces = traces
        self._published: list[int] = []

    async def __call__(self, records: Sequence[Record]) -> None:
        """Processes `records`. Raises what the database or the broker raised: the caller repeats the batch."""
        shares = _shares(records, min(self._most, max(_WORTH, len(records) // _SHARES)))
        lanes = _Lanes(shares, asyncio.Lock())
        ends = await asyncio.gather(*(self._process_all(lanes) for _ in range(SIDE_BY_SIDE)), return_exceptions=True)
        for end in ends:  # none is still at work when the batch is repeated
            if end is not None:
                raise end
        for refused in lanes.rejected:  # last: what comes before may be tried again
            await self._dead_letters.put(refused.record, refused.reason)

    async def _process_all(self, lanes: "_Lanes") -> None:
        """One share after the other, of those that nobody has taken yet; after a failure nobody takes another."""
        for share in lanes.shares:
            left, rejected = read(share)
            lanes.rejected.extend(rejected)
            left = left if len(left) <= self._most else [*in_order(left)]
            try:
                while left:
                    left = [*await self._process(left[: self._most], lanes.turn), *left[self._most :]]
            except BaseException:
                lanes.shares.close()
                raise

    async def _process(self, arrived: Sequence[IncomingMessage], turn: asyncio.Lock) -> Sequence[IncomingMessage]:
        """As many inputs as fit into one transaction's time; the others are returned, not taken yet."""
        trace = BatchTrace(self._traces)
        try:
            return await self._process_in(trace, arrived, turn)
        except BaseException as error:
            trace.fail(error)
            raise

    async def _process_in(
        self, trace: BatchTrace, arrived: Sequence[IncomingMessage], turn: asyncio.Lock
    ) -> Sequence[IncomingMessage]:
        published, self._published = self._published, []
        try:
            changes, unpublished, left = await self._transact(trace, arrived, published, turn)
        except BaseException:
            self._published = published + self._published
            raise
        for refused in changes.rejected:
            if refused.error is not None:
                about = {"shop": shop_of(refused.record.key), "repeats": "core"}
                _log.error("the core failed on %s", refused.record.topic, exc_info=refused.error, extra=about)
            await self._dead_letters.put(refused.record, refused.reason)
        await self._publish(unpublished)
        await self._announce(changes)
        if changes.keys.fanouts:
            self._on_fanouts()
        for (workflow, kind), count in Counter(
            (d.decision.workflow, d.decision.kind) for d in changes.decisions
        ).items():
            self._metrics.decisions.labels(workflow, kind).inc(count)
        trace.end(changes)
        return left

    async def flush(self) -> None:
        """Deletes the outbox rows that are published but not yet deleted, for when no further batch comes."""
        published, self._published = self._published, []
        if published:
            await self._store.delete_published(published)

    async def _transact(
        self, trace: BatchTrace, arrived: Sequence[IncomingMessage], published: Sequence[int], turn: asyncio.Lock
    ) -> Transaction:
        """Begins again, holding their partitions too, if customers of the batch turn out to be others by now."""
        partners = _merged_by(arrived)
        partners |= {(a.shop, a.key) for a in arrived if a.record.key != partition_key(a.shop, a.key)}
        while True:
            async with self._store.open(self._wanted(arrived, partners), self._clock.now()) as batch:
                stand_in = {(shop, into) for (shop, _), into in batch.merged.items()}
                if stand_in <= partners:
                    return await self._change(trace, batch, _addressed(arrived, batch.merged), published, turn)
                partners |= stand_in

    def _wanted(self, arrived: Sequence[IncomingMessage], partners: Set[SubjectKey]) -> BatchKeys:
        """`partners` are customers whose own messages are on other partitions than those of the batch."""
        keys = {(a.shop, a.key) for a in arrived} | partners
        return BatchKeys(
            partitions={a.record.partition for a in arrived}
            | {self._publisher.partition_of(partition_key(*one)) for one in partners},
            ids=list({a.inbox_id: None for a in arrived if a.inbox_id}),
            keys=keys,
            facts_of={(shop, SHOP_KEY) for shop, _ in keys},  # is the shop erased? That is a fact
            products=named_by(arrived),
        )

    async def _change(
        self,
        trace: BatchTrace,
        batch: OpenBatch,
        arrived: Sequence[IncomingMessage],
        published: Sequence[int],
        turn: asyncio.Lock,
    ) -> Transaction:
        fresh = with_products(_fresh(arrived, batch.admitted), batch.products)
        keys = {(a.shop, a.key) for a in fresh} | _merged_by(fresh)
        subjects = batch.subjects(keys | {(shop, SHOP_KEY) for shop, _ in keys})
        fresh = trace.take(fresh, subjects)
        definitions = await batch.definitions(subjects.values())
        async with turn:
            changes, left = await self._decide(subjects, fresh, definitions)
        if wanted := asked(changes):
            recommend(changes, await batch.offer(wanted, self._clock.now()))
        records = {id(refused.record) for refused in changes.rejected}
        again = [a.inbox_id for a in left] + [a.inbox_id for a in arrived if id(a.record) in records]
        unpublished = await batch.write(
            changes, self._clock.now(), published=published, again=[one for one in again if one]
        )
        return changes, unpublished, trace.put_back(left)

    async def _decide(
        self,
        subjects: dict[SubjectKey, Subject],
        fresh: Sequence[IncomingMessage],
        definitions: Mapping[str, Definitions],
    ) -> tuple[Changes, Sequence[IncomingMessage]]:
        """What the inputs do, as far as the time of a transaction goes, and those that have to wait for the next one.

        Other tasks have their turn meanwhile: the process answers, and keeps its place in the consumer group.
        """
        changes, now, clock = Changes.none(), self._clock.now(), asyncio.get_running_loop().time
        began = slice_began = clock()
        for number, arrived in enumerate(fresh):
            decide_into(changes, subjects, arrived, definitions, now)
            at = clock()
            if at - began > self._decide_seconds:
                return changes, fresh[number + 1 :]
            if at - slice_began > self._slice_seconds:
                await asyncio.sleep(0)
                slice_began = clock()
        return changes, ()

    async def _announce(self, changes: Changes) -> None:
        """Wakes the schedulers if they may sleep past a timer; once a batch, and outside of its transaction."""
        first = min((timer.due_at for timer in changes.timers.values() if timer is not None), default=None)
        if first is not None and first < self._clock.now() + self._clock.span(_SCHEDULERS_SLEEP):
            await self._store.announce(first)

    async def _publish(self, unpublished: Unpublished) -> None:
        by_topic: dict[str, list[tuple[bytes, bytes]]] = {}
        for row in unpublished.messages:
            by_topic.setdefault(row.topic, []).append((partition_key(row.shop, row.key), row.value))
        for topic, messages in by_topic.items():
            await self._publisher.publish(topic, messages)
        self._published.extend(unpublished.numbers)


class _Lanes(Struct):
    """What the transactions of a batch have in common: who takes the next share, and whose turn it is to decide."""

    shares: Generator[Sequence[Record]]
    turn: asyncio.Lock
    rejected: list[Rejected] = []


def _shares(records: Sequence[Record], worth: int) -> Generator[Sequence[Record]]:
    """The batch in shares of whole partitions that are `worth` a transaction each, the largest partitions first."""
    partitions: dict[int, list[Record]] = {}
    for one in records:
        partitions.setdefault(one.partition, []).append(one)
    share: list[Record] = []
    for partition in sorted(partitions.values(), key=len, reverse=True):
        share += partition
        if len(share) >= worth:
            yield share
            share = []
    if share:
        yield share


def _merged_by(arrived: Iterable[IncomingMessage]) -> set[SubjectKey]:
    """Whom messages say to be somebody else."""
    return {(one.shop, one.key) for a in arrived for one in merges_of(a)}


def _addressed(arrived: Sequence[IncomingMessage], merged: Mapping[SubjectKey, str]) -> Sequence[IncomingMessage]:
    """The messages for those who stand for their customers by now, without those that are for nobody."""
    if not merged:
        return arrived
    return [one for a in arrived if (one := addressed(a, merged)) is not None]


def _fresh(arrived: Sequence[IncomingMessage], admitted: Set[bytes]) -> Sequence[IncomingMessage]:
    """Those that were not taken before, each once, in the order in which they are decided."""
    first = {a.inbox_id: a for a in reversed(arrived)}
    return in_order([a for a in arrived if not a.inbox_id or (a.inbox_id in admitted and first[a.inbox_id] is a)])
