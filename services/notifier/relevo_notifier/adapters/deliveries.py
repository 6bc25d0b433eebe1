"""The table `notifier.delivery`: the queue of what is to be sent and the log of what was."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias, get_args

import msgspec

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters import places
from relevo_notifier.adapters.places import MovedMeanwhileError, Places
from relevo_notifier.adapters.work_table import WorkTable, newest, refs_of
from relevo_notifier.core.routing import Routing
from relevo_notifier.core.work import Due, Incoming, Settled, Work, by
from relevo_runtime.postgres import Connection, Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "deliveries.sql")
CHANNELS: tuple[Channel, ...] = get_args(Channel)
Runner: TypeAlias = "Pool | Connection"
_TRIES = 5
"""So often somebody may turn out to be somebody else while a transaction waits for their places."""


class Deliveries(WorkTable[SendDelivery, Work]):
    """The deliveries of every provider. `places`: those under the caps of contact policies, if there are any."""

    def __init__(self, pool: Pool, places: Places | None = None) -> None:
        super().__init__(pool, STATEMENTS, SendDelivery)
        self._places = places

    async def accept(self, incoming: Sequence[Incoming[SendDelivery]], now: datetime, provider: str = "") -> list[Work]:
        """Keep new deliveries for `provider`; known ones are left alone. Returns the new ones, in order."""
        unique = {(i.command.shop, i.command.id): i for i in incoming}
        purposes = [i.command.purpose for i in unique.values()]

        async def accepted(run: Runner) -> list[Work]:
            rows = await run.fetch(STATEMENTS["accept"], *_columns(unique.values()), now, provider, purposes)
            known = {(row[0], row[1]): row for row in rows}
            works = [_with_contact(_work(item, now), *known[ref][2:]) for ref, item in unique.items() if ref in known]
            return await _with_other_channels(run, works)

        return await self._placed([i.command for i in unique.values() if i.begun], accepted)

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), provider: str = ""
    ) -> list[Work]:
        """Commit that `provider` sends these, until `lease`. Returns those still the caller's (see `Queue`)."""
        works = newest(works)
        columns = (
            *([w.delivery.shop for w in works], [w.delivery.id for w in works], [w.address for w in works]),
            *([w.lease for w in works], lease, tried, [w.attempts for w in works], provider),
        )

        async def begun(run: Runner) -> list[Work]:
            rows = {(row[0], row[1]): row for row in await run.fetch(STATEMENTS["begin"], *columns)}
            begun = [
                _with_contact(msgspec.structs.replace(w, lease=lease, attempts=rows[w.ref][2]), *rows[w.ref][3:])
                for w in works
                if w.ref in rows
            ]
            return await _with_other_channels(run, begun)

        return await self._placed([w.delivery for w in works], begun)

    async def _placed(
        self, deliveries: Sequence[SendDelivery], begin: Callable[[Runner], Awaitable[list[Work]]]
    ) -> list[Work]:
        """What `begin` begins by one statement; where caps concern it, with its places, in one transaction."""
        if self._places is None or not await self._places.any_limits(deliveries):
            return await begin(self._pool)
        for _ in range(_TRIES):
            with contextlib.suppress(MovedMeanwhileError):
                async with self._pool.acquire() as connection, connection.transaction():
                    return await self._places.allotted(connection, await begin(connection))
        raise MovedMeanwhileError

    async def claim_due(
        self, channel: Channel, now: datetime, lease: datetime, limit: int, provider: str = ""
    ) -> Due[Work]:
        """Claim up to `limit` deliveries in the queue of `provider` that are due at `now`."""
        return await self._claim(lease, channel, now, lease, limit, provider)

    def _claimed(self, command: SendDelivery, row: Any, lease: datetime) -> Work:
        return Work(
            delivery=by(command, row["channel"]),
            lease=lease,
            attempts=row["attempts"],
            doubts=row["doubts"],
            doubtful=row["state"] == "sending",
            tried_by=row["tried_by"],
            accepted_at=row["accepted_at"],
        )

    async def with_contacts(self, works: Sequence[Work]) -> list[Work]:
        """The same deliveries with what is known of the people by now."""
        columns = (
            *([w.delivery.shop for w in works], [w.delivery.key for w in works]),
            *([w.delivery.channel for w in works], [w.address for w in works]),
        )

        async def known(run: Runner) -> list[Work]:
            rows = await run.fetch(STATEMENTS["known"], *columns)
            found = [_with_contact(work, *row) for work, row in zip(works, rows, strict=True)]
            return await _with_other_channels(run, found)

        return await self._placed([w.delivery for w in works], known)

    async def next_wake(self, channel: Channel, provider: str = "") -> datetime | None:
        """When the next delivery in the queue of `provider` is due; `None`: there is none open."""
        wake: datetime | None = await self._pool.fetchval(STATEMENTS["next_wake"], channel, provider)
        return wake

    async def reroute(self, routing: Routing) -> None:
        """Put what is open into the queues of the providers that are chosen by now."""
        for channel in CHANNELS:
            choices = [list(column) for column in zip(*routing.of_channel(channel), strict=True)]
            if choices:
                await self._pool.execute(STATEMENTS["reroute"], channel, *choices, routing.providers())

    async def settle(
        self, settled: Sequence[Settled], now: datetime, reported: Sequence[tuple[str, str]] = ()
    ) -> set[tuple[str, str]]:
        """Commit what became of these attempts, and that Kafka has the outcomes of `reported` (see `Ledger`)."""
        columns = (
            [s.work.delivery.shop for s in settled],
            [s.work.delivery.id for s in settled],
            [s.work.lease for s in settled],
            [s.state for s in settled],
            [storable_text(s.provider_id) for s in settled],
            [storable_text(s.reason) for s in settled],
            [s.outcome for s in settled],
            [s.wake_at for s in settled],
            now,
            [s.counts for s in settled],
            *refs_of(reported),
            *_suppressions([s for s in settled if s.suppress]),
            [s.recipient for s in settled],
        )
        if all(s.work.allotment is None and s.channel is None for s in settled):
            return {(row[0], row[1]) for row in await self._pool.fetch(STATEMENTS["settle"], *columns)}
        async with self._pool.acquire() as connection, connection.transaction():
            done = {(row[0], row[1]) for row in await connection.fetch(STATEMENTS["settle"], *columns)}
            await places.settle(connection, [s for s in settled if s.work.ref in done], now)
            await _by_channel(connection, [s for s in settled if s.work.ref in done and s.channel is not None])
        return done


