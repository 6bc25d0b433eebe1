"""Events that a shop declares itself: from a JSON Schema to a type like the built-in payloads.

The schema is a subset of JSON Schema 2020-12: what a condition, a template and a sender can all rely on. What is
outside it is a fault with its place, never ignored: a rule that nobody checks would be a promise that nobody keeps.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from math import ceil, floor
from typing import Annotated, Any, Literal, TypeGuard

import msgspec
from msgspec import Meta, Struct, defstruct

from relevo_contracts.payloads import Address, Buyer, Instant, Item, Level, Money

JSON = Any
Place = tuple[str | int, ...]
"""The way to a value inside a document: names of fields and numbers of elements."""

NAME = re.compile(r"^custom\.[a-z][a-z0-9]*(_[a-z0-9]+)*$")
RECORDS: Mapping[str, type[Struct]] = {"Address": Address, "Item": Item, "Money": Money}
"""What a schema may use of the built-in payloads: `{"$ref": "relevo:Money"}`."""

_FIELD = re.compile(r"^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$")
_RESERVED = re.compile(
    "as|break|const|continue|else|false|for|function|if|import|in|let|loop|namespace|null|package|return|true|var|void"
    "|while"
)
_ENVELOPE = frozenset(("id", "type", "time"))
_ABOUT = frozenset(("title", "description", "examples", "deprecated", "$comment"))
_DEPTH = 10
_LONGEST = 100
_LARGEST = 10**15
_ALLOWED: Mapping[str, frozenset[str]] = {
    "object": frozenset(("properties", "required", "additionalProperties")),
    "array": frozenset(("items", "minItems", "maxItems")),
    "string": frozenset(("format", "enum", "minLength", "maxLength")),
    "integer": frozenset(("minimum", "maximum")),
    "number": frozenset(("minimum", "maximum")),
    "boolean": frozenset(),
}
_LIMITS = {"minimum": "ge", "maximum": "le", "minLength": "min_length", "maxLength": "max_length"}
_LIMITS |= {"minItems": "min_length", "maxItems": "max_length"}
_FORMATS: Mapping[str, Any] = {"date-time": Instant, "date": date}


class Fault(Struct, frozen=True):
    """What is wrong at a place of a document, and what would help."""

    place: Place
    message: str
    help: str = ""

    @property
    def advice(self) -> str:
        """The message, with what would help."""
        return f"{self.message}; {self.help}" if self.help else self.message


class Declared(Struct, frozen=True):
    """An event that a shop declared: its payload is a type like the built-in ones, with `customer` added."""

    name: str
    payload: type[Struct]
    schema: dict[str, JSON]


class DeclarationError(ValueError):
    """The schema can't be a payload; `faults` has everything that is wrong with it."""

    def __init__(self, name: str, faults: tuple[Fault, ...]) -> None:
        self.name = name
        self.faults = faults
        super().__init__("; ".join(f"{name}: {pointer(one.place)}: {one.message}" for one in faults))


def declare(name: str, schema: JSON) -> Declared:
    """The event `name` with the data that `schema` describes. The same schema gives the same type.

    Raises `DeclarationError` with every fault.
    """
    payload, faults = _declared(name, msgspec.json.encode(schema))
    if payload is None:
        raise DeclarationError(name, faults)
    return Declared(name, payload, schema)


