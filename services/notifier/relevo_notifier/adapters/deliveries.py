"""The table `notifier.delivery`: the queue of what is to be sent and the log of what was."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from relevo_contracts.contact import CHANNELS, Channel, Contact
from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters import inbound, last_surveys, places, taken_texts
from relevo_notifier.adapters.places import MovedMeanwhileError, Places
from relevo_notifier.adapters.turns import Asked, Source, Turns
from relevo_notifier.adapters.work_table import WorkTable, newest, refs_of
from relevo_notifier.app.flow import Flow
from relevo_notifier.core.destinations import OPERATORS_ONLY, Destinations
from relevo_notifier.core.routing import Routing
from relevo_notifier.core.work import Due, Incoming, Refusals, Settled, Work, by
from relevo_runtime.postgres import Connection, Pool, Statements, transaction
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "deliveries.sql")
Runner: TypeAlias = "Pool | Connection"
_TRIES = 5
"""So often somebody may turn out to be somebody else than the one whose places are held."""
_contact = msgspec.json.Decoder(Contact)
_NONE: frozenset[str] = frozenset()


class Deliveries(WorkTable[SendDelivery, Work]):
    """The deliveries of every provider. `places`: those under the caps of contact policies, if there are any;
    `destinations` tells where they go to.
    """

    def __init__(self, pool: Pool, places: Places | None = None, destinations: Destinations = OPERATORS_ONLY) -> None:
        super().__init__(pool, STATEMENTS, SendDelivery)
        self.pool = pool
        self._places = places
        self._destinations = destinations

    async def accept(self, incoming: Sequence[Incoming[SendDelivery]], now: datetime, provider: str = "") -> list[Work]:
        """Keep new deliveries for `provider`; known ones are left alone. Returns the new ones, in order."""
        unique, asked_at = {(i.command.shop, i.command.id): i for i in incoming}, _seconds()
        given = [i.command for i in unique.values()]
        columns = _columns(unique.values())
        where = list(map(self._destinations.of, columns[3], columns[4]))
        staff = [one.to == "staff" for one in given]
        more = [one.purpose for one in given], [one.hops for one in given], where, staff

        async def accepted(run: Runner) -> list[Work]:
            rows = await run.fetch(STATEMENTS["accept"], *columns, now, provider, *more)
            known = {(row[0], row[1]): row for row in rows}
            works = [
                _with_contact(_work(item, now, asked_at), *known[ref][2:])
                for ref, item in unique.items()
                if ref in known
            ]
            return await _with_other_channels(run, works)

        return await self._placed([i.command for i in unique.values() if i.begun], accepted)

    async def begin(
        self,
        works: Sequence[Work],
        lease: datetime,
        tried: Sequence[datetime] = (),
        provider: str = "",
        enough: datetime | None = None,
    ) -> list[Work]:
        """Commit that `provider` sends these, until `lease`. Returns those still the caller's (see `Queue`)."""
        works, asked_at = newest(works), _seconds()
        columns = (
            *([w.delivery.shop for w in works], [w.delivery.id for w in works], [w.address for w in works]),
            *([w.lease for w in works], lease, tried, [w.attempts for w in works], provider),
            enough or lease,
        )

        async def begun(run: Runner) -> list[Work]:
            rows = {(row[0], row[1]): row for row in await run.fetch(STATEMENTS["begin"], *columns)}
            begun = [
                _with_contact(
                    _begun(w, rows[w.ref], asked_at),
                    *rows[w.ref][5:],
                )
                for w in works
                if w.ref in rows
            ]
            return await _with_other_channels(run, begun)

        return await self._placed([w.delivery for w in works], begun)

    async def _placed(
        self, deliveries: Sequence[SendDelivery], begin: Callable[[Runner], Awaitable[list[Work]]]
    ) -> list[Work]:
        """What `begin` begins by one statement; where caps concern it, with its places, in one transaction.

        Who turns out to be somebody else is held as both from then on.
        """
        people = await self._places.limited(deliveries) if self._places is not None else set()
        if self._places is None or not people:
            return await begin(self._pool)
        for _ in range(_TRIES):
            try:
                async with (
                    self._pool.acquire() as connection,
                    transaction(connection, places.locking(people)) as commit,
                ):
                    works = await self._places.allotted(connection, await begin(connection), people)
                    await commit()
                    return works
            except MovedMeanwhileError as moved:
                people |= moved.into
        raise MovedMeanwhileError(people)

    async def claim_due(
        self, channel: Channel, now: datetime, lease: datetime, limit: int, provider: str = ""
    ) -> Due[Work]:
        """Claim up to `limit` deliveries in the queue of `provider` that are due at `now`."""
        asked = Asked(channel, now, lease, limit)
        return await self.claim(Turns(self._pool), [Source.own(provider)], asked)

    async def claim(self, turns: Turns, sources: Sequence[Source], asked: Asked) -> Due[Work]:
        """Claim what has its turn in these queues."""
        rows, next_at = await turns.claim(sources, asked)
        return msgspec.structs.replace(self._read(rows, asked.lease), next_at=next_at)

    def _claimed(self, command: SendDelivery, row: Any, lease: datetime) -> Work:
        return Work(
            delivery=by(command, row["channel"]),
            lease=lease,
            attempts=row["attempts"],
            doubts=row["doubts"],
            doubtful=row["state"] == "sending",
            tried_by=row["tried_by"],
            accepted_at=row["accepted_at"],
            destination=row["destination"],
            reached=frozenset(row["reached"]),
            recalled=row["recalled"],
        )

    async def with_contacts(self, works: Sequence[Work]) -> list[Work]:
        """The same deliveries with what is known of the people by now."""
        asked_at = _seconds()
        columns = (
            *([w.delivery.shop for w in works], [w.delivery.key for w in works]),
            *([w.delivery.channel for w in works], [w.address for w in works]),
        )

        async def known(run: Runner) -> list[Work]:
            rows = await run.fetch(STATEMENTS["known"], *columns)
            found = [
                _with_contact(msgspec.structs.replace(work, asked_at=asked_at), *row)
                for work, row in zip(works, rows, strict=True)
            ]
            return await _with_other_channels(run, found)

        return await self._placed([w.delivery for w in works], known)

    async def next_wake(self, channel: Channel, provider: str = "") -> datetime | None:
        """When the next delivery in the queue of `provider` is due; `None`: there is none open."""
        wake: datetime | None = await self._pool.fetchval(STATEMENTS["next_wake"], channel, provider)
        return wake

    async def recall(self, wanted: Sequence[SendDelivery], now: datetime) -> None:
        """Commit that what has not begun of the deliveries that these take back is not sent any more."""
        rows = [
            (one.shop, id_, storable_text(one.recall.reason) or "it has ended")
            for one in wanted
            if one.recall is not None
            for id_ in one.recall.deliveries
        ]
        if rows:
            await self._pool.execute(STATEMENTS["recall"], *map(list, zip(*rows, strict=True)), now)

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
        await last_surveys.note(self._pool, settled, now)
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
            [s.work.allotment is not None for s in settled],
            *inbound.last_messages(settled),
            *taken_texts.texts(settled),
        )
        if all(s.channel is None and not (s.gone or s.reached) for s in settled):
            return {(row[0], row[1]) for row in await self._pool.fetch(STATEMENTS["settle"], *columns)}
        async with self._pool.acquire() as connection, connection.transaction():
            done = {(row[0], row[1]) for row in await connection.fetch(STATEMENTS["settle"], *columns)}
            others = [s for s in settled if s.work.ref in done and s.channel is not None]
            await _by_channel(connection, others, self._destinations)
            await _by_device(connection, [s for s in settled if s.work.ref in done and (s.gone or s.reached)], now)
        return done


