"""What compiled texts are made of (see `compilation`): steps of paths, comparisons, loops, outputs over plain values.

Each gives what python-liquid gives for the values that messages are made of, and raises `Odd` for any other: then
python-liquid renders the text, and says what is wrong with it if something is.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from liquid.builtin.expressions.logical import is_truthy
from liquid.undefined import Undefined
from markupsafe import Markup, escape

from relevo_templates.addresses import BEGIN, END, Encoded, assembled, marked, web_address
from relevo_templates.characters import printable
from relevo_templates.formats import Formats, is_money

NOTHING = Undefined("nothing")
"""What stands where nothing is."""
COMPUTED = ("size", "first", "last")
"""Steps of a path that stand for more than a key."""
MOST_ROUNDS = 500
"""Of all loops around a place together."""
LONGEST_VALUE = 10_000
"""Characters: with the rounds that bounds what a text may grow to before its length is looked at."""
SHORT = 200
"""Characters of a text below which what it is in HTML is remembered."""
_TRUE = frozenset((str, int, float, list, dict, Markup))
_PLAIN = frozenset((str, int, float, list, dict, bool, Markup))
_TEXTS = frozenset((str, Markup))
_NUMBERS = frozenset((int, float))

Show = Callable[[Any, Formats], str]


class Odd(Exception):  # noqa: N818 - not an error: another way is taken
    """A value that only python-liquid knows how to treat."""


def field(found: Any, key: str) -> Any:
    """A step of a path by a name that is none of `COMPUTED`."""
    if type(found) is dict:
        return found.get(key, NOTHING)
    return step(found, key)


def step(found: Any, key: Any) -> Any:
    """A step of a path by whatever key."""
    kind = type(found)
    if type(key) is not str:
        if type(key) is int and kind is list:
            return found[key] if -len(found) <= key < len(found) else NOTHING
        raise Odd
    if kind is dict and key in found:
        return found[key]
    if kind not in _PLAIN and found is not None and found is not NOTHING:
        raise Odd
    return _computed(found, key) if key in COMPUTED else NOTHING


def _computed(found: Any, key: str) -> Any:
    if type(found) is list:
        if key == "size":
            return len(found)
        return (found[0] if key == "first" else found[-1]) if found else NOTHING
    if key == "size":
        return len(found) if type(found) in {str, dict, Markup} else NOTHING
    if type(found) is dict and found and key == "first":
        raise Odd
    return NOTHING


def is_true(value: Any) -> bool:
    """Whether a value is true by Liquid."""
    if type(value) in _TRUE:
        return True
    return is_truthy(value)


def equal(one: Any, other: Any) -> bool:
    """`==`."""
    if type(one) in _TEXTS and type(other) in _TEXTS:
        return bool(one == other)
    if one is None or one is NOTHING:
        one, other = other, one
    if other is None or other is NOTHING:
        if one is None or one is NOTHING:
            return True
        if type(one) in _PLAIN:
            return False
    if type(one) in _NUMBERS and type(other) in _NUMBERS:
        return bool(one == other)
    raise Odd


def less(one: Any, other: Any) -> bool:
    """`<`; with its sides changed `>`."""
    return bool(one < other) if _comparable(one, other) else False


def at_most(one: Any, other: Any) -> bool:
    """`<=`; with its sides changed `>=`."""
    return bool(one <= other) if _comparable(one, other) else False


def _comparable(one: Any, other: Any) -> bool:
    if (type(one) in _NUMBERS and type(other) in _NUMBERS) or (type(one) in _TEXTS and type(other) in _TEXTS):
        return True
    if type(one) is bool or type(other) is bool:
        raise Odd
    if one is None or one is NOTHING or other is None or other is NOTHING:
        return False
    raise Odd


def contains(one: Any, other: Any) -> bool:
    """`contains`."""
    if not is_true(one) or not is_true(other):
        return False
    if type(other) in _TEXTS and type(one) in {str, list, dict}:
        return other in one
    raise Odd


def is_empty(value: Any) -> bool:
    """`== empty`."""
    return type(value) in {str, Markup, list, dict} and not value if _is_plain(value) else False


def is_blank(value: Any) -> bool:
    """`== blank`."""
    return is_empty(value) or (type(value) in _TEXTS and value.isspace())


def _is_plain(value: Any) -> bool:
    if type(value) in _PLAIN:
        return True
    if value is None or value is NOTHING:
        return False
    raise Odd


def rounds(value: Any, around: int) -> list[Any]:
    """What a loop goes through, which stands in loops of so many rounds together."""
    if type(value) is list:
        if len(value) * around > MOST_ROUNDS:
            raise Odd
        return value
    if type(value) is str:
        return [value] if value else []
    if type(value) is dict or not (_is_plain(value) or value is None or value is NOTHING):
        raise Odd
    return []


def shown_in_text(value: Any, formats: Formats) -> str:
    """A value in plain text."""
    if type(value) is str and len(value) < LONGEST_VALUE:
        return value if value.isascii() and value.isprintable() else printable(value)
    if value is None or value is NOTHING:
        return ""
    return str(printable(_as_text(value, formats)))


def shown_in_html(value: Any, formats: Formats) -> str:
    """A value in HTML, escaped."""
    if type(value) is str and len(value) < SHORT:
        return escaped(value)
    if value is None or value is NOTHING:
        return ""
    return printable(str(escape(_as_text(value, formats))))


def shown_in_address(value: Any, formats: Formats) -> str:
    """A value in an address, with marks around it."""
    if type(value) is str and len(value) < LONGEST_VALUE:
        value = printable(value)
        return marked(value) if BEGIN in value or END in value else f"{BEGIN}{value}{END}"
    text = "" if value is None or value is NOTHING else _as_text(value, formats)
    return marked(text if isinstance(text, Encoded) else printable(text))


def _as_text(value: Any, formats: Formats) -> str:
    if isinstance(value, str) and len(value) < LONGEST_VALUE:
        return value
    if type(value) is int and abs(value) < 10**18:
        return str(value)
    if type(value) is dict and is_money(value):
        return formats.money(value)
    raise Odd


@lru_cache(maxsize=4096)  # a layout's words and a shop's name come again with every mail
def escaped(value: str) -> str:
    """A text in HTML."""
    return printable(str(escape(value)))


def attribute(pieces: list[str]) -> str:
    """The attribute that leads to an address of these pieces."""
    return str(escape(web_address(assembled("".join(pieces)))))


def whole(pieces: list[str], limit: int) -> str:
    """The text of these pieces."""
    if sum(map(len, pieces)) > limit:
        raise Odd
    return "".join(pieces)
