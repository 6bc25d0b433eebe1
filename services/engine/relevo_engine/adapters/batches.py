"""The engine's transaction on PostgreSQL: two statements for a batch, between BEGIN, which locks, and COMMIT."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from asyncpg import Record
from msgspec import Struct

from relevo_engine.adapters import catalogue, erasure, privacy, recommendations, results, store, tasks
from relevo_engine.adapters.fanouts import Fanouts
from relevo_engine.adapters.merges import Merges
from relevo_engine.adapters.waiting import WaitingRuns
from relevo_engine.app.ports import BatchKeys, DefinitionSource, Unpublished
from relevo_engine.core.batch import Changes, Definitions
from relevo_engine.core.catalogue import ProductKey, changed
from relevo_engine.core.merging import SubjectKey
from relevo_engine.core.recommendations import Asked, Offered, sold
from relevo_runtime import outbox, timers
from relevo_runtime.outgoing import Outgoing
from relevo_runtime.postgres import Connection, Part, Pool, together, transaction
from relevo_workflow import Facts, Product, Run, Subject

_fanouts, _merges, _waiting = Fanouts(), Merges(), WaitingRuns()
_facts = msgspec.json.Decoder(Facts)
_run = msgspec.json.Decoder(Run)
_NOTHING = Facts()
_ID_DIGITS = 32


class Batches:
    """The tables of a batch, one transaction for each."""

    def __init__(self, pool: Pool, definitions: DefinitionSource[Connection]) -> None:
        self._pool = pool
        self._definitions = definitions

    @asynccontextmanager
    async def open(self, wanted: BatchKeys, now: datetime) -> AsyncIterator["OpenBatch"]:
        """Locks, takes and reads in two round trips. Leaving the block without `write` undoes it."""
        keys = [*wanted.keys, *(wanted.facts_of - wanted.keys)]
        async with self._pool.acquire() as conn, transaction(conn, store.locking(wanted.partitions)) as commit:
            products = [*wanted.products]
            part = store.opening(keys, len(wanted.keys), wanted.ids, now, products)
            rows = await conn.fetch(part.sql, *part.parameters)
            found = Found.of(rows, keys, wanted.ids, products)
            yield OpenBatch(conn, commit, self._definitions, found, min(wanted.partitions, default=0))

    async def announce(self, due_at: datetime) -> None:
        """Tells sleeping schedulers that a timer was armed."""
        async with self._pool.acquire() as conn:
            await timers.announce(conn, due_at)

    async def delete_published(self, numbers: Sequence[int]) -> None:
        """Kafka has these rows of the outbox."""
        async with self._pool.acquire() as conn:
            await outbox.delete(conn, numbers)


class Found(Struct, frozen=True):
    """What the statement that opens a batch returned; decoded when it is asked for."""

    admitted: Set[bytes]
    merged: Mapping[SubjectKey, str]
    facts: Mapping[SubjectKey, str]
    runs: Mapping[SubjectKey, list[str]]
    products: Mapping[ProductKey, Product] = {}

    @classmethod
    def of(
        cls,
        rows: Iterable[Record],
        keys: Sequence[SubjectKey],
        ids: Collection[bytes],
        products: Sequence[ProductKey] = (),
    ) -> "Found":
        """Sorted by their kinds, which `store.sql` lists."""
        admitted: Set[bytes] = frozenset()
        facts, runs, merged = dict[SubjectKey, str](), dict[SubjectKey, list[str]](), dict[SubjectKey, str]()
        known = dict[ProductKey, Product]()
        for kind, n, body in rows:
            match kind:
                case 0:
                    admitted = frozenset(ids) if body is None else _ids(body)
                case 1:
                    facts[keys[n - 1]] = body
                case 2:
                    runs.setdefault(keys[n - 1], []).append(body)
                case 3:
                    merged[keys[n - 1]] = body
                case _:
                    known[products[n - 1]] = catalogue.read(body)
        return cls(admitted, merged, facts, runs, known)


class OpenBatch:
    """A batch in its transaction."""

    def __init__(
        self,
        conn: Connection,
        commit: Callable[[], Awaitable[None]],
        definitions: DefinitionSource[Connection],
        found: Found,
        writer: int,
    ) -> None:
        """`writer` is a number that no other transaction has at the time."""
        self._conn = conn
        self._commit = commit
        self._definitions = definitions
        self._found = found
        self._writer = writer

    @property
    def admitted(self) -> Set[bytes]:
        """Of the ids those that were not taken before."""
        return self._found.admitted

    @property
    def merged(self) -> Mapping[SubjectKey, str]:
        """Of the keys those that were merged, with the key that stands for them now."""
        return self._found.merged

    @property
    def products(self) -> Mapping[ProductKey, Product]:
        """Of the wanted products those that are known."""
        return self._found.products

    def subjects(self, keys: Iterable[SubjectKey]) -> dict[SubjectKey, Subject]:
        """What is known of each key, with its active runs, the oldest first; empty facts where nobody met it before."""
        return {key: self._subject(key) for key in keys}

    def _subject(self, key: SubjectKey) -> Subject:
        facts = self._found.facts.get(key)
        runs = [_run.decode(state) for state in self._found.runs.get(key, ())]
        runs.sort(key=lambda run: (run.started_at, run.id))
        return Subject(
            shop=key[0], key=key[1], facts=_facts.decode(facts) if facts is not None else _NOTHING, runs=tuple(runs)
        )

    async def definitions(self, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        """The definitions of each shop of `subjects`, with every version that their runs are pinned to."""
        return await self._definitions.for_subjects(self._conn, subjects)

    async def offer(self, asked: Sequence[Asked], now: datetime) -> Offered:
        """What messages may recommend."""
        return await recommendations.offer(self._conn, asked, now)

    async def write(
        self, changes: Changes, now: datetime, *, published: Sequence[int], again: Collection[bytes]
    ) -> Unpublished:
        """Writes everything in one statement, but what is rare, and commits."""
        late = await self._write_rare(changes, again, now)
        messages = [*changes.outbox, *late]
        parts = list(_parts(changes, now, published))
        if products := changed(changes.catalogue, self.products):
            parts.append(catalogue.saving(products, now))
        if changes.results.counts:
            parts.append(results.adding(changes.results.counts, self._writer))
        if changes.merged:
            await self._run(parts)
            messages += await self._move(changes, now)
            parts = []
        if messages:
            parts.append(outbox.putting(messages))
        rows = await self._run(parts)
        if changes.catalogue.sold:
            await recommendations.add(self._conn, sold(changes.catalogue.sold))
        await self._commit()
        return Unpublished(messages, [row["number"] for row in rows] if messages else [])

    async def _run(self, parts: Sequence[Part]) -> Sequence[Record]:
        if not parts:
            return []
        whole = together(parts)
        rows: Sequence[Record] = await self._conn.fetch(whole.sql, *whole.parameters)
        return rows

    async def _write_rare(self, changes: Changes, again: Collection[bytes], now: datetime) -> list[Outgoing]:
        """What hardly any batch has, each in statements of its own. Who began to wait is sent what they would miss."""
        conn, keys = self._conn, changes.keys
        if again:
            await store.forget(conn, again)
        if changes.erased:
            await erasure.erase(conn, changes.erased, await _merges.earlier_keys(conn, changes.erased))
            await privacy.keep_erasures(conn, list(changes.erased.values()))
        await privacy.keep_requests(conn, changes.data_requests)
        if changes.tasks:
            await tasks.save(conn, changes.tasks, now)
        await _waiting.remember(conn, keys.about_products)
        await _waiting.leave(conn, keys.waiting)
        late = await _waiting.register(conn, keys.registered)
        await _fanouts.put(conn, keys.fanouts)
        return late

    async def _move(self, changes: Changes, now: datetime) -> list[Outgoing]:
        """What is kept of merged customers is the kept ones'. Whoever waits is sent what a fan-out has passed."""
        waiting = await _merges.move(self._conn, changes.merged, now)
        late = await _waiting.register(self._conn, waiting)
        await timers.rekey_timers(self._conn, changes.moved_timers)
        return late


def _parts(changes: Changes, now: datetime, published: Sequence[int]) -> Iterator[Part]:
    """What nearly every batch writes: the parts of one statement. No two of them touch the same row."""
    if changes.customers:
        yield store.saving_customers(changes.customers)
    if changes.runs:
        yield store.saving_runs(changes.runs, now)
    armed = [timer for timer in changes.timers.values() if timer is not None]
    gone = [ref for ref, timer in changes.timers.items() if timer is None]
    fired = [one for one in changes.fired if (one.shop, one.timer_id) not in changes.timers]
    if gone or fired:
        yield timers.disarming(gone, fired)
    if armed:
        yield timers.arming(armed)
    if changes.decisions:
        yield store.appending_decisions(changes.decisions, now)
    if published:
        yield outbox.deleting(published)


def _ids(digits: str) -> frozenset[bytes]:
    return frozenset(bytes.fromhex(digits[n : n + _ID_DIGITS]) for n in range(0, len(digits), _ID_DIGITS))
