"""The plainest conditions without the CEL evaluator: a field, comparisons of fields and of sizes of lists, `&&`, `||`.

Most conditions correlate an event with a run (`event.order_id == trigger.order_id`). For those the answer is the same
in Python, at a tenth of the cost. Everything else, and everything whose types are not plain, is left to CEL; a test
compares the two.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from relevo_workflow.expressions.field_paths import Token, tokenize

Values = Sequence[Any]
Condition = Callable[[Values], bool]
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_Operand = tuple[str, int, Any]  # its kind; the index of a variable, or -1 with the literal


def plain_condition(text: str, kinds: Mapping[str, str]) -> Condition | None:
    """The condition of `text` over variables of these kinds (`STRING`, `INT`, `DOUBLE`, `BOOL`, `LIST`), or `None`."""
    return _condition(tokenize(text), list(kinds), kinds)


def necessary_equalities(text: str, kinds: Mapping[str, str]) -> list[tuple[int, int]]:
    """The pairs of variables (texts or whole numbers) that are equal wherever the condition of `text` holds.

    They are the equalities that `&&` joins to everything else; what is behind `||`, `?` or `!` is none.
    """
    return list(_equalities(tokenize(text), list(kinds), kinds))


def _equalities(stream: list[Token], names: list[str], kinds: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    if len(split_tokens(stream, "|")) > 1 or any(token.text == "?" for token in stream):
        return
    parts = split_tokens(stream, "&")
    if len(parts) > 1:
        for part in parts:
            yield from _equalities(part, names, kinds)
    elif _is_enclosed(stream):
        yield from _equalities(stream[1:-1], names, kinds)
    elif [token.text for token in stream[1:-1]] == ["=", "="] and not _spread(stream):
        left, right = stream[0].text, stream[-1].text
        if kinds.get(left) == kinds.get(right) in ("STRING", "INT"):
            yield names.index(left), names.index(right)


def _is_enclosed(stream: list[Token]) -> bool:
    """Whether one pair of brackets is around everything."""
    depth = 0
    for place, token in enumerate(stream):
        depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0:
            return token.text == ")" and 0 < place == len(stream) - 1 and stream[0].text == "("
    return False


def _condition(stream: list[Token], names: list[str], kinds: Mapping[str, str]) -> Condition | None:
    for sign, join in (("|", _any_of), ("&", _all_of)):
        parts = split_tokens(stream, sign)
        if len(parts) > 1:
            found = [_condition(part, names, kinds) for part in parts]
            conditions = [one for one in found if one is not None]
            return join(conditions) if len(conditions) == len(parts) else None
    if stream and stream[0].text == "(" and stream[-1].text == ")":
        return _condition(stream[1:-1], names, kinds)
    return _term(stream, names, kinds)


def _any_of(conditions: list[Condition]) -> Condition:
    if len(conditions) == 2:
        one, other = conditions
        return lambda values: one(values) or other(values)

    def any_holds(values: Values) -> bool:  # a loop costs half of what `any` over a generator does
        for condition in conditions:  # noqa: SIM110
            if condition(values):
                return True
        return False

    return any_holds


def _all_of(conditions: list[Condition]) -> Condition:
    if len(conditions) == 2:
        one, other = conditions
        return lambda values: one(values) and other(values)

    def all_hold(values: Values) -> bool:
        for condition in conditions:  # noqa: SIM110
            if not condition(values):
                return False
        return True

    return all_hold


def split_tokens(stream: list[Token], sign: str) -> list[list[Token]]:
    """The tokens between `&&` (or `||`) outside of brackets."""
    found: list[list[Token]] = [[]]
    depth = index = 0
    while index < len(stream):
        text = stream[index].text
        depth += (text in "([{") - (text in ")]}")
        if text == sign and not depth and index + 1 < len(stream) and stream[index + 1].text == sign:
            found.append([])
            index += 2
            continue
        found[-1].append(stream[index])
        index += 1
    return found


def _term(term: list[Token], names: list[str], kinds: Mapping[str, str]) -> Condition | None:
    negated = bool(term) and term[0].text == "!"
    if len(term) == 1 + negated and kinds.get(term[-1].text) == "BOOL":
        index = names.index(term[-1].text)
        return (lambda values: values[index] is not True) if negated else (lambda values: values[index] is True)
    if len(term) < 3:
        return None
    if len(term) > 5 and [token.text for token in (*term[:2], term[3])] == ["size", "(", ")"]:
        return _of_size(term, names, kinds)
    left, right = _operand(term[0], names, kinds), _operand(term[-1], names, kinds)
    compare = _OPERATORS.get("".join(token.text for token in term[1:-1]))
    if left is None or right is None or compare is None or left[0] != right[0] or _spread(term):
        return None
    return _comparison(compare, left, right)


def _of_size(term: list[Token], names: list[str], kinds: Mapping[str, str]) -> Condition | None:
    """`size(list) > 0`: the size of a list beside a whole number that is written out."""
    right, signs = _operand(term[-1], names, kinds), term[4:-1]
    compare = _OPERATORS.get("".join(token.text for token in signs))
    plain = compare is not None and not _apart(signs) and kinds.get(term[2].text) == "LIST"
    if compare is None or not plain or right is None or right[:2] != ("INT", -1):
        return None
    index, number = names.index(term[2].text), right[2]
    return lambda values: compare(len(values[index]), number)


def _spread(term: list[Token]) -> bool:
    """Whether the signs of the operator between two operands stand apart."""
    return _apart(term[1:-1])


def _apart(signs: list[Token]) -> bool:
    """Whether the signs of an operator stand apart, which is another thing."""
    return any(one.end != other.start for one, other in pairwise(signs))


def _comparison(compare: Callable[[Any, Any], bool], left: _Operand, right: _Operand) -> Condition:
    (_, one, first), (_, other, second) = left, right
    if one >= 0 and other >= 0:
        return lambda values: compare(values[one], values[other])
    if one >= 0:
        return lambda values: compare(values[one], second)
    if other >= 0:
        return lambda values: compare(first, values[other])
    return lambda values: compare(first, second)


def _operand(token: Token, names: list[str], kinds: Mapping[str, str]) -> _Operand | None:
    if token.kind == "name" and kinds.get(token.text) in ("STRING", "INT", "DOUBLE"):
        return kinds[token.text], names.index(token.text), None
    if token.kind == "text" and token.text[0] in "'\"" and "\\" not in token.text and len(token.text) >= 2:
        inner = token.text[1:-1]
        return ("STRING", -1, inner) if token.text[0] not in inner else None
    if token.kind == "number" and token.text.replace(".", "", 1).isdigit() and not token.text.endswith("."):
        kind = "DOUBLE" if "." in token.text else "INT"
        return kind, -1, float(token.text) if kind == "DOUBLE" else int(token.text)
    return None
