"""From the records of one thing to drafts of historical events, or to everything that is wrong with them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.checking import faults_of, path
from relevo_contracts.payloads import ConsentChanged, OrderChanged
from relevo_ingest.core import canonical
from relevo_ingest.core.cleaning import cleaned
from relevo_ingest.core.completeness import missing_fields
from relevo_ingest.core.drafts import Draft, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.imports import consents
from relevo_ingest.core.imports.grouping import Unit
from relevo_ingest.core.imports.kinds import CURRENCY, Kind
from relevo_ingest.core.imports.mapping import Columns, Source
from relevo_ingest.core.imports.records import Cells, Record
from relevo_ingest.core.imports.values import read
from relevo_ingest.core.money import required_money
from relevo_ingest.core.times import to_utc

SOURCE = "import"
_SKEW = timedelta(minutes=5)
_DATA = "data"
_ABSOLUTE = ("discount", "refunded")


class Problem(Struct, frozen=True):
    """What is wrong with a record: `column` is empty where it is the record as a whole."""

    line: int
    column: str
    reason: str


class Unusable(Exception):  # noqa: N818 - it says what the records are
    """Nothing is imported of these records."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {one.line}: {one.column}: {one.reason}" for one in problems))


class Drafter:
    """Makes the drafts of the things of a file.

    `as_of` is the time of what a record doesn't give one for: when the file was written. Nothing is later than `now`.
    """

    def __init__(self, kind: Kind, columns: Columns, shop: ShopContext, *, as_of: datetime, now: datetime) -> None:
        self._kind = kind
        self._columns = columns
        self._shop = shop
        self._currency = _constant_currency(columns) or shop.currency
        self._as_of = min(as_of, now)
        self._latest = now + _SKEW

    def drafts(self, unit: Unit) -> list[Draft]:
        """The events of one thing, with ids that are the same for the same content. Raises `Unusable`."""
        said = _Said(self._kind, self._columns, unit, self._currency)
        if said.problems:
            raise Unusable(said.problems)
        own = {field.name: said.data.pop(field.name, None) for field in self._kind.own}
        if "customer" in self._kind.payload.__struct_fields__:
            said.data.setdefault("customer", {})
        if self._kind.payload is ConsentChanged:
            said.complete(consents.completed(said.data, own.get("basis") or ""))
        elif self._kind.payload is OrderChanged and not said.data.get("order_id"):
            said.data["order_id"] = said.data.get("number", "")
        payload = self._payload(said, own)
        at = own.get("time") or said.data.get("placed_at")
        return list(self._events(payload, datetime.fromisoformat(at) if at else None, said))

    def _payload(self, said: "_Said", own: dict[str, Any]) -> Any:
        given = said.data | {name: value for name, value in own.items() if value}
        said.complete([(name, "is empty") for name in self._kind.required if not given.get(name)])
        try:
            payload: Any = cleaned(msgspec.convert(said.data, self._kind.payload), self._shop, _DATA)
        except msgspec.ValidationError:
            faults = faults_of(self._kind.payload, said.data)
            said.complete([(path(fault.place), fault.advice) for fault in faults] or [("", "can't be read")])
            raise  # not reached: there are faults
        except InvalidPayload as error:
            said.complete([(where.removeprefix(f"{_DATA}."), problem) for where, problem in error.wrong])
            raise  # not reached, as above
        said.complete([(where.removeprefix(f"{_DATA}."), problem) for where, problem in missing_fields(payload, _DATA)])
        return payload

    def _events(self, payload: Any, at: datetime | None, said: "_Said") -> Iterator[Draft]:
        moments = [(self._kind.event, at, "placed_at" if self._kind.payload is OrderChanged else "time")]
        if isinstance(payload, OrderChanged) and payload.cancelled_at is not None:
            moments.append(("order.cancelled", payload.cancelled_at, "cancelled_at"))
        said.complete(
            [
                (where, f"{moment.isoformat()} lies in the future")
                for _, moment, where in moments
                if moment is not None and moment > self._latest
            ]
        )
        try:
            subject = canonical.subject_of(self._kind.event, payload)
        except InvalidPayload as error:
            said.complete([(error.where.removeprefix(f"{_DATA}."), error.problem)])
            raise  # not reached: that was a problem
        for event, moment, _ in moments:
            yield Draft(
                type=event,
                payload=payload,
                subject=subject,
                at=moment or self._as_of,
                id=f"{SOURCE}#{_digest(event, moment, payload)}",
                source=SOURCE,
                historical=True,
            )