class ProviderQueue:
    """The deliveries of one provider, as its workers and its poll see them."""

    def __init__(self, deliveries: Deliveries, channel: Channel, provider: str) -> None:
        self._deliveries = deliveries
        self._channel = channel
        self._provider = provider

    async def accept(self, incoming: Sequence[Incoming[SendDelivery]], now: datetime) -> list[Work]:
        """`Deliveries.accept`."""
        return await self._deliveries.accept(incoming, now, self._provider)

    async def begin(self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = ()) -> list[Work]:
        """`Deliveries.begin`."""
        return await self._deliveries.begin(works, lease, tried, self._provider)

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        """`Deliveries.release`."""
        await self._deliveries.release(works, now)

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[Work]:
        """Claim up to `limit` that are due at `now`; those in doubt, which go on at once, with what is known by now."""
        due = await self._deliveries.claim_due(self._channel, now, lease, limit, self._provider)
        doubtful = await self._deliveries.with_contacts(due.doubtful) if due.doubtful else []
        return msgspec.structs.replace(due, doubtful=doubtful)

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """`Deliveries.mark_unreadable`."""
        await self._deliveries.mark_unreadable(unreadable)

    async def next_wake(self) -> datetime | None:
        """When the next one is due; `None`: there is none open."""
        return await self._deliveries.next_wake(self._channel, self._provider)


def _work(item: Incoming[SendDelivery], now: datetime) -> Work:
    return Work(delivery=item.command, lease=item.wake_at, attempts=int(item.begun), accepted_at=now)


def _columns(incoming: Iterable[Incoming[SendDelivery]]) -> tuple[list[Any], ...]:
    rows = [
        (
            *(i.command.shop, i.command.id, i.command.key, i.command.channel),
            i.command.recipient.email if i.command.channel == "email" else i.command.recipient.phone,
            *("sending" if i.begun else "queued", i.wake_at, i.body),
        )
        for i in incoming
    ]
    return tuple(map(list, zip(*rows, strict=True)))


def _with_contact(
    work: Work, contact: Any, suppressed: list[str] | None, unsubscribed: Any, redacted_at: datetime | None
) -> Work:
    return msgspec.structs.replace(
        work,
        known=msgspec.convert(contact, Contact) if contact is not None else None,
        suppressed=frozenset(suppressed or ()),
        unsubscribed=msgspec.convert(unsubscribed or {}, dict[str, datetime]),
        redacted_at=redacted_at,
    )


async def _with_other_channels(run: Runner, works: Sequence[Work]) -> list[Work]:
    """The same, where a message may go by several channels with what is known of the addresses of all of them."""
    others = [(w, channel) for w in works for channel in w.delivery.templates if channel != w.delivery.channel]
    if not others:
        return list(works)
    rows = await run.fetch(
        STATEMENTS["known"],
        [w.delivery.shop for w, _ in others],
        [w.delivery.key for w, _ in others],
        [channel for _, channel in others],
        [w.delivery.recipient.address(channel) for w, channel in others],
    )
    found = {work.ref: work for work in works}
    for (work, _), row in zip(others, rows, strict=True):
        before, also = found[work.ref], _with_contact(work, *row)
        found[work.ref] = msgspec.structs.replace(
            before,
            suppressed=before.suppressed | also.suppressed,
            unsubscribed={**before.unsubscribed, **also.unsubscribed},
        )
    return list(found.values())


async def _by_channel(connection: Connection, settled: Sequence[Settled]) -> None:
    if settled:
        refs = [s.work.ref for s in settled]
        columns = [s.channel for s in settled], [s.provider for s in settled]
        await connection.execute(STATEMENTS["by_channel"], *refs_of(refs), *columns)


def _suppressions(settled: Sequence[Settled]) -> tuple[list[str], ...]:
    return (
        [s.work.delivery.shop for s in settled],
        [s.work.delivery.channel for s in settled],
        [s.suppress for s in settled],
        [s.reason for s in settled],
    )
