"""One batch of messages: decide, write everything in one transaction, publish what left, forget what was published.

The order is the guarantee. Inbox, facts, runs, timers, decisions and outbox are one commit; the outbox is published
after it; offsets are committed by the consumer after this returned. A crash at any point repeats the batch, and the
inbox makes the repetition have no effect; what was committed and not published is published by the scheduler.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_engine.app.ports import DeadLetters, DefinitionSource, Publisher, Stores
from relevo_engine.core.batch import Changes, Definitions, decide_into
from relevo_engine.core.inputs import IncomingMessage, Rejected, read
from relevo_engine.core.merging import SubjectKey, addressed, merges_of
from relevo_engine.core.order import in_order
from relevo_runtime.clock import Clock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.records import Record
from relevo_workflow import Subject

_SCHEDULERS_SLEEP = timedelta(seconds=1)
"""Wall time after which a scheduler looks again by itself."""


DECIDE_SECONDS = 5.0
"""Wall time that one transaction may spend on decisions: its locks and the wait of the others stay short."""

_SLICE = 0.05
"""Seconds of deciding after which other tasks have their turn."""


Transaction = tuple[Changes, list[int], Sequence[IncomingMessage]]
"""What one transaction did, the rows of its outbox, and what was left for the next one."""


class BatchProcessor:
    """Handles batches for one or several consumers at once; holds no state that a crash could lose."""

    def __init__(
        self,
        *,
        pool: Pool,
        stores: Stores,
        definitions: DefinitionSource,
        publisher: Publisher,
        dead_letters: DeadLetters,
        clock: Clock,
        metrics: Metrics,
        on_fanouts: Callable[[], None] = lambda: None,
        decide_seconds: float = DECIDE_SECONDS,
    ) -> None:
        """`decide_seconds`: how long one transaction may decide; what is left then is for the next one."""
        self._pool = pool
        self._decide_seconds = decide_seconds
        self._stores = stores
        self._definitions = definitions
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._clock = clock
        self._metrics = metrics
        self._on_fanouts = on_fanouts
        self._published: list[int] = []

    async def __call__(self, records: Sequence[Record]) -> None:
        """Processes `records`. Raises what the database or the broker raised: the caller repeats the batch."""
        arrived, rejected = read(records)
        left: Sequence[IncomingMessage] = arrived
        while left:
            left = await self._process(left)
        for refused in rejected:  # last: what comes before may be tried again
            await self._dead_letters.put(refused.record, refused.reason)

    async def _process(self, arrived: Sequence[IncomingMessage]) -> Sequence[IncomingMessage]:
        """As many inputs as fit into one transaction's time; the others are returned, not taken yet."""
        published, self._published = self._published, []
        try:
            changes, row_ids, left = await self._transact(arrived, published)
        except BaseException:
            self._published = published + self._published
            raise
        for refused in changes.rejected:
            await self._dead_letters.put(refused.record, refused.reason)
        await self._publish(changes, row_ids)
        await self._announce(changes)
        if changes.keys.fanouts:
            self._on_fanouts()
        for (workflow, kind), count in Counter(
            (d.decision.workflow, d.decision.kind) for d in changes.decisions
        ).items():
            self._metrics.decisions.labels(workflow, kind).inc(count)
        return left

    async def flush(self) -> None:
        """Deletes the outbox rows that are published but not yet deleted, for when no further batch comes."""
        published, self._published = self._published, []
        if published:
            async with self._pool.acquire() as conn:
                await self._stores.outbox.delete(conn, published)

    async def _transact(self, arrived: Sequence[IncomingMessage], published: Sequence[int]) -> Transaction:
        """Begins again, holding their partitions too, if customers of the batch turn out to be others by now."""
        partners = {(one.shop, one.key) for a in arrived for one in merges_of(a)}
        partners |= {(a.shop, a.key) for a in arrived if a.record.key != partition_key(a.shop, a.key)}
        keys = {(a.shop, a.key) for a in arrived} | partners
        while True:
            async with self._pool.acquire() as conn, conn.transaction():
                partitions = {self._publisher.partition_of(partition_key(*one)) for one in partners}
                await self._stores.subjects.lock_partitions(conn, {a.record.partition for a in arrived} | partitions)
                merged = await self._stores.merges.merged_into(conn, keys)
                stand_in = {(shop, into) for (shop, _), into in merged.items()}
                if stand_in <= partners:
                    found = [one for a in arrived if (one := addressed(a, merged)) is not None]
                    return await self._change(conn, found, published)
                partners |= stand_in

    async def _change(
        self, conn: Connection, arrived: Sequence[IncomingMessage], published: Sequence[int]
    ) -> Transaction:
        fresh = await self._admit(conn, arrived)
        keys = {(a.shop, a.key) for a in fresh} | {(one.shop, one.key) for a in fresh for one in merges_of(a)}
        shops = {(shop, SHOP_KEY) for shop, _ in keys}  # is the shop erased? That is a fact: its runs stay unlocked
        subjects = await self._stores.subjects.load_subjects(conn, keys, facts_of=shops) if keys else {}
        definitions = await self._definitions.for_subjects(conn, subjects.values())
        changes, left = await self._decide(subjects, fresh, definitions)
        row_ids = await self._write(conn, changes, published)
        if changes.rejected:
            await self._forget(conn, arrived, changes.rejected)
        if left:
            await self._stores.subjects.forget(conn, [a.inbox_id for a in left])
        return changes, row_ids, left

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
            if at - slice_began > _SLICE:
                await asyncio.sleep(0)
                slice_began = clock()
        return changes, ()

    async def _move(self, conn: Connection, changes: Changes) -> None:
        """What is kept of merged customers is the kept ones'. Whoever waits is sent what a fan-out has passed."""
        waiting = await self._stores.merges.move(conn, changes.merged, self._clock.now())
        changes.outbox.extend(await self._stores.waiting.register(conn, waiting))
        await self._stores.timers.rekey_timers(conn, changes.moved_timers)

    async def _admit(self, conn: Connection, arrived: Sequence[IncomingMessage]) -> Sequence[IncomingMessage]:
        first = {a.inbox_id: a for a in reversed(arrived)}
        admitted = await self._stores.subjects.admit(conn, list(first), self._clock.now())
        return in_order([a for a in arrived if a.inbox_id in admitted and first[a.inbox_id] is a])

    async def _write(self, conn: Connection, changes: Changes, published: Sequence[int]) -> list[int]:
        now = self._clock.now()
        if changes.erased:
            await self._stores.erasure.erase(
                conn, changes.erased, await self._stores.merges.earlier_keys(conn, changes.erased)
            )
            await self._stores.privacy.keep_erasures(conn, list(changes.erased.values()))
        await self._stores.privacy.keep_requests(conn, changes.data_requests)
        await self._stores.subjects.save_customers(conn, changes.customers)
        await self._stores.subjects.save_runs(conn, changes.runs, now)
        armed = [timer for timer in changes.timers.values() if timer is not None]
        gone = [timer_id for timer_id, timer in changes.timers.items() if timer is None]
        await self._stores.timers.consume_timers(conn, changes.fired)
        if armed:
            await self._stores.timers.set_timers(conn, armed)
        if gone:
            await self._stores.timers.cancel_timers(conn, gone)
        if changes.tasks:
            await self._stores.tasks.save(conn, changes.tasks)
        if changes.keys:
            await self._keep_keys(conn, changes)
        await self._stores.subjects.append_decisions(conn, changes.decisions, now)
        if changes.merged:
            await self._move(conn, changes)
        row_ids = await self._stores.outbox.put(conn, changes.outbox) if changes.outbox else []
        if published:
            await self._stores.outbox.delete(conn, published)
        return row_ids

    async def _keep_keys(self, conn: Connection, changes: Changes) -> None:
        """Who waits for which product, and what happened to products. Who just began is sent what they would miss."""
        keys = changes.keys
        await self._stores.waiting.remember(conn, keys.about_products)
        await self._stores.waiting.leave(conn, keys.waiting)
        changes.outbox.extend(await self._stores.waiting.register(conn, keys.registered))
        await self._stores.fanouts.put(conn, keys.fanouts)

    async def _forget(self, conn: Connection, arrived: Sequence[IncomingMessage], rejected: Sequence[Rejected]) -> None:
        records = {id(refused.record) for refused in rejected}
        await self._stores.subjects.forget(conn, [a.inbox_id for a in arrived if id(a.record) in records])

    async def _announce(self, changes: Changes) -> None:
        """Wakes the schedulers if they may sleep past a timer; once a batch, and outside of its transaction."""
        first = min((timer.due_at for timer in changes.timers.values() if timer is not None), default=None)
        if first is not None and first < self._clock.now() + self._clock.span(_SCHEDULERS_SLEEP):
            async with self._pool.acquire() as conn:
                await self._stores.timers.announce(conn, first)

    async def _publish(self, changes: Changes, row_ids: Sequence[int]) -> None:
        by_topic: dict[str, list[tuple[bytes, bytes]]] = {}
        for row in changes.outbox:
            by_topic.setdefault(row.topic, []).append((partition_key(row.shop, row.key), row.value))
        for topic, messages in by_topic.items():
            await self._publisher.publish(topic, messages)
        self._published.extend(row_ids)
