"""What the notifier reads of the catalog, kept in memory: shops, policies, the templates of each definition."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from relevo_contracts.mailboxes import read_mailbox
from relevo_contracts.policy import AS_BEFORE, Policy
from relevo_contracts.sending import Sent
from relevo_contracts.surveys import Survey
from relevo_notifier.adapters import policies
from relevo_notifier.core.inbound import number_of
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, DefinitionUnknown, Shop
from relevo_runtime.catalog_cache import CatalogCache
from relevo_runtime.postgres import Connection, Pool
from relevo_templates.errors import TemplateError
from relevo_templates.messages import Templates


class Catalog:
    """Shops, policies and what is in service are read again when the catalog's revision has grown.

    A version's definition never changes.
    """

    def __init__(self, pool: Pool, keep: int = 200) -> None:
        """`keep`: how many definitions stay in memory, the ones used last."""
        self._pool = pool
        self._keep = keep
        self._known: CatalogCache[_Known] = CatalogCache(pool, _read, _Known({}, {}, {}))
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

    async def asked(self, sent: Sent) -> Survey | None:
        """The survey of a message; `None`: it asked none, or its version can't be read any more."""
        await self.load((), {sent.version})
        try:
            return self.templates(sent.version).survey(sent.template)
        except TemplateError:
            return None

    def shop(self, name: str) -> Shop | None:
        """A shop that was loaded; `None`: there is none of this name."""
        return self._known.value.shops.get(name)

    def in_service(self, shop: str, workflow: str) -> str:
        """The version with which new runs of a workflow start in a shop; empty: there is none."""
        versions = self._known.value.versions
        return versions.get((shop, workflow)) or versions.get((EVERY_SHOP, workflow), "")

    def senders(self, number: str) -> list[str]:
        """The shops that send texts from this number, as it is kept (`core.inbound.number_of`)."""
        shops = self._known.value.shops.values()
        return sorted(one.shop for one in shops if one.sms_from and number_of(one.sms_from) == number)

    def mail_senders(self) -> set[str]:
        """The addresses from which shops send mails, in lower case."""
        return {read_mailbox(one.email_from)[1].lower() for one in self._known.value.shops.values()} - {""}

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
    versions: Mapping[tuple[str, str], str]


async def _read(connection: Connection) -> _Known:
    shops = {shop.shop: shop for shop in await catalog.shops(connection)}
    return _Known(shops, await policies.active(connection), await catalog.versions_in_service(connection))
