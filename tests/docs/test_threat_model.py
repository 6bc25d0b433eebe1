"""What the threat model says is held, is held by a test that exists."""

import re

from tests.docs.test_decisions import ROOT, functions

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_each_mitigation_names_a_test_that_exists() -> None:
    text = (ROOT / "docs/threat-model.md").read_text()
    named = NAMED.findall(text)
    assert len(named) > 30
    assert [f"{file}::{test}" for file, test in named if test not in functions(ROOT / file)] == []


def test_each_threat_has_a_mitigation_with_a_test() -> None:
    text = (ROOT / "docs/threat-model.md").read_text()
    rows = re.findall(r"^\| [STRIDE, ]+ \|.+$", text, re.MULTILINE)
    assert len(rows) > 25
    assert [row for row in rows if "`tests/" not in row] == []
