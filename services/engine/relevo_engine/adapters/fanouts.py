"""The table of walks over many customers. Each method is one short statement; a lease keeps a walk to one engine."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from relevo_engine.core.fanout import Claimed, Cursor, Fanout
from relevo_runtime.postgres import Connection, Statements
from relevo_workflow import Facts


class Fanouts:
    """`engine.fanout`, and the pages of those who have to be told."""

    def __init__(self) -> None:
        self._sql = Statements.load("relevo_engine.adapters", "fanouts.sql")
        self._facts = msgspec.json.Decoder(Facts)
        self._encode = msgspec.json.Encoder().encode

    async def put(self, conn: Connection, walks: Sequence[Fanout]) -> None:
        """Begins walks, in the transaction of what they tell."""
        if walks:
            await conn.execute(
                self._sql["put"],
                [walk.shop for walk in walks],
                [walk.kind for walk in walks],
                [walk.about for walk in walks],
                [walk.event_type for walk in walks],
                [walk.at for walk in walks],
                [self._encode(walk.body) for walk in walks],
            )

    async def want_refresh(
        self, conn: Connection, fingerprints: Mapping[str, str], now: datetime, after: timedelta
    ) -> None:
        """Begins a walk over each shop whose fingerprint is not that of the last time, `after` wall time from now."""
        if fingerprints:
            await conn.execute(self._sql["want_refresh"], [*fingerprints], [*fingerprints.values()], now, after)

    async def claim(self, conn: Connection, lease: timedelta, limit: int) -> list[Claimed]:
        """Walks that nobody works on, the oldest first, for `lease` of wall time."""
        rows = await conn.fetch(self._sql["claim"], lease, limit)
        return sorted((Claimed(*row) for row in rows), key=lambda walk: walk.number)

    async def advance(self, conn: Connection, moved: Sequence[tuple[Claimed, Cursor]]) -> None:
        """Notes how far walks have come and frees them."""
        if moved:
            await conn.execute(
                self._sql["advance"],
                [walk.number for walk, _ in moved],
                [walk.shop for walk, _ in moved],
                [walk.lease_until for walk, _ in moved],
                [cursor[0] for _, cursor in moved],
                [cursor[1] for _, cursor in moved],
            )

    async def finish(self, conn: Connection, walks: Sequence[Claimed]) -> None:
        """These are at their end."""
        if walks:
            await conn.execute(self._sql["finish"], [walk.number for walk in walks], [walk.shop for walk in walks])

    async def unheard(self, conn: Connection, walks: Sequence[Claimed]) -> set[int]:
        """The numbers of those walks of events that nobody waits for."""
        rows = await conn.fetch(
            self._sql["unheard"],
            [walk.number for walk in walks],
            [walk.shop for walk in walks],
            [walk.about for walk in walks],
            [walk.event_type for walk in walks],
        )
        return {row["number"] for row in rows}

    async def waiters(self, conn: Connection, walk: Claimed, limit: int) -> list[Cursor]:
        """The next (customer, run) who wait for the walk's event."""
        rows = await conn.fetch(
            self._sql["waiters"],
            *(walk.shop, walk.about, walk.event_type, walk.cursor_key, walk.cursor_run, walk.at, limit),
        )
        return [(row["key"], row["run_id"]) for row in rows]

    async def customers(self, conn: Connection, walk: Claimed, limit: int, *, facts: bool) -> list[tuple[str, Facts]]:
        """The next customers of the walk's shop; without `facts` these are empty."""
        rows = await conn.fetch(self._sql["customers"], walk.shop, walk.cursor_key, limit, facts)
        nothing = Facts()
        return [(row["key"], self._facts.decode(row["facts"]) if facts else nothing) for row in rows]
