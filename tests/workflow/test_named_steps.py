"""Tests name steps by their ids or by what they save; a name of none is one finding at its own place."""

import pytest

from relevo_workflow.testing.runner import SuiteResult, run_tests
from tests.workflow.shop import a_workflow

FLOW = """
workflow: flow
trigger: {event: order.placed}
steps:
  - http: {url: "https://erp.example.com", as: erp}
  - branch: [{when: run.erp.ok, steps: [{wait: 1h}]}]
  - task: {title: Pack, skill: warehouse, deadline: 1d, reminder: 2h, as: packed}
  - approve: {title: Sign, roles: [lead], deadline: 1d, as: verdict}
  - branch: [{when: run.packed.status == run.verdict.status, steps: [{wait: 1h}]}]
  - split: [{name: plain, weight: 1}, {name: offer, weight: 1}]
    id: variant
"""
TEST = """\
given:
  start: 2026-03-10 10:00
  trigger:
    event: order.placed
    data: {order_id: o-1}
  answers: {erp: {status: 200}}
tests:
  - name: one
"""


def ran(rest: str, flow: str = FLOW) -> SuiteResult:
    return run_tests(a_workflow(flow), {"tests/a.yaml": TEST + rest})


ALL = """\
    choose: {{variant: offer}}
    events:
      - {{at: +4h, complete: {packed}}}
      - {{at: +5h, approve: {verdict}, role: lead}}
    expect:
      calls: [{{step: {erp}, method: POST}}]
      tasks: [{{open: {packed}}}, {{remind: {packed}}}, {{open: {verdict}}}]
      end: {{at: 2026-03-10 15:00, reason: completed}}
"""


@pytest.mark.parametrize(
    "names",
    [
        {"erp": "erp", "packed": "packed", "verdict": "verdict"},
        {"erp": "http-1", "packed": "task-1", "verdict": "approve-1"},
    ],
)
def test_a_step_is_named_by_its_id_or_by_what_it_saves(names: dict[str, str]) -> None:
    result = ran(ALL.format(**names))
    assert result.passed, result


SLIPS = [
    ("step: erp", "step: epr", "14:22: error: there is no call 'epr' (help: did you mean 'erp'?)"),
    ("+4h, complete: packed", "+4h, complete: pakced", "11:29: error: there is no task 'pakced' (help: did you mean"),
    ("approve: verdict", "approve: verdicts", "12:28: error: there is no approval 'verdicts' (help: did you mean"),
    ("approve: verdict", "approve: packed", "12:28: error: nobody can approve 'packed' (help: complete it)"),
    ("approve: verdict", "reject: verdit", "12:27: error: there is no approval 'verdit' (help: did you mean 'verdict'"),
    ("remind: packed", "remind: packd", "15:40: error: there is no task 'packd' (help: did you mean 'packed'?)"),
    ("variant: offer", "varant: offer", "9:13: error: there is no split 'varant' (help: did you mean 'variant'?)"),
    (
        "variant: offer",
        "variant: ofer",
        "9:13: error: there is no variant 'ofer' of the split 'variant' (help: did you mean 'offer'?)",
    ),
]


@pytest.mark.parametrize(("right", "slip", "told"), SLIPS)
def test_a_step_that_there_is_not_is_told_once_at_its_place(right: str, slip: str, told: str) -> None:
    text = ALL.format(erp="erp", packed="packed", verdict="verdict")
    assert right in text
    result = ran(text.replace(right, slip, 1))
    [problem] = result.problems
    assert str(problem).removeprefix("tests/a.yaml:").startswith(told)
    assert result.results == ()
    assert not result.passed


def test_what_all_tests_share_is_told_once() -> None:
    more = "    expect: {runs: 1}\n  - name: two\n    expect: {runs: 1}\n"
    result = run_tests(a_workflow(FLOW), {"tests/a.yaml": (TEST + more).replace("{erp:", "{epr:")})
    assert [str(one) for one in result.problems] == [
        "tests/a.yaml:6:12: error: there is no call 'epr' (help: did you mean 'erp'?)"
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "    with:\n      order_id: o-2\n      total: 7\n",
            "11:7: error: this does not fit order.placed: total must be",
        ),
        ("    with:\n      order_id: o-2\n      totl: 7\n", "11:7: error: order.placed has no field 'totl'"),
        ("    with: {total: 7}\n", "9:11: error: this does not fit order.placed: total must be an object"),
    ],
)
def test_a_wrong_value_of_with_is_told_there(given: str, told: str) -> None:
    [problem] = ran(f"{given}    expect: {{runs: 1}}\n").problems
    assert str(problem).removeprefix("tests/a.yaml:").startswith(told)


TWICE = """
workflow: flow
trigger: {event: order.placed}
reentry: once_ended
exit: {event: order.cancelled, reason: bought again}
steps: [{wait: 1d}]
"""


def test_with_several_runs_a_failure_says_which_one() -> None:
    events = "events: [{at: +2h, event: order.cancelled, data: {order_id: o-1}}, {at: +3h, event: order.placed, DATA}]"
    again = events.replace("DATA", "data: {order_id: o-2}")
    test = TEST.replace("  answers: {erp: {status: 200}}\n", "")
    expected = "expect: {end: {reason: bought again}, path: []}"
    (result,) = run_tests(a_workflow(TWICE), {"tests/a.yaml": f"{test}    {again}\n    {expected}\n"}).results
    which = "run 2 of 2, of 2026-03-10 13:00; run 1 ended at 2026-03-10 12:00: bought again"
    assert [one.message for one in result.failures][:1] == [
        "expected the end's 'reason' to be bought again, got completed"
    ]
    assert [one.help for one in result.failures] == [which, which]


def test_one_run_alone_needs_no_number() -> None:
    test = TEST.replace("  answers: {erp: {status: 200}}\n", "")
    (result,) = run_tests(a_workflow(TWICE), {"tests/a.yaml": f"{test}    expect: {{end: {{reason: x}}}}\n"}).results
    assert [one.help for one in result.failures] == [""]
