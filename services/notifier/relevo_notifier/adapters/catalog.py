"""What the notifier reads of the catalog, kept in memory: shops, contact policies, the templates of each definition."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from relevo_contracts.policy import AS_BEFORE, Policy
from relevo_notifier.adapters import policies
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, DefinitionUnknown, Shop
from relevo_runtime.catalog_cache import CatalogCache
from relevo_runtime.postgres import Connection, Pool
from relevo_templates.errors import TemplateError
from relevo_templates.messages import Templates


class Catalog:
    """Shops and policies are read again when the catalog's revision has grown; a version's definition never changes."""

    def __init__(self, pool: Pool, keep: int = 200) -> None:
        """`keep`: how many definitions stay in memory, the ones used last."""
        self._pool = pool
        self._keep = keep
        self._known: CatalogCache[_Known] = CatalogCache(pool, _read, _Known({}, {}))
        self._templates: OrderedDict[str, Templates | TemplateError] = OrderedDict()

    async def refresh(self) -> None:
        """Read shops and policies again if anything has changed."""
        await self._known.refresh()

    async def load(self, shops: Collection[str], versions: Collection[str]) -> None:
        """Have these shops and definitions ready for `shop` and `templates`."""
        if any(shop not in self._known.value.shops for shop in shops):
            await self.refresh()
        for version in set(versions) - self._templates.keys():
            async with self._pool.acquire() as connection:
                await self._load(connection, version)
        while len(self._templates) > self._keep + len(versions):
            self._templates.popitem(last=False)

    async def if_changed(self, revision: int) -> tuple[int, Mapping[str, Collection[str]]] | None:
        """The revision and the secrets that each workflow in service needs; `None`: it is still at `revision`."""
        async with self._pool.acquire() as connection:
            now = await catalog.revision(connection)
            return None if now == revision else (now, await catalog.needed_secrets(connection))

    async def _load(self, connection: Connection, version: str) -> None:
        try:
            self._templates[version] = Templates.of_files(await catalog.definition_files(connection, version))
        except TemplateError as error:
            self._templates[version] = error
        except DefinitionUnknown:
            return  # not remembered: it may be deployed a moment later

    def shop(self, name: str) -> Shop | None:
        """A shop that was loaded; `None`: there is none of this name."""
        return self._known.value.shops.get(name)

    def policy(self, shop: str) -> Policy:
        """The contact policy of a shop that was loaded; one that changes nothing if it has none."""
        known = self._known.value.policies
        return known.get(shop) or known.get(EVERY_SHOP, AS_BEFORE)

    def templates(self, version: str) -> Templates:
        """The templates of a definition that was loaded. Raises `TemplateError` if it has none that can be read."""
        found = self._templates.get(version)
        if found is None:
            raise TemplateError(f"definition {version}", 0, "it is not in the catalog: deploy it, then send again")
        if isinstance(found, TemplateError):
            raise found
        self._templates.move_to_end(version)
        return found


class _Known(NamedTuple):
    """What one revision of the catalog says."""

    shops: Mapping[str, Shop]
    policies: Mapping[str, Policy]


async def _read(connection: Connection) -> _Known:
    shops = {shop.shop: shop for shop in await catalog.shops(connection)}
    return _Known(shops, await policies.active(connection))
