"""Named rules over the customer: `segments.yaml` beside the workflows, or `segments:` in one of them."""

import re
from collections.abc import Mapping
from datetime import timedelta

from relevo_workflow.definition.workflow import Segment
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.order_windows import windows_in, without_windows
from relevo_workflow.expressions.shapes import run_shape
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.durations import LONGEST_OF_CEL, cel_length
from relevo_workflow.syntax.fields import NAME_PATTERN
from relevo_workflow.syntax.yaml_source import Node, read_yaml
from relevo_workflow.values.reader import Reading

FILE = "segments.yaml"
_TIME_FIELD = re.compile(r"customer\.(last_order_at|last_seen_at|last_active_at|first_order_at|first_seen_at)")
_LENGTH = re.compile(r"""\bdays\(\s*(\d+)\s*\)|\bduration\(\s*['"]([^'"]*)['"]\s*\)""")
_AFTER = timedelta(microseconds=1)
"""A rule is looked at again just after its limit: at the very instant `<` and `>=` have not turned over yet."""

_NOW = re.compile(r"\bnow\b")
_NO_LIMIT = "compare a time of the customer with now - days(30); it is looked at when the customer changes"


def read_segments(files: Mapping[str, str], own: Node | None, reading: Reading) -> dict[str, Segment]:
    """The segments of the file and of the workflow itself, by name."""
    found: dict[str, Segment] = {}
    shared = read_yaml(FILE, files[FILE], reading.problems) if FILE in files else None
    for node in (shared, own):
        if node is not None and node.entries is None:
            what = f"segments must be a mapping of names to conditions, but this is {node.kind}"
            reading.problems.error(node.position, what, "loyal: customer.orders_count >= 3")
        for name, rule in ((node.entries if node is not None else None) or {}).items():
            segment = _segment(name, rule, node.keys[name] if node is not None else rule.position, reading)
            if segment is not None:
                found[name] = segment
            else:
                reading.broken.add(name)
    return found


def _segment(name: str, rule: Node, where: Position, reading: Reading) -> Segment | None:
    if not NAME_PATTERN.match(name):
        advice = "lower-case letters and digits, words joined by '-'"
        reading.problems.error(where, f"'{name}' is not a valid segment name", advice)
        return None
    if "customer.segments" in rule.text:
        reading.problems.error(rule.position, "a segment can't depend on other segments", "write their rules out")
        return None
    expression = reading.condition(rule, TypeEnvironment((), ("manual",), run_shape({})))
    if expression is None:
        return None
    ages = _ages(without_windows(rule.text))
    if any(length > LONGEST_OF_CEL for _, length in ages):
        reading.problems.error(rule.position, "a time limit of a segment can't be longer than 100 years")
    elif _NOW.search(rule.text) and not ages:
        reading.problems.warning(rule.position, f"nobody joins or leaves '{name}' when time passes", _NO_LIMIT)
    return Segment(name, expression, ages, tuple({one.length for one in windows_in(rule.text)}))


def _ages(text: str) -> tuple[tuple[str, timedelta], ...]:
    """Each time field with each length of the rule: when those are over, the rule has to be looked at again."""
    lengths = [cel_length(days, length) + _AFTER for days, length in _LENGTH.findall(text)]
    fields = dict.fromkeys(_TIME_FIELD.findall(text))
    return tuple((field, length) for field in fields for length in lengths)
