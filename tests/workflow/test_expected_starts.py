"""A test of a workflow can expect which others it starts, with what."""

import pytest

from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.testing.runner import run_tests

SOURCE = """
workflow: source
trigger: {event: cart.updated}
steps:
  - start: {workflow: other, for_each: trigger.items, data: {origin: cart}}
"""
TESTS = """
given:
  start: 2026-03-10 10:00
  trigger: {{event: cart.updated, data: {{cart_token: c, items: [{{title: Mug, product_id: p-1}}]}}}}
tests:
  - {{name: one, expect: {{starts: {starts}}}}}
"""


@pytest.mark.parametrize(
    ("starts", "failure"),
    [
        ("[{at: 2026-03-10 10:00, workflow: other, data: {origin: cart, item: {product_id: p-1}}}]", ""),
        ("[]", "got a start that is not expected"),
        ("[{workflow: other, data: {item: {product_id: p-2}}}]", "expected start"),
        ("[{workflow: other}, {workflow: other}]", "got none"),
    ],
)
def test_a_start_is_compared(starts: str, failure: str) -> None:
    files = {"workflow.yaml": SOURCE, "tests/starts.yaml": TESTS.format(starts=starts)}
    suite = run_tests(load_workflow(files), files)
    assert not suite.problems
    failures = [str(one) for result in suite.results for one in result.failures]
    assert [failure in one for one in failures] == ([True] if failure else [])


def test_a_start_has_no_other_fields() -> None:
    files = {"workflow.yaml": SOURCE, "tests/starts.yaml": TESTS.format(starts="[{event: other}]")}
    suite = run_tests(load_workflow(files), files)
    assert "starts" in str(suite.problems[0])
