"""The shapes of the values that expressions and templates may name, made from the typed payloads.

A shape says which fields there are, how plain JSON is read into a value (an absent field reads as the empty value of
its kind) and which protobuf message CEL's type checker sees. Money amounts are doubles, instants are timestamps.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, get_args

import msgspec
from msgspec import inspect

from relevo_contracts.consents import ConsentState
from relevo_contracts.contact import CHANNELS
from relevo_contracts.event_types import BUILT_IN, EventTypes
from relevo_contracts.payloads import Item, Money

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one value. `kind`: bool, int, double, string, timestamp, dyn, struct, list or map.

    `values` are the only texts that it can be, besides the empty one where it is absent; empty if any may come.
    """

    kind: str
    name: str = ""
    fields: "dict[str, Shape]" = field(default_factory=dict, compare=False)
    item: "Shape | None" = None
    nullable: bool = False
    default: Any = field(default=None, compare=False)
    values: tuple[str, ...] = field(default=(), compare=False)

    def reader(self) -> Reader:
        """A function from plain JSON (or nothing) to the value that an expression sees."""
        if self.kind == "struct":
            return _struct_reader({name: shape.reader() for name, shape in self.fields.items()}, self.nullable)
        if self.kind == "list":
            if self.item is None or self.item is DYN:
                return lambda raw: list(raw) if raw else []
            read = self.item.reader()
            return lambda raw: [read(one) for one in raw] if raw else []
        if self.kind == "map":
            read_value = (self.item or DYN).reader()
            return lambda raw: {key: read_value(one) for key, one in raw.items()} if raw else {}
        scalar, default = _SCALAR_READERS[self.kind], self.default
        if default is None:
            return scalar
        return lambda raw: default if raw is None else scalar(raw)

    def filler(self) -> Reader:
        """A function from plain JSON to plain JSON with the fields that are absent on the wire filled in.

        Money and instants stay as they travel; what may be absent as a whole stays `None`.
        """
        if self.kind == "struct" and self.name != "Money":
            return _struct_filler(self.fields, self.nullable)
        if self.kind == "list":
            fill = (self.item or DYN).filler()
            return lambda raw: [fill(one) for one in raw] if raw else []
        if self.kind == "map":
            return lambda raw: raw or {}
        empty = None if self.nullable else self.default if self.default is not None else _EMPTY.get(self.kind)
        return lambda raw: empty if raw is None else raw


BOOL, INT, DOUBLE, STRING = Shape("bool"), Shape("int"), Shape("double"), Shape("string")
TIMESTAMP, DYN = Shape("timestamp"), Shape("dyn")
ATTRIBUTE = Shape("dyn", default="")
"""A value that a shop keeps by a name of its own: any JSON. One that is absent is empty text, as it always was."""
MAYBE_TIMESTAMP = Shape("timestamp", nullable=True)
MONEY = Shape("struct", "Money", {"amount": DOUBLE, "currency": STRING}, nullable=True)


def _read_bool(raw: Any) -> bool:
    return raw is True


def _read_int(raw: Any) -> int:
    return raw if type(raw) is int else int(raw or 0)


def _read_double(raw: Any) -> float:
    return float(raw or 0.0)


def _read_text(raw: Any) -> str:
    if type(raw) is str:
        return raw
    if isinstance(raw, date):
        return raw.isoformat()
    return "" if raw is None else str(raw)


def _read_instant(raw: Any) -> datetime | None:
    if raw is None or isinstance(raw, datetime):
        return raw
    return datetime.fromisoformat(raw) if raw else None


_SCALAR_READERS: dict[str, Reader] = {
    "bool": _read_bool,
    "int": _read_int,
    "double": _read_double,
    "string": _read_text,
    "timestamp": _read_instant,
    "dyn": lambda raw: raw,
}


_EMPTY: dict[str, Any] = {"bool": False, "int": 0, "double": 0.0, "string": ""}


