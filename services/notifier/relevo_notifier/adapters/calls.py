"""The table `notifier.call`: the queue of what is to be called and the log of what was."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from relevo_contracts.messages import CallHttp
from relevo_notifier.core.calls import CallWork, SettledCall
from relevo_notifier.core.requests import position_of
from relevo_notifier.core.work import Due, Incoming
from relevo_runtime.errors import described
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "calls.sql")

_decode = msgspec.json.Decoder(CallHttp).decode


class Calls:
    """Set-based access to the table; each method is one statement, and says what it commits."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

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
                place=position_of(item.command),
            )
            for ref, item in unique.items()
            if ref in new
        ]

    async def begin(self, works: Sequence[CallWork], lease: datetime, tried: Sequence[datetime] = ()) -> list[CallWork]:
        """Commit that these are being made, until `lease`. Returns those that still are the caller's (see `Queue`)."""
        attempts_before = [work.attempts for work in works]
        rows = await self._pool.fetch(STATEMENTS["begin_calling"], *_held(works), lease, tried, attempts_before)
        attempts = {(row[0], row[1]): row[2] for row in rows}
        return [
            msgspec.structs.replace(work, lease=lease, attempts=attempts[work.ref])
            for work in works
            if work.ref in attempts
        ]

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[CallWork]:
        """Claim up to `limit` calls that are due at `now`, until `lease`."""
        due: Due[CallWork] = Due([], [], [])
        for row in await self._pool.fetch(STATEMENTS["claim_due"], now, lease, limit):
            shop, id_, state, attempts, doubts, accepted_at, body, outcome = row
            if outcome is not None:
                due.unreported.append((shop, id_, outcome))
                continue
            try:
                call = _decode(body)
            except Exception as error:  # noqa: BLE001 - kept by another release: it must not keep the others
                due.unreadable.append((shop, id_, storable_text(described(error))))
                continue
            work = CallWork(
                call=call,
                lease=lease,
                attempts=attempts,
                doubts=doubts,
                doubtful=state == "calling",
                accepted_at=accepted_at,
                place=position_of(call),
            )
            (due.doubtful if work.doubtful else due.queued).append(work)
        return due

    async def next_wake(self) -> datetime | None:
        """When the next call is due; `None`: there is none open."""
        wake: datetime | None = await self._pool.fetchval(STATEMENTS["next_wake"])
        return wake

    async def settle(self, settled: Sequence[SettledCall], now: datetime) -> set[tuple[str, str]]:
        """Commit what became of these attempts. Returns which of them were still the caller's."""
        rows = await self._pool.fetch(
            STATEMENTS["settle"],
            *_held([s.work for s in settled]),
            [s.state for s in settled],
            [s.attempts for s in settled],
            [s.doubts for s in settled],
            [s.status for s in settled],
            [storable_text(s.reason) for s in settled],
            [s.outcome for s in settled],
            now,
            [s.wake_at for s in settled],
        )
        return {(row[0], row[1]) for row in rows}

    async def spoil(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """Commit that these (shop, id, why) are over, since nobody can read them."""
        if unreadable:
            await self._pool.execute(STATEMENTS["spoil"], *(list(column) for column in zip(*unreadable, strict=True)))

    async def reported(self, refs: Sequence[tuple[str, str]]) -> None:
        """Commit that Kafka has the answers to these."""
        await self._pool.execute(STATEMENTS["reported"], [shop for shop, _ in refs], [id_ for _, id_ in refs])

    async def release(self, works: Sequence[CallWork], now: datetime) -> None:
        """Give back queued calls that were held."""
        await self._pool.execute(STATEMENTS["release"], *_held(works), now)


def _held(works: Sequence[CallWork]) -> tuple[list[str], list[str], list[datetime]]:
    return [w.call.shop for w in works], [w.call.id for w in works], [w.lease for w in works]
