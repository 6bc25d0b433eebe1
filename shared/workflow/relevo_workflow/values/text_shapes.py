"""What the variables of a Liquid text are: their shapes, those of its loops too."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from liquid import RenderContext
from liquid.ast import Node as LiquidNode
from liquid.builtin.expressions import Path
from liquid.builtin.tags.for_tag import ForNode

from relevo_templates.texts import Text
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.shapes import CUSTOMER, RECOMMENDATIONS, SHOP, Shape, occasion_shape


@dataclass(frozen=True, slots=True)
class TextProblem:
    """What a text does with a value that can't be; `index` is where it stands in the text."""

    index: int
    message: str
    advice: str


def roots_of(environment: TypeEnvironment) -> dict[str, list[Shape]]:
    """The variables that Liquid may name, each with the shapes that it can have."""
    triggers = [occasion_shape(trigger, environment.types) for trigger in environment.triggers]
    return {
        "trigger": triggers,
        "run": [environment.run],
        "customer": [CUSTOMER],
        "shop": [SHOP],
        "recommendations": [RECOMMENDATIONS],
    }


def known_shapes(text: Text, environment: TypeEnvironment) -> dict[str, list[Shape]]:
    """The variables of a text and of its loops."""
    known = roots_of(environment)
    if text.liquid is not None:
        for name, path in _loops(text.liquid.nodes, RenderContext(text.liquid)):
            known.setdefault(name, []).extend(_elements(known, path))
    return known


def _loops(nodes: Iterable[LiquidNode], context: RenderContext) -> Iterator[tuple[str, list[str]]]:
    """Each loop's variable and the path of its list, outer loops first."""
    for node in nodes:
        if isinstance(node, ForNode) and isinstance(node.expression.iterable, Path):
            yield str(node.expression.identifier), [str(one) for one in node.expression.iterable.path]
        yield from _loops(node.children(context), context)


def _elements(known: Mapping[str, list[Shape]], path: list[str]) -> list[Shape]:
    """The shapes of the elements of the list at `path`; nothing where that is not known."""
    shapes = known.get(path[0], [])
    for segment in path[1:]:
        inner = (shape.fields.get(segment) for shape in shapes if shape.kind == "struct")
        shapes = [shape for shape in inner if shape is not None]
    return [shape.item for shape in shapes if shape.kind == "list" and shape.item is not None]
