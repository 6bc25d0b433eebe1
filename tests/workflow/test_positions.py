"""Where mistakes stand: right to the character, however YAML lets a text be written."""

from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import read_yaml
from tests.workflow.shop import problems_of

HEAD = "workflow: flow\ntrigger:\n  event: order.placed\n"
STEPS = "steps: [{wait: 1d}]\n"
WRITTEN = {
    "plain": ("  when: event.totl == 1", (4, 15)),
    "in single quotes": ("  when: 'event.totl == 1'", (4, 16)),
    "in double quotes": ('  when: "event.totl == 1"', (4, 16)),
    "with escapes": ('  when: "\\"a\\" == \\u0022b\\x22 && event.totl == 1"', (4, 40)),
    "with doubled quotes": ("  when: '''a'' == event.totl'", (4, 25)),
    "plain over lines": ("  when: true &&\n     event.totl == 1", (5, 12)),
    "plain below": ("  when:\n     true\n\n     && event.totl == 1", (7, 15)),
    "single over lines": ("  when: 'true &&\n       event.totl == 1'", (5, 14)),
    "double over lines": ('  when: "true &&\\\n       \\  event.totl == 1"', (5, 17)),
    "folded": ("  when: >-\n    true\n    && event.totl == 1", (6, 14)),
    "folded with a gap": ("  when: >\n\n      true\n\n      &&\n        event.totl == 1", (9, 15)),
    "literal": ("  when: |\n    true &&\n      event.totl == 1", (6, 13)),
    "literal with its indentation": ("  when: |2-\n      event.totl == 1", (5, 13)),
    "with an anchor": ("  when: &here >-  # why\n    true && event.totl == 1", (5, 19)),
    "with a tag": ('  when: !!str "event.totl == 1"', (4, 22)),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_expression_however_it_is_written(how: str, ends: str) -> None:
    text, place = WRITTEN[how]
    (found,) = problems_of((HEAD + text + "\n" + STEPS).replace("\n", ends))
    assert "has no field 'totl'" in found.message
    assert (found.position.line, found.position.column) == place


def test_a_text_of_a_template() -> None:
    mail = "channel: sms\nen:\n  text: >-\n    Hello\n    {{ customer.nam }}, you\n    have {{ trigger.totl }}\n"
    text = "workflow: flow\ntrigger: {event: order.placed}\n"
    text += "steps: [{send: {channel: sms, template: a, purpose: transactional}}]\n"
    found = problems_of(text, **{"templates__a.yaml": mail})
    assert [(one.position.line, one.position.column) for one in found] == [(5, 8), (6, 13)]
    (only,) = problems_of(text, **{"templates__a.yaml": mail.replace("Hello", "Hello {% foo %}")})
    assert (only.position.line, only.position.column) == (4, 14)


STYLES = (str, SingleQuotedScalarString, DoubleQuotedScalarString, LiteralScalarString, FoldedScalarString)
WORDS = st.lists(st.text("ab'\"\\\\{}:#é😀\t", min_size=1, max_size=9), min_size=1, max_size=8)


@example([":::::\\:", "\t:\\"], " ", str, 15)
@given(WORDS, st.sampled_from([" ", "  ", "\n", " \n", "\n\n  "]), st.sampled_from(STYLES), st.integers(15, 60))
def test_each_character_of_a_text_is_found_where_it_stands(
    words: list[str], between: str, style: Callable[[str], str], width: int
) -> None:
    yaml, stream = YAML(), StringIO()
    yaml.width = width
    yaml.dump({"a": [{"key": style(between.join(words))}]}, stream)
    lines, problems = stream.getvalue().splitlines(), Problems()
    root = read_yaml("a.yaml", stream.getvalue(), problems)
    assert root is not None
    (node,) = (one for one in root.walk() if one.source_map is not None)
    for index, character in enumerate(node.text):
        if character in " \t\n":
            continue
        where = node.at(index)
        there = lines[where.line - 1][where.column - 1 :]
        assert there.startswith((character, "\\")), (stream.getvalue(), index)