def _struct_filler(fields: dict[str, Shape], nullable: bool) -> Reader:
    fillers = {name: shape.filler() for name, shape in fields.items()}
    empty = {name: fill_field(None) for name, fill_field in fillers.items()}
    deep = [(name, fillers[name]) for name, shape in fields.items() if shape.kind in ("struct", "list")]

    def fill(raw: Any) -> Any:
        if raw is None and nullable:
            return None
        known = raw if isinstance(raw, dict) else {}
        filled = {**empty, **known}
        for name, value in known.items():
            if value is None:
                filled[name] = empty.get(name)
        for name, fill_field in deep:
            if known.get(name) is not None:
                filled[name] = fill_field(known[name])
        return filled

    return fill


def _struct_reader(readers: dict[str, Reader], nullable: bool) -> Reader:
    def read(raw: Any) -> Any:
        if raw is None:
            if nullable:
                return None
            raw = {}
        return {name: read_field(raw.get(name)) for name, read_field in readers.items()}

    return read


def struct(name: str, fields: dict[str, Shape], *, nullable: bool = False) -> Shape:
    """A named record."""
    return Shape("struct", name, fields, nullable=nullable)


def list_of(item: Shape) -> Shape:
    """A list of one shape."""
    return Shape("list", item=item)


def one_of(*values: str) -> Shape:
    """Text that is one of these; any text if there is none."""
    return Shape("string", values=values)


def map_of(item: Shape) -> Shape:
    """Values of one shape by text."""
    return Shape("map", item=item)


@lru_cache(maxsize=1024)
def shape_of(struct_type: type[msgspec.Struct]) -> Shape:
    """The shape of a msgspec Struct."""
    info = inspect.type_info(struct_type)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct_type} is not a Struct")
    fields = {one.encode_name: _with_default(_from_info(one.type), one.default) for one in info.fields}
    return Shape("struct", struct_type.__name__, fields)


def _with_default(shape: Shape, default: object) -> Shape:
    """The shape of a field that is absent on the wire when it has its default."""
    if isinstance(default, str | int | float) and default:
        return replace(shape, default=default)
    return shape


_SIMPLE: tuple[tuple[type, Shape], ...] = (
    (inspect.BoolType, BOOL),
    (inspect.IntType, INT),
    (inspect.FloatType, DOUBLE),
    (inspect.StrType, STRING),
    (inspect.LiteralType, STRING),
    (inspect.DateType, STRING),
    (inspect.DateTimeType, TIMESTAMP),
)


def _from_info(info: inspect.Type) -> Shape:
    info = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(info, inspect.UnionType):
        return _optional(info)
    for known, shape in _SIMPLE:
        if isinstance(info, known):
            return (
                replace(shape, values=tuple(map(str, info.values))) if isinstance(info, inspect.LiteralType) else shape
            )
    if isinstance(info, inspect.StructType):
        return MONEY if info.cls is Money else shape_of(info.cls)
    if isinstance(info, inspect.ListType):
        return list_of(_from_info(info.item_type))
    if isinstance(info, inspect.DictType):
        return map_of(ATTRIBUTE if isinstance(info.value_type, inspect.AnyType) else _from_info(info.value_type))
    return DYN


def _optional(info: inspect.UnionType) -> Shape:
    rest = [one for one in info.types if not isinstance(one, inspect.NoneType)]
    if {type(one) for one in rest} == {inspect.IntType, inspect.FloatType}:
        return DOUBLE  # a whole number travels as one; expressions see one kind of quantity
    shape = _from_info(rest[0]) if len(rest) == 1 else DYN
    if shape.kind in ("struct", "timestamp"):
        return Shape(shape.kind, shape.name, shape.fields, nullable=True)
    return shape


def event_shape(event_type: str, types: EventTypes = BUILT_IN) -> Shape:
    """What `event` is for an event of this type: its payload, and `id`, `type` and `time`."""
    return payload_shape(types[event_type])


@lru_cache(maxsize=1024)
def payload_shape(payload: type[msgspec.Struct] | None) -> Shape:
    """What `event` is for a payload; an occasion where there is none."""
    if payload is None:
        return OCCASION
    shape = shape_of(payload)
    return struct(shape.name, {**shape.fields, "id": STRING, "type": STRING, "time": TIMESTAMP})


