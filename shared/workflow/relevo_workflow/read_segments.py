"""Named rules over the customer: `segments.yaml` beside the workflows, or `segments:` in one of them."""

import re
from collections.abc import Mapping
from datetime import timedelta

from relevo_workflow.definition import Segment
from relevo_workflow.durations import parse_duration
from relevo_workflow.expressions import Names
from relevo_workflow.fields import NAME
from relevo_workflow.read_values import Reading
from relevo_workflow.shapes import run_shape
from relevo_workflow.yaml_source import Node, read_yaml

FILE = "segments.yaml"
_TIME_FIELD = re.compile(r"customer\.(last_order_at|last_seen_at|first_order_at|first_seen_at)")
_LENGTH = re.compile(r"days\((\d+)\)|duration\(['\"]([\dhms]+)['\"]\)")


def read_segments(files: Mapping[str, str], own: Node | None, reading: Reading) -> dict[str, Segment]:
    """The segments of the file and of the workflow itself, by name."""
    found: dict[str, Segment] = {}
    shared = read_yaml(FILE, files[FILE], reading.problems) if FILE in files else None
    for node in (shared, own):
        for name, rule in ((node.entries if node is not None else None) or {}).items():
            segment = _segment(name, rule, reading)
            if segment is not None:
                found[name] = segment
    return found


def _segment(name: str, rule: Node, reading: Reading) -> Segment | None:
    if not NAME.match(name):
        reading.problems.error(rule.position, f"'{name}' is no name of a segment")
        return None
    if "customer.segments" in rule.text:
        reading.problems.error(rule.position, "a segment can't depend on other segments", "write their rules out")
        return None
    expression = reading.condition(rule, Names((), ("manual",), run_shape({})))
    return Segment(name, expression, _ages(rule.text)) if expression is not None else None


def _ages(text: str) -> tuple[tuple[str, timedelta], ...]:
    """Each time field with each length of the rule: when those are over, the rule has to be looked at again."""
    lengths = [timedelta(days=int(days)) if days else parse_duration(length) for days, length in _LENGTH.findall(text)]
    fields = dict.fromkeys(_TIME_FIELD.findall(text))
    return tuple((field, length) for field in fields for length in lengths)
