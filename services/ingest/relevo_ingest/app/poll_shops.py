"""Asks connected shops what changed, one process a shop at a time, and passes it on as if the shop had told it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct, structs

from relevo_ingest.app.poll_cursor import Cursor, Pace
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ChangeLists,
    Connection,
    Exchange,
    Page,
    PlatformApi,
    Record,
)
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import Busy

T = TypeVar("T")
_AT_ONCE = 25
_AHEAD = timedelta(days=1)  # a shop's clock may be wrong by its zone: what is "in the future" is read as well
_log = logging.getLogger(__name__)


class PolledShop(Struct, frozen=True, kw_only=True):
    """A shop that is asked, and how."""

    context: ShopContext
    connector: Connector
    api: PlatformApi
    lists: ChangeLists
    connection: Connection


class Lease(Struct, frozen=True, kw_only=True):
    """The right to ask a shop. Whoever got the shop after this one has a higher `epoch`."""

    shop: str
    epoch: int
    failures: int = 0
    cursors: Mapping[str, Cursor] = {}


class PolledShops(Protocol):
    """Which shops are to be asked."""

    async def all(self) -> Mapping[str, PolledShop]:
        """Each by its name. Raises `Busy`."""
        ...


class Leases(Protocol):
    """Who asks which shop, and how far its lists were read. Every change of a lease that was lost changes nothing."""

    async def claim(self, shops: Sequence[str], most: int) -> Sequence[Lease]:
        """Leases of at most so many of `shops` that are due and nobody else asks."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Keep it for as long again; false if it was lost."""
        ...

    async def move(self, lease: Lease, resource: str, cursor: Cursor) -> bool:
        """The list was read so far; false if the lease was lost."""
        ...

    async def end(self, lease: Lease, pause: timedelta, failures: int, error: str) -> bool:
        """The turn is over; the next one is due after `pause`. An empty error: everything was read."""
        ...


class Requests(Protocol):
    """Sends what an exchange asks."""

    async def converse(self, api: PlatformApi, connection: Connection, exchange: Exchange[T]) -> T | ApiFailure:
        """What came of it."""
        ...


class PollCounters(Protocol):
    """Counts turns and records."""

    def polled(self, shop: str, resource: str, records: int) -> None: ...  # noqa: D102 - the class says it

    def poll_failed(self, shop: str) -> None: ...  # noqa: D102


Receive = Callable[[PolledShop, Sequence[Record]], Awaitable[object]]
"""Passes records on; when it returns, what they say is safe. Raises `Busy`."""


class PollPolicy(Struct, frozen=True, kw_only=True):
    """How shops are asked. `overlap` is read again each time; `most_pages` of a list are read in one turn."""

    pace: Pace = Pace()
    overlap: timedelta = timedelta(minutes=2)
    first_look: timedelta = timedelta(minutes=15)
    shops_at_once: int = 8
    most_pages: int = 50
    renew_seconds: float = 20.0


class Polling(Struct, frozen=True, kw_only=True):
    """What the poller works with."""

    shops: PolledShops
    leases: Leases
    requests: Requests
    receive: Receive
    counters: PollCounters
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    policy: PollPolicy = PollPolicy()


class LeaseLost(Exception):  # noqa: N818 - what happened, and no fault
    """Another process asks this shop now."""


