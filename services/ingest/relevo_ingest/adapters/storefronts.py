"""The storefronts of the catalog, kept in memory and read again when the catalog's revision changes."""

import logging
from collections.abc import Callable

from relevo_ingest.core.errors import Busy
from relevo_runtime import storefronts
from relevo_runtime.catalog_cache import CatalogCache, CatalogUnavailable
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.storefronts import Storefront

_log = logging.getLogger(__name__)


class Storefronts:
    """Which shops take what from browsers? As `adapters.shops.Shops`, with a look of its own at the revision."""

    def __init__(
        self, pool: Pool, keys: SecretKeys, *, interval: float, forced: float, monotonic: Callable[[], float]
    ) -> None:
        self._keys = keys
        nothing: dict[str, Storefront] = {}
        self._catalog = CatalogCache(pool, self._read, nothing, interval=interval, forced=forced, monotonic=monotonic)

    async def get(self, shop: str) -> Storefront | None:
        """The storefront of a shop, or `None` if it has none. Raises `Busy` if the catalog could never be read yet."""
        try:
            return (await self._catalog.get()).get(shop)
        except CatalogUnavailable as error:
            raise Busy(str(error)) from error

    async def changed(self) -> bool:
        """Whether the catalog is another than at the call. Raises `Busy` as `get`."""
        try:
            return await self._catalog.changed()
        except CatalogUnavailable as error:
            raise Busy(str(error)) from error

    async def _read(self, connection: Connection) -> dict[str, Storefront]:
        return {one.shop: self._opened(one) for one in await storefronts.storefronts(connection)}

    def _opened(self, sealed: Storefront) -> Storefront:
        """The storefront with its secrets in clear; without one that can't be opened nobody is signed in by it."""
        front, faults = storefronts.opened(sealed, self._keys)
        for fault in faults:
            _log.error("a secret of the storefront of shop %s can't be opened: %s", front.shop, fault)
        return front
