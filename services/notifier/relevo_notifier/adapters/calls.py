"""The table `notifier.call`: the queue of what is to be called and the log of what was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from relevo_contracts.messages import CallHttp
from relevo_notifier.adapters.work_table import WorkTable, held, newest, refs_of
from relevo_notifier.core.calls import CallWork, SettledCall
from relevo_notifier.core.requests import place_of
from relevo_notifier.core.work import Due, Incoming
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "calls.sql")


class Calls(WorkTable[CallHttp, CallWork]):
    """All calls."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, STATEMENTS, CallHttp)

    async def accept(self, incoming: Sequence[Incoming[CallHttp]], now: datetime) -> list[CallWork]:
        """Keep new calls; known ones are left alone. Returns the new ones, in order."""
        unique = {(i.command.shop, i.command.id): i for i in incoming}
        items = unique.values()
        rows = await self._pool.fetch(
            STATEMENTS["accept"],
            [i.command.shop for i in items],
            [i.command.id for i in items],
            [i.command.key for i in items],
            [i.begun for i in items],
            [i.wake_at for i in items],
            [i.body for i in items],
            now,
        )
        new = {(row[0], row[1]) for row in rows}
        return [
            CallWork(
                call=item.command,
                lease=item.wake_at,
                attempts=int(item.begun),
                accepted_at=now,
                place=place_of(item.command),
            )
            for ref, item in unique.items()
            if ref in new
        ]

    async def begin(
        self, works: Sequence[CallWork], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[CallWork]:
        """Commit that these are being made, until `lease`. Returns those still the caller's (see `Queue`)."""
        works = newest(works)
        attempts_before = [work.attempts for work in works]
        rows = await self._pool.fetch(STATEMENTS["begin"], *held(works), lease, tried, attempts_before, enough or lease)
        begun = {(row[0], row[1]): row for row in rows}
        return [
            msgspec.structs.replace(work, lease=begun[work.ref][3], attempts=begun[work.ref][2])
            for work in works
            if work.ref in begun
        ]

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[CallWork]:
        """Claim up to `limit` calls that are due at `now`, until `lease`."""
        return await self._claim(lease, now, lease, limit)

    def _claimed(self, command: CallHttp, row: Any, lease: datetime) -> CallWork:
        return CallWork(
            call=command,
            lease=lease,
            attempts=row["attempts"],
            doubts=row["doubts"],
            doubtful=row["state"] == "calling",
            accepted_at=row["accepted_at"],
            place=place_of(command),
        )

    async def next_wake(self) -> datetime | None:
        """When the next call is due; `None`: there is none open."""
        wake: datetime | None = await self._pool.fetchval(STATEMENTS["next_wake"])
        return wake

    async def settle(
        self, settled: Sequence[SettledCall], now: datetime, reported: Sequence[tuple[str, str]] = ()
    ) -> set[tuple[str, str]]:
        """Commit what became of these attempts, and that Kafka has the answers of `reported` (see `Ledger`)."""
        rows = await self._pool.fetch(
            STATEMENTS["settle"],
            *held([s.work for s in settled]),
            [s.state for s in settled],
            [s.attempts for s in settled],
            [s.doubts for s in settled],
            [s.status for s in settled],
            [storable_text(s.reason) for s in settled],
            [s.outcome for s in settled],
            now,
            [s.wake_at for s in settled],
            *refs_of(reported),
        )
        return {(row[0], row[1]) for row in rows}