class Poller:
    """Asks each shop in a task of its own: one that is slow or broken holds up no other."""

    def __init__(self, polling: Polling) -> None:
        self._polling = polling
        self._turns: dict[str, asyncio.Task[None]] = {}

    async def run_once(self, now: datetime) -> datetime | None:
        """Begins the turns that are due, as many as may run at once. Raises `Busy`."""
        del now  # leases and pauses are wall time, by the database's clock
        self._turns = {shop: turn for shop, turn in self._turns.items() if not turn.done()}
        free = self._polling.policy.shops_at_once - len(self._turns)
        shops = await self._polling.shops.all() if free > 0 else {}
        idle = [name for name in shops if name not in self._turns]
        for lease in await self._polling.leases.claim(idle, free) if idle else ():
            self._turns[lease.shop] = asyncio.create_task(_turn(self._polling, shops[lease.shop], lease))
        return None

    async def finish(self) -> None:
        """Returns when every turn that was begun is over."""
        await asyncio.gather(*self._turns.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Ends the turns: what they did not read is read by whoever asks next."""
        for turn in self._turns.values():
            turn.cancel()
        await self.finish()


async def _turn(polling: Polling, shop: PolledShop, lease: Lease) -> None:
    """One turn of a shop, its lease renewed meanwhile. Raises nothing: what fails is this shop's, and tried again."""
    reading = asyncio.create_task(_ended(polling, shop, lease))
    try:
        while not (await asyncio.wait({reading}, timeout=polling.policy.renew_seconds))[0]:
            if not await polling.leases.renew(lease):
                _log.warning("another process asks %s now", lease.shop)
                return
    except Busy as error:
        _log.warning("the lease of %s can't be renewed: %s", lease.shop, error)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _ended(polling: Polling, shop: PolledShop, lease: Lease) -> None:
    """Reads what changed, and notes how the turn ended."""
    try:
        failure = await poll_shop(polling, shop, lease)
    except LeaseLost:
        _log.warning("another process asks %s now", lease.shop)
        return
    except Busy as error:
        failure = ApiFailure(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this shop's, and tried again
        _log.exception("asking %s failed", lease.shop)
        failure = ApiFailure(f"asking failed: {type(error).__name__}")
    failures = lease.failures + 1 if failure else 0
    asked, permanent = (failure.retry_after, failure.permanent) if failure else (None, False)
    pause = polling.policy.pace.next(failures, asked, polling.jitter(), permanent=permanent)
    if failure:
        polling.counters.poll_failed(lease.shop)
        _log.warning("%s could not be asked, the next try is in %s: %s", lease.shop, pause, failure.reason)
    try:
        await polling.leases.end(lease, pause, failures, failure.reason if failure else "")
    except Busy as error:
        _log.warning("the turn of %s could not be ended, its lease will lapse: %s", lease.shop, error)


async def poll_shop(polling: Polling, shop: PolledShop, lease: Lease) -> ApiFailure | None:
    """Reads every list of the shop to its end. A list that fails keeps what was read of it, and holds up no other.

    Gives the first failure. Raises `Busy`, and `LeaseLost` if somebody else asks the shop now.
    """
    first: ApiFailure | None = None
    for resource in shop.lists.resources:
        failure = await _read_list(polling, shop, lease, resource)
        first = first or failure
        if failure and failure.retry_after:
            break  # the shop wants to be left alone, not to be asked for something else
    return first


async def _read_list(polling: Polling, shop: PolledShop, lease: Lease, resource: str) -> ApiFailure | None:
    policy, now = polling.policy, polling.now()
    cursor = lease.cursors.get(resource)
    if cursor is None:
        cursor = Cursor(read_to=now - policy.first_look)
        await _moved(polling, lease, resource, cursor)
    request = cursor.following or shop.lists.changed(resource, cursor.since(policy.overlap), now + _AHEAD)
    for _ in range(policy.most_pages):
        page = await _page(polling, shop, resource, request)
        if isinstance(page, ApiFailure):
            if page.permanent and cursor.following:  # it may be that page alone: the next turn begins anew
                await _moved(polling, lease, resource, structs.replace(cursor, following=None))
            return page
        await _pass_on(polling, shop, cursor.news(page.records))
        polling.counters.polled(lease.shop, resource, len(page.records))
        cursor = cursor.after(page, polling.now(), policy.overlap)
        await _moved(polling, lease, resource, cursor)
        if page.following is None:
            break
        request = page.following
    return None  # if there is more, the next turn goes on from here


async def _page(polling: Polling, shop: PolledShop, resource: str, request: ApiRequest) -> Page | ApiFailure:
    exchange = shop.lists.page(resource, request)
    found: Page | ApiFailure = await polling.requests.converse(shop.api, shop.connection, exchange)
    return structs.replace(found, reason=f"{resource}: {found.reason}") if isinstance(found, ApiFailure) else found


async def _pass_on(polling: Polling, shop: PolledShop, records: Sequence[Record]) -> None:
    """Some at a time, so that they share statements and messages; all are safe when this returns."""
    for start in range(0, len(records), _AT_ONCE):
        await polling.receive(shop, records[start : start + _AT_ONCE])


async def _moved(polling: Polling, lease: Lease, resource: str, cursor: Cursor) -> None:
    if not await polling.leases.move(lease, resource, cursor):
        raise LeaseLost(lease.shop)
