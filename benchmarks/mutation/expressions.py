"""Slips in conditions and other CEL texts: operators, constants, fields, terms."""

import re
from collections.abc import Iterator

from relevo_workflow import EXPRESSION_ROOTS, Token, tokenize

_OPERATOR = re.compile(r"==|!=|>=|<=|>|<|&&|\|\|")
_OTHER = {"==": "!=", "!=": "==", ">": ">=", ">=": ">", "<": "<=", "<=": "<", "&&": "||", "||": "&&"}


def spoiled(text: str) -> Iterator[tuple[str, str]]:
    """Each slip that this text allows: its kind, and the text with it."""
    stream = tokenize(text)
    yield from _operators(text, stream)
    for before, token in zip([None, *stream], stream, strict=False):
        if token.kind == "text":
            quote = token.text[-1]
            yield "changed constant", _put(text, token, token.text[:-1] + "x" + quote)
            yield "wrong type", _put(text, token, "1")
        elif token.kind == "number":
            yield "changed constant", _put(text, token, _bumped(token.text))
            yield "wrong type", _put(text, token, '"text"')
        elif token.kind == "name" and before is not None and before.text == "." and not _is_call(text, token):
            yield "renamed field", _put(text, token, token.text + "s")
    for wrong in _other_roots(text, stream):
        yield "other variable", wrong


def is_condition(text: str) -> bool:
    """Whether a text has a comparison or a connection in it."""
    return bool(_OPERATOR.search(text)) or " in " in text


def without_terms(text: str) -> Iterator[str]:
    """The text without one of the terms that `&&` or `||` connects at its top level."""
    for sign in ("&&", "||"):
        terms = _split(text, sign)
        if len(terms) > 1:
            for gone in range(len(terms)):
                yield f" {sign} ".join(term for number, term in enumerate(terms) if number != gone)
            return


def _operators(text: str, stream: list[Token]) -> Iterator[tuple[str, str]]:
    quoted = [(token.start, token.end) for token in stream if token.kind == "text"]
    for match in _OPERATOR.finditer(text):
        if not any(start <= match.start() < end for start, end in quoted):
            yield "other operator", text[: match.start()] + _OTHER[match[0]] + text[match.end() :]


def _other_roots(text: str, stream: list[Token]) -> Iterator[str]:
    """`event` in place of `trigger`, and the reverse."""
    other = {"event": "trigger", "trigger": "event"}
    for before, token in zip([None, *stream], stream, strict=False):
        if token.text in other and token.text in EXPRESSION_ROOTS and (before is None or before.text != "."):
            yield _put(text, token, other[token.text])


def _split(text: str, sign: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and text.startswith(sign, index):
            parts.append(text[last:index].strip())
            last = index + len(sign)
    return [*parts, text[last:].strip()]


def _put(text: str, token: Token, other: str) -> str:
    return text[: token.start] + other + text[token.end :]


def _is_call(text: str, token: Token) -> bool:
    return text[token.end : token.end + 1] == "("


def _bumped(number: str) -> str:
    return f"{float(number) + 1}" if "." in number else str(int(number) + 1)
