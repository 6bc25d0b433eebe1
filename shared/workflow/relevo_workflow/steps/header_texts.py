"""Headers of calls: only what the workflow itself writes as `${NAME}` may become a secret, never a computed value.

In the header of an effect `${NAME}` stands for a secret and `$$` for a dollar sign; a lone `$` is one too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from relevo_templates.texts import Text
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.value import LiquidText

_SECRET = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NAME = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
_MARKED = re.compile("\ue000([A-Z][A-Z0-9_]*)\ue001")
_BREAKS = re.compile(r"[\r\n\x85\u2028\u2029]+")
_MARKS = re.compile("[\ue000\ue001]")  # characters of the private use area: they mean nothing in a header


@dataclass(frozen=True, slots=True)
class HeaderText(LiquidText):
    """Liquid text in which `${NAME}` is a secret where the text says so. `marked` has marks in those places."""

    marked: Text | None = None

    def compute(self, scope: Scope, at: str, trace: list[Check]) -> str:
        """The rendered text, in which every dollar sign that came with a value is doubled."""
        if self.template is None:
            return _escaped(_SECRET.sub("\ue000\\1\ue001", _MARKS.sub("", self.text)))
        rendered = one_line(self.filled(self.template, scope, at, trace))
        if self.marked is None or _MARKS.search(rendered):
            # A value with marks in it could pass for a secret: then this header has none.
            return rendered.replace("$", "$$")
        return _escaped(one_line(self.filled(self.marked, scope, at, trace)))


def one_line(text: str) -> str:
    """A header's value is one line: what a value has of line breaks is a space."""
    return _BREAKS.sub(" ", text).strip()


def _escaped(marked: str) -> str:
    return _MARKED.sub(r"${\1}", marked.replace("$", "$$"))


def secrets_of(headers: Iterable[LiquidText]) -> set[str]:
    """The names of the secrets that these headers of calls stand for."""
    return {name for header in headers for name in _SECRET.findall(header.text)}


def read_header(node: Node, environment: TypeEnvironment, problems: Problems) -> HeaderText:
    """The text of a header, checked."""
    text = read_liquid(node, environment, problems)
    if text.template is None or not _SECRET.search(text.text):
        return HeaderText(text.template, text.text, text.fields)
    marked = Text(_SECRET.sub("\ue000\\1\ue001", text.text))
    return HeaderText(text.template, text.text, text.fields, marked)


def read_headers_of(
    fields: Fields, environment: TypeEnvironment, problems: Problems
) -> tuple[tuple[str, HeaderText], ...]:
    """The headers of a call, by name."""
    node = fields.get("headers")
    if node is None:
        return ()
    headers = Fields(node, problems, "headers")
    for name in node.entries or {}:
        headers.text(name)
        if not _NAME.match(name):
            problems.error(headers.position(name), f"'{name}' is not a valid header name", "letters, digits and '-'")
    return tuple((name, read_header(one, environment, problems)) for name, one in (node.entries or {}).items())
