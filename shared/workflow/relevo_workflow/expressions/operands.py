"""Which operands of a condition joined by `&&` were not true: what `explain` marks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cel_expr_python import cel

from relevo_workflow.expressions.field_paths import Token, tokenize
from relevo_workflow.expressions.plain_conditions import Condition, plain_condition, split_tokens


class Operands:
    """The operands of one compiled expression: each is evaluated only when the whole was false."""

    def __init__(self, text: str, rewritten: str, kinds: Mapping[str, str], compiler: Callable[[str], Any]) -> None:
        self._texts, self._rewritten = _split(text), _split(rewritten)
        self._kinds, self._compiler = kinds, compiler
        self._compiled: list[Condition | Any] = []

    def __bool__(self) -> bool:
        return len(self._texts) > 1

    def not_true(self, values: Sequence[Any], given: Callable[[], Mapping[str, Any]]) -> tuple[str, ...]:
        """The texts of the operands that are not true; `given` are the variables for CEL."""
        if not self._compiled:
            self._compiled = [self._compile(text) for text in self._rewritten]
        found = zip(self._texts, self._compiled, strict=True)
        return tuple(text for text, one in found if not _holds(one, values, given))

    def _compile(self, text: str) -> Condition | Any:
        return plain_condition(text, self._kinds) or self._compiler(text)


def _holds(one: Condition | Any, values: Sequence[Any], given: Callable[[], Mapping[str, Any]]) -> bool:
    if isinstance(one, cel.Expression):
        return one.eval(data=given()).value() is True
    return bool(one(values))


def _split(text: str) -> list[str]:
    stream = tokenize(text)
    if len(split_tokens(stream, "|")) > 1 or _has_choice(stream):
        return [text]  # these bind less than `&&`
    parts = split_tokens(stream, "&")
    return [text[part[0].start : part[-1].end] for part in parts if part]


def _has_choice(stream: Sequence[Token]) -> bool:
    """Whether `condition ? one : other` stands outside of brackets."""
    depth = 0
    for token in stream:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "?" and not depth:
            return True
    return False
