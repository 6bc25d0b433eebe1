"""Which records are one thing: the rows of an order or a product, also where others stand between them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from relevo_ingest.core.imports.kinds import Kind
from relevo_ingest.core.imports.mapping import Columns
from relevo_ingest.core.imports.records import Broken, Record

WINDOW = 10_000
"""So many records after its first one a thing is complete. Bounds what is kept in memory."""
_REMEMBERED = 200_000


class Unit(Struct, frozen=True):
    """The records of one thing, in their order."""

    records: list[Record]

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.records[0].line


def units(kind: Kind, columns: Columns, found: Iterable[Record | Broken]) -> Iterator[Unit | Broken]:
    """The things of a file, by the line on which each begins.

    That order holds for what is broken too: so a number is enough to say how far an import has come.
    """
    if not kind.groups:
        for record in found:
            yield record if isinstance(record, Broken) else Unit([record])
        return
    yield from _Grouping(lambda record: _key(kind, columns, record)).units(found)


def _key(kind: Kind, columns: Columns, record: Record) -> str:
    """What the record is about; empty if it doesn't say."""
    said: dict[str, str] = {}
    for column, value in record.cells.items():
        source = columns.source(column)
        if source is not None and source.field.name in kind.groups and value not in (None, ""):
            said.setdefault(source.field.name, str(value).strip())
    return next((said[name] for name in kind.groups if said.get(name)), "")


class _Grouping:
    """Gathers records by their key within the window."""

    def __init__(self, key: Callable[[Record], str]) -> None:
        self._key = key
        self._open: OrderedDict[object, tuple[int, Unit | Broken]] = OrderedDict()
        self._closed: OrderedDict[str, int] = OrderedDict()
        self._count = 0

    def units(self, found: Iterable[Record | Broken]) -> Iterator[Unit | Broken]:
        for record in found:
            self._count += 1
            self._add(record)
            yield from self._complete(self._count - WINDOW)
        yield from self._complete(self._count)

    def _add(self, record: Record | Broken) -> None:
        key = "" if isinstance(record, Broken) else self._key(record)
        if isinstance(record, Broken) or not key:
            self._open[object()] = (self._count, record if isinstance(record, Broken) else Unit([record]))
        elif key in self._closed:
            self._open[object()] = (self._count, self._too_late(record, key))
        elif key in self._open:
            _, unit = self._open[key]
            assert isinstance(unit, Unit)
            unit.records.append(record)
        else:
            self._open[key] = (self._count, Unit([record]))

    def _too_late(self, record: Record, key: str) -> Broken:
        began = self._closed[key]
        problem = f"{key[:40]!r} began on line {began}, more than {WINDOW:,} rows before: put its rows together"
        return Broken(record.line, problem, record.raw)

    def _complete(self, until: int) -> Iterator[Unit | Broken]:
        while self._open:
            key, (began, unit) = next(iter(self._open.items()))
            if began > until:
                return
            del self._open[key]
            if isinstance(key, str):
                self._closed[key] = unit.line
                if len(self._closed) > _REMEMBERED:
                    self._closed.popitem(last=False)
            yield unit
