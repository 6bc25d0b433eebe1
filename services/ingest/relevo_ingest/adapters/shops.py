"""The shops of the catalog, kept in memory and read again when the catalog's revision changes."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator

from relevo_contracts.declared import DeclarationError, Declared, declare
from relevo_contracts.event_types import EventTypes, with_declared
from relevo_ingest.core.errors import Busy
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool, temporary
from relevo_runtime.supervision import contained

_log = logging.getLogger(__name__)


class Shops:
    """Which shops are there? Looks at the revision at most every `interval` seconds of wall-clock time.

    What is known may be that much older than the catalog, so nobody is refused by it alone: see `changed`.
    """

    def __init__(self, pool: Pool, *, interval: float, forced: float, monotonic: Callable[[], float]) -> None:
        self._pool = pool
        self._interval = interval
        self._forced = forced
        self._monotonic = monotonic
        self._shops: dict[str, catalog.Shop] = {}
        self._declared: list[catalog.EventType] = []
        self._types: dict[str, EventTypes] = {}
        self._revision = -1
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, name: str) -> catalog.Shop | None:
        """The shop, or `None` if it is not known. Raises `Busy` if the catalog could never be read yet."""
        await self._look_unless_after(self._monotonic() - self._interval)
        return self._shops.get(name)

    async def changed(self) -> bool:
        """Whether the catalog is another than at the call, by a look that began after it.

        All calls of `forced` seconds wait for one look: guesses don't reach the database one by one.
        """
        asked, before = self._monotonic(), self._revision
        await asyncio.sleep(max(0.0, self._looked_at + self._forced - asked))
        await self._look_unless_after(asked)
        return self._revision != before

    def types(self, name: str) -> EventTypes:
        """The events that a shop has: the built-in ones, and those that it declared. Made once a revision."""
        if name not in self._types:
            self._types[name] = with_declared(_readable(catalog.of_shop(self._declared, name).values()))
        return self._types[name]

    async def _look_unless_after(self, instant: float) -> None:
        """Look, but not if a look began after `instant`."""
        if self._looked_at > instant:
            return
        async with self._lock:
            if self._looked_at > instant:
                return
            began = self._monotonic()
            try:
                await contained(self._refresh())
            except Exception as error:  # noqa: BLE001 - sorted there
                self._cope(error)
            self._looked_at = began

    async def _refresh(self) -> None:
        async with self._pool.acquire() as connection:
            revision = await catalog.revision(connection)
            if revision == self._revision:
                return
            self._shops = {shop.shop: shop for shop in await catalog.shops(connection)}
            self._declared, self._types = await catalog.event_types(connection), {}
            self._revision = revision

    def _cope(self, error: Exception) -> None:
        """What is known stays valid while the database is away; without anything known nobody can be served."""
        if not temporary(error):
            raise error
        if self._revision < 0:
            raise Busy(f"the shops can't be read now: {error!r}") from error
        _log.warning(
            "the shops can't be read again now, the known ones stay valid: %r", error, extra={"repeats": "shops"}
        )


def _readable(found: Iterable[catalog.EventType]) -> Iterator[Declared]:
    """The declared events; one that another release declared and this one can't read is told, and missing."""
    for one in found:
        try:
            yield declare(one.name, one.schema)
        except DeclarationError as error:
            _log.warning("the event that %s declared can't be read: %s", one.shop, error)
