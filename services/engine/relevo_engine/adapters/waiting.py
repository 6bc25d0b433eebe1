"""The tables of runs that wait for events about another key, inside the caller's transaction.

An event is missed by nobody because three things are in this order. Who registers holds a shared lock from before they
look at the newest events until their commit. The newest event is written in the transaction of the event. And the
fan-out to those who wait begins after that transaction, and after everybody who held the lock by then has committed. So
a run is there for the fan-out, or saw the event itself.
"""

from collections.abc import Collection, Sequence

import msgspec

from relevo_contracts.envelope import Event
from relevo_engine.core.waiting import Waiting, buckets, late_notice, newest, part_of
from relevo_runtime.outgoing import Outgoing
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_engine.adapters", "waiting.sql")


class WaitingRuns:
    """`engine.waiting` and `engine.latest_event`: one method a statement, each for a whole batch."""

    def __init__(self) -> None:
        self._event = msgspec.json.Decoder(Event)
        self._encode = msgspec.json.Encoder().encode

    async def leave(self, conn: Connection, runs: Collection[tuple[str, str]]) -> None:
        """These (shop, run id) wait for nothing any more."""
        if runs:
            await conn.execute(STATEMENTS["leave"], [shop for shop, _ in runs], [run for _, run in runs])

    async def register(self, conn: Connection, rows: Sequence[Waiting]) -> list[Outgoing]:
        """These runs wait; returns what has happened meanwhile, as messages to them."""
        if not rows:
            return []
        columns = (
            [row.shop for row in rows],
            [row.event_key for row in rows],
            [row.event_type for row in rows],
            [row.key for row in rows],
            [row.run_id for row in rows],
            [row.since for row in rows],
        )
        keys = buckets((row.shop, row.event_key) for row in rows)
        await conn.execute(STATEMENTS["lock_registering"], keys)
        await conn.execute(STATEMENTS["register"], *columns)
        missed = await conn.fetch(STATEMENTS["missed"], *columns)
        return [late_notice(self._event.decode(row["event"]), row["key"], row["run_id"]) for row in missed]

    async def remember(self, conn: Connection, events: Sequence[Event]) -> None:
        """Keeps the newest of these events about products."""
        rows = newest(events)
        if rows:
            await conn.execute(
                STATEMENTS["remember"],
                [event.shop for event in rows],
                [event.key for event in rows],
                [event.type for event in rows],
                [part_of(event) for event in rows],
                [event.time for event in rows],
                [self._encode(event) for event in rows],
            )

    async def wait_for_registering(self, conn: Connection, keys: Collection[tuple[str, str]]) -> None:
        """Returns once everybody has committed who was registering for one of these (shop, event key)."""
        await conn.execute(STATEMENTS["wait_for_registering"], buckets(keys))