def pointer(place: Place) -> str:
    """A place as people write it: `properties.items[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the schema"


@lru_cache(maxsize=1024)
def _declared(name: str, encoded: bytes) -> tuple[type[Struct] | None, tuple[Fault, ...]]:
    reader = _Reader(msgspec.json.decode(encoded))
    payload = reader.payload(name)
    return (None if reader.faults else payload), tuple(reader.faults)


class _Reader:
    """Reads one schema; notes what is wrong with it and goes on."""

    def __init__(self, root: JSON) -> None:
        self.faults: list[Fault] = []
        self._root = root

    def payload(self, name: str) -> type[Struct] | None:
        if not NAME.match(name) or len(name) > _LONGEST:
            self._wrong((), f"'{name}' is not a name for an event", "custom.<name>: lower-case words joined by '_'")
        schema = self._root
        if not isinstance(schema, dict):
            self._wrong((), "a schema must be an object", '{"type": "object", "properties": {…}}')
            return None
        body = {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
        if body.get("type") != "object":
            self._wrong(("type",) if "type" in body else (), 'the data of an event is "type": "object"')
            return None
        properties = body.get("properties", {})
        for field in _ENVELOPE & set(properties if isinstance(properties, dict) else ()):
            self._wrong(("properties", field), f"'{field}' is every event's own", "another name")
        if isinstance(properties, dict) and "contact" in properties:
            self._wrong(("properties", "contact"), "'contact' is where the news of an order goes", "another name")
        if isinstance(properties, dict) and "customer" in properties:
            self._wrong(("properties", "customer"), "every event has 'customer' already", "leave it out")
        record: type[Struct] = self._record(name.replace(".", "_"), body, (), 0, more=[("customer", Buyer)])
        return record

    def _wrong(self, place: Place, message: str, advice: str = "") -> Any:
        self.faults.append(Fault(place, message, advice))
        return Any

    def _type(self, name: str, schema: JSON, place: Place, depth: int) -> tuple[Any, bool]:
        """The type of a value, and whether it may be null."""
        if not isinstance(schema, dict):
            return self._wrong(place, "a schema must be an object", '{"type": "string"}'), False
        if depth > _DEPTH:
            return self._wrong(place, f"this is nested more than {_DEPTH} levels deep, or refers to itself"), False
        if "$ref" in schema:
            return self._reference(name, schema, place, depth)
        kind, nullable = self._kind(schema, place)
        if not kind:
            return Any, nullable
        self._only(schema, {*_ALLOWED[kind], "type", "nullable"}, place, kind)
        read = _READERS[kind]
        return read(self, name, schema, place, depth), nullable

    def _kind(self, schema: dict[str, JSON], place: Place) -> tuple[str, bool]:
        """The one type of a value besides null; empty text if there is none."""
        given = schema.get("type")
        kinds = given if isinstance(given, list) else [given]
        nullable = "null" in kinds or schema.get("nullable") is True
        rest = [kind for kind in kinds if kind != "null"]
        if not given or len(rest) != 1 or not isinstance(rest[0], str) or rest[0] not in _ALLOWED:
            at = (*place, "type") if "type" in schema else place
            outside = next((word for word in schema if word in ("anyOf", "oneOf", "allOf", "not", "const")), "")
            message = f"'{outside}' is not supported here" if outside else "a value needs one type"
            self._wrong(at, message, _near(given, _ALLOWED))
            return "", nullable
        return rest[0], nullable

    def _only(self, schema: dict[str, JSON], known: set[str], place: Place, what: str) -> None:
        for key in schema:
            if key not in known and key not in _ABOUT:
                self._wrong((*place, key), f"'{key}' of {what} is not supported here", _near(key, known))

    def _reference(self, name: str, schema: dict[str, JSON], place: Place, depth: int) -> tuple[Any, bool]:
        self._only(schema, {"$ref", "nullable"}, place, "a reference")
        target = str(schema["$ref"])
        if target.removeprefix("relevo:") in RECORDS and target.startswith("relevo:"):
            return RECORDS[target.removeprefix("relevo:")], schema.get("nullable") is True
        found = self._root.get("$defs", {}) if target.startswith("#/$defs/") else {}
        inner = found.get(target.removeprefix("#/$defs/")) if isinstance(found, dict) else None
        if inner is None:
            known = [f"relevo:{one}" for one in RECORDS] + [f"#/$defs/{one}" for one in self._root.get("$defs", {})]
            return self._wrong((*place, "$ref"), f"there is no '{target}'", _near(target, known)), False
        wanted, nullable = self._type(name, inner, ("$defs", target.removeprefix("#/$defs/")), depth + 1)
        return wanted, nullable or schema.get("nullable") is True

    def _object(self, name: str, schema: dict[str, JSON], place: Place, depth: int) -> Any:
        more = schema.get("additionalProperties")
        if "properties" in schema:
            return self._record(name, schema, place, depth)
        if more in (None, True):
            return dict[str, Any]
        values, nullable = self._type(name, more, (*place, "additionalProperties"), depth + 1)
        return dict[str, (values | None) if nullable else values]  # type: ignore[misc]  # made while it runs

    def _record(
        self, name: str, schema: dict[str, JSON], place: Place, depth: int, more: list[tuple[str, Any]] | None = None
    ) -> Any:
        self._only(schema, {*_ALLOWED["object"], "type", "nullable"}, place, "object")
        if schema.get("additionalProperties", False) is not False:
            advice = "leave it out: what is not declared is refused"
            self._wrong((*place, "additionalProperties"), "an object has either 'properties' or these", advice)
        properties = schema.get("properties", {})
        if not isinstance(properties, dict):
            return self._wrong((*place, "properties"), "'properties' must be an object")
        required = self._required(schema, properties, place)
        fields = [self._field(name, one, properties[one], place, depth, required=one in required) for one in properties]
        return defstruct(
            name,
            [*(more or []), *(field for field in fields if field is not None)],
            frozen=True,
            kw_only=True,
            omit_defaults=True,
            module=__name__,
            namespace={"__doc__": str(schema.get("description", ""))},
        )

    def _required(self, schema: dict[str, JSON], properties: dict[str, JSON], place: Place) -> set[str]:
        given = schema.get("required", [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            self._wrong((*place, "required"), "'required' must be a list of names")
            return set()
        for number, one in enumerate(given):
            if one not in properties and one != "customer":
                self._wrong((*place, "required", number), f"there is no property '{one}'", _near(one, properties))
        return set(given)

    def _field(
        self, name: str, field: str, schema: JSON, place: Place, depth: int, *, required: bool
    ) -> tuple[str, Any] | tuple[str, Any, Any] | None:
        at = (*place, "properties", field)
        if not _FIELD.match(field) or _RESERVED.fullmatch(field) or len(field) > _LONGEST:
            self._wrong(at, f"'{field}' can't be named in a condition", "letters and digits, words joined by '_'")
            return None
        wanted, nullable = self._type(f"{name}__{field}", schema, at, depth + 1)
        if required:
            return (field, wanted | None if nullable else wanted)
        if _is(wanted, list):
            return (field, wanted | None, None) if nullable else (field, wanted, msgspec.field(default_factory=list))
        if _is(wanted, dict):
            return (field, wanted | None, None) if nullable else (field, wanted, msgspec.field(default_factory=dict))
        return (field, wanted | None, None)

    def _array(self, name: str, schema: dict[str, JSON], place: Place, depth: int) -> Any:
        if "items" not in schema:
            return self._wrong(place, "an array needs 'items'", '"items": {"type": "string"}')
        item, nullable = self._type(name, schema["items"], (*place, "items"), depth + 1)
        if nullable:
            self._wrong((*place, "items"), "an element can't be null")
        elements: Any = list[item]  # type: ignore[valid-type]  # made while it runs
        return self._limited(elements, schema, place, ("minItems", "maxItems"))

    def _string(self, _: str, schema: dict[str, JSON], place: Place, __: int) -> Any:
        if "enum" in schema:
            values = schema["enum"]
            if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
                return self._wrong((*place, "enum"), "'enum' must be a list of texts")
            return Literal[tuple(values)]
        if "format" in schema:
            known = _FORMATS.get(str(schema["format"]))
            if known is None:
                message = f"the format '{schema['format']}' is not supported here"
                return self._wrong((*place, "format"), message, _near(schema["format"], _FORMATS))
            return known
        return self._limited(str, schema, place, ("minLength", "maxLength"))

    def _integer(self, _: str, schema: dict[str, JSON], place: Place, __: int) -> Any:
        for limit in ("minimum", "maximum"):
            if isinstance(schema.get(limit), float):
                return self._wrong((*place, limit), f"'{limit}' must be a whole number")
        return self._limited(int, schema, place, ("minimum", "maximum"))

    def _number(self, _: str, schema: dict[str, JSON], place: Place, __: int) -> Any:
        limits = ("minimum", "maximum")
        if not any(limit in schema for limit in limits):
            return Level
        part = self._limited(float, schema, place, limits)
        bounds = {"minimum": ceil, "maximum": floor}
        rounded = {name: bounds[name](schema[name]) for name in limits if _is_number(schema.get(name))}
        return self._limited(int, rounded, place, limits) | part

    def _boolean(self, *_: object) -> Any:
        return bool

    def _limited(self, kind: Any, schema: dict[str, JSON], place: Place, limits: tuple[str, ...]) -> Any:
        """The type with its limits."""
        found: dict[str, Any] = {}
        for limit in limits:
            value = schema.get(limit)
            if limit not in schema:
                continue
            size = limit not in ("minimum", "maximum")
            if not _is_number(value) or (size and (isinstance(value, float) or value < 0)) or abs(value) > _LARGEST:
                self._wrong((*place, limit), f"'{limit}' must be a {'whole number from 0 on' if size else 'number'}")
            else:
                found[_LIMITS[limit]] = value
        return Annotated[kind, Meta(**found)] if found else kind


_READERS: Mapping[str, Callable[[_Reader, str, dict[str, JSON], Place, int], Any]] = {
    "object": _Reader._object,
    "array": _Reader._array,
    "string": _Reader._string,
    "integer": _Reader._integer,
    "number": _Reader._number,
    "boolean": _Reader._boolean,
}


def _is(wanted: Any, container: type) -> bool:
    origin = getattr(wanted, "__origin__", None)
    return container in (origin, getattr(origin, "__origin__", None))


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _near(given: object, known: Any) -> str:
    near = get_close_matches(str(given), list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(sorted(known))}"
