"""Whether what `emit` publishes fits its event: known fields, of the right kinds, none missing that every one has."""

from msgspec import Struct, inspect

from relevo_contracts.keys import PRODUCT_EVENTS
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import MONEY, STRING, Shape, shape_of
from relevo_workflow.syntax.diagnostics import nearest, suggestion
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import Reading
from relevo_workflow.values.value import Computed, LiquidText, ListValue, Literal, ObjectValue, Value

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
    ObjectValue: ("struct", "map"),
    ListValue: ("list",),
}
_WORDS = {"bool": "true or false", "int": "a whole number", "double": "a number", "string": "text"}
_WORDS |= {"timestamp": "a time", "list": "a list", "struct": "a record", "map": "a mapping"}


def check_payload(
    event: str, body: Node, data: tuple[tuple[str, Value], ...], reading: Reading, environment: TypeEnvironment
) -> None:
    """Notes fields that the event has not, fields of another kind, and required ones that are missing."""
    payload = environment.types[event]
    shape = shape_of(payload)
    node = (body.entries or {}).get("data")
    if event.startswith((PRODUCT_EVENTS, "shop.")):
        where = (body.entries or {})["event"].position
        reading.problems.error(where, f"{event} is not about a customer", "emit what happens to the customer")
    if node is not None and node.entries is not None:
        _Records(reading, environment).check(event, node, ObjectValue(data), shape)
    given = dict(data)
    misspelt = {nearest(name, shape.fields) for name in given if name not in shape.fields}
    for name in _required(payload):
        if name not in given and name not in misspelt:
            reading.problems.error(body.position, f"{event} needs '{name}'", f"data: {{{name}: …}}")


class _Records:
    """Compares what is written with the shapes that it must have, at any depth."""

    def __init__(self, reading: Reading, environment: TypeEnvironment) -> None:
        self._reading = reading
        self._problems = reading.problems
        self._names = environment

    def check(self, what: str, node: Node, value: Value, shape: Shape) -> None:
        """Notes what records have too much, or of another kind; an amount of money needs its amount and currency."""
        if isinstance(value, ObjectValue) and shape.kind == "struct":
            self._check_fields(what, node, value, shape)
        elif isinstance(value, ListValue) and shape.item is not None:
            for inner, one in zip(node.items or (), value.items, strict=True):
                self.check(what, inner, one, shape.item)

    def _check_fields(self, what: str, node: Node, record: ObjectValue, shape: Shape) -> None:
        given = node.entries or {}
        for name in given:
            if name not in shape.fields:
                where = node.keys.get(name, node.position)
                self._problems.error(where, f"{what} has no field '{name}'", suggestion(name, shape.fields))
        for name, value in record.fields:
            wanted = shape.fields.get(name)
            if wanted is None:
                continue
            if not (self._fits(value, wanted) or (shape == MONEY and self._fits(value, STRING))):
                words = "an amount of money" if wanted == MONEY else _WORDS.get(wanted.kind, "something else")
                self._problems.error(given[name].position, f"'{name}' of {what} must be {words}")
            self.check(f"'{name}' of {what}", given[name], value, wanted)
        for name in shape.fields if shape == MONEY else ():
            if name not in given:
                self._problems.error(node.position, f"{what} needs '{name}'", "{amount: 12.50, currency: EUR}")

    def _fits(self, value: Value, shape: Shape) -> bool:
        """Whether a value can be of that shape; what only the run will know can."""
        if shape.kind == "dyn" or (isinstance(value, Literal) and value.value is None):
            return True
        kinds = _KINDS.get(type(value), ())
        if isinstance(value, Literal):
            kinds = _TYPES[_LITERALS[type(value.value)]]
        if isinstance(value, Computed):
            found = self._reading.compiler.type_name(value.expression.text, self._names).split("<")[0]
            kinds = ("struct",) if found.startswith("relevo.") else _TYPES.get(found, (shape.kind,))
        return shape.kind in kinds


def _required(payload: type[Struct]) -> list[str]:
    """What every event with this payload has; the customer is filled in."""
    info = inspect.type_info(payload)
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return [one.name for one in fields if one.required and one.name != "customer"]