def _digest(event: str, at: datetime | None, payload: Any) -> str:
    """The same for the same content, in whatever file it stands; the file's own time is not a part of it."""
    content = (event, at and to_utc(at), payload)
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:40]


def _constant_currency(columns: Columns) -> str:
    return next((str(value).strip().upper() for source, value in columns.constants if source.field is CURRENCY), "")


class _Said:
    """What the records of one thing say together, as plain JSON; of a field that several give the first one counts."""

    def __init__(self, kind: Kind, columns: Columns, unit: Unit, currency: str) -> None:
        self.data: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._kind = kind
        self._columns = columns
        self._unit = unit
        self._currency = currency
        self._places: dict[str, tuple[int, str]] = {}
        for record in unit.records:
            self._currency = self._currency_of(record) or self._currency
            self._take(record, record.cells)
            for part in record.parts:
                self._take(record, part)
        self._constants(unit.line)

    def complete(self, wrong: Sequence[tuple[str, str]]) -> None:
        """Raises `Unusable` if anything is wrong: problems of paths in the data, told with the columns of the file."""
        if not wrong:
            return
        raise Unusable([self._problem(where, reason) for where, reason in wrong])

    def _problem(self, where: str, reason: str) -> Problem:
        place = where
        while place and place not in self._places:  # a part of what a column said, or something that nothing said
            place = place.rpartition(".")[0]
        if place in self._places:
            return Problem(*self._places[place], reason)
        named = (column for column, field in self._columns.read.items() if field == where)
        return Problem(self._unit.line, next(named, where), reason)

    def _currency_of(self, record: Record) -> str:
        for column, value in record.cells.items():
            source = self._columns.source(column)
            if source is not None and source.field is CURRENCY and value:
                return str(value).strip().upper()
        return ""

    def _take(self, record: Record, cells: Cells) -> None:
        """One record's values; those of a part make one element of its list."""
        element: dict[str, Any] = {}
        for column, given in cells.items():
            source = self._columns.source(column)
            if source is None:
                continue
            try:
                value = read(given, source.field.type, source.format)
                if value is not None:
                    self._put(source, value, element, record.line, column)
            except (ValueError, OverflowError) as error:
                self.problems.append(Problem(record.line, column, str(error)))
            except InvalidPayload as error:
                self.problems.append(Problem(record.line, column, error.problem))
        if element:
            self.data.setdefault(self._kind.part, []).append(element)

    def _put(self, source: Source, value: Any, element: dict[str, Any], line: int, column: str) -> None:
        field = source.field
        if field.type == "amount":
            absolute = field.path[-1] in _ABSOLUTE
            value = msgspec.to_builtins(required_money(value, self._currency, column, absolute=absolute))
        elif isinstance(value, date):  # and a datetime, which is one
            value = value.isoformat()
        holder, name = (element, self._place_of_part(field.path)) if field.part else (self.data, ".".join(field.path))
        for step in field.path[:-1]:
            holder = holder.setdefault(step, {})
        if holder.setdefault(field.path[-1], value) is value:
            self._places.setdefault(name, (line, column))

    def _place_of_part(self, steps: Sequence[str]) -> str:
        count = len(self.data.get(self._kind.part, ()))
        return f"{self._kind.part}[{count}].{'.'.join(steps)}"

    def _constants(self, line: int) -> None:
        for source, given in self._columns.constants:
            if source.field is CURRENCY:
                continue
            try:
                value = read(given, source.field.type, source.format)
                for element in self.data.get(source.field.part, [{}]) if source.field.part else [{}]:
                    if value is not None:
                        self._put(source, value, element, line, source.field.name)
            except (ValueError, InvalidPayload) as error:
                self.problems.append(Problem(line, source.field.name, str(error)))
