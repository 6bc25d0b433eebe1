"""Which domains are whose storefronts, kept in memory and read again when the catalog's revision changes."""

import logging
from collections.abc import Mapping

from relevo_runtime import storefronts
from relevo_runtime.catalog_cache import CatalogCache, CatalogUnavailable
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.storefronts import Storefront

_LOOK = 10.0
"""Seconds of wall-clock time between two looks at the catalog's revision."""
_log = logging.getLogger(__name__)


class Storefronts:
    """The open storefronts. Until they can be read, links say nothing of who opens them; mails go out all the same."""

    def __init__(self, pool: Pool) -> None:
        nothing: Mapping[str, Storefront] = {}
        self._fronts = CatalogCache(pool, _read, nothing, interval=_LOOK)

    async def load(self) -> None:
        """Have ready what `is_at` needs."""
        try:
            await self._fronts.get()
        except CatalogUnavailable as error:
            _log.warning("links in mails say nothing of who reads them: %s", error, extra={"repeats": "storefronts"})

    def is_at(self, shop: str, host: str) -> bool:
        """Whether pages of the shop are at `host`."""
        front = self._fronts.value.get(shop)
        return front is not None and front.is_at(host)


async def _read(connection: Connection) -> Mapping[str, Storefront]:
    return {one.shop: one for one in await storefronts.storefronts(connection)}
