"""What a batch reads and writes of customers, runs and decisions. No statement is run once a row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
from asyncpg.pgproto.pgproto import UUID  # the driver's own: made from 16 bytes at a tenth of the cost

from relevo_engine.core.batch import DecisionRow
from relevo_engine.core.catalogue import ProductKey
from relevo_engine.core.merging import SubjectKey
from relevo_engine.core.results import variant_of
from relevo_runtime.postgres import Connection, Part, Statements, text_array
from relevo_workflow import Facts, Run

STATEMENTS = Statements.load("relevo_engine.adapters", "store.sql")

INBOX_PERIOD = timedelta(days=3)
"""Width of an inbox partition. Two or three are alive: a message is known for at least this long."""

_PARTITION_LOCKS = 1819
_EPOCH = date(2020, 1, 1)
_encode = msgspec.json.Encoder().encode


def inbox_period(now: datetime) -> date:
    """The first day of the inbox period that `now` falls into."""
    days = (now.date() - _EPOCH).days
    return _EPOCH + timedelta(days=days - days % INBOX_PERIOD.days)


def locking(partitions: Collection[int]) -> str:
    """One writer a Kafka partition: waits until no other transaction works on these, to the end of the transaction.

    An engine that lost a partition in a rebalance so ends its transaction before the new owner reads. All take the
    locks in the same order. Has no parameter, so that it can go along with BEGIN.
    """
    locks = (f"pg_advisory_xact_lock({_PARTITION_LOCKS}, {int(one)})" for one in sorted(partitions))
    return f"select {', '.join(locks)}"


def opening(
    keys: Sequence[SubjectKey],
    with_runs: int,
    ids: Iterable[bytes],
    now: datetime,
    products: Sequence[ProductKey] = (),
) -> Part:
    """Takes the messages `ids` (16 bytes each) and reads what is known of `keys`; active runs of the first `with_runs`.

    Also what is known of the `products`.

    A message is looked for in the periods beside that of `now` too: engines' clocks differ.
    """
    period = inbox_period(now)
    return Part(
        STATEMENTS["open"],
        (
            text_array([shop for shop, _ in keys]),
            text_array([key for _, key in keys]),
            with_runs,
            [UUID(one) for one in ids],
            period,
            [period - INBOX_PERIOD, period + INBOX_PERIOD],
            text_array([shop for shop, _ in products]),
            text_array([name for _, name in products]),
        ),
    )


async def forget(conn: Connection, ids: Collection[bytes]) -> None:
    """Takes ids out of the inbox again, so that these messages are new when they come once more."""
    await conn.execute(STATEMENTS["forget"], [UUID(one) for one in ids])


def saving_customers(customers: Mapping[SubjectKey, tuple[Facts, datetime]]) -> Part:
    """Writes the facts of each key, new or changed."""
    return Part(
        STATEMENTS["save_customers"],
        (
            text_array([shop for shop, _ in customers]),
            text_array([key for _, key in customers]),
            [_encode(facts) for facts, _ in customers.values()],
            [at for _, at in customers.values()],
        ),
    )


def saving_runs(runs: Mapping[tuple[str, str], tuple[str, Run]], now: datetime) -> Part:
    """Writes each run as it is now: (shop, run id) to (customer key, run).

    A run whose steps are over and whose goal is still watched has an end, and is kept as an active one.
    """
    rows = [run for _, run in runs.values()]
    over = [run.state == "ended" for run in rows]
    return Part(
        STATEMENTS["save_runs"],
        (
            text_array([shop for shop, _ in runs]),
            text_array([run.id for run in rows]),
            text_array([key for key, _ in runs.values()]),
            text_array([run.workflow for run in rows]),
            text_array([run.version for run in rows]),
            text_array([run.key for run in rows]),
            text_array([run.step for run in rows]),
            [run.started_at for run in rows],
            now,
            [run.ended_at if ended else None for run, ended in zip(rows, over, strict=True)],
            [run.end_reason if ended else None for run, ended in zip(rows, over, strict=True)],
            [None if ended else _encode(run) for run, ended in zip(rows, over, strict=True)],
            text_array([variant_of(run) for run in rows]),
        ),
    )


def appending_decisions(rows: Sequence[DecisionRow], now: datetime) -> Part:
    """Appends what was decided and why."""
    made = [row.decision for row in rows]
    return Part(
        STATEMENTS["append_decisions"],
        (
            text_array([row.shop for row in rows]),
            text_array([row.key for row in rows]),
            now,
            [decision.at for decision in made],
            text_array([decision.workflow for decision in made]),
            text_array([decision.version for decision in made]),
            text_array([decision.run.id if decision.run else "" for decision in made]),
            text_array([row.input for row in rows]),
            text_array([decision.input_id for decision in made]),
            text_array([decision.kind for decision in made]),
            text_array([decision.reason for decision in made]),
            [text_array(decision.path) for decision in made],
            [_encode(decision.trace) for decision in made],
        ),
    )


class Runs:
    """Runs and decisions for those who write them outside of a batch."""

    async def save_runs(self, conn: Connection, runs: Mapping[tuple[str, str], tuple[str, Run]], now: datetime) -> None:
        """Writes each run as it is now: (shop, run id) to (customer key, run)."""
        part = saving_runs(runs, now)
        await conn.execute(part.sql, *part.parameters)

    async def append_decisions(self, conn: Connection, rows: Sequence[DecisionRow], now: datetime) -> None:
        """Appends what was decided and why."""
        part = appending_decisions(rows, now)
        await conn.execute(part.sql, *part.parameters)
