"""`if` and `for` as python-liquid has them, their expressions and blocks made ready once (see `evaluation`)."""

from collections.abc import Callable
from typing import Any, TextIO

from liquid import RenderContext
from liquid.ast import BlockNode
from liquid.builtin.content import ContentNode
from liquid.builtin.tags.for_tag import ForLoop, ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.exceptions import BreakLoop, ContinueLoop

from relevo_templates.evaluation import test_of, value_of

Write = Callable[[RenderContext, TextIO], int]


def _writer(block: BlockNode) -> Write:
    """What `block.render` does, for a block that writes something."""
    steps = tuple(
        (node.text, None) if type(node) is ContentNode else ("", node.render_to_output) for node in block.nodes
    )

    def write(context: RenderContext, buffer: TextIO) -> int:
        if block.blank:
            return block.render_to_output(context, buffer)
        for text, render in steps:
            if render is None:
                buffer.write(text)
            else:
                render(context, buffer)
        return 0

    return write


class _IfNode(IfNode):
    __slots__ = ("_branches", "_else")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        branches = [(self.condition, self.consequence), *((one.expression, one.block) for one in self.alternatives)]
        self._branches = tuple((test_of(condition), _writer(block)) for condition, block in branches)
        self._else = _writer(self.default) if self.default else None

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        for test, write in self._branches:
            if test(context):
                return write(context, buffer)
        return self._else(context, buffer) if self._else else 0


class _ForNode(ForNode):
    """A loop over a list without arguments is what layouts have; any other is python-liquid's own."""

    __slots__ = ("_identifier", "_is_simple", "_items", "_name", "_write")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        loop = self.expression
        self._is_simple = not (loop.limit or loop.offset or loop.reversed)
        self._items = value_of(loop.iterable)
        self._identifier = str(loop.identifier)  # python-liquid's own class of names is slow to compare
        self._name = f"{loop.identifier}-{loop.iterable}"
        self._write = _writer(self.block)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        items = self._items(context) if self._is_simple else None
        if type(items) is not list or not items:
            return super().render_to_output(context, buffer)
        context.stopindex(key=self._name, index=len(items))
        loop = ForLoop(name=self._name, it=iter(items), length=len(items), parentloop=context.parentloop())
        name = self._identifier
        namespace: dict[str, object] = {"forloop": loop, name: None}
        with context.loop(namespace, loop):
            for item in loop:
                namespace[name] = item
                try:
                    self._write(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return 0


class If(IfTag):
    """`{% if %}`."""

    node_class = _IfNode


class For(ForTag):
    """`{% for %}`."""

    node_class = _ForNode
