"""What a Liquid text compares with texts: the field, the text, and the places of both."""

from collections.abc import Iterable, Iterator

from liquid import RenderContext
from liquid.ast import Node as LiquidNode
from liquid.builtin.expressions import Path, StringLiteral
from liquid.builtin.expressions.logical import EqExpression, NeExpression
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.expression import Expression

from relevo_templates.texts import Text
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.known_values import ImpossibleComparison, known_values, shape_at
from relevo_workflow.expressions.shapes import Shape
from relevo_workflow.values.text_shapes import known_shapes

_Comparison = tuple[Path, StringLiteral, str]


def never_equal_in_text(text: Text, environment: TypeEnvironment) -> Iterator[ImpossibleComparison]:
    """Each text that a field is compared with and that it can't be."""
    if text.liquid is None:
        return
    known = known_shapes(text, environment)
    for path, literal, outcome in _in_nodes(text.liquid.nodes, RenderContext(text.liquid)):
        parts = [str(one) for one in path.path]
        values = known_values(_shapes(known.get(parts[0], []), parts))
        if values and literal.value not in values:
            shown = tuple(sorted(one for one in values if one))
            yield ImpossibleComparison(literal.token.start_index + 1, ".".join(parts), literal.value, shown, outcome)


def _shapes(roots: list[Shape], parts: list[str]) -> list[Shape | None]:
    return [shape_at({parts[0]: root}, parts) for root in roots]


def _in_nodes(nodes: Iterable[LiquidNode], context: RenderContext) -> Iterator[_Comparison]:
    for node in nodes:
        if isinstance(node, CaseNode) and isinstance(node.expression, Path):
            yield from _in_case(node.expression, node, context)
        else:
            for expression in node.expressions():
                yield from _in_expression(expression)
        yield from _in_nodes(node.children(context), context)


def _in_case(path: Path, node: CaseNode, context: RenderContext) -> Iterator[_Comparison]:
    """`case` with a text at `when`: each is compared with what is after `case`."""
    whens = (block for block in node.children(context) if isinstance(block, MultiExpressionBlockNode))
    for inner in (inner for when in whens for inner in when.expression.children()):
        if isinstance(inner, StringLiteral):
            yield path, inner, ""


def _in_expression(expression: Expression) -> Iterator[_Comparison]:
    if isinstance(expression, EqExpression | NeExpression):
        outcome = "false" if isinstance(expression, EqExpression) else "true"
        for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
            if isinstance(one, Path) and isinstance(other, StringLiteral):
                yield one, other, outcome
    for inner in expression.children():
        yield from _in_expression(inner)
