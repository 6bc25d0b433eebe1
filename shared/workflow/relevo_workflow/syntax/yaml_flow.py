"""Puts back together what `{ }` on one line has torn apart: valid YAML that hardly means what it says."""

import re
from collections.abc import Callable

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

Pair = tuple[Node, Node]
Report = Callable[[Node, str, str], None]
_NO_SPACE = re.compile(r"([a-z_]+):(\S.*)", re.DOTALL)
_QUOTE = "inside { } a value with commas or brackets is quoted"


def whole_pairs(node: MappingNode, text: str, report: Report) -> list[Pair]:
    """The fields of a mapping as they were meant; `report` hears once of each that was not written so."""
    pairs: list[Pair] = []
    for key, value in node.value:
        before = pairs[-1] if pairs and node.flow_style else None
        if before is not None and _is_torn(before[1]):
            pairs[-1] = (before[0], _joined(before[1], value if value.value else key, text))
            if not _is_torn(pairs[-1][1]):
                _report_torn(*pairs[-1], report)
        else:
            pairs.append(_with_space(key, value, report) if node.flow_style else (key, value))
    return pairs


def liquid(node: MappingNode, text: str, report: Report) -> ScalarNode | None:
    """The text that `{{ … }}` without quotes was meant to be; `None` for any other mapping."""
    inner = node.value[0][0] if node.flow_style and len(node.value) == 1 else None
    if not isinstance(inner, MappingNode) or not inner.flow_style or node.value[0][1].value:
        return None
    source = text[node.start_mark.index : node.end_mark.index]
    report(node, "{{ }} without quotes is a mapping", f'quote the text: "{source}"')
    return ScalarNode("tag:yaml.org,2002:str", source, node.start_mark, node.end_mark)


def _is_torn(value: Node) -> bool:
    """Whether a plain value ends before its brackets do."""
    if not isinstance(value, ScalarNode) or value.style in ("'", '"') or not value.value:
        return False
    plain = re.sub(r"\"[^\"]*\"|'[^']*'", "", str(value.value))
    return sum(plain.count(one) for one in "([") > sum(plain.count(one) for one in ")]")


def _joined(first: Node, last: Node, text: str) -> ScalarNode:
    source = text[first.start_mark.index : last.end_mark.index].rstrip()
    return ScalarNode(first.tag, source, first.start_mark, last.end_mark)


def _report_torn(key: Node, value: Node, report: Report) -> None:
    quoted = str(value.value).replace("'", "''")
    report(value, "the comma ends this value", f"{_QUOTE}: {key.value}: '{quoted}'")


def _with_space(key: Node, value: Node, report: Report) -> Pair:
    """A field whose colon has no space after it, which makes one word of both."""
    match = _NO_SPACE.fullmatch(str(key.value)) if isinstance(key, ScalarNode) and key.style is None else None
    if match is None or value.value or value.start_mark.index != value.end_mark.index:
        return key, value
    report(key, f"there is no space after '{match[1]}:'", f"write it {match[1]}: {match[2]}")
    name = ScalarNode(key.tag, match[1], key.start_mark, key.end_mark)
    return name, ScalarNode("tag:yaml.org,2002:str", match[2], key.start_mark, key.end_mark)
