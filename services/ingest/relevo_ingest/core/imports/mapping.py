"""What stands in which column: by the default names, or by a mapping of the person who imports."""

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as Mapped
from datetime import UTC
from difflib import get_close_matches
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from relevo_contracts import zones
from relevo_ingest.core import normalise
from relevo_ingest.core.imports.fields import Field
from relevo_ingest.core.imports.kinds import Kind
from relevo_ingest.core.imports.lines import ENCODINGS, UnreadableFile
from relevo_ingest.core.imports.records import column_name
from relevo_ingest.core.imports.values import Format

REPORT = ("relevo_line", "relevo_column", "relevo_reason")
"""Columns of a file of rejected rows; they are not read when it is imported."""
_NOT_READ = "-"


class MappingError(UnreadableFile):
    """The mapping can't be used; the message names the key."""


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column's own rules, which go before those of the file."""

    field: str = ""
    date: str | list[str] = ""
    decimal: Literal["", "point", "comma"] = ""
    separator: str = ""
    values: dict[str, Any] = {}


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping file. `columns` says which field a column is (`-`: none); the others keep their default.

    `constants` are values of fields that the file has no column for, or that are empty in a row.
    """

    columns: dict[str, str | Column] = {}
    constants: dict[str, str | int | float | bool] = {}
    date: str | list[str] = ""
    decimal: Literal["point", "comma"] = "point"
    separator: str = ","
    values: dict[str, Any] = {}
    phone_region: str = ""
    timezone: str = ""
    delimiter: str = ""
    encoding: str = ""

    def format(self, zone: str, column: Column | None = None) -> Format:
        """How the values of a column are written; `zone` is the shop's."""
        own = column or Column()
        return Format(
            zone=zones.zone(self.timezone) or zones.zone(zone) or UTC,
            dates=_listed(own.date) or _listed(self.date),
            decimal=own.decimal or self.decimal,
            separator=own.separator or self.separator,
            words={word.casefold(): meaning for word, meaning in (*self.values.items(), *own.values.items())},
        )


def mapping_of(plain: Any) -> Mapping:
    """The mapping that a file says. Raises `MappingError`."""
    try:
        found = msgspec.convert(_with_text_keys(plain or {}), Mapping)
    except msgspec.ValidationError as error:
        raise MappingError(f"the mapping is not valid: {error}") from None
    if len(found.delimiter) > 1:
        raise MappingError(f"delimiter: {found.delimiter!r} is not one character")
    if found.encoding and found.encoding not in ENCODINGS:
        raise MappingError(f"encoding: {found.encoding!r} is none of {', '.join(ENCODINGS)}")
    if found.phone_region and not normalise.country(found.phone_region):
        raise MappingError(f"phone_region: {found.phone_region!r} is not an ISO 3166-1 country (DE)")
    if found.timezone and zones.zone(found.timezone) is None:
        raise MappingError(f"timezone: {found.timezone!r} is not a time zone (Europe/Berlin)")
    return found


def _with_text_keys(value: Any) -> Any:
    """YAML may read a key as a number or a truth value (`1:`, `true:`): columns and words are text."""
    if isinstance(value, dict):
        return {_key(name): _with_text_keys(item) for name, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _key(name: Any) -> str:
    return str(name).lower() if isinstance(name, bool) else str(name)


def _listed(given: str | list[str]) -> tuple[str, ...]:
    return tuple(given) if isinstance(given, list) else ((given,) if given else ())


class Source(Struct, frozen=True):
    """Where a field's value comes from: the column, the field, and how it is written there."""

    column: str
    field: Field
    format: Format


class Columns:
    """The fields of the columns of one file; asked for each column, also such as only some records have."""

    def __init__(self, kind: Kind, mapping: Mapping, zone: str) -> None:
        self._kind = kind
        self._mapping = mapping
        self._zone = zone
        self._found: dict[str, Source | None] = {}
        self.constants = tuple(self._constants())
        for column, rule in mapping.columns.items():
            self._found[column] = self._ruled(column, rule)

    def source(self, column: str) -> Source | None:
        """What a column says; `None` if it is not read."""
        try:
            return self._found[column]
        except KeyError:
            return self._found.setdefault(column, self._by_default(column))

    def check(self, columns: Collection[str]) -> None:
        """Raises `MappingError` if the mapping names a column that the file has not."""
        for named in self._mapping.columns:
            if named not in columns:
                raise MappingError(f"columns: the file has no column {named!r}{_near(named, columns)}")

    @property
    def not_read(self) -> list[str]:
        """The columns that were met and are not read."""
        return [column for column, source in self._found.items() if source is None and column not in REPORT]

    @property
    def read(self) -> dict[str, str]:
        """The columns that are read, with the names of their fields."""
        return {column: source.field.name for column, source in self._found.items() if source is not None}

    def _by_default(self, column: str) -> Source | None:
        field = self._kind.fields.get(column) or self._kind.field_named(column_name(column))
        if field is None and (free := column.partition(".")[::2])[1]:
            field = self._free(*free)
        return None if field is None else Source(column, field, self._mapping.format(self._zone))

    def _ruled(self, column: str, rule: str | Column) -> Source | None:
        own = Column(field=rule) if isinstance(rule, str) else rule
        if own.field == _NOT_READ:
            return None
        if not own.field:
            found = self._by_default(column)
            if found is None:
                raise MappingError(f"columns: {column!r} has no field: say which with `field`")
            return structs.replace(found, format=self._mapping.format(self._zone, own))
        return Source(column, self._named(own.field, f"columns: {column}"), self._mapping.format(self._zone, own))

    def _named(self, name: str, where: str) -> Field:
        """The field that a mapping names by its name, or by a default name of its column."""
        found = self._kind.fields.get(name) or self._kind.field_named(column_name(name))
        found = found or self._free(*name.partition(".")[::2])
        if found is None:
            known = [*self._kind.fields, *self._kind.names]
            raise MappingError(f"{where}: {self._kind.name} have no field {name!r}{_near(name, known)}")
        return found

    def _free(self, name: str, rest: str) -> Field | None:
        """`attributes.size`: a field of its own below one that takes anything."""
        holder = self._kind.fields.get(name)
        if holder is None or holder.type != "free" or not rest:
            return None
        return structs.replace(holder, name=f"{name}.{rest}", path=(*holder.path, rest))

    def _constants(self) -> Iterator[tuple[Source, Any]]:
        for name, value in self._mapping.constants.items():
            yield Source("", self._named(name, "constants"), self._mapping.format(self._zone)), value


def _near(name: str, known: Iterable[str]) -> str:
    folded = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), list(folded), n=1)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def known_columns(kind: Kind, mapping: Mapped[str, Any]) -> set[str]:
    """Names of columns by which the delimiter of a file is recognised."""
    default = {column_name(name) for name in (*kind.names, *kind.fields)}
    return default | {column_name(name) for name in mapping}
