"""The one Liquid: its filters, tags and limits, and how a value becomes text where a template puts it."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_TAG
from liquid.undefined import Undefined, is_undefined
from markupsafe import escape

from relevo_templates.addresses import Encoded, assembled, marked, percent_encoded, web_address
from relevo_templates.characters import printable
from relevo_templates.formats import Formats, is_money

LOOP_LIMIT = 10_000
"""Rounds that all loops of a text may make."""
OUTPUT_LIMIT = 1_000_000
"""Characters that a text may have."""
_FORMATS, _ADDRESS = "relevo.formats", "relevo.address"
_LEFT_OUT_TAGS = ("include", "render")  # there are no other texts to take in
_LEFT_OUT_FILTERS = ("safe", "escapejs")  # no value is ever trusted to be markup, and no script is written


class LiquidEnvironment(Environment):
    """Liquid with limits, so that no template can run or grow without end."""

    loop_iteration_limit = LOOP_LIMIT
    output_stream_limit = OUTPUT_LIMIT
    context_depth_limit = 20


@lru_cache(maxsize=2)
def liquid_environment(*, html: bool = False) -> LiquidEnvironment:
    """The environment of texts; that of HTML escapes every value, and has the block `address`."""
    environment = LiquidEnvironment(autoescape=html)
    for name in _LEFT_OUT_TAGS:
        environment.tags.pop(name, None)
    for name in _LEFT_OUT_FILTERS:
        environment.filters.pop(name, None)
    for tag in (_Output, _Echo, *((_Address,) if html else ())):
        environment.add_tag(tag)
    for name, filter_ in _FILTERS.items():
        environment.add_filter(name, filter_)
    return environment


def new_context(
    template: BoundTemplate, variables: Mapping[str, Any], formats: Formats, *, address: bool = False
) -> RenderContext:
    """A context for one rendering of a template: its variables, and the formats of its reader."""
    context = RenderContext(template, globals=variables)
    context.tag_namespace[_FORMATS] = formats
    context.tag_namespace[_ADDRESS] = address
    return context


def _shown(value: object, context: RenderContext) -> str:
    """A value as text, as it has to stand at this place."""
    if not isinstance(value, str):
        value = _as_text(value, context)
    if context.tag_namespace[_ADDRESS]:
        return marked(value if isinstance(value, Encoded) else printable(value))
    # What a filter has made HTML (`newline_to_br`) is escaped already, and stays so without unprintable characters.
    return printable(str(escape(value)) if context.autoescape else value)


def _as_text(value: object, context: RenderContext) -> str:
    if value is None or isinstance(value, int | float | Undefined):
        return to_liquid_string(value, autoescape=False)
    if is_money(value):
        return str(_formatted(Formats.money)(value, context=context))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (_plain(one, context) for one in value)))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return to_liquid_string(value, autoescape=False)


def _plain(value: object, context: RenderContext) -> str:
    """An element of a list that is printed as a whole."""
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str) else _as_text(value, context)


class _OutputNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(_shown(self.expression.evaluate(context), context))


class _EchoNode(EchoNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(_shown(self.expression.evaluate(context), context))


class _Output(Output):
    node_class = _OutputNode


class _Echo(EchoTag):
    node_class = _EchoNode


class AddressNode(Node):
    """The text of an attribute that leads somewhere: `assembled`, and empty if it is not a web address."""

    __slots__ = ("block",)

    def __init__(self, token: Any, block: BlockNode) -> None:
        super().__init__(token)
        self.block = block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the address."""
        inner = StringIO()
        context.tag_namespace[_ADDRESS] = True
        try:
            self.block.render(context, inner)
        finally:
            context.tag_namespace[_ADDRESS] = False
        return buffer.write(str(escape(web_address(assembled(inner.getvalue())))))

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> list[Node]:
        """What it is made of."""
        return [self.block]


class _Address(Tag):
    name = "address"
    end = "endaddress"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        block = get_parser(self.env).parse_block(stream, (self.end,))
        stream.expect(TOKEN_TAG, value=self.end)
        return AddressNode(token, block)


def _formatted(method: Callable[..., str]) -> Callable[..., str]:
    """A filter that is a format of the reader's; what it can't format is an error of the template.

    Compiled texts call the method itself, which stands in `of_formats`.
    """

    @with_context
    def filter_(value: Any, *arguments: Any, context: RenderContext) -> str:
        try:
            given = None if is_undefined(value) else value
            return method(context.tag_namespace[_FORMATS], given, *arguments)
        except ValueError as error:
            raise FilterArgumentError(str(error), token=None) from error
        except TypeError as error:
            why = f"{method.__name__} takes a value and one argument at most"
            raise FilterArgumentError(why, token=None) from error

    filter_.of_formats = method  # type: ignore[attr-defined]
    return filter_


def _url_encode(value: Any) -> str:
    return Encoded(percent_encoded("" if value is None else to_liquid_string(value, autoescape=False)))


_FILTERS: dict[str, Callable[..., Any]] = {
    "money": _formatted(Formats.money),
    "number": _formatted(Formats.number),
    "date": _formatted(Formats.date),
    "time": _formatted(Formats.time),
    "url_encode": _url_encode,
}
"""The filters that Relevo adds to Liquid's own, or has instead of them."""
