"""How far imports have come, in the table `ingest.import`."""

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from relevo_ingest.app.import_file import Progress
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "imports.sql")


class ImportId(Struct, frozen=True):
    """What is imported: a content, with the settings by which it is read."""

    shop: str
    kind: str
    digest: bytes
    settings: bytes


class KnownImport(Struct, frozen=True):
    """An import that was begun before; `ended_at` is when it was through."""

    progress: Progress
    moved_at: datetime
    ended_at: datetime | None


class Imports:
    """The rows of imports. One process at a time has an import: see `claim`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def claim(self, wanted: ImportId) -> bool:
        """Whether nobody else is at this import; it is this connection's until that is closed."""
        name = f"{wanted.shop}/{wanted.kind}/{wanted.digest.hex()}/{wanted.settings.hex()}"
        return bool(await self._connection.fetchval(STATEMENTS["claim"], name))

    async def find(self, wanted: ImportId) -> KnownImport | None:
        """How far it has come, if it was begun before."""
        row = await self._connection.fetchrow(STATEMENTS["find"], *_columns(wanted))
        if row is None:
            return None
        return KnownImport(msgspec.convert(dict(row), Progress), row["moved_at"], row["ended_at"])

    async def broken_off(self, wanted: ImportId, path: Path) -> int | None:
        """On which line the import of another content of the file `path` broke off, if it did."""
        line: int | None = await self._connection.fetchval(STATEMENTS["broken_off"], *_columns(wanted), str(path))
        return line

    async def save(self, wanted: ImportId, path: Path, progress: Progress, now: datetime, *, ended: bool) -> None:
        """Keeps how far it has come at `now`."""
        await self._connection.execute(
            STATEMENTS["save"],
            *_columns(wanted),
            str(path),
            progress.line,
            progress.records,
            progress.imported,
            progress.events,
            progress.rejected_bytes,
            progress.reasons,
            now,
            ended,
        )


def _columns(wanted: ImportId) -> tuple[str, str, bytes, bytes]:
    return wanted.shop, wanted.kind, wanted.digest, wanted.settings
