"""Tasks whose times are counted in working hours, and whose skill a run finds."""

import pytest

from relevo_workflow import WorkflowError, load_workflow
from relevo_workflow.testing import run_tests

ANSWER = """
workflow: answer
trigger: {event: form.submitted}
steps:
  - id: answer
    task:
      title: Answer
      skill: "service-{{ trigger.fields.language | default: 'en' }}"
      hours: [mon-fri 09:00-17:00]
      deadline: 16h
      reminder: 4h
      escalate: {after: 12h, roles: [lead]}
      reassign: {before: 8h}
"""
TESTS = """
given:
  start: 2026-03-13 15:00
  shop: {timezone: Europe/Madrid}
  customer: {timezone: Europe/London}
  trigger: {event: form.submitted, data: {form: contact, fields: {language: es}}}
  staff:
    - {name: Ana, skills: {service-es: 1}}
    - {name: Ben, skills: {service-en: 1}}
    - {name: Eva, skills: {service-es: 1}, absences: [2026-03-13]}
tests:
  - name: a
    expect:
"""


def failures(expected: str, *, flow: str = ANSWER) -> list[str]:
    files = {"workflow.yaml": flow, "tests/a.yaml": TESTS + expected}
    result = run_tests(load_workflow(files), files)
    return [str(one) for one in (*result.problems, *(one for test in result.results for one in test.failures))]


def test_all_times_are_counted_in_working_hours_by_the_shops_clock() -> None:
    expected = """
      tasks:
        - {at: 2026-03-13 15:00, open: answer, skill: service-es, deadline: 2026-03-17 15:00}
        - {at: 2026-03-16 11:00, remind: answer}
        - {at: 2026-03-17 11:00, escalate: answer, roles: [lead]}
        - {at: 2026-03-17 15:00, close: answer}
      notices:
        - {at: 2026-03-13 15:00, notice: opened, to: Ana, step: answer}
        - {at: 2026-03-16 11:00, notice: reminder, to: Ana, step: answer}
        - {at: 2026-03-16 15:00, notice: reassigned, to: Eva, step: answer}
        - {at: 2026-03-17 07:00, notice: digest, to: Eva, tasks: [Answer]}
"""
    assert failures(expected) == []


def test_the_skill_is_that_of_the_run_and_its_language_has_a_default() -> None:
    expected = """
      runs: 1
  - name: b
    with: {fields: {}}
    until: 2026-03-13 16:00
    expect: {tasks: [{open: answer, skill: service-en}]}
"""
    assert failures(expected) == []


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("mon-fri 09:00-17:00", "weekdays", "workflow.yaml:9:14: error: 'weekdays' are not working hours"),
        ("roles: [lead]", "skill: '{{ trigger.form }}'", "the skill of an escalation is the same for every run"),
        ("trigger.fields.language", "trigger.language", "workflow.yaml:8:"),
    ],
    ids=["hours", "the skill of an escalation", "a field that is not there"],
)
def test_what_can_not_be_read_is_said_at_its_place(written: str, instead: str, said: str) -> None:
    with pytest.raises(WorkflowError, match=r"error") as wrong:
        load_workflow({"workflow.yaml": ANSWER.replace(written, instead)})
    assert said in str(wrong.value)
