"""Reads the bytes of a file as `relevo import` does, without a file, a broker or a database."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import Struct

from relevo_ingest.core.drafts import Draft, ShopContext
from relevo_ingest.core.imports.drafting import Drafter, Unusable
from relevo_ingest.core.imports.grouping import Unit, units
from relevo_ingest.core.imports.kinds import KINDS
from relevo_ingest.core.imports.lines import Census, lines
from relevo_ingest.core.imports.mapping import Columns, Mapping, known_columns, mapping_of
from relevo_ingest.core.imports.records import Broken, Record, Table, records, table_of
from relevo_ingest.core.imports.rejecting import Rejected, header, rejected, written

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AS_OF = datetime(2026, 5, 1, tzinfo=UTC)
SHOP = ShopContext("tea", currency="EUR", region="DE")


class Found(Struct, frozen=True):
    """What a file came to."""

    table: Table
    encoding: str
    records: int
    taken: int
    drafts: list[Draft]
    rejected: list[Rejected]

    @property
    def again(self) -> bytes:
        """The file of what was rejected."""
        return (header(self.table) + written(self.table, self.rejected)).encode()

    @property
    def payloads(self) -> list[Any]:
        return [draft.payload for draft in self.drafts]


DrafterT = TypeVar("DrafterT", bound=Drafter)


def open_file(content: bytes, kind: str, drafter: type[DrafterT]) -> tuple[Iterator[Unit | Broken], DrafterT]:
    """The things of a UTF-8 file as they are read, and a drafter for them."""
    columns = Columns(KINDS[kind], Mapping(), "UTC")
    table = table_of(lines(io.BytesIO(content), "utf-8"), known_columns(KINDS[kind], {}))
    found = records(table, lines(io.BytesIO(content), "utf-8"))
    return units(KINDS[kind], columns, found), drafter(KINDS[kind], columns, SHOP, as_of=AS_OF, now=NOW)


def read_file(content: bytes, kind: str = "customers", mapping: dict[str, Any] | None = None) -> Found:
    """Raises `UnreadableFile`."""
    told, wanted = mapping_of(mapping), KINDS[kind]
    census = Census()
    for piece in io.BytesIO(content):
        census.add(piece)
    encoding = told.encoding or census.encoding
    columns = Columns(wanted, told, "Europe/Berlin")
    first = list(lines(io.BytesIO(content), encoding))[:50]
    table = table_of(first, known_columns(wanted, told.columns), told.delimiter)
    columns.check(table.columns)
    found = list(records(table, lines(io.BytesIO(content), encoding)))
    drafter = Drafter(wanted, columns, SHOP, as_of=AS_OF, now=NOW)
    drafts, wrong, taken = _drafts(list(units(wanted, columns, found)), drafter)
    return Found(table, encoding, len(found), taken, drafts, wrong)


def _drafts(found: Sequence[Unit | Broken], drafter: Drafter) -> tuple[list[Draft], list[Rejected], int]:
    drafts: list[Draft] = []
    wrong: list[Rejected] = []
    taken = 0
    assert [unit.line for unit in found] == sorted(unit.line for unit in found)
    for unit in found:
        if isinstance(unit, Broken):
            wrong += rejected(unit)
            continue
        try:
            drafts += drafter.drafts(unit)
            taken += len(unit.records)
        except Unusable as error:
            wrong += rejected(unit, error.problems)
    return drafts, wrong, taken


def lines_of(found: Sequence[Record | Broken]) -> list[int]:
    return [one.line for one in found]
