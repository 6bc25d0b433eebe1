"""A text with Liquid in it: parsed once, filled in often."""

from collections.abc import Mapping
from io import StringIO
from types import MappingProxyType
from typing import Any, Literal

from liquid import BoundTemplate
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.output import LimitedStringIO

from relevo_templates.addresses import assembled
from relevo_templates.characters import printable
from relevo_templates.compilation import Compiled, compiled
from relevo_templates.environment import OUTPUT_LIMIT, AddressNode, liquid_environment, new_context
from relevo_templates.errors import TemplateError
from relevo_templates.formats import Formats

Into = Literal["text", "address", "html"]
"""What a text becomes: plain text, an address (its values are percent-encoded) or HTML (its values are escaped)."""
_FEW = 2
"""Renderings of a text before it is compiled: many a text of a deployment, and most in tests, is filled in once."""

_NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


class _Output(LimitedStringIO):
    """What a text may write, counted in characters: to encode each piece for its bytes costs as much as writing it."""

    def write(self, piece: str) -> int:
        self.size += len(piece)
        if self.size > self.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        return StringIO.write(self, piece)


class Text:
    """A text that is parsed once, and compiled when it turns out to be used. `file` names it in errors.

    `into`: what it becomes. `liquid` is its syntax tree, `None` where there is no Liquid in it. `known` are variables
    that always have these values, which are words of letters.
    """

    __slots__ = ("_compiled", "_known", "_uses", "file", "into", "liquid", "source")

    def __init__(
        self, source: str, *, file: str = "", into: Into = "text", known: Mapping[str, str] = _NOTHING_KNOWN
    ) -> None:
        """Raises `TemplateError` for what is not Liquid."""
        self.source = source
        self.file = file
        self.into = into
        self._known = known
        self.liquid = _parse(source, file, into) if is_liquid(source) else None
        self._uses = 0
        self._compiled: Compiled | None = None

    def render(self, variables: Mapping[str, Any], formats: Formats) -> str:
        """The text with the variables filled in, as the reader of these formats gets it. Raises `TemplateError`."""
        if self.liquid is None:
            return assembled(self.source) if self.into == "address" else printable(self.source)
        self._uses += 1
        if self._uses == _FEW + 1:
            self._compiled = compile_text(self.liquid, self.into, self._known)
        if self._compiled is not None:
            try:
                text = self._compiled(variables, formats)
            except Exception:  # noqa: BLE001, S110 - python-liquid, which knows every value, says what is wrong
                pass
            else:
                return assembled(text) if self.into == "address" else text
        return self._interpreted(self.liquid, variables, formats)

    def _interpreted(self, liquid: BoundTemplate, variables: Mapping[str, Any], formats: Formats) -> str:
        buffer = _Output(limit=OUTPUT_LIMIT)
        context = new_context(liquid, variables, formats, address=self.into == "address")
        try:
            liquid.render_with_context(context, buffer)
            text = buffer.getvalue()
            return assembled(text) if self.into == "address" else text
        except LiquidError as error:
            raise self._error(error) from error
        except Exception as error:
            raise TemplateError(self.file, 0, f"{type(error).__name__}: {str(error)[:200]}") from error

    def _error(self, error: LiquidError) -> TemplateError:
        return _template_error(error, self.file, self.source)


def compile_text(liquid: BoundTemplate, into: Into, known: Mapping[str, str] = _NOTHING_KNOWN) -> Compiled | None:
    """The function of a parsed text, for plain values; `None` if it is left to python-liquid."""
    return compiled(liquid, into, OUTPUT_LIMIT, AddressNode, known)


def is_liquid(text: str) -> bool:
    """Whether something in `text` is Liquid."""
    return "{{" in text or "{%" in text


def _parse(source: str, file: str, into: Into) -> BoundTemplate:
    try:
        return liquid_environment(html=into == "html").from_string(source, name=file)
    except LiquidError as error:
        raise _template_error(error, file, source) from error
    except Exception as error:
        raise TemplateError(file, 0, f"not Liquid: {type(error).__name__}") from error


def _template_error(error: LiquidError, file: str, source: str) -> TemplateError:
    index = error.token.start_index if error.token is not None else -1
    line = source.count("\n", 0, index) + 1 if index >= 0 else 0
    return TemplateError(file, line, str(error.message).splitlines()[0] if str(error.message) else "not Liquid", index)


def shortened(text: str, greatest: int) -> str:
    """The words of `text` that fit, with `…` for the rest."""
    if len(text) <= greatest:
        return text
    kept = text[: greatest - 1]
    whole = kept[: kept.rfind(" ")] if " " in kept[greatest // 2 :] and text[greatest - 1] != " " else kept
    return f"{whole.rstrip(' ,;:')}…"
