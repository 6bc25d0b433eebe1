"""When a question of a survey is asked: what earlier answers have to be. Pure; the same wherever it is answered.

`relevo check` makes them of `if:`. A comparison with a question that was not answered, or not asked, is false.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, assert_never

from msgspec import Struct

from relevo_contracts.sending import Answer

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Compare(Struct, frozen=True, tag="compare"):
    """The answer compared with a value of its kind."""

    question: str
    operator: Operator
    value: int | bool | str


class Includes(Struct, frozen=True, tag="includes"):
    """This option is among those that were chosen."""

    question: str
    value: str


class AllOf(Struct, frozen=True, tag="all"):
    """Each of these holds."""

    of: tuple["Condition", ...]


class AnyOf(Struct, frozen=True, tag="any"):
    """One of these holds."""

    of: tuple["Condition", ...]


class Not(Struct, frozen=True, tag="not"):
    """This does not hold."""

    of: "Condition"


Condition: TypeAlias = Compare | Includes | AllOf | AnyOf | Not


def holds(condition: Condition, answers: Mapping[str, Answer]) -> bool:
    """Whether it holds with these answers. Answers that are not of the question's kind make it false."""
    match condition:
        case Compare(question, sign, value):
            given = answers.get(question)
            return type(given) is type(value) and _COMPARE[sign](given, value)
        case Includes(question, value):
            chosen = answers.get(question)
            return isinstance(chosen, list) and value in chosen
        case AllOf(of):
            return all(holds(one, answers) for one in of)
        case AnyOf(of):
            return any(holds(one, answers) for one in of)
        case Not(one):
            return not holds(one, answers)
        case _:
            assert_never(condition)
