"""How a file is written and which of its columns are read, before anything of it is imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct, structs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from relevo_cli.errors import CommandError
from relevo_ingest.adapters.import_files import FileFacts, facts_of, opened
from relevo_ingest.core.imports.grouping import Unit, units
from relevo_ingest.core.imports.kinds import Kind
from relevo_ingest.core.imports.lines import ENCODINGS, Line, UnreadableFile, lines
from relevo_ingest.core.imports.mapping import Columns, Mapping, known_columns, mapping_of
from relevo_ingest.core.imports.records import Broken, Record, Table, records, table_of

_FIRST_LINES = 50


class ReadableFile(Struct, frozen=True):
    """A file whose columns are known."""

    kind: Kind
    facts: FileFacts
    table: Table
    encoding: str
    columns: Columns
    settings: bytes

    @contextmanager
    def units(self, follow: "Follow") -> Iterator[Iterator[Unit | Broken]]:
        """The things of the file, from its beginning; `follow` is told of each line."""
        with opened(self.facts.path) as stream:
            found = records(self.table, follow.through(lines(stream, self.encoding)))
            yield units(self.kind, self.columns, found)


class Follow:
    """Sees the lines pass, for the bar."""

    def __init__(self) -> None:
        self.line = 0

    def through(self, found: Iterator[Line]) -> Iterator[Line]:
        """The same lines."""
        for line in found:
            self.line = line.number
            yield line


def read_mapping(path: Path | None) -> Mapping:
    """The mapping of a file; that of no file is the default. Raises `CommandError`."""
    if path is None:
        return Mapping()
    try:
        return mapping_of(YAML(typ="safe", pure=True).load(path.read_text("utf-8-sig")))
    except YAMLError as error:
        raise CommandError(f"{path} is not valid YAML: {error}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8 text") from None
    except UnreadableFile as error:
        raise CommandError(f"{path}: {error}") from None


def with_options(mapping: Mapping, encoding: str, delimiter: str) -> Mapping:
    """The mapping with what the command line says. Raises `CommandError`."""
    tab = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if encoding and encoding.lower() not in ENCODINGS:
        raise CommandError(f"--encoding: {encoding!r} is none of {', '.join(ENCODINGS)}")
    if len(tab) > 1:
        raise CommandError(f"--delimiter: {delimiter!r} is not one character")
    return structs.replace(mapping, encoding=encoding.lower() or mapping.encoding, delimiter=tab or mapping.delimiter)


def look_at(path: Path, kind: Kind, mapping: Mapping, zone: str) -> ReadableFile:
    """Reads the file once. Raises `CommandError` if it can't be imported, with what to do."""
    try:
        return _looked_at(path, kind, mapping, zone)
    except UnreadableFile as error:
        raise CommandError(f"{path}: {error}" if str(path) not in str(error) else str(error)) from None


def _looked_at(path: Path, kind: Kind, mapping: Mapping, zone: str) -> ReadableFile:
    facts = facts_of(path)
    encoding = mapping.encoding or facts.encoding
    columns = Columns(kind, mapping, zone)
    with opened(path) as stream:
        first = list(islice(lines(stream, encoding), _FIRST_LINES))
    table = table_of(first, known_columns(kind, mapping.columns), mapping.delimiter)
    met = table.columns or _met(table, first)
    for column in met:
        columns.source(column)
    columns.check(met)
    _check_read(kind, columns, met)
    settings = sha256(msgspec.json.encode((mapping, zone, encoding), order="deterministic")).digest()
    return ReadableFile(kind, facts, table, encoding, columns, settings)


def _met(table: Table, first: list[Line]) -> tuple[str, ...]:
    """The columns of the first JSON objects, each once."""
    found: dict[str, None] = {}
    for record in records(table, iter(first)):
        if isinstance(record, Record):
            for cells in (record.cells, *record.parts):
                found.update(dict.fromkeys(cells))
    return tuple(found)


def _check_read(kind: Kind, columns: Columns, met: tuple[str, ...]) -> None:
    if columns.read:
        return
    shown = ", ".join(repr(name) for name in met[:8]) or "none"
    raise UnreadableFile(
        f"none of its columns ({shown}) is a column of {kind.name}; say with --mapping which field each one is, or with"
        " --encoding how the file is written"
    )
