"""The shops of the catalog, kept in memory and read again when the catalog's revision changes."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from relevo_contracts.declared import DeclarationError, Declared, declare
from relevo_contracts.event_types import EventTypes, with_declared
from relevo_ingest.adapters.shop_fields import fields_of_shops
from relevo_ingest.core.errors import Busy
from relevo_runtime import catalog
from relevo_runtime.catalog_cache import CatalogCache, CatalogUnavailable
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.secret_keys import SecretKeys

_NO_FIELDS: Mapping[str, str] = {}
_log = logging.getLogger(__name__)


class _Known:
    """One revision of the catalog, as ingest needs it."""

    def __init__(
        self,
        shops: Iterable[catalog.Shop] = (),
        declared: Sequence[catalog.EventType] = (),
        own_fields: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.shops = {shop.shop: shop for shop in shops}
        self.own_fields = own_fields or {}
        self.declared = declared
        self.types: dict[str, EventTypes] = {}


class Shops:
    """Which shops are there? Looks at the revision at most every `interval` seconds of wall-clock time.

    What is known may be that much older than the catalog, so nobody is refused by it alone: see `changed`.
    """

    def __init__(
        self, pool: Pool, keys: SecretKeys, *, interval: float, forced: float, monotonic: Callable[[], float]
    ) -> None:
        self.keys = keys
        self._catalog = CatalogCache(pool, self._read, _Known(), interval=interval, forced=forced, monotonic=monotonic)

    async def get(self, name: str) -> catalog.Shop | None:
        """The shop, or `None` if it is not known. Raises `Busy` if the catalog could never be read yet."""
        try:
            known = await self._catalog.get()
        except CatalogUnavailable as error:
            raise Busy(str(error)) from error
        return known.shops.get(name)

    def fresh(self) -> bool:
        """Whether the catalog need not be looked at for now."""
        return self._catalog.fresh()

    def at_hand(self, name: str) -> catalog.Shop | None:
        """The shop by what is known, however old."""
        return self._catalog.value.shops.get(name)

    async def changed(self) -> bool:
        """Whether the catalog is another than at the call, by a look that began after it. Raises `Busy` as `get`.

        All calls of `forced` seconds wait for one look: guesses don't reach the database one by one.
        """
        try:
            return await self._catalog.changed()
        except CatalogUnavailable as error:
            raise Busy(str(error)) from error

    def own_fields(self, name: str) -> Mapping[str, str]:
        """By which names a shop keeps what is not a field of its platform."""
        return self._catalog.value.own_fields.get(name, _NO_FIELDS)

    def types(self, name: str) -> EventTypes:
        """The events that a shop has: the built-in ones, and those that it declared. Made once a revision."""
        known = self._catalog.value
        if name not in known.types:
            known.types[name] = with_declared(_readable(catalog.of_shop(known.declared, name).values()))
        return known.types[name]

    async def _read(self, connection: Connection) -> _Known:
        shops = [self._opened(shop) for shop in await catalog.shops(connection)]
        return _Known(shops, await catalog.event_types(connection), await fields_of_shops(connection))

    def _opened(self, sealed: catalog.Shop) -> catalog.Shop:
        """The shop with its secrets in clear; what can't be opened is told, and costs its own webhooks alone."""
        shop, faults = self.keys.opened_shop(sealed)
        for fault in faults:
            _log.error("a secret of shop %s can't be opened: %s", shop.shop, fault)
        return shop


def _readable(found: Iterable[catalog.EventType]) -> Iterator[Declared]:
    """The declared events; one that another release declared and this one can't read is told, and missing."""
    for one in found:
        try:
            yield declare(one.name, one.schema)
        except DeclarationError as error:
            _log.warning("the event that %s declared can't be read: %s", one.shop, error)
