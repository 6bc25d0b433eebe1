"""Claims what waits in the queues of providers: shop by shop, within the limits that all instances share."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.app.flow import Flow
from relevo_notifier.app.watch_queues import Waiting
from relevo_notifier.core.limits import Bucket, BucketKey
from relevo_notifier.core.turns import Account, Denied, Shares, Subqueue, shares
from relevo_notifier.core.work import NEVER
from relevo_runtime.postgres import Connection, Pool, Statements

DELIVERIES = Statements.load("relevo_notifier.adapters", "deliveries.sql")
STATEMENTS = Statements.load("relevo_notifier.adapters", "rates.sql")
Runner: TypeAlias = "Pool | Connection"
_MOST_COUNTED = 10_000_000
_ROUNDS = 4
"""So often the turns begin anew, since a subqueue may have less than its share."""


class Source(Struct, frozen=True):
    """A queue to claim from: that of `provider`, while it is `open`, as far as it is `wanted`.

    `fresh`: only what certainly never went out.
    """

    provider: str
    open: Callable[[datetime], bool]
    wanted: Callable[[Subqueue, datetime], bool]
    fresh: bool = False

    @classmethod
    def own(cls, provider: str) -> "Source":
        """The provider's own: all that is in it."""
        return cls(provider, lambda now: True, lambda subqueue, now: True)


class Asked(Struct, frozen=True):
    """Up to `room` of what is due at `now`, until `lease`."""

    channel: Channel
    now: datetime
    lease: datetime
    room: int


class Claimed(NamedTuple):
    """Rows, and when the next one in the caller's own queue is due (see `Due`)."""

    rows: list[Any]
    next_at: datetime | None = None


class QueueCounts:
    """How much waits, by one look at the index of each queue."""

    def __init__(self, pool: Pool, channels: Mapping[str, Channel]) -> None:
        self._pool = pool
        self._channels = channels

    async def waiting(self, flows: Sequence[Flow], now: datetime) -> Mapping[str, Waiting]:
        """What waits in the queue of each provider."""
        names = [flow.name for flow in flows]
        columns = [self._channels[name] for name in names], names
        rows = await self._pool.fetch(STATEMENTS["waiting"], *columns, now, _MOST_COUNTED)
        return {row["provider"]: Waiting(row["due"], row["later"]) for row in rows}


class Turns:
    """Of one worker pool: who had the last turn is remembered from one claim to the next."""

    def __init__(self, pool: Pool, flow: Flow | None = None) -> None:
        self._pool = pool
        self._flow = flow
        self._after = ""

    async def claim(self, sources: Sequence[Source], asked: Asked) -> Claimed:
        """The rows that are the caller's until the lease. The first of the sources is the caller's own."""
        found = {source: await self._subqueues(source, asked) for source in sources if source.open(asked.now)}
        subqueues = {source: [one for one in every if one.due <= asked.now] for source, every in found.items()}
        own = found.get(sources[0], [])
        next_at = min((one.due for one in own), default=NEVER)
        if not any(subqueues.values()) or asked.room < 1:
            return Claimed([], next_at)
        flow = self._flow
        if flow is None or not flow.limits:
            account = Account((), {}, asked.now, flow.paces(asked.now) if flow is not None else {})
            return Claimed((await self._claimed(self._pool, subqueues, asked, account))[0])
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(STATEMENTS["lock"], flow.name)
            account = Account(flow.limits, await _buckets(connection, flow.name), asked.now, flow.paces(asked.now))
            for subqueue in flow.take_back():
                account.use(subqueue, -1)
            rows, denied = await self._claimed(connection, subqueues, asked, account)
            await _keep(connection, flow.name, account, denied)
            flow.denied(denied, asked.now)
        return Claimed(rows)

    async def deny(self, why: str, now: datetime) -> None:
        """Write that nothing of the provider goes since now, for those who ask what becomes of a message."""
        if self._flow is not None:
            await self._pool.execute(STATEMENTS["deny"], self._flow.name, now, why)

    async def _subqueues(self, source: Source, asked: Asked) -> list[Subqueue]:
        rows = await self._pool.fetch(DELIVERIES["subqueues"], asked.channel, source.provider)
        subqueues = (Subqueue(*row) for row in rows)
        return [subqueue for subqueue in subqueues if source.wanted(subqueue, asked.now)]

    async def _claimed(
        self, run: Runner, subqueues: dict[Source, list[Subqueue]], asked: Asked, account: Account
    ) -> tuple[list[Any], list[Denied]]:
        rows: list[Any] = []
        denied: list[Denied] = []
        for source, all_waiting in subqueues.items():
            waiting = all_waiting
            for _ in range(_ROUNDS):
                found = shares(waiting, asked.room - len(rows), account, self._after)
                denied += found.denied
                if not found.granted:
                    break
                got = await _take(run, source, asked, found)
                rows += got
                taken = Counter((row["purpose"], row["destination"], row["shop"]) for row in got)
                waiting = _more(waiting, found, taken, account)
                self._after = found.last
        return rows, denied


async def _take(run: Runner, source: Source, asked: Asked, found: Shares) -> list[Any]:
    subqueues = [
        (subqueue.purpose, subqueue.destination, subqueue.shop, most) for subqueue, most in found.granted.items()
    ]
    columns = map(list, zip(*subqueues, strict=True))
    return await run.fetch(
        DELIVERIES["claim_due"], asked.channel, asked.now, asked.lease, source.provider, *columns, source.fresh
    )


def _more(
    waiting: Sequence[Subqueue], found: Shares, taken: Counter[tuple[str, str, str]], account: Account
) -> list[Subqueue]:
    """The subqueues that may have more; what was granted and is not there is free again."""
    done = {one.subqueue for one in found.denied}
    for subqueue, most in found.granted.items():
        less = taken[subqueue.purpose, subqueue.destination, subqueue.shop] - most
        if less:
            account.use(subqueue, less)
            done.add(subqueue)
    return [subqueue for subqueue in waiting if subqueue not in done]


async def _buckets(connection: Connection, provider: str) -> dict[BucketKey, Bucket]:
    rows = await connection.fetch(STATEMENTS["buckets"], provider)
    return {(row["shop"], row["name"]): Bucket(row["level"], row["at"]) for row in rows}


async def _keep(connection: Connection, provider: str, account: Account, denied: Sequence[Denied]) -> None:
    why = {one.bucket: one.limit.in_words(account.now) for one in denied}
    rows = [
        (shop, name, bucket.level, bucket.at, why.get((shop, name), ""))
        for (shop, name), bucket in account.filled(denied).items()
    ]
    if rows:
        await connection.execute(STATEMENTS["keep"], provider, account.now, *map(list, zip(*rows, strict=True)))
