"""The answer to a survey's first question in what somebody writes: by SMS, or as the reply to a mail. Pure.

Only what is certain is an answer: a number of the scale, a label, or the number beside it, and nothing else but
punctuation, emoji and what follows an empty line. "5!" is one; "five stars", "5?" and "5 out of 5, but late" are not.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from relevo_contracts.keywords import words_of
from relevo_contracts.sending import Answer
from relevo_contracts.surveys import Question, Survey, answers_of

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n|\n--")
_BETWEEN = re.compile(r"[\s,;/+&]+")
_KEYCAPS = str.maketrans({"\u20e3": None, "\ufe0f": None, "🔟": "10"})
"""`5️⃣` is the digit, two characters that only say how it is shown."""
_DOUBT = frozenset("#%&/?@\\¿؟‰")
"""Punctuation that makes something else of a number: a question, a share, an address."""
_SAYS_NOTHING = frozenset(("Ps", "Pe", "Pi", "Pf", "Zs", "Zl", "Zp", "Cc", "Cf", "So", "Sk", "Mn"))
_LONGEST = 200
_MOST_DIGITS = 3


def answers_in_text(survey: Survey, text: str) -> dict[str, Answer] | None:
    """The answers that `text` makes; `None`: it is not certain that it is an answer, or more has to be answered."""
    first, read = survey.questions[0], None
    for part in dict.fromkeys((text.strip(), _PARAGRAPH.split(text.strip(), maxsplit=1)[0])):
        read = read or _values(survey, first, _bare(part))
    if read is None:
        return None
    answers, faults = answers_of(survey, {first.name: read})
    return None if faults else answers


def is_answered_in_text(question: Question) -> bool:
    """Whether what somebody writes can be certain to answer it: words may say anything."""
    return question.kind != "text"


def numbered(question: Question) -> dict[str, str]:
    """The numbers by which options may be answered, by the name of the option; a rating and a yes or no have none."""
    if question.kind not in ("choice", "choices"):
        return {}
    return {name: str(number) for number, name in enumerate(question.options, 1)}


def _bare(text: str) -> str:
    """The text without what says nothing at its ends; empty if it is too long to be an answer."""
    if len(text) > _LONGEST:
        return ""
    plain = unicodedata.normalize("NFKC", text.translate(_KEYCAPS))
    start, end = 0, len(plain)
    while start < end and _says_nothing(plain[start]):
        start += 1
    while start < end and _says_nothing(plain[end - 1]):
        end -= 1
    return plain[start:end]


def _says_nothing(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind in _SAYS_NOTHING or (kind == "Po" and character not in _DOUBT)


def _values(survey: Survey, question: Question, bare: str) -> Sequence[str] | None:
    """What a form would be sent with; `None`: nothing, or more than one thing that it might be."""
    match question.kind:
        case "rating":
            number = _number(bare) or _number(bare.removesuffix(f"/{question.scale[1]}").rstrip())
            return [number] if number in question.values else None
        case "text":
            return None
        case "choices":
            parts = _BETWEEN.split(bare)
            every = [_only(_meant(survey, question, one)) for one in parts if one]
            if every and None not in every:
                return [one for one in every if one is not None]
    one = _only(_meant(survey, question, bare))
    return None if one is None else [one]


def _number(bare: str) -> str:
    """A whole number in ASCII, whatever digits it is written with; empty if it is none."""
    if not bare.isdecimal() or len(bare) > _MOST_DIGITS:
        return ""
    digits = "".join(str(unicodedata.decimal(one)) for one in bare)
    return digits if digits == "0" or digits[0] != "0" else ""


def _meant(survey: Survey, question: Question, bare: str) -> set[str]:
    """The options that a text may stand for: by name, by number, or by what they are called in any language."""
    words = _folded(bare)
    if not words or any(one in _DOUBT for one in bare):
        return set()
    found = {name for name, number in numbered(question).items() if number == _number(bare)}
    for texts in survey.locales.values():
        asked = texts.questions.get(question.name)
        labels: Mapping[str, str] = asked.options if asked is not None else {}
        found |= {name for name in question.values if words in (_folded(labels.get(name, "")), _folded(name))}
    return found


def _folded(text: str) -> tuple[str, ...]:
    return tuple(words_of(text))


def _only(found: Iterable[str]) -> str | None:
    listed = list(found)
    return listed[0] if len(listed) == 1 else None
