"""Conditions, times and events in words, for people who do not write CEL. What has no words stays as it is written."""

import re
from datetime import timedelta

from relevo_workflow.syntax.durations import format_duration

_OUTPUT = re.compile(r"\{\{-?\s*([^|}]*?)\s*-?(?:\|[^}]*)?\}\}")
_UNITS = (("w", "week"), ("d", "day"), ("h", "hour"), ("m", "minute"), ("s", "second"))
_SAME = r"event\.(\w+) == trigger\.(?:fields\.)?\1"
_CONTEXT = re.compile(r"\b(?:event|trigger|customer)\.(?:fields\.)?")
_WINDOW = r"orders\(days\((\d+)\)\)"
_REPLACED: tuple[tuple[str, str], ...] = (
    (_WINDOW + r"""\.of_product\((["']?)([^"')]+)\2\)""", r"orders of “\3” in \1 days"),
    (_WINDOW + r"""\.of_category\((["']?)([^"')]+)\2\)""", r"orders of category “\3” in \1 days"),
    (_WINDOW, r"orders in \1 days"),
    (r"(orders (?:of (?:category )?“[^”]*” )?in \d+ days)\.count\b", r"number of \1"),
    (r"(orders (?:of (?:category )?“[^”]*” )?in \d+ days)\.total\b", r"worth of \1"),
    (r"customer\.(first|last)_(\w+)_at < now - days\((\d+)\)", r"\1 \2 more than \3 days ago"),
    (r"customer\.(first|last)_(\w+)_at > now - days\((\d+)\)", r"\1 \2 less than \3 days ago"),
    (r"""event\.channel == "(\w+)" && event\.state == "(\w+)\"""", r"\1: \2"),
    (r"run\.(\w+)\.ok\b", r"\1 worked"),
    (r"!\s*(\w+) worked", r"\1 failed"),
    (r"run\.(\w+)\.(\w+)", r"\1's \2"),
    (r"run\.", ""),
    (r"!has\((?:[\w.]*\.)?(\w+)_at\)", r"not \1"),
    (r"has\((?:[\w.]*\.)?(\w+)_at\)", r"\1"),
    (r"!has\(([\w.]+)\)", r"no \1"),
    (r"has\(([\w.]+)\)", r"\1 is known"),
    (r"""(["'])([^"']+)\1 in customer\.segments""", r"customer is in segment “\2”"),
    (r"""(["'])([^"']+)\1 in ([\w.]+)""", r"\3 has “\2”"),
    (r"([\w'. ]+?) in event\.discount_codes", r"\1 is used"),
    (r"""([\w.]+) in \[([^\]]*)\]""", r"\1 is one of \2"),
    (r"([\w.]+)\.exists\((\w+), \2\.(\w+) == trigger\.(?:fields\.)?\3\)", r"\1 have that \3"),
    (_SAME, r"same \1"),
    (r"event\.(\w+) != trigger\.\1", r"another \1"),
    (r"""([\w.]+) != ""(?!\w)""", r"\1 is given"),
    (r"""([\w.]+) == ""(?!\w)""", r"no \1"),
    (r" == ", " is "),
    (r" != ", " is not "),
    (r" >= ", " ≥ "),
    (r" <= ", " ≤ "),
    (r" && ", " and "),
    (r" \|\| ", " or "),
    (r"(?<!\btrigger)(?<!\bevent)\.amount\b", ""),
    (r"(\d)\.0\b", r"\1"),
    (r"\bdays\((\d+)\)", r"\1 days"),
    (r"""(["'])([^"']*)\1""", r"“\2”"),
)


def condition_in_words(text: str) -> str:
    """A condition, such as `orders count is 0 and country is “ES”`."""
    words = " ".join(text.split())
    for pattern, by in _REPLACED:
        words = re.sub(pattern, by, words)
    return re.sub(r"(?<=[a-z])_(?=[a-z])", " ", _CONTEXT.sub("", words))


def liquid_in_words(text: str) -> str:
    """A text with Liquid: what is filled in stands as its name, however it is formatted."""
    return _OUTPUT.sub(lambda found: f"[{condition_in_words(found[1])}]", text)


def correlated(text: str) -> str:
    """A condition of an event without the terms that only say that it is about the same thing as the run."""
    terms = [term for term in " ".join(text.split()).split(" && ") if not re.fullmatch(_SAME, term.strip())]
    return condition_in_words(" && ".join(terms))


def duration_in_words(length: timedelta) -> str:
    """A duration, such as `1 day 12 hours`."""
    parts = re.findall(r"(\d+)([wdhms])", format_duration(length))
    names = dict(_UNITS)
    return " ".join(f"{count} {names[unit]}{'' if count == '1' else 's'}" for count, unit in parts) or "no time"


def event_in_words(event: str) -> str:
    """An event type, such as `order placed`."""
    return event.replace(".", " ").replace("_", " ")


def event_with_condition(event: str, condition: str) -> str:
    """An event type with its condition, if that says more than which run it is about: `order paid (total > 100)`."""
    where = correlated(condition) if condition else ""
    return f"{event_in_words(event)} ({where})" if where else event_in_words(event)


def offset_in_words(offset: timedelta) -> str:
    """How far before or after something, such as `2 days before`; empty if it is not moved."""
    if not offset:
        return ""
    return f"{duration_in_words(abs(offset))} {'after' if offset > timedelta() else 'before'}"
