"""A slip in a test is told: it must not make a test that can't fail."""

import pytest

from relevo_workflow.testing.runner import run_tests
from tests.workflow.shop import a_workflow

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps:
  - http: {url: https://erp.example.com, as: erp}
  - branch: [{when: run.erp.ok, steps: [{wait: 1d}]}]
"""
GIVEN = """\
given:
  start: 2026-03-10 10:00
  trigger: {event: order.placed, data: {order_id: o-1}}
tests:
  - name: one
"""
TOTAL = "total: {amount: '1', currency: EUR}"


def problems(test: str, given: str = GIVEN) -> list[str]:
    given = given.replace("order_id: o-1", f"order_id: o-1, {TOTAL}")
    suite = run_tests(a_workflow(FLOW), {"tests/a.yaml": given + test})
    failures = [failure for result in suite.results for failure in result.failures]
    return [str(one).removeprefix("tests/a.yaml:") for one in (*suite.problems, *failures)]


SLIPS = [
    ("    expect:\n", "6:12: error: this test expects nothing, so it can't fail"),
    ("    expect: {}\n", "6:13: error: this test expects nothing, so it can't fail"),
    (
        "    expect: {end: completed}\n",
        "6:19: error: 'end' must be a mapping, but this is a value (help: of at, reason)",
    ),
    ("    expect: {end: {resaon: a}}\n", "6:20: error: 'end' has no field 'resaon' (help: did you mean 'reason'?)"),
    ("    expect: {sends: }\n", "6:20: error: 'sends' must be a list, but this is nothing (help: sends: [] for none)"),
    ("    expect: {sends: [{emial: a}]}\n", "6:23: error: an element of 'sends' has no field 'emial'"),
    ("    expect: {calls: [erp]}\n", "6:22: error: an element of 'calls' must be a mapping, but this is a value"),
    ("    expect: {path: http-1}\n", "6:20: error: 'path' must be a list, but this is a value"),
    ("    expect: {goal: reached}\n", "6:20: error: 'goal' must be a mapping"),
    ("    expect: {runs: none}\n", "6:20: error: 'runs' must be a whole number"),
    ("    expect: {saved: erp}\n", "6:21: error: 'saved' must be a mapping"),
    (
        "    answers: {http-2: {status: 500}}\n    expect: {runs: 1}\n",
        "6:14: error: there is no call 'http-2' (help: ",
    ),
    (
        "    answers: {http-1: {state: 500}}\n    expect: {runs: 1}\n",
        "6:14: error: the answer to 'http-1' has no field",
    ),
    ("    answers: {http-1: 500}\n    expect: {runs: 1}\n", "6:14: error: this is not an answer to 'http-1'"),
    ("    shop: {timezon: UTC}\n    expect: {runs: 1}\n", "6:11: error: a shop has no field 'timezon'"),
    ("    customer: {timezone: Mars/X}\n    expect: {runs: 1}\n", "6:15: error: there is no time zone 'Mars/X'"),
    ("    trigger: nothing\n    expect: {runs: 0}\n", "6:14: error: 'trigger' must be a mapping, or none"),
    ("    start: +1d\n    expect: {runs: 1}\n", "6:12: error: 'start' is where time begins"),
    ("    expect: {runs: 1}\n  - name: one\n    expect: {runs: 1}\n", "7:5: error: there are two tests 'one'"),
    (
        "    events: [{at: +1h, event: order.paid, historical: yes, data: {order_id: a}}]\n    expect: {runs: 1}\n",
        "6:55: error: 'historical' can't be 'yes' (help: known here: false, true)",
    ),
]


@pytest.mark.parametrize(("test", "message"), SLIPS)
def test_a_slip_in_a_test_is_told_with_its_place(test: str, message: str) -> None:
    found = problems(test)
    assert any(one.startswith(message) for one in found), found


def test_what_is_wrong_with_what_all_tests_share_is_told_once() -> None:
    given = GIVEN.replace("given:", "given:\n  shop: {timezon: UTC}")
    found = problems("    expect: {runs: 1}\n  - name: two\n    expect: {runs: 1}\n", given)
    assert len(found) == 1


def test_a_test_without_slips_passes() -> None:
    assert problems("    answers: {http-1: {status: 500}}\n    expect: {runs: 1, calls: [{step: http-1}]}\n") == []


CIRCLES = {
    "trigger: {manual: }\nsteps: [{start: {workflow: flow}}]": "{manual: }",
    "trigger: {event: quote.expired}\nsteps: [{emit: {event: quote.expired, data: {quote_id: q}}}]": (
        "{event: quote.expired, data: {quote_id: q}}"
    ),
    "trigger: {manual: }\nsteps: [{http: {url: https://erp.example.com/x}}, {start: {workflow: flow}}]": "{manual: }",
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_workflow_that_starts_itself_for_ever_fails_its_test(circle: str) -> None:
    flow = a_workflow(f"workflow: flow\nreentry: several\n{circle}\n")
    given = (
        f"given: {{start: 2026-03-10 10:00, trigger: {CIRCLES[circle]}}}\ntests: [{{name: a, expect: {{runs: 1}}}}]\n"
    )
    (result,) = run_tests(flow, {"tests/a.yaml": given}).results
    assert "this is a cycle" in result.failures[0].message


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("reject: pack", "nobody can reject 'pack' (help: complete it)"),
        ("approve: pack", "nobody can approve 'pack' (help: complete it)"),
        ("complete: sign", "nobody can complete 'sign' (help: approve or reject it)"),
    ],
)
def test_the_staff_can_do_in_a_test_what_they_can_do_in_the_shop(act: str, told: str) -> None:
    flow = a_workflow(
        """
        workflow: flow
        trigger: {event: order.placed}
        steps:
          - task: {title: Pack, skill: warehouse, deadline: 1d}
            id: pack
          - approve: {title: Sign, roles: [lead], deadline: 1d, approved: [], rejected: [], expired: []}
            id: sign
        """
    )
    given = GIVEN.replace("order_id: o-1", f"order_id: o-1, {TOTAL}")
    test = f"    events: [{{at: {'+1h' if 'pack' in act else '+30h'}, {act}, role: lead}}]\n    expect: {{runs: 1}}\n"
    suite = run_tests(flow, {"tests/a.yaml": given + test})
    assert [str(one).partition("error: ")[2] for one in suite.problems] == [told]
    assert suite.results == ()
