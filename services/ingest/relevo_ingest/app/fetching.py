"""Fetches what webhooks only name from the platform's API, and passes them on as if the answers had come with them.

A webhook is kept before it is answered, so nothing is lost while the API is slow or away. Of several that name one
entity, one request serves all. What can't be fetched for good is kept as not recognised, and can be read again later.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from msgspec import Struct

from relevo_ingest.app.ports import IngestDependencies, Notification
from relevo_ingest.app.receive_webhook import Webhook, keep_webhook, receive_webhook
from relevo_ingest.app.webhook import Delivery
from relevo_ingest.connectors.connector import FETCHED, FETCHED_AT, Connector, Fetch
from relevo_ingest.connectors.platform_api import (
    Answers,
    ApiFailure,
    Connection,
    Exchange,
    FetchesById,
    PlatformApi,
)
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.drafts import NoEvent, ShopContext
from relevo_ingest.core.errors import Busy, InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.states import Entity

_log = logging.getLogger(__name__)


class Waiting(Struct, frozen=True, kw_only=True):
    """All that waits for one entity of a shop, in order of arrival."""

    shop: str
    platform: str
    entity: Entity
    notifications: Sequence[Notification]

    @property
    def numbers(self) -> Sequence[int]:
        """Their places."""
        return [one.number for one in self.notifications]


class FetchedShop(Struct, frozen=True, kw_only=True):
    """A shop whose API can be asked."""

    context: ShopContext
    connector: Connector
    api: PlatformApi
    fetches: FetchesById
    connection: Connection


class NotConnected(Struct, frozen=True):
    """A shop whose API can't be asked, and what to do about it. Its context is `None` if there is no such shop."""

    reason: str
    connector: Connector | None = None
    context: ShopContext | None = None


class FetchedShops(Protocol):
    """Which shops' APIs can be asked."""

    async def get(self, shop: str, platform: str) -> FetchedShop | NotConnected:
        """The shop, or why its API can't be asked. Raises `Busy` if that is not known now."""
        ...


class KeptWebhooks(Protocol):
    """Where webhooks wait. Each call raises `Busy`."""

    async def claim(self, most: int, busy: Sequence[str]) -> Sequence[Waiting]: ...  # noqa: D102 - the class says it
    async def end(self, numbers: Sequence[int]) -> None: ...  # noqa: D102
    async def put_off(self, numbers: Sequence[int], pause: timedelta, error: str) -> None: ...  # noqa: D102


class FetchPolicy(Struct, frozen=True, kw_only=True):
    """How much is fetched at once, and how long it is tried. Pauses are wall time and double with each failure."""

    at_once: int = 8
    at_once_of_shop: int = 4
    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(minutes=15)
    gives_up_after: timedelta = timedelta(days=2)


class Fetching(Struct, frozen=True, kw_only=True):
    """What the fetcher works with. `converse` sends what an exchange asks."""

    kept: KeptWebhooks
    shops: FetchedShops
    converse: Callable[[PlatformApi, Connection, Exchange[Answers]], Awaitable[Answers | ApiFailure]]
    deps: IngestDependencies
    now: Callable[[], datetime]
    policy: FetchPolicy = FetchPolicy()


class Fetcher:
    """Fetches each entity in a task of its own: an API that is slow holds up no other shop."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self._running: dict[asyncio.Task[None], str] = {}

    async def run_once(self, now: datetime) -> datetime | None:
        """Begins what is due, as much as may run at once. Raises `Busy`."""
        del now  # what is due is so by the database's clock
        self._running = {task: shop for task, shop in self._running.items() if not task.done()}
        policy, shops = self._fetching.policy, list(self._running.values())
        free = policy.at_once - len(shops)
        busy = [shop for shop in set(shops) if shops.count(shop) >= policy.at_once_of_shop]
        for waiting in await self._fetching.kept.claim(free, busy) if free > 0 else ():
            self._running[asyncio.create_task(_fetch(self._fetching, waiting))] = waiting.shop
        return None

    async def finish(self) -> None:
        """Returns when all that was begun is over."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Ends what runs: another process takes it up when its lease is over."""
        for task in self._running:
            task.cancel()
        await self.finish()


