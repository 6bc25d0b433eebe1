"""Reads `if:` of a question: a condition over the answers to earlier questions, checked against their types.

It is the plain part of CEL: comparisons, `in`, `&&`, `||`, `!` and brackets. The page asks by it without CEL.
"""

from collections.abc import Mapping
from typing import cast, get_args

from relevo_contracts.survey_conditions import AllOf, AnyOf, Compare, Condition, Includes, Not, Operator
from relevo_contracts.surveys import Question
from relevo_workflow.expressions.field_paths import Token, tokenize
from relevo_workflow.syntax.diagnostics import Problems, suggestion
from relevo_workflow.syntax.yaml_source import Node

_SIGNS = ("&&", "||", "==", "!=", "<=", ">=")
_FLIPPED: Mapping[str, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_EXAMPLE = 'score <= 2 && reason in ["price", "other"]'
_DEEPEST = 20


class _WrongConditionError(Exception):
    """What is wrong at which index of the text, and what helps."""

    def __init__(self, message: str, index: int, advice: str = _EXAMPLE) -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.advice = advice


def read_condition(node: Node, earlier: Mapping[str, Question], problems: Problems) -> Condition | None:
    """The condition that `node` has; `None` with the problem noted. `earlier` are the questions before it, by name."""
    try:
        return _Reader(node.text, earlier).whole()
    except _WrongConditionError as wrong:
        problems.error(node.at(min(wrong.index, max(len(node.text) - 1, 0))), wrong.message, wrong.advice)
        return None


def _joined(stream: list[Token]) -> list[Token]:
    """The tokens, with signs of two characters as one."""
    found: list[Token] = []
    for token in stream:
        if found and found[-1].end == token.start and found[-1].text + token.text in _SIGNS:
            found[-1] = Token("other", found[-1].text + token.text, found[-1].start)
        else:
            found.append(token)
    return found


class _Reader:
    """Reads the tokens one after the other."""

    def __init__(self, text: str, earlier: Mapping[str, Question]) -> None:
        self._tokens = _joined(tokenize(text))
        self._end = len(text)
        self._earlier = earlier
        self._next = 0
        self._depth = 0

    def whole(self) -> Condition:
        """All of it."""
        found = self._either()
        if self._peek():
            raise self._wrong(f"'{self._peek()}' is not understood here")
        return found

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("the condition is nested too deeply")
        if self._take("!"):
            found: Condition = Not(self._one())
        elif self._take("("):
            found = self._either()
            self._need(")")
        else:
            found = self._term()
        self._depth -= 1
        return found

    def _term(self) -> Condition:
        """A comparison, or a question that is answered by yes or no."""
        index = self._index()
        if self._is_value():
            return self._from_value(self._value(), index)
        question = self._question()
        if self._take("in"):
            return self._in_list(question)
        sign = self._peek()
        if sign not in get_args(Operator):
            if question.kind != "yes_no":
                raise _WrongConditionError(f"'{question.name}' is a {question.kind}: compare it", index)
            return Compare(question.name, "==", value=True)
        self._next += 1
        index = self._index()
        return self._compared(question, cast(Operator, sign), self._value(), index)

    def _from_value(self, value: int | bool | str, index: int) -> Condition:
        """`"price" in reasons`, or a comparison that begins with the value."""
        sign = self._peek()
        if self._take("in"):
            question = self._question()
            if question.kind != "choices":
                raise _WrongConditionError(f"'{question.name}' is a {question.kind}, not a list of choices", index)
            self._check_value(question, value, index)
            return Includes(question.name, str(value))
        if sign not in _FLIPPED:
            raise self._wrong("a comparison is needed here")
        self._next += 1
        return self._compared(self._question(), _FLIPPED[sign], value, index)

    def _in_list(self, question: Question) -> Condition:
        """`reason in ["price", "other"]`."""
        self._need("[")
        found: list[Condition] = []
        while not self._take("]"):
            if found:
                self._need(",")
            index = self._index()
            found.append(self._compared(question, "==", self._value(), index))
        if not found:
            raise self._wrong("the list has no value")
        return AnyOf(tuple(found))

    def _compared(self, question: Question, sign: Operator, value: int | bool | str, index: int) -> Condition:
        if question.kind == "choices":
            advice = f'"{question.options[0]}" in {question.name}'
            raise _WrongConditionError(f"'{question.name}' has several answers", index, advice)
        if sign not in ("==", "!=") and question.kind != "rating":
            raise _WrongConditionError(f"'{sign}' can't be applied to a {question.kind}", index)
        self._check_value(question, value, index)
        return Compare(question.name, sign, value)

    def _check_value(self, question: Question, value: int | bool | str, index: int) -> None:
        """Whether the question can have this answer."""
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        match question.kind:
            case "rating":
                known = type(value) is int and str(value) in question.values
                advice = f"{question.scale[0]} to {question.scale[1]}"
            case "yes_no":
                known, advice = isinstance(value, bool), "true or false"
            case "text":
                known, advice = value == "", f'only {question.name} != "" can be asked: whether it was answered'
            case _:
                known = value in question.options
                advice = suggestion(str(value), question.options)
        if not known:
            raise _WrongConditionError(f"'{question.name}' ({question.kind}) is never {shown}", index, advice)

    def _question(self) -> Question:
        token = self._token()
        if token is None or token.kind != "name":
            raise self._wrong("the name of an earlier question is needed here")
        found = self._earlier.get(token.text)
        if found is None:
            advice = suggestion(token.text, self._earlier) if self._earlier else "the first question is always asked"
            raise self._wrong(f"there is no earlier question '{token.text}'", advice)
        self._next += 1
        return found

    def _is_value(self) -> bool:
        token = self._token()
        return token is not None and (token.kind in ("text", "number") or token.text in ("true", "false"))

    def _value(self) -> int | bool | str:
        token = self._token()
        if token is None or not self._is_value():
            raise self._wrong("a number, a text, true or false is needed here")
        self._next += 1
        if token.kind == "name":
            return token.text == "true"
        if token.kind == "number":
            if not (token.text.isdecimal() and token.text.isascii() and len(token.text) <= 3):
                raise _WrongConditionError(f"'{token.text}' is not a whole number", token.start)
            return int(token.text)
        if token.text[0] not in "\"'" or "\\" in token.text or token.text[:3] in ('"""', "'''"):
            raise _WrongConditionError("write the text between plain quotes", token.start)
        return token.text[1:-1]

    def _token(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _peek(self) -> str:
        token = self._token()
        return token.text if token is not None else ""

    def _index(self) -> int:
        token = self._token()
        return token.start if token is not None else self._end

    def _take(self, text: str) -> bool:
        taken = self._peek() == text
        self._next += taken
        return taken

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f"'{text}' is missing")

    def _wrong(self, message: str, advice: str = _EXAMPLE) -> _WrongConditionError:
        return _WrongConditionError(message, self._index(), advice)
