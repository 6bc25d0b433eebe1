"""From lines to records: the rows of a CSV file, or the objects of a JSON Lines file. A bad one costs itself only."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct

from relevo_ingest.core.imports.lines import Line, UnreadableFile, printable

DELIMITERS = (",", ";", "\t", "|")
_MOST_LINES = 1_000
_MOST_CHARACTERS = 500_000
"""A record that goes on for more has a quotation mark that isn't closed."""
_DEEPEST = 5

Cells = Mapping[str, Any]
"""What a record says, by column: text, or what JSON had there."""


class Record(Struct, frozen=True):
    """A row that could be read. `parts` are objects inside a JSON object's lists (the lines of an order), by list."""

    line: int
    cells: Cells
    raw: Sequence[str] | str
    parts: Sequence[Cells] = ()


class Broken(Struct, frozen=True):
    """A row that could not be read at all, or not as a row of this table."""

    line: int
    problem: str
    raw: Sequence[str] | str
    column: str = ""


class Table(Struct, frozen=True):
    """How a file is written: its delimiter (empty for JSON Lines), its columns, and on which line they are named."""

    delimiter: str
    columns: tuple[str, ...] = ()
    header: int = 0

    @property
    def is_json(self) -> bool:
        """Whether it is JSON Lines."""
        return not self.delimiter


JSON_LINES = Table("")


def table_of(found: Iterable[Line], known: Iterable[str], delimiter: str = "") -> Table:
    """How the file is written. Raises `UnreadableFile` if its first lines name no columns.

    `known` are names of columns (normalised by `column_name`) by which delimiters are compared.
    """
    source = iter(found)
    first = next((line for line in source if line.text.strip()), None)
    if first is None:
        raise UnreadableFile("the file is empty: its first line has to name the columns")
    start = first.text.lstrip()
    if not delimiter and start.startswith("{"):
        return JSON_LINES
    if not delimiter and start.startswith("["):
        raise UnreadableFile("the file is a JSON array; JSON Lines are wanted, one object a line (`jq -c '.[]'`)")
    if start.lower().startswith("sep=") and len(start.strip()) == 5:  # as Excel writes it
        delimiter = delimiter or start.strip()[4]
        first = next((line for line in source if line.text.strip()), first)
    chosen = delimiter or _likeliest(first.text, set(known))
    return _table(first, chosen)


def _table(first: Line, delimiter: str) -> Table:
    if first.fault:
        raise UnreadableFile(f"line {first.number}, which has to name the columns, {first.fault}; see --encoding")
    columns = tuple(cell.strip().lstrip("\ufeff") for cell in _cells(first.text, delimiter))
    if not any(columns):
        raise UnreadableFile(f"line {first.number} names no columns")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise UnreadableFile(f"line {first.number} names the column {twice[0]!r} twice: rename one of them")
    return Table(delimiter, columns, first.number)


def column_name(text: str) -> str:
    """A column's name as names are compared: `E-Mail Address` is `e_mail_address`."""
    return "_".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _likeliest(text: str, known: set[str]) -> str:
    """The delimiter by which the most known columns are found, or else the most columns."""

    def worth(delimiter: str) -> tuple[int, int]:
        names = [column_name(cell) for cell in _cells(text, delimiter)]
        return sum(name in known for name in names), len(names)

    return max(DELIMITERS, key=worth)


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.rstrip("\r\n").split(delimiter)


def records(table: Table, found: Iterable[Line]) -> Iterator[Record | Broken]:
    """The records of a file after its header; blank lines are none."""
    if table.is_json:
        yield from map(_json_record, (line for line in found if line.text.strip()))
        return
    after = (line for line in found if line.number > table.header)
    yield from _Rows(table, after).read()


class _Runaway(Exception):  # noqa: N818 - it never leaves this module
    """A record does not end."""


class _Rows:
    """Reads CSV so that whatever is wrong with a record costs its first line: the lines after it are read anew."""

    def __init__(self, table: Table, found: Iterator[Line]) -> None:
        self._table = table
        self._source = found
        self._taken: list[Line] = []
        self._characters = 0

    def read(self) -> Iterator[Record | Broken]:
        while True:
            reader = csv.reader(self._feed(), delimiter=self._table.delimiter, strict=True)
            try:
                for cells in reader:
                    if cells:
                        yield self._record(cells)
                    self._taken, self._characters = [], 0
                return
            except csv.Error as error:
                yield self._broken(str(error))
            except _Runaway:
                yield self._broken("unexpected end of data")

    def _feed(self) -> Iterator[str]:
        for line in self._source:
            self._taken.append(line)
            self._characters += len(line.text)
            if len(self._taken) > _MOST_LINES or self._characters > 2 * _MOST_CHARACTERS:
                raise _Runaway
            yield line.text

    def _broken(self, problem: str) -> Broken:
        first, *others = self._taken
        self._source = chain(others, self._source)
        self._taken, self._characters = [], 0
        open_quote = "a quotation mark that begins here isn't closed: close it, or double it inside of a value"
        said = {"unexpected end of data": open_quote}.get(problem, f"is not CSV: {problem}")
        cells = printable(first.text).rstrip("\r\n").replace('"', "").split(self._table.delimiter)
        return Broken(first.number, first.fault or said, cells)

    def _record(self, cells: list[str]) -> Record | Broken:
        line = self._taken[0].number
        columns = self._table.columns
        if len(cells) != len(columns):
            problem = f"has {len(cells)} cells, the header has {len(columns)}: quote a value that holds the delimiter"
            return Broken(line, problem, [printable(cell) for cell in cells])
        fault = next((one.fault for one in self._taken if one.fault), "")
        if fault:
            kept = [printable(cell) for cell in cells]
            odd = (name for name, cell, safe in zip(columns, cells, kept, strict=True) if cell != safe)
            return Broken(line, fault, kept, next(odd, ""))
        return Record(line, dict(zip(columns, cells, strict=True)), cells)


def _json_record(line: Line) -> Record | Broken:
    raw = printable(line.text).strip()
    if line.fault:
        return Broken(line.number, line.fault, raw)
    try:
        found = msgspec.json.decode(line.text.strip().lstrip("\ufeff"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return Broken(line.number, f"is not JSON: {error}", raw)
    if not isinstance(found, dict):
        return Broken(line.number, "is not a JSON object", raw)
    cells: dict[str, Any] = {}
    parts: list[Cells] = []
    _flatten(found, "", cells, parts)
    return Record(line.number, cells, raw, tuple(parts))


def _flatten(found: Mapping[str, Any], prefix: str, cells: dict[str, Any], parts: list[Cells]) -> None:
    """`{"customer": {"id": 1}}` is the column `customer.id`; a list of objects (`items`) is parts of the record."""
    for name, value in found.items():
        column = f"{prefix}{name}"
        if isinstance(value, dict) and column.count(".") < _DEEPEST:
            _flatten(value, f"{column}.", cells, parts)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                inner: dict[str, Any] = {}
                _flatten(one, f"{_singular(column)}.", inner, [])
                parts.append(inner)
        else:
            cells[column] = value


def _singular(column: str) -> str:
    """The prefix of what stands in a list: `items` and `line_items` hold an `item`, `variants` a `variant`."""
    return {"items": "item", "line_items": "item", "variants": "variant"}.get(column, column)