@lru_cache(maxsize=1024)
def payload_filler(payload: type[msgspec.Struct] | None) -> Reader:
    """A function that fills in what an event with this payload leaves out on the wire; an occasion's without one."""
    return payload_shape(payload).filler()


OCCASION = struct("Occasion", {"id": STRING, "type": STRING, "time": TIMESTAMP, "name": STRING, "data": map_of(DYN)})
"""What `trigger` is for a run that no event started: a date, a schedule, a person."""
OCCASIONS = ("manual", "schedule", "date", "inactivity", "segment")
"""What starts a run where no event does: `trigger.type` then."""


UNKNOWN = "?"
"""The type of an event or a trigger that could not be read: anything may be said of it, so that one error is one."""


def occasion_shape(trigger_type: str, types: EventTypes = BUILT_IN) -> Shape:
    """What `trigger` (or `event`) is for a type: a payload, or an occasion."""
    if trigger_type == UNKNOWN:
        return DYN
    return OCCASION if trigger_type in OCCASIONS or not trigger_type else event_shape(trigger_type, types)


CUSTOMER = struct(
    "Customer",
    {
        **dict.fromkeys(("key", "email", "phone", "first_name", "last_name", "company", "group"), STRING),
        **dict.fromkeys(("locale", "timezone", "country", "birthday"), STRING),
        "preferred_channel": one_of("", *CHANNELS),
        **{f"{name}_consent": replace(one_of(*get_args(ConsentState)), default="unknown") for name in CHANNELS},
        "tags": list_of(STRING),
        "segments": list_of(STRING),
        "attributes": map_of(ATTRIBUTE),
        "orders_count": INT,
        "total_spent": DOUBLE,
        "currency": STRING,
        **dict.fromkeys(("first_order_at", "last_order_at", "first_seen_at", "last_seen_at"), MAYBE_TIMESTAMP),
        "last_active_at": MAYBE_TIMESTAMP,
    },
)
SHOP = struct(
    "Shop", dict.fromkeys(("id", "name", "domain", "locale", "timezone", "currency", "postal_address"), STRING)
)
RECOMMENDATIONS = list_of(shape_of(Item))
"""What `recommendations` is in the texts of a message whose step recommends."""
ORDERS = struct("Orders", {"count": INT, "total": DOUBLE})
"""What `orders(…)` is to CEL's type checker."""
RESPONSE = struct("Response", {"ok": BOOL, "status": INT, "body": DYN, "error": STRING})
COUPON = struct("Coupon", {"code": STRING, "expires_at": MAYBE_TIMESTAMP})


def staff_result_shape(*statuses: str) -> Shape:
    """What is kept of the staff's answer, whose `status` is one of these."""
    status = one_of(*statuses)
    return struct(
        "TaskResult", {"status": status, "by": STRING, "note": STRING, "data": map_of(STRING), "at": MAYBE_TIMESTAMP}
    )


def either(one: Shape, other: Shape) -> Shape:
    """The shape of what may be the one or the other of two that differ at most in the texts that they can be."""
    known = (*one.values, *other.values) if one.values and other.values else ()
    fields = {name: either(shape, other.fields.get(name, shape)) for name, shape in one.fields.items()}
    item = either(one.item, other.item) if one.item is not None and other.item is not None else one.item
    return replace(one, fields=fields, item=item, values=tuple(dict.fromkeys(known)))


def run_shape(saved: dict[str, Shape]) -> Shape:
    """What `run` is in a workflow whose steps save `saved`."""
    return struct("Run", {"id": STRING, "key": STRING, "started_at": TIMESTAMP, "holdout": BOOL, **saved})


def structs_in(shapes: Iterable[Shape]) -> dict[str, Shape]:
    """Every record that `shapes` reach, by name."""
    found: dict[str, Shape] = {}
    todo = list(shapes)
    while todo:
        shape = todo.pop()
        if shape.item is not None:
            todo.append(shape.item)
        if shape.kind == "struct" and shape.name not in found:
            found[shape.name] = shape
            todo.extend(shape.fields.values())
    return found