async def _fetch(fetching: Fetching, waiting: Waiting) -> None:
    """Fetches one entity and passes on what waits for it. Raises nothing: what fails is tried again."""
    try:
        shop = await fetching.shops.get(waiting.shop, waiting.platform)
        if isinstance(shop, NotConnected):
            await _give_up(fetching, waiting, shop.reason, shop)
        else:
            await _pass_on(fetching, waiting, shop)
    except Busy as error:
        _log.warning("what %s names can't be passed on now: %s", waiting.shop, error, extra={"repeats": waiting.shop})
    except Exception:  # noqa: BLE001 - a bug costs these webhooks, which are tried again, and no others
        _log.exception("what the webhooks of %s name was not fetched", waiting.shop)


async def _pass_on(fetching: Fetching, waiting: Waiting, shop: FetchedShop) -> None:
    """Each webhook with its answers; the same request is sent once."""
    fetched: dict[bytes, tuple[datetime, Answers]] = {}
    for one in waiting.notifications:
        asked = _asked(shop, one)
        if isinstance(asked, Fetch):
            key = msgspec.json.encode(asked.requests)
            if key not in fetched:
                began = fetching.now()
                found = await fetching.converse(shop.api, shop.connection, shop.fetches.fetched(asked.requests))
                if isinstance(found, ApiFailure):
                    await _failed(fetching, waiting, shop, found)
                    return
                fetched[key] = began, found
            body = _with_answers(one.body, *fetched[key])
        else:
            body = one.body
        await receive_webhook(fetching.deps, shop.context, _webhook(shop.connector, one, body))
        await fetching.kept.end([one.number])


def _asked(shop: FetchedShop, one: Notification) -> object:
    """What the reader says of it: to fetch, as a rule. What it can't read is kept by whoever receives it."""
    try:
        with collecting():  # it is read again
            return shop.connector.read(one.topic, one.body, shop.context)
    except InvalidPayload as error:
        return error


def _with_answers(body: bytes, at: datetime, found: Answers) -> bytes:
    with collecting():
        return msgspec.json.encode({**parse_object(body), FETCHED: found, FETCHED_AT: at})


def _webhook(connector: Connector, one: Notification, body: bytes) -> Webhook:
    """As it came, under an id that no other notification has: two that say the same may name two states."""
    return Webhook(
        connector=connector,
        headers=one.headers,
        body=body,
        received=one.received,
        id=f"{one.delivery}.{one.number}",
        stored_topic=one.topic,
    )


async def _failed(fetching: Fetching, waiting: Waiting, shop: FetchedShop, failure: ApiFailure) -> None:
    policy = fetching.policy
    oldest = min(one.received for one in waiting.notifications)
    if failure.permanent or fetching.now() - oldest > policy.gives_up_after:
        known = NotConnected(failure.reason, shop.connector, shop.context)
        await _give_up(fetching, waiting, f"it can't be fetched from the platform's API: {failure.reason}", known)
        return
    failures = max(one.failures for one in waiting.notifications)
    pause = min(policy.first_pause * 2 ** min(failures, 20), policy.longest_pause)
    pause = max(pause, failure.retry_after or timedelta(0))
    _log.warning("the API of %s: %s", waiting.shop, failure.reason, extra={"repeats": waiting.shop})
    await fetching.kept.put_off(waiting.numbers, pause, failure.reason)


async def _give_up(fetching: Fetching, waiting: Waiting, reason: str, known: NotConnected) -> None:
    """Keeps the webhooks with the reason; those of a shop that there is no more are forgotten."""
    if known.connector is not None and known.context is not None:
        for one in waiting.notifications:
            delivery = Delivery.of(known.context, _webhook(known.connector, one, one.body))
            await keep_webhook(fetching.deps, delivery, NoEvent(reason, kind="not_fetched"))
    await fetching.kept.end(waiting.numbers)