class ProviderQueue:
    """The deliveries of one provider, as its workers and its poll see them.

    `flow` is how fast they go; `relieves` are the queues of others from which it takes what those do not send for now.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        channel: Channel,
        provider: str,
        flow: Flow | None = None,
        relieves: Sequence[Source] = (),
    ) -> None:
        self._deliveries = deliveries
        self._channel = channel
        self._provider = provider
        self._flow = flow
        self._turns = Turns(deliveries.pool, flow)
        self._sources = [Source.own(provider), *relieves]

    async def accept(self, incoming: Sequence[Incoming[SendDelivery]], now: datetime) -> list[Work]:
        """`Deliveries.accept`."""
        return await self._deliveries.accept(incoming, now, self._provider)

    async def begin(
        self, works: Sequence[Work], lease: datetime, tried: Sequence[datetime] = (), enough: datetime | None = None
    ) -> list[Work]:
        """`Deliveries.begin`."""
        return await self._deliveries.begin(works, lease, tried, self._provider, enough)

    async def release(self, works: Sequence[Work], now: datetime) -> None:
        """`Deliveries.release`."""
        await self._deliveries.release(works, now)

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[Work]:
        """Claim up to `limit` that are due at `now`; those in doubt, which go on at once, with what is known by now."""
        flow = self._flow
        room = limit if flow is None else flow.room(limit, now)
        if flow is not None and (why := flow.news(now)):
            await self._turns.deny(why, now)
        if not room:
            return Due([], [], [])
        due = await self._deliveries.claim(self._turns, self._sources, Asked(self._channel, now, lease, room))
        if flow is not None:
            flow.claimed(len(due.queued) + len(due.doubtful), now)
        doubtful = await self._deliveries.with_contacts(due.doubtful) if due.doubtful else []
        return msgspec.structs.replace(due, doubtful=doubtful)

    async def mark_unreadable(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """`Deliveries.mark_unreadable`."""
        await self._deliveries.mark_unreadable(unreadable)

    async def next_wake(self) -> datetime | None:
        """When the next one is due; `None`: there is none open."""
        return await self._deliveries.next_wake(self._channel, self._provider)


def _work(item: Incoming[SendDelivery], now: datetime, asked_at: float) -> Work:
    return Work(delivery=item.command, lease=item.wake_at, attempts=int(item.begun), accepted_at=now, asked_at=asked_at)


def _begun(work: Work, row: Any, asked_at: float) -> Work:
    return msgspec.structs.replace(work, attempts=row[2], lease=row[3], recalled=row[4], asked_at=asked_at)


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _columns(incoming: Iterable[Incoming[SendDelivery]]) -> tuple[list[Any], ...]:
    rows = [
        (
            *(i.command.shop, i.command.id, i.command.key, i.command.channel),
            i.command.recipient.address(i.command.channel),
            *("sending" if i.begun else "queued", i.wake_at, i.body),
        )
        for i in incoming
    ]
    return tuple(map(list, zip(*rows, strict=True)))


def _with_contact(
    work: Work, contact: str | None, suppressed: list[str] | None, unsubscribed: Any, redacted_at: datetime | None
) -> Work:
    return msgspec.structs.replace(
        work,
        known=_contact.decode(contact) if contact is not None else None,
        suppressed=frozenset(suppressed) if suppressed else _NONE,
        unsubscribed=msgspec.convert(unsubscribed, dict[str, datetime]) if unsubscribed else {},
        redacted_at=redacted_at,
    )


async def _with_other_channels(run: Runner, works: Sequence[Work]) -> list[Work]:
    """The same, where a message may go by several channels with what is known of the addresses on the others."""
    others = [(w, channel) for w in works for channel in w.delivery.templates if channel != w.delivery.channel]
    if not others:
        return await _without_gone_devices(run, works)
    rows = await run.fetch(
        STATEMENTS["known"],
        [w.delivery.shop for w, _ in others],
        [w.delivery.key for w, _ in others],
        [channel for _, channel in others],
        [w.delivery.recipient.address(channel) for w, channel in others],
    )
    found = {work.ref: work for work in works}
    for (work, channel), row in zip(others, rows, strict=True):
        before, also = found[work.ref], _with_contact(work, *row)
        refusals = Refusals(also.suppressed, also.unsubscribed)
        found[work.ref] = msgspec.structs.replace(before, others={**before.others, channel: refusals})
    return await _without_gone_devices(run, list(found.values()))


async def _without_gone_devices(run: Runner, works: Sequence[Work]) -> list[Work]:
    """The same, of push messages with the devices that take none any more."""
    pushed = [w for w in works if w.channel == "push" or "push" in w.delivery.templates]
    asked = [(w.delivery.shop, endpoint) for w in pushed for endpoint in w.contact().devices]
    if not asked:
        return list(works)
    rows = await run.fetch(STATEMENTS["gone_devices"], [shop for shop, _ in asked], [one for _, one in asked])
    gone = {(row[0], row[1]) for row in rows}
    return [_without(w, gone) if gone and w in pushed else w for w in works]


def _without(work: Work, gone: set[tuple[str, str]]) -> Work:
    mine = frozenset(one for one in work.contact().devices if (work.delivery.shop, one) in gone)
    if work.channel == "push":
        return msgspec.structs.replace(work, suppressed=work.suppressed | mine)
    return msgspec.structs.replace(work, others={**work.others, "push": Refusals(mine)})


async def _by_channel(connection: Connection, settled: Sequence[Settled], destinations: Destinations) -> None:
    if not settled:
        return
    recipients = [s.work.delivery.recipient for s in settled]
    channels = [s.channel or s.work.delivery.channel for s in settled]
    where = [destinations.of(way, one.address(way)) for way, one in zip(channels, recipients, strict=True)]
    columns = channels, [s.provider for s in settled], where
    await connection.execute(STATEMENTS["by_channel"], *refs_of([s.work.ref for s in settled]), *columns)


async def _by_device(connection: Connection, settled: Sequence[Settled], now: datetime) -> None:
    if settled:
        marks = [(*s.work.ref, mark) for s in settled for mark in s.reached]
        gone = [(s.work.delivery.shop, endpoint) for s in settled for endpoint in s.gone]
        await connection.execute(
            STATEMENTS["reached"],
            *([shop for shop, _, _ in marks], [id_ for _, id_, _ in marks]),
            *([shop for shop, _ in gone], [endpoint for _, endpoint in gone], now, [mark for _, _, mark in marks]),
        )


def _suppressions(settled: Sequence[Settled]) -> tuple[list[str], ...]:
    return (
        [s.work.delivery.shop for s in settled],
        [s.work.delivery.channel for s in settled],
        [s.suppress for s in settled],
        [s.reason for s in settled],
    )
