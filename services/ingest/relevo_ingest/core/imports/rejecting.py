"""Records that were not taken, with line, column and reason, in a form that can be mended and imported by itself."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from relevo_ingest.core.imports.drafting import Problem
from relevo_ingest.core.imports.grouping import Unit
from relevo_ingest.core.imports.mapping import REPORT
from relevo_ingest.core.imports.records import Broken, Table

_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d[\d,.:T+-]*")
_MOST_REASONS = 100
_OTHERS = "other reasons"
_TEXT_OF_MANY = "; "


class Rejected(Struct, frozen=True):
    """A record that was not taken: what is wrong with it, and what stood there."""

    line: int
    column: str
    reason: str
    raw: Sequence[str] | str


def rejected(unit: Unit | Broken, problems: Sequence[Problem] = ()) -> list[Rejected]:
    """All records of the unit: those that are right go with the wrong ones, since they are one thing."""
    if isinstance(unit, Broken):
        return [Rejected(unit.line, unit.column, unit.problem, unit.raw)]
    first = min(problem.line for problem in problems)
    found = []
    for record in unit.records:
        own = [problem for problem in problems if problem.line == record.line]
        reasons = [f"{one.column}: {one.reason}" if len(own) > 1 and one.column else one.reason for one in own]
        reason = _TEXT_OF_MANY.join(reasons) or f"belongs to what is wrong on line {first}"
        found.append(Rejected(record.line, own[0].column if own else "", reason, record.raw))
    return found


def summarised(reasons: dict[str, int], more: Iterable[Rejected]) -> dict[str, int]:
    """How many records were not taken for which reason; the values themselves are left out."""
    counts = dict(reasons)
    for one in more:
        general = _VALUE.sub("…", one.reason)
        name = f"{one.column}: {general}" if one.column and not general.startswith(f"{one.column}:") else general
        if name not in counts and len(counts) >= _MOST_REASONS:
            name = _OTHERS
        counts[name] = counts.get(name, 0) + 1
    return counts


def header(table: Table) -> str:
    """The first line of the file of rejected records; empty for JSON Lines."""
    return "" if table.is_json else _csv(table, [*REPORT, *_columns(table)])


def written(table: Table, found: Iterable[Rejected]) -> str:
    """The records as lines of that file."""
    return "".join(_json(one) if table.is_json else _row(table, one) for one in found)


def _columns(table: Table) -> Sequence[str]:
    return table.columns[len(REPORT) :] if table.columns[: len(REPORT)] == REPORT else table.columns


def _row(table: Table, one: Rejected) -> str:
    cells = [one.raw] if isinstance(one.raw, str) else list(one.raw)
    again = len(table.columns) - len(_columns(table))
    return _csv(table, [str(one.line), one.column, one.reason, *cells[again:]])


def _csv(table: Table, cells: Sequence[str]) -> str:
    written_to = io.StringIO()
    csv.writer(written_to, delimiter=table.delimiter, lineterminator="\n").writerow(cells)
    return written_to.getvalue()


def _json(one: Rejected) -> str:
    report = dict(zip(REPORT, (one.line, one.column, one.reason), strict=True))
    assert isinstance(one.raw, str)
    try:
        found = msgspec.json.decode(one.raw)
        kept = found if isinstance(found, dict) else {"relevo_raw": one.raw}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        kept = {"relevo_raw": one.raw}
    return msgspec.json.encode(kept | report).decode() + "\n"
