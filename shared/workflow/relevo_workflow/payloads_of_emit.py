"""Whether what `emit` publishes fits its event: known fields, of the right kinds, none missing that every one has."""

from msgspec import inspect

from relevo_contracts.keys import PRODUCT_EVENTS
from relevo_contracts.payloads import EVENT_TYPES
from relevo_workflow.diagnostics import suggestion
from relevo_workflow.expressions import Names
from relevo_workflow.read_values import Reading
from relevo_workflow.shapes import Shape, shape_of
from relevo_workflow.values import Computed, Items, LiquidText, Literal, Record, Value
from relevo_workflow.yaml_source import Node

_TYPES = {
    "BOOL": ("bool",),
    "INT": ("int", "double"),
    "DOUBLE": ("double",),
    "STRING": ("string", "timestamp"),
    "TIMESTAMP": ("timestamp", "string"),
    "LIST": ("list",),
    "MAP": ("map", "struct"),
}
_LITERALS = {bool: "BOOL", int: "INT", float: "DOUBLE", str: "STRING"}
_KINDS: dict[type, tuple[str, ...]] = {
    LiquidText: ("string", "timestamp"),
    Record: ("struct", "map"),
    Items: ("list",),
}
_WORDS = {"bool": "true or false", "int": "a whole number", "double": "a number", "string": "text"}
_WORDS |= {"timestamp": "a time", "list": "a list", "struct": "a record", "map": "a mapping"}


def check_payload(event: str, body: Node, data: tuple[tuple[str, Value], ...], reading: Reading, names: Names) -> None:
    """Notes fields that the event has not, fields of another kind, and required ones that are missing."""
    shape = shape_of(EVENT_TYPES[event])
    node = (body.entries or {}).get("data")
    if event.startswith((PRODUCT_EVENTS, "shop.")):
        where = (body.entries or {})["event"].position
        reading.problems.error(where, f"{event} is not about a customer", "emit what happens to the customer")
    for name in (node.entries if node is not None else None) or {}:
        if node is not None and name not in shape.fields:
            where = node.keys.get(name, node.position)
            reading.problems.error(where, f"{event} has no field '{name}'", suggestion(name, shape.fields))
    for name, value in data:
        if node is not None and name in shape.fields and not _fits(value, shape.fields[name], reading, names):
            wanted = _WORDS.get(shape.fields[name].kind, "something else")
            reading.problems.error((node.entries or {})[name].position, f"'{name}' of {event} must be {wanted}")
    for name in _required(event):
        if name not in dict(data):
            reading.problems.error(body.position, f"{event} needs '{name}'", f"data: {{{name}: …}}")


def _required(event: str) -> list[str]:
    """What every event of this type has; the customer is filled in."""
    info = inspect.type_info(EVENT_TYPES[event])
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return [one.name for one in fields if one.required and one.name != "customer"]


def _fits(value: Value, shape: Shape, reading: Reading, names: Names) -> bool:
    """Whether a value can be of that shape; what only the run will know can."""
    if shape.kind == "dyn" or (isinstance(value, Literal) and value.value is None):
        return True
    kinds = _KINDS.get(type(value), ())
    if isinstance(value, Literal):
        kinds = _TYPES[_LITERALS[type(value.value)]]
    if isinstance(value, Computed):
        found = reading.compiler.type_name(value.expression.text, names).split("<")[0]
        kinds = ("struct",) if found.startswith("relevo.") else _TYPES.get(found, (shape.kind,))
    return shape.kind in kinds
