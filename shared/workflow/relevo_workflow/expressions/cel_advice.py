"""What would help someone whose expression CEL refuses, most of all someone who thinks in another language."""

import re
from collections.abc import Sequence

from relevo_workflow.syntax.yaml_advice import time_advice

_QUOTES = "quotes are straight: \"x\" or 'x'"
_EQUAL = "equality is written '=='"
_AND, _OR, _NOT = "'and' is written '&&'", "'or' is written '||'", "'not' is written '!'"
_ABSENT = 'ask has(…), or compare with "" for text and null for a time'
_CONTAINS = 'for text customer.email.contains("x"), for a list "x" in customer.tags'
_WRITTEN: tuple[tuple[str, str, str], ...] = (
    # how the text before the place ends, how the text at the place begins, what would help
    (r"", r"(?i:and)\b|&(?!&)", _AND),
    (r"", r"(?i:or)\b|\|(?!\|)", _OR),
    (r"", r"(?i:not)\s+in\b", "'not in' is written !(\"x\" in customer.tags)"),
    (r"(?i:\bnot)\s*", r"", _NOT),
    (r"", r"(?i:not)\b", _NOT),
    (r"<\s*", r">", "'<>' is written '!='"),
    (r"", r"=", _EQUAL),
    (r"", r"(?i:is)\b", _ABSENT),
    (r"", r"(?i:contains|has|includes|like)\b|~", _CONTAINS),
    (r"", r"(?i:between)\b", "between is written x >= 1 && x <= 3"),
    (r"", "[\u2018-\u201f\u00ab\u00bb`]", _QUOTES),
    (r"\{\{?\s*|", r"\{\{|\}\}?|%", "an expression stands without {{ }}"),
    (r"", r"#", "a comment stands behind the quotes of the whole expression, or on a line of its own"),
    (r"\d", r",\d", "decimals are written with a point: 100.5"),
)
_UNIT = re.compile(r"(?i)(weeks?|w|days?|d|hours?|h|minutes?|min|m|seconds?|sec|s)\b")
_NUMBER = re.compile(r"(\d+)\s*$")
_OTHER_NAMES = {
    **dict.fromkeys(("len", "length", "count"), "how many there are is size(customer.tags)"),
    **dict.fromkeys(("lower", "toLowerCase", "downcase"), "lower case is customer.email.lowerAscii()"),
    **dict.fromkeys(("upper", "toUpperCase", "upcase"), "upper case is customer.email.upperAscii()"),
    **dict.fromkeys(("includes", "contains", "include", "has"), _CONTAINS),
    **dict.fromkeys(("any", "some"), 'customer.tags.exists(one, one == "x")'),
    **dict.fromkeys(("True", "TRUE", "Yes", "yes", "on"), "write true"),
    **dict.fromkeys(("False", "FALSE", "No", "no", "off"), "write false"),
    **dict.fromkeys(("None", "nil", "NULL", "Null", "undefined", "empty"), _ABSENT),
    **dict.fromkeys(("today", "Now", "NOW", "date"), "the time of the decision is 'now'; a day ago is now - days(1)"),
    "exists": 'customer.tags.exists(one, one == "x"), or "x" in customer.tags',
    "all": 'customer.tags.all(one, one != "x")',
}


def syntax_advice(before: str, after: str) -> str:
    """What would help where the text can't be read: what stands before the place, and from it on."""
    number, unit = _NUMBER.search(before), _UNIT.match(after)
    if number and unit:
        return f"this length of time is {_length(int(number[1]), unit[1].lower())}"
    if number and re.match(r"(?i)\s*(am|pm|uhr|o'clock)\b", after):
        return time_advice(number[1] + after)
    for ends, begins, advice in _WRITTEN:
        if re.search(f"(?:{ends})$", before) and re.match(begins, after):
            return advice
    return ""


def _length(count: int, unit: str) -> str:
    if unit[0] in "wd":
        return f"days({count * (7 if unit[0] == 'w' else 1)})"
    return f'duration("{count}{unit[0]}")'


def other_name(name: str) -> str:
    """What a name from another language is called here; empty if that is not known."""
    return _OTHER_NAMES.get(name, "")


def select_advice(kind: str, after: str) -> str:
    """What would help who asks for a field of something that has none."""
    if "Timestamp" in kind:
        return 'parts of a time are functions: now.getHours("Europe/Madrid"), now.getDayOfWeek()'
    if re.match(r"\.?(length|size|count)\b", after):
        return "how many there are is size(…)"
    return "this has no fields" if kind in ("string", "int", "double", "bool") else ""


def overload_advice(operator: str, sides: Sequence[str]) -> str:
    """What would help where an operator or a function does not fit what it is applied to, in words."""
    kinds = set(sides)
    numbers = kinds & {"int", "double"}
    lists = [side for side in sides if side.startswith("list(")]
    rules = (
        (operator.startswith("of_"), 'it takes text: orders(days(60)).of_product("p-1").count'),
        (operator == "orders", "a window of orders is orders(days(60)), or orders(duration('36h'))"),
        (operator == "days", "it takes a whole number: days(30)"),
        (operator == "duration", "it takes text: duration('36h'); of days it is days(30)"),
        ("Orders" in kinds, "say what of the orders: orders(days(60)).count, or .total"),
        (bool(lists) and "string" in kinds, _of_list(lists, operator)),
        (operator == "in" and kinds == {"string"}, 'part of a text is customer.email.contains("x")'),
        (kinds == {"int", "double"}, "write the whole number with a decimal point: 100.0"),
        ("Money" in kinds, "compare the amount: '.amount'"),
        ("a time" in kinds and bool(numbers), _LENGTHS),
        ("a time" in kinds and "string" in kinds, _LENGTHS if operator in "+-" else _TIMES),
        ("a length of time" in kinds, _LENGTHS),
        ("null" in kinds, 'an absent text is "", an absent number 0: ask has(…)'),
        ("string" in kinds and bool(numbers), "one side is text: convert it with double(…) or int(…)"),
        ("string" in kinds and "bool" in kinds, "true and false stand without quotes"),
    )
    return next((advice for fits, advice in rules if fits), "")


_LENGTHS = "a length of time is days(30) or duration('36h')"
_TIMES = 'a moment is timestamp("2026-03-01T00:00:00Z"), 30 days ago is now - days(30)'


def _of_list(lists: Sequence[str], operator: str) -> str:
    if lists and lists[0] != "list(string)":
        return 'ask for one that fits: .exists(one, one.title == "x")'
    return (
        "a list is asked with 'in': \"x\" in customer.tags"
        if operator != "matches"
        else '.exists(one, one.matches("x"))'
    )
