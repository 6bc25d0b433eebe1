"""Whether values fit a type as they are written: known fields, of the right kinds, none missing that must be there."""

from collections.abc import Collection

from msgspec import Struct, inspect

from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import MONEY, STRING, Shape, shape_of
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.syntax.diagnostics import nearest, suggestion
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import Reading
from relevo_workflow.values.value import Computed, LiquidText, ListValue, Literal, ObjectValue, Value

Fields = tuple[tuple[str, Value], ...]
"""Values by name, as they are written."""

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


def check_values(
    what: str, field: str, data: Fields, payload: type[Struct], step: StepReading, *, filled_in: Collection[str] = ()
) -> None:
    """Notes what `data`, written as this field of a step, has too much, of another kind, or lacks of the payload.

    `what` is whose data it is, `filled_in` are required fields that nobody has to write.
    """
    shape, body = shape_of(payload), step.node.body
    node = (body.entries or {}).get(field)
    if node is not None and node.entries is not None:
        _Records(step.workflow, step.environment).check(what, node, ObjectValue(data), shape)
    written = dict(data)
    misspelt = {nearest(name, shape.fields) for name in written if name not in shape.fields}
    for name in _required(payload):
        if name not in written and name not in misspelt and name not in filled_in:
            step.problems.error(body.position, f"{what} needs '{name}'", f"{field}: {{{name}: …}}")


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
            elif isinstance(value, Literal) and wanted.values and value.value not in wanted.values:
                self._problems.error(
                    given[name].position, f"'{name}' of {what} must be one of {', '.join(filter(None, wanted.values))}"
                )
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
    """What everything of this type has."""
    info = inspect.type_info(payload)
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return [one.name for one in fields if one.required]
