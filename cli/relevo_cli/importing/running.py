"""Imports a file where it broke off, and keeps how far it has come."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from relevo_cli import database
from relevo_cli.console import err, local_minute
from relevo_cli.errors import CommandError
from relevo_cli.importing import bar
from relevo_cli.importing.reading import Follow, ReadableFile, look_at
from relevo_cli.ingest_use_cases import dependencies, ingest_settings
from relevo_control.app.shops import known_shop
from relevo_ingest.adapters.import_files import RejectedFile
from relevo_ingest.adapters.imports import ImportId, Imports, KnownImport
from relevo_ingest.app.import_file import Progress, import_file
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.core import normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.imports.drafting import Drafter
from relevo_ingest.core.imports.kinds import Kind
from relevo_ingest.core.imports.mapping import Mapping
from relevo_ingest.core.imports.rejecting import Rejected
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.clock import Clock, make_clock
from relevo_runtime.postgres import Connection

SHOWN = 20
"""So many rejected rows a dry run shows."""


class Wish(Struct, frozen=True, kw_only=True):
    """What is asked for: files of one kind, for one shop."""

    kind: Kind
    shop: str
    mapping: Mapping
    as_of: datetime | None = None
    dry_run: bool = False
    again: bool = False


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a file. `before` is how far it was at the start, `known` that nothing was left to do."""

    file: ReadableFile
    progress: Progress
    before: Progress
    known: datetime | None = None
    rejected: Path | None = None
    shown: Sequence[Rejected] = ()


async def run(wish: Wish, paths: Sequence[Path]) -> list[Outcome]:
    """Imports the files one after the other. Raises `CommandError`; what was imported until then is kept."""
    settings = ingest_settings()
    outcomes = []
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(database.connection(settings))
        shop = await _shop(connection, wish.shop)
        files = [look_at(path, wish.kind, wish.mapping, shop.timezone) for path in paths]
        deps = None if wish.dry_run else (await stack.enter_async_context(dependencies(settings)))[0]
        for file in files:
            session = _Session(settings, connection, wish, shop, file)
            outcomes.append(await session.run(deps))
    return outcomes


async def _shop(connection: Connection, name: str) -> catalog.Shop:
    shop = await known_shop(connection, name)
    if shop.held:
        raise CommandError(f"{shop.held}: import when it is there")
    return shop


class _Session:
    """The import of one file."""

    def __init__(
        self, settings: IngestSettings, connection: Connection, wish: Wish, shop: catalog.Shop, file: ReadableFile
    ) -> None:
        self._clock: Clock = make_clock(settings)
        self._connection = connection
        self._wish = wish
        self._shop = shop
        self._file = file
        self._imports = Imports(connection)
        self._id = ImportId(shop.shop, wish.kind.name, file.facts.digest, file.settings)

    async def run(self, deps: IngestDependencies | None) -> Outcome:
        if deps is None:
            return await self._dry_run()
        if not await self._imports.claim(self._id):
            raise CommandError(f"{self._file.facts.path} is being imported by another process")
        known = await self._imports.find(self._id)
        if known is not None and known.ended_at is not None and not self._wish.again:
            return Outcome(file=self._file, progress=known.progress, before=known.progress, known=known.ended_at)
        before = await self._begin(known)
        with RejectedFile(self._file.facts.path, self._file.table, before.rejected_bytes) as rejects:
            keeper = _Keeper(self, rejects)
            try:
                progress = await self._import(deps, keeper, before)
            except Busy as error:
                raise CommandError(f"{error}; start the same command again to go on where it was") from None
            await self.save(progress, ended=True)
            path = rejects.path if progress.rejected_bytes else None
        return Outcome(file=self._file, progress=progress, before=before, rejected=path)

    async def _begin(self, known: KnownImport | None) -> Progress:
        """Where it goes on, which is told."""
        path = self._file.facts.path
        if known is not None and known.ended_at is None:
            at = local_minute(known.moved_at, UTC)
            _say(f"{path}: goes on after line {known.progress.line:,}, where it stopped at {at} UTC")
            return known.progress
        if (line := await self._imports.broken_off(self._id, path.resolve())) is not None:
            _say(f"{path} or its mapping has changed since its import stopped at line {line:,}: it begins anew")
        return Progress()

    async def _import(self, deps: IngestDependencies | None, keeper: "_Keeper", before: Progress) -> Progress:
        file, follow = self._file, Follow()
        monotonic = asyncio.get_running_loop().time
        with (
            bar.shown(err(), file.facts.path.name, file.facts.lines, before.records, monotonic) as show,
            file.units(follow) as found,
        ):
            keeper.show = lambda progress: show(follow.line, progress.records)
            return await import_file(
                deps, self._shop.shop, found, self._drafter(), keeper, before=before, clock=self._clock.now
            )

    async def save(self, progress: Progress, *, ended: bool) -> None:
        """Keeps how far it has come. Raises `CommandError` if the shop is being moved meanwhile."""
        path = self._file.facts.path.resolve()
        await self._imports.save(self._id, path, progress, self._clock.now(), ended=ended)
        await _shop(self._connection, self._shop.shop)

    def _drafter(self) -> Drafter:
        region = normalise.country(self._wish.mapping.phone_region)
        known = context(self._shop)
        shop = ShopContext(known.shop, known.currency, region or known.region, known.domain, known.types)
        as_of = self._wish.as_of or self._file.facts.written
        return Drafter(self._wish.kind, self._file.columns, shop, as_of=as_of, now=self._clock.now())

    async def _dry_run(self) -> Outcome:
        keeper = _DryKeeper()
        progress = await self._import(None, keeper, Progress())
        return Outcome(file=self._file, progress=progress, before=Progress(), shown=keeper.kept)


class _Keeper:
    """Keeps the progress in PostgreSQL, and what was rejected in a file."""

    def __init__(self, session: _Session, rejects: RejectedFile) -> None:
        self._session = session
        self._rejects = rejects
        self.show = _nothing

    def reject(self, found: Sequence[Rejected]) -> int:
        return self._rejects.add(found)

    async def save(self, progress: Progress) -> None:
        await self._session.save(progress, ended=False)
        self.show(progress)


class _DryKeeper(_Keeper):
    """Keeps the first rejected rows, to show them."""

    def __init__(self) -> None:
        self.kept: list[Rejected] = []
        self.show = _nothing

    def reject(self, found: Sequence[Rejected]) -> int:
        self.kept += found[: SHOWN - len(self.kept)]
        return 0

    async def save(self, progress: Progress) -> None:
        self.show(progress)


def _nothing(progress: Progress) -> None:
    """Nobody looks."""


def _say(text: str) -> None:
    err().print(text, markup=False, soft_wrap=True)
