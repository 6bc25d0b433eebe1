"""The compiled workflow definitions of each shop, kept beside the catalog that they come from."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import structlog
from msgspec import Struct

from relevo_engine.core.batch import Definitions
from relevo_runtime import catalog
from relevo_runtime.catalog_cache import CatalogSnapshot
from relevo_runtime.postgres import Connection
from relevo_workflow import Definition, Shop, Subject, WorkflowError, WorkflowIndex, compile_workflow, with_winners

_log = structlog.get_logger(__name__)
_HELP = (
    "this release can't read what another one deployed: it starts no runs, and messages of its runs become dead"
    " letters. Mend the workflow until `relevo check` is content and deploy it; for its old runs start engines of the"
    " release that deployed it, and then `relevo dead-letters redrive`"
)
_MEND = "it runs on as it is; mend it, since `relevo check` refuses it and it can't be deployed again"


class _Deployed(Struct, frozen=True):
    """One revision of the catalog: the definitions that start runs, and the shops."""

    by_shop: Mapping[str, list[Definition]]
    shops: Mapping[str, Shop]
    served: Collection[str] = ()
    winners: Mapping[tuple[str, str], Mapping[str, str]] = {}


class _WithWinners(Mapping[str, Definition]):
    """The compiled versions as a shop has them: splits give their winners."""

    def __init__(
        self, compiled: Mapping[str, Definition], shop: str, winners: Mapping[tuple[str, str], Mapping[str, str]]
    ) -> None:
        self._compiled = compiled
        self._shop = shop
        self._winners = winners
        self._known: dict[str, Definition] = {}

    def __getitem__(self, version: str) -> Definition:
        known = self._known.get(version)
        if known is None:
            known = self._known[version] = self.of(self._compiled[version])
        return known

    def of(self, definition: Definition) -> Definition:
        """A definition with the winners of its splits."""
        return with_winners(definition, self._winners.get((self._shop, definition.name), {}))

    def __iter__(self) -> Iterator[str]:
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._compiled)


class DefinitionCache:
    """Compiles each version once. `refresh` follows the catalog; what only old runs use is fetched when it is met."""

    def __init__(self) -> None:
        self._catalog = CatalogSnapshot(self._read, _Deployed({}, {}))
        self._compiled: dict[str, Definition] = {}
        self._unreadable: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._views: dict[str, Definitions] = {}

    @property
    def revision(self) -> int:
        """The revision of the catalog that was read last."""
        return self._catalog.revision

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Stored versions that this release can't read, with workflow and reason: active ones and those of runs met."""
        return self._unreadable

    @property
    def refused(self) -> Mapping[str, str]:
        """Stored versions that run, though `relevo check` refuses them by now, with workflow and reason."""
        return self._refused

    @property
    def shops(self) -> Collection[str]:
        """The names of the shops that are served here: the catalog has them, and none of them is held."""
        return self._catalog.value.served

    def compiled(self, version: str) -> Definition | None:
        """A version that was compiled here; `None`: none of its runs was met yet."""
        return self._compiled.get(version)

    def of_shop(self, shop: str) -> Definitions:
        """The definitions of a shop, without those that only old runs use."""
        return self._view(shop)

    async def refresh(self, conn: Connection) -> bool:
        """Reads the catalog anew if it changed; returns whether it did."""
        if not await self._catalog.refresh(conn):
            return False
        self._views = {}
        names = sorted({one.name for own in self._catalog.value.by_shop.values() for one in own})
        _log.info("definitions", revision=self.revision, workflows=names)
        return True

    async def _read(self, conn: Connection) -> "_Deployed":
        by_shop: dict[str, list[Definition]] = {}
        active = await catalog.active_definitions(conn)
        for deployed in active:
            known = self._compiled.get(deployed.version)
            definition = known or self._compile(deployed.version, deployed.files, deployed.workflow)
            if definition is not None:
                by_shop.setdefault(deployed.shop, []).append(definition)
        # What was mended is told no more; a version that runs still need is met, and told, again.
        versions = {deployed.version for deployed in active}
        self._unreadable = {version: why for version, why in self._unreadable.items() if version in versions}
        self._refused = {version: why for version, why in self._refused.items() if version in versions}
        shops = await catalog.shops(conn)
        facts, served = {one.shop: shop_facts(one) for one in shops}, [one.shop for one in shops if not one.held]
        return _Deployed(by_shop, facts, served, await catalog.winners(conn))

    async def for_subjects(self, conn: Connection, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        """The definitions of each shop of `subjects`, with every version that their runs are pinned to."""
        shops: set[str] = set()
        for subject in subjects:
            shops.add(subject.shop)
            for run in subject.runs:
                if run.version not in self._compiled and run.version not in self._unreadable:
                    await self._fetch(conn, run.version, run.workflow)
        return {shop: self._view(shop) for shop in shops}

    def _view(self, shop: str) -> Definitions:
        view = self._views.get(shop)
        if view is None:
            deployed = self._catalog.value
            own = deployed.by_shop.get(shop, [])
            names = {definition.name for definition in own}
            everyones = [d for d in deployed.by_shop.get("*", []) if d.name not in names]
            facts = deployed.shops.get(shop, Shop(id=shop))
            active, compiled = (*own, *everyones), self._versions_of(shop)
            if isinstance(compiled, _WithWinners):
                active = tuple(compiled.of(one) for one in active)
            view = self._views[shop] = Definitions(WorkflowIndex.of(active), compiled, facts)
        return view

    def winners(self, shop: str, workflow: str) -> Mapping[str, str]:
        """The variants that have won splits of a workflow."""
        return self._catalog.value.winners.get((shop, workflow), {})

    def _versions_of(self, shop: str) -> Mapping[str, Definition]:
        winners = self._catalog.value.winners
        return _WithWinners(self._compiled, shop, winners) if any(one == shop for one, _ in winners) else self._compiled

    async def _fetch(self, conn: Connection, version: str, workflow: str) -> None:
        """Without it the core refuses the messages of this run's customer, each as a dead letter; the others go on."""
        try:
            self._compile(version, await catalog.definition_files(conn, version), workflow)
        except catalog.DefinitionUnknown as error:
            _log.error("definition_missing", version=version, reason=str(error))

    def _compile(self, version: str, files: Mapping[str, str], workflow: str) -> Definition | None:
        """One stored definition that this engine can't read must not stop all the others.

        One that it can run and would not let be deployed any more is told, and runs.
        """
        try:
            definition = compile_workflow(files)
        except WorkflowError as error:
            if version not in self._unreadable:
                self._unreadable[version] = f"{workflow}: {error}"
                _log.error("definition_unreadable", workflow=workflow, version=version, reason=str(error), help=_HELP)
            return None
        self._compiled[version] = definition
        findings = [str(one) for one in definition.warnings if one.severity == "error"]
        if findings:
            self._refused[version] = f"{workflow}: {'; '.join(findings)}"
            _log.warning("definition_refused", workflow=workflow, version=version, findings=findings, help=_MEND)
        return definition


def shop_facts(shop: catalog.Shop) -> Shop:
    """What expressions and templates may name of a shop: nothing secret."""
    return Shop(
        id=shop.shop,
        name=shop.name,
        domain=shop.domain,
        locale=shop.locale,
        timezone=shop.timezone,
        currency=shop.currency,
        postal_address=shop.postal_address,
    )


async def shop_facts_of_all(connection: Connection) -> dict[str, Shop]:
    """What expressions may name of each shop, by its name."""
    return {one.shop: shop_facts(one) for one in await catalog.shops(connection)}


async def stored(connection: Connection, version: str) -> Definition | None:
    """A stored version, compiled; None if this release can't compile it. Raises `DefinitionUnknown`."""
    try:
        return compile_workflow(await catalog.definition_files(connection, version))
    except WorkflowError:
        return None
