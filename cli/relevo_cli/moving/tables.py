"""Which tables have rows of shops, as the schema says it: what a later migration adds is among them by itself."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_cli.moving", "moving.sql")
LEFT_BEHIND = frozenset(
    {"catalog.pause", "control.token", "control.plan", "control.approval", "control.audit", "control.answer"}
)
"""Tables whose rows are about the services of one cell and who works on them, not about a shop."""


class Table(Struct, frozen=True):
    """A table with rows of shops; `quoted` is its name in SQL, `columns` are those that a copy has."""

    schema: str
    name: str
    quoted: str
    columns: tuple[str, ...]
    versioned: bool

    @property
    def selected(self) -> str:
        """The columns in SQL."""
        return ", ".join('"' + column.replace('"', '""') + '"' for column in self.columns)


async def tables_of(connection: Connection) -> list[Table]:
    """Those that move with a shop, by name."""
    rows = await connection.fetch(STATEMENTS["tables"])
    found = [msgspec.convert(dict(row), Table) for row in rows]
    return [table for table in found if f"{table.schema}.{table.name}" not in LEFT_BEHIND]


async def check_migrations(source: Connection, target: Connection) -> None:
    """Raises `CommandError` unless both databases have the same schema."""
    here, there = await _migrations(source), await _migrations(target)
    changed = sorted(label for label in here.keys() | there.keys() if here.get(label) != there.get(label))
    if changed:
        raise CommandError(
            f"the two databases don't have the same migrations ({', '.join(changed[:5])}); run `relevo migrate` of the"
            " same release for both, then move the shop"
        )


async def _migrations(connection: Connection) -> Mapping[str, str]:
    if await connection.fetchval("select to_regclass('public.relevo_migration') is null"):
        return {}
    return {row["label"]: row["checksum"] for row in await connection.fetch(STATEMENTS["migrations"])}
