"""The table of fan-outs. Each method is one short statement; a lease keeps a fan-out to one engine."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from relevo_engine.core.fanout import ClaimedFanout, Cursor, Fanout
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts

STATEMENTS = Statements.load("relevo_engine.adapters", "fanouts.sql")


class Fanouts:
    """`engine.fanout`, and the pages of those who have to be told."""

    def __init__(self) -> None:
        self._facts = msgspec.json.Decoder(Facts)
        self._encode = msgspec.json.Encoder().encode

    async def put(self, conn: Connection, fanouts: Sequence[Fanout]) -> None:
        """Begins fan-outs, in the transaction of what they tell."""
        if fanouts:
            await conn.execute(
                STATEMENTS["put"],
                [fanout.shop for fanout in fanouts],
                [fanout.kind for fanout in fanouts],
                [fanout.about for fanout in fanouts],
                [fanout.event_type for fanout in fanouts],
                [fanout.at for fanout in fanouts],
                [self._encode(fanout.body) for fanout in fanouts],
            )

    async def want_refresh(
        self, conn: Connection, fingerprints: Mapping[str, str], now: datetime, after: timedelta
    ) -> None:
        """Begins a fan-out over each shop with another fingerprint than the last time, `after` wall time from now."""
        if fingerprints:
            await conn.execute(STATEMENTS["want_refresh"], [*fingerprints], [*fingerprints.values()], now, after)

    async def claim(self, conn: Connection, lease: timedelta, limit: int) -> list[ClaimedFanout]:
        """Fan-outs that nobody works on, the oldest first, for `lease` of wall time."""
        rows = await conn.fetch(STATEMENTS["claim"], lease, limit)
        return sorted((ClaimedFanout(*row) for row in rows), key=lambda fanout: fanout.number)

    async def advance(self, conn: Connection, moved: Sequence[tuple[ClaimedFanout, Cursor]]) -> None:
        """Notes how far fan-outs have come and frees them."""
        if moved:
            await conn.execute(
                STATEMENTS["advance"],
                [fanout.number for fanout, _ in moved],
                [fanout.shop for fanout, _ in moved],
                [fanout.lease_until for fanout, _ in moved],
                [cursor[0] for _, cursor in moved],
                [cursor[1] for _, cursor in moved],
            )

    async def finish(self, conn: Connection, fanouts: Sequence[ClaimedFanout]) -> None:
        """These are at their end."""
        if fanouts:
            await conn.execute(
                STATEMENTS["finish"], [fanout.number for fanout in fanouts], [fanout.shop for fanout in fanouts]
            )

    async def without_waiters(self, conn: Connection, fanouts: Sequence[ClaimedFanout]) -> set[int]:
        """The numbers of those fan-outs of events that nobody waits for."""
        rows = await conn.fetch(
            STATEMENTS["without_waiters"],
            [fanout.number for fanout in fanouts],
            [fanout.shop for fanout in fanouts],
            [fanout.about for fanout in fanouts],
            [fanout.event_type for fanout in fanouts],
        )
        return {row["number"] for row in rows}

    async def waiters(self, conn: Connection, fanout: ClaimedFanout, limit: int) -> list[Cursor]:
        """The next (customer, run) who wait for the fan-out's event."""
        rows = await conn.fetch(
            STATEMENTS["waiters"],
            *(fanout.shop, fanout.about, fanout.event_type, fanout.cursor_key, fanout.cursor_run, fanout.at, limit),
        )
        return [(row["key"], row["run_id"]) for row in rows]

    async def customers(
        self, conn: Connection, fanout: ClaimedFanout, limit: int, *, facts: bool
    ) -> list[tuple[str, Facts]]:
        """The next customers of the fan-out's shop; without `facts` these are empty."""
        rows = await conn.fetch(STATEMENTS["customers"], fanout.shop, fanout.cursor_key, limit, facts)
        nothing = Facts()
        return [(row["key"], self._facts.decode(row["facts"]) if facts else nothing) for row in rows]
