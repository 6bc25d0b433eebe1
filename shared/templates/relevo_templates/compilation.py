"""Liquid as straight Python: a parsed text becomes one function, made once, that only joins what varies.

python-liquid walks a tree for every text, with an object for each value, a scope and a buffer. Here each output, `if`
and loop is a line of Python over plain values (`operations`). What the text has beyond that leaves it to python-liquid
altogether; a value beyond that raises, and python-liquid renders the text from its beginning: texts have no effects.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from liquid import BoundTemplate
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    StringLiteral,
    TrueLiteral,
)
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.context import builtin
from liquid.expression import Expression
from markupsafe import Markup

from relevo_templates import operations
from relevo_templates.formats import Formats

Compiled = Callable[[Mapping[str, Any], Formats], str]
_DEEPEST = 12
"""Blocks in blocks: Python takes some twenty."""
_SHOW = {"text": "shown_in_text", "html": "shown_in_html", "address": "shown_in_address"}
_ORDERS: dict[type[Expression], tuple[str, str]] = {
    LtExpression: ("less", "{0}, {1}"),
    GtExpression: ("less", "{1}, {0}"),
    LeExpression: ("at_most", "{0}, {1}"),
    GeExpression: ("at_most", "{1}, {0}"),
    ContainsExpression: ("contains", "{0}, {1}"),
}
_OPERATIONS = {
    name: getattr(operations, name)
    for name in (
        *_SHOW.values(), "attribute", "at_most", "contains", "equal", "escaped", "field", "is_blank", "is_empty",
        "is_true", "less", "rounds", "step", "whole", "Odd", "NOTHING",
    )
}  # fmt: skip


class NotCompiled(Exception):  # noqa: N818 - not an error: another way is taken
    """Something that is left to python-liquid."""


def compiled(
    template: BoundTemplate, into: str, limit: int, address_node: type[Node], known: Mapping[str, str]
) -> Compiled | None:
    """The function of a text that may have `limit` characters; `None`: it has something that is left to python-liquid.

    It raises anything for values that it is not for. `known` are variables whose values are always these words: they
    become part of the text.
    """
    try:
        return _Compiler(template, into, address_node, known).function(limit)
    except NotCompiled:
        return None


class _Compiler:
    """Writes the function of one text."""

    def __init__(self, template: BoundTemplate, into: str, address_node: type[Node], known: Mapping[str, str]) -> None:
        self._template = template
        self._known = known
        self._text = ("", 0, "")  # the line that writes a text as it stands, its depth, and that text
        self._show = _SHOW[into]
        self._address_node = address_node
        self._lines: list[str] = []
        self._kept: list[dict[str, str]] = [{}]  # what is looked up once: for the text, and for a round of each loop
        self._names: dict[str, Any] = dict(_OPERATIONS)
        self._assigned: dict[str, str] = {}
        self._loops: list[tuple[str, str, str]] = []  # the name in the text, that of the item, that of the rounds
        self._silent = 0
        self._in_address = False
        self._depth = 0
        self._made = 0

    def function(self, limit: int) -> Compiled:
        for node in _all(self._template.nodes):
            if isinstance(node, AssignNode):
                self._assigned.setdefault(str(node.name), self._new("assigned"))
        self._depth = 1
        self._line("if type(variables) is not dict: raise Odd")
        self._line("pieces = []")
        self._line("write = pieces.append")
        for local in self._assigned.values():
            self._line(f"{local} = Odd")
        before, self._lines = self._lines, []
        for node in self._template.nodes:
            self._node(node)
        self._line(f"return whole(pieces, {limit})")
        source = "\n".join(["def render(variables, formats):", *before, *self._look_ups(), *self._lines])
        # What a template says is in it as literals (`repr`) alone, and names are made here.
        exec(compile(source, f"<{self._template.name}>", "exec"), self._names)  # noqa: S102
        function: Compiled = self._names["render"]
        return function

    def _new(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made}"

    def _line(self, line: str) -> None:
        self._lines.append(" " * self._depth + line)

    def _write(self, expression: str) -> None:
        if not self._silent:
            self._line(f"write({expression})")

    def _write_text(self, text: str) -> None:
        """Write a text as it stands, together with the one before it."""
        line, depth, before = self._text
        if self._lines and self._lines[-1] is line and depth == self._depth and not self._silent:
            self._lines.pop()
            text = before + text
        self._write(repr(text))
        if not self._silent:
            self._text = (self._lines[-1], self._depth, text)

    def _known_word(self, expression: Expression) -> str | None:
        """What always stands for an expression; `None`: that is not known."""
        match expression:
            case FilteredExpression() if not expression.filters:
                return self._known_word(expression.left)
            case Path() if len(expression.path) == 1:
                name = str(expression.path[0])
                taken = name in self._assigned or any(name == looped for looped, _, _ in self._loops)
                return None if taken else self._known.get(name)
            case _:
                return None

    def _show_value(self, expression: str) -> str:
        if self._show != _SHOW["html"]:
            return f"{self._show}({expression}, formats)"
        short = f"type(value := {expression}) is str and len(value) < {operations.SHORT}"
        return f"escaped(value) if {short} else {self._show}(value, formats)"

    def _look_up(self, expression: str, loop: int) -> str:
        """The local variable for what stays the same in a round of a loop (from 1; 0: in the whole text)."""
        kept = self._kept[loop]
        if expression not in kept:
            kept[expression] = self._new("found")
        return kept[expression]

    def _look_ups(self) -> list[str]:
        return [f"{' ' * self._depth}{local} = {expression}" for expression, local in self._kept[-1].items()]

    def _constant(self, value: Any) -> str:
        name = self._new("constant")
        self._names[name] = value
        return name

    def _node(self, node: Node) -> None:
        match node:
            case ContentNode():
                self._write_text(node.text)
            case OutputNode() if (word := self._known_word(node.expression)) is not None:
                self._write_text(word)
            case OutputNode():
                self._write(self._show_value(self._value(node.expression)))
            case IfNode():
                self._if(node)
            case ForNode():
                self._for(node)
            case AssignNode():
                self._line(f"{self._assigned[str(node.name)]} = {self._value(node.expression)}")
            case BreakNode() | ContinueNode() if self._loops and not self._in_address:
                self._line("break" if isinstance(node, BreakNode) else "continue")
            case CommentNode():
                pass
            case _ if isinstance(node, self._address_node):
                self._address(node)
            case _:
                raise NotCompiled

    def _block(self, block: BlockNode) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotCompiled
        self._silent += block.blank
        self._line("pass")
        for node in block.nodes:
            self._node(node)
        self._silent -= block.blank
        self._depth -= 1

    def _if(self, node: IfNode) -> None:
        self._line(f"if {self._test(node.condition)}:")
        self._block(node.consequence)
        for alternative in node.alternatives:
            self._line(f"elif {self._test(alternative.expression)}:")
            self._block(alternative.block)
        if node.default:
            self._line("else:")
            self._block(node.default)

    def _for(self, node: ForNode) -> None:
        loop = node.expression
        if loop.limit or loop.offset or loop.reversed:
            raise NotCompiled
        items, item = self._new("items"), self._new("item")
        around = "*".join(f"len({outer})" for _, _, outer in self._loops) or "1"
        self._line(f"{items} = rounds({self._value(loop.iterable)}, {around})")
        self._line(f"for {item} in {items}:")
        self._loops.append((str(loop.identifier), item, items))
        self._kept.append({})
        before, self._lines = self._lines, []
        self._block(node.block)
        self._depth += 1
        self._lines = [*before, *self._look_ups(), *self._lines]
        self._depth -= 1
        self._kept.pop()
        self._loops.pop()
        if node.default:
            self._line(f"if not {items}:")
            self._block(node.default)

    def _address(self, node: Any) -> None:
        outer, self._show, self._in_address = self._show, _SHOW["address"], True
        kept = self._new("pieces")
        self._line(f"{kept}, pieces = pieces, []")
        self._line("write = pieces.append")
        for inner in node.block.nodes:
            self._node(inner)
        self._line(f"{kept}.append(attribute(pieces))")
        self._line(f"pieces = {kept}")
        self._line("write = pieces.append")
        self._show, self._in_address = outer, False

    def _value(self, expression: Expression) -> str:
        match expression:
            case FilteredExpression():
                value = self._value(expression.left)
                for filter_ in expression.filters or ():
                    value = self._filtered(value, filter_)
                return value
            case Path():
                return self._path(expression)
            case StringLiteral():
                html = self._template.env.autoescape
                return self._constant(Markup(expression.value)) if html else repr(expression.value)  # noqa: S704
            case TrueLiteral() | FalseLiteral() | IntegerLiteral() | FloatLiteral():
                return self._constant(expression.value)
            case Nil():
                return "None"
            case _:
                raise NotCompiled

    def _path(self, path: Path) -> str:
        root, *steps = path.path
        if not isinstance(root, str) or root == "forloop" or root in builtin or len(steps) > _DEEPEST:
            raise NotCompiled
        found, loop = self._root(str(root))
        for key in steps:
            if isinstance(key, Path):
                found, loop = f"step({found}, {self._path(key)})", -1
                continue
            function = "field" if isinstance(key, str) and key not in operations.COMPUTED else "step"
            found = f"{function}({found}, {(str(key) if isinstance(key, str) else key)!r})"
            found = self._look_up(found, loop) if loop >= 0 else found
        return found

    def _root(self, name: str) -> tuple[str, int]:
        """The value of a name, and the loop (see `_look_up`) in whose rounds it stays the same; -1: it may change."""
        for number in range(len(self._loops), 0, -1):
            looped, item, _ = self._loops[number - 1]
            if looped == name:
                return item, number
        given = self._look_up(f"variables.get({name!r}, NOTHING)", 0)
        local = self._assigned.get(name)
        return (f"({given} if {local} is Odd else {local})", -1) if local else (given, 0)

    def _filtered(self, value: str, filter_: Filter) -> str:
        function = self._template.env.filters.get(filter_.name)
        if function is None:
            raise NotCompiled
        arguments = ""
        for argument in filter_.args:
            name = getattr(argument, "name", None)
            given = self._value(argument.value)
            arguments += f", **{{{str(name)!r}: {given}}}" if name else f", {given}"
        if method := getattr(function, "of_formats", None):
            return f"{self._constant(method)}(formats, {value}{arguments})"
        if getattr(function, "with_context", False):
            raise NotCompiled
        if getattr(function, "with_environment", False):
            function = partial(function, environment=self._template.env)
        return f"{self._constant(function)}({value}{arguments})"

    def _test(self, expression: Expression) -> str:
        match expression:
            case BooleanExpression():
                return self._test(expression.expression)
            case LogicalAndExpression() | LogicalOrExpression():
                operator = "and" if isinstance(expression, LogicalAndExpression) else "or"
                return f"({self._test(expression.left)} {operator} {self._test(expression.right)})"
            case EqExpression():
                return self._equal(expression)
            case NeExpression():
                return f"(not {self._equal(expression)})"
            case LtExpression() | GtExpression() | LeExpression() | GeExpression() | ContainsExpression():
                function, sides = _ORDERS[type(expression)]
                return f"{function}({sides.format(self._value(expression.left), self._value(expression.right))})"
            case _:
                return f"(type(value := {self._value(expression)}) is str or is_true(value))"

    def _equal(self, expression: EqExpression | NeExpression) -> str:
        left, right = expression.left, expression.right
        if isinstance(left, Empty | Blank):
            left, right = right, left
        if isinstance(right, Empty | Blank):
            return f"{'is_empty' if isinstance(right, Empty) else 'is_blank'}({self._value(left)})"
        if isinstance(right, StringLiteral):
            text = repr(right.value)
            return f"(value == {text} if type(value := {self._value(left)}) is str else equal(value, {text}))"
        return f"equal({self._value(left)}, {self._value(right)})"


def _all(nodes: Iterable[Any]) -> Iterable[Node]:
    """Every node within these, as far as the compiler takes any."""
    for node in nodes:
        yield node
        match node:
            case IfNode():
                blocks = [node.consequence, *(one.block for one in node.alternatives), node.default]
            case ForNode():
                blocks = [node.block, node.default]
            case _:
                blocks = [getattr(node, "block", None)]
        for block in blocks:
            if block is not None:
                yield from _all(block.nodes)
