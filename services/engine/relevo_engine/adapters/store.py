"""The engine's tables: one method a statement, each for a whole batch, all inside the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import date, datetime, timedelta

import msgspec
from asyncpg.pgproto.pgproto import UUID  # the driver's own: made from 16 bytes at a tenth of the cost

from relevo_engine.core.batch import DecisionRow
from relevo_engine.core.merging import SubjectKey
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts, Run, Subject

STATEMENTS = Statements.load("relevo_engine.adapters", "store.sql")
_DECISION_COLUMNS = (
    *("shop", "key", "recorded_at", "at", "workflow", "version", "run_id"),
    *("input", "input_id", "kind", "reason", "path", "trace"),
)

INBOX_PERIOD = timedelta(days=3)
"""Width of an inbox partition. Two or three are alive: a message is known for at least this long."""

_EPOCH = date(2020, 1, 1)


def inbox_period(now: datetime) -> date:
    """The first day of the inbox period that `now` falls into."""
    days = (now.date() - _EPOCH).days
    return _EPOCH + timedelta(days=days - days % INBOX_PERIOD.days)


def _columns(keys: Iterable[SubjectKey]) -> tuple[list[str], list[str]]:
    ordered = sorted(keys)
    return [shop for shop, _ in ordered], [key for _, key in ordered]


class Store:
    """PostgreSQL as the engine uses it. Holds no connection: each call gets the one whose transaction it is part of."""

    def __init__(self) -> None:
        self._facts = msgspec.json.Decoder(Facts)
        self._run = msgspec.json.Decoder(Run)
        self._encode = msgspec.json.Encoder().encode

    async def lock_partitions(self, conn: Connection, partitions: Collection[int]) -> None:
        """Waits until no other transaction works on these Kafka partitions; held until the end of the transaction."""
        await conn.execute(STATEMENTS["lock_partitions"], sorted(partitions))

    async def admit(self, conn: Connection, ids: Sequence[bytes], now: datetime) -> set[bytes]:
        """Puts the ids (16 bytes) into the inbox and returns those that were not there before."""
        rows = await conn.fetch(STATEMENTS["admit"], [UUID(one) for one in ids], inbox_period(now))
        return {row["id"].bytes for row in rows}

    async def forget(self, conn: Connection, ids: Sequence[bytes]) -> None:
        """Takes ids out of the inbox again, so that a dead letter can be sent once more."""
        await conn.execute(STATEMENTS["forget"], [UUID(one) for one in ids])

    async def load_subjects(
        self, conn: Connection, keys: Set[SubjectKey], *, facts_of: Set[SubjectKey] = frozenset()
    ) -> dict[SubjectKey, Subject]:
        """What is known of each key, with its active runs; a key that nobody met before gets empty facts.

        The runs are locked until the end of the transaction. Of `facts_of` that are not in `keys` no run is loaded.
        """
        known = keys | facts_of
        facts = {
            (row["shop"], row["key"]): self._facts.decode(row["facts"])
            for row in await conn.fetch(STATEMENTS["load_customers"], *_columns(known))
        }
        runs: dict[SubjectKey, list[Run]] = {}
        for row in await conn.fetch(STATEMENTS["load_runs"], *_columns(keys)):
            runs.setdefault((row["shop"], row["key"]), []).append(self._run.decode(row["state"]))
        nothing = Facts()
        return {
            key: Subject(shop=key[0], key=key[1], facts=facts.get(key, nothing), runs=tuple(runs.get(key, ())))
            for key in known
        }

    async def save_customers(self, conn: Connection, customers: Mapping[SubjectKey, tuple[Facts, datetime]]) -> None:
        """Writes the facts of each key, new or changed."""
        if customers:
            await conn.execute(
                STATEMENTS["save_customers"],
                [shop for shop, _ in customers],
                [key for _, key in customers],
                [self._encode(facts) for facts, _ in customers.values()],
                [at for _, at in customers.values()],
            )

    async def save_runs(self, conn: Connection, runs: Mapping[tuple[str, str], tuple[str, Run]], now: datetime) -> None:
        """Writes each run as it is now: (shop, run id) to (customer key, run)."""
        rows = (self._run_row(shop, key, run, now) for (shop, _), (key, run) in runs.items())
        columns = list(zip(*rows, strict=True))
        if columns:
            await conn.execute(STATEMENTS["save_runs"], *columns)

    def _run_row(self, shop: str, key: str, run: Run, now: datetime) -> tuple[object, ...]:
        # A run whose steps are over and whose goal is still watched has an end, and is kept as an active one.
        ended = run.state == "ended"
        return (
            *(shop, run.id, key, run.workflow, run.version, run.key, run.step, run.started_at, now),
            *((run.ended_at, run.end_reason, None) if ended else (None, None, self._encode(run))),
        )

    async def append_decisions(self, conn: Connection, rows: Sequence[DecisionRow], now: datetime) -> None:
        """Appends what was decided and why."""
        if rows:
            await conn.copy_records_to_table(
                "decision",
                schema_name="engine",
                columns=_DECISION_COLUMNS,
                records=[self._decision_row(row, now) for row in rows],
            )

    def _decision_row(self, row: DecisionRow, now: datetime) -> tuple[object, ...]:
        decision = row.decision
        return (
            *(row.shop, row.key, now, decision.at, decision.workflow, decision.version),
            *(decision.run.id if decision.run else "", row.input, decision.input_id),
            *(decision.kind, decision.reason, decision.path, self._encode(decision.trace)),
        )
