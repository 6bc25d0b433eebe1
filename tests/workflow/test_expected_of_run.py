"""Tests of workflows that expect what only the run can say, such as its id."""

import pytest

from relevo_workflow import load_workflow
from relevo_workflow.testing import run_tests

WORKFLOW = """
workflow: {name}
trigger: {{event: form.submitted}}
key: trigger.id
steps:
  - decide: {{rules: [{{otherwise: , set: {{number: 'run.id.substring(0, 8)'}}}}], as: ticket}}
  - task: {{title: 'Ticket {{{{ run.ticket.number }}}}', skill: service, deadline: 1d}}
"""
TESTS = """
given: {{start: 2026-03-10 10:00, trigger: {{event: form.submitted, data: {{form: contact}}}}}}
tests:
  - name: a ticket
    events: [{{at: +1h, event: form.submitted, data: {{form: contact}}}}]
    until: 2026-03-10 12:00
    expect: {{tasks: [{{open: task-1, title: "Ticket {first}"}}, {{open: task-1, title: "Ticket {second}"}}]}}
"""
OF_ITS_RUN = "{{ run.id | slice: 0, 8 }}"


def failures(name: str, first: str, second: str) -> list[str]:
    result = run_tests(
        load_workflow({"workflow.yaml": WORKFLOW.format(name=name)}),
        {"tests/a.yaml": TESTS.format(first=first, second=second)},
    )
    assert not result.problems
    return [failure.help for one in result.results for failure in one.failures]


@pytest.mark.parametrize("name", ["tickets", "our-tickets"])
def test_each_element_knows_the_run_that_did_it_whatever_the_workflow_is_called(name: str) -> None:
    assert failures(name, OF_ITS_RUN, "{{ run.ticket.number }}") == []


@pytest.mark.parametrize(
    "wrong", ["{{ run.key }}", "{{ run.id }}", "{{ run.ticket.nothing }}", "{{ run.id", "{{ 1 | nothing }}"]
)
def test_what_the_run_does_not_say_is_not_expected(wrong: str) -> None:
    assert failures("tickets", OF_ITS_RUN, wrong) == ["'title' differs"]


def test_an_event_can_name_the_newest_run() -> None:
    workflow = """
workflow: asks
trigger: {event: form.submitted}
steps:
  - wait_for:
      - event: message.received
        where: event.delivery_id.startsWith(run.id)
      - timeout: 1d
"""
    tests = """
given: {start: 2026-03-10 10:00, trigger: {event: form.submitted, data: {form: contact}}}
tests:
  - name: an answer
    events:
      - {at: +1h, event: message.received, data: {channel: email, text: "no {{", delivery_id: other/1}}
      - {at: +2h, event: message.received, data: {channel: email, text: "yes", delivery_id: "{{ run.id }}/1"}}
    expect: {end: {at: 2026-03-10 12:00, reason: completed}}
"""
    result = run_tests(load_workflow({"workflow.yaml": workflow}), {"tests/a.yaml": tests})
    assert result.passed, result.results
