"""What the staff hears in the tests beside a workflow, in virtual time; and what steps ask of the staff."""

import pytest

from relevo_workflow import WorkflowError, compile_workflow, load_workflow
from relevo_workflow.model.effects import OpenTask
from relevo_workflow.testing import run_tests
from tests.workflow.shop import Customer, a_workflow

SIGN = """
workflow: sign
title: Sign
change: ad-hoc
trigger: {event: return.requested}
key: trigger.return_id
steps:
  - id: verdict
    approve:
      title: Return {{ trigger.return_id }}
      roles: [finance]
      deadline: 2d
      reminder: 4h
      reassign: {before: 6h}
      escalate: {after: 30h, roles: [lead]}
"""
TESTS = """
given:
  start: 2026-03-02 10:00
  trigger: {event: return.requested, data: {return_id: r1, order_id: o1}}
  staff:
    - {name: Ana, roles: [finance], hours: ["mon-fri 09:00-13:00"]}
    - {name: Ben, roles: [finance], hours: ["mon-fri 12:00-20:00"], absences: [2026-03-02]}
    - {name: Lea, roles: [lead], skills: {law: 4}}
    - {name: Zoe, roles: [finance], away: true}
tests:
  - name: nobody answers
    expect:
      tasks: [{open: verdict}, {remind: verdict}, {escalate: verdict}]
      notices:
        - {at: 2026-03-02 10:00, notice: opened, to: Ana, step: verdict}
        - {at: 2026-03-03 08:00, notice: digest, to: Lea, tasks: [Return r1]}
"""


def failures(tests: str, workflow: str = SIGN) -> list[str]:
    files = {"workflow.yaml": workflow, "tests/sign.yaml": tests}
    result = run_tests(load_workflow(files), files)
    return [str(one) for one in (*result.problems, *(one for test in result.results for one in test.failures))]


def expecting(*notices: str, events: str = "") -> str:
    head = TESTS[: TESTS.index("    expect:")]
    return f"{head}{events}    expect:\n      notices:\n" + "".join(f"        - {one}\n" for one in notices)


def test_a_test_shows_who_hears_what_and_when() -> None:
    assert (
        failures(
            expecting(
                "{at: 2026-03-02 10:00, notice: opened, to: Ana, step: verdict}",
                "{at: 2026-03-03 09:00, notice: reminder, to: Ana}",  # at 14:00 she had gone
                "{at: 2026-03-03 16:00, notice: escalated, to: Lea, step: verdict}",
                "{at: 2026-03-04 09:00, notice: digest, to: Ana, tasks: [Return r1]}",  # it is hers since 04:00
                "{at: 2026-03-04 09:00, notice: reassigned, to: Ana}",
            )
        )
        == []
    )


def test_whoever_has_answered_hears_no_more() -> None:
    events = "    events: [{at: +3h, approve: verdict, by: Ana, role: finance}]\n"
    assert failures(expecting("{at: 2026-03-02 10:00, notice: opened, to: Ana}", events=events)) == []


def test_what_is_about_to_expire_goes_to_somebody_else_in_a_test_too() -> None:
    calm = SIGN.replace("      escalate", "      #").replace("      reminder", "      #")
    soon = calm.replace("before: 6h", "before: 90m")
    at_noon = expecting(
        "{at: 2026-03-02 10:00, notice: opened, to: Ana}",
        "{at: 2026-03-04 09:00, notice: digest, to: Ana, tasks: [Return r1]}",
    )
    assert failures(at_noon, soon) == []  # Ben works after the deadline only: it stays with Ana
    early = expecting(
        "{at: 2026-03-02 10:00, notice: opened, to: Ana}", "{at: 2026-03-04 08:30, notice: reassigned, to: Ben}"
    )
    assert failures(early.replace("12:00-20:00", "07:00-12:00"), soon) == []


def test_a_difference_names_its_line() -> None:
    [wrong, *_] = failures(expecting("{at: 2026-03-02 11:00, notice: opened, to: Ana}"))
    assert "'at' differs" in wrong
    assert "tests/sign.yaml:14" in wrong


@pytest.mark.parametrize(
    ("staff", "message"),
    [
        ("{name: Ana, hours: [9-5]}", "'9-5' are not working hours"),
        ("{name: Ana, absences: [soon]}", "'soon' is not an absence"),
        ("{name: Ana, timezone: Mars}", "there is no time zone 'Mars'"),
        ("{roles: [finance]}", "one of the staff needs 'name'"),
        ("{name: Ana, role: finance}", "one of the staff has no field 'role'"),
    ],
)
def test_a_staff_that_can_not_be_read_is_refused(staff: str, message: str) -> None:
    text = TESTS.replace('{name: Ana, roles: [finance], hours: ["mon-fri 09:00-13:00"]}', staff)
    assert any(message in one for one in failures(text))


class TestSteps:
    def test_a_task_asks_for_a_level_and_is_urgent_and_reassigned(self) -> None:
        text = SIGN.replace("roles: [finance]", "skill: {name: law, level: 3}\n      urgent: true")
        customer = Customer(a_workflow(text)).does("return.requested", return_id="r1", order_id="o1")
        (task,) = customer.effects_of(OpenTask)
        assert (task.skill, task.level, task.urgent) == ("law", 3, True)
        assert task.deadline is not None
        assert task.reassign_at is not None
        assert (task.deadline - task.reassign_at).total_seconds() == 6 * 3600

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("skill: {name: law, level: 9}", "a level is from 1 to 5, not 9"),
            ("skill: {level: 2}", "skill needs 'name'"),
            ("skill: {name: law, levl: 2}", "skill has no field 'levl'"),
            ("urgent: very", "'urgent' must be true or false"),
            ("reassign: {before: 3d}", "'reassign' would come before the task is opened"),
            ("reminder: {before: 3d}", "'reminder' would come before the task is opened"),
            ("reminder: {after: 3d}", "reminder needs 'before'|reminder has no field 'after'"),
            ("reminder: [1h]", "a duration is needed"),
            ("reassign: 4h", "reassign must be a mapping"),
        ],
    )
    def test_what_is_wrong_is_said(self, given: str, message: str) -> None:
        key = given.partition(":")[0]
        text = "\n".join(line for line in SIGN.splitlines() if not line.strip().startswith(f"{key}:"))
        with pytest.raises(WorkflowError, match=message.replace("(", r"\(")):
            compile_workflow({"workflow.yaml": text.replace("      deadline", f"      {given}\n      deadline")})

    def test_a_reminder_may_be_told_from_the_deadline(self) -> None:
        text = SIGN.replace("reminder: 4h", "reminder: {before: 6h}")
        customer = Customer(a_workflow(text)).does("return.requested", return_id="r1", order_id="o1")
        assert (customer.run.timers["step"] - customer.run.timers["reminder"]).total_seconds() == 6 * 3600

    def test_reassigning_needs_a_deadline(self) -> None:
        task = "steps: [{task: {title: Pack, reassign: {before: 1h}}}]"
        text = SIGN[: SIGN.index("steps:")] + task
        with pytest.raises(WorkflowError, match="'reassign' needs a deadline to be before"):
            compile_workflow({"workflow.yaml": text})


class TestTemplates:
    """A workflow may have texts of its own for its tasks."""

    @staticmethod
    def files(text: str) -> dict[str, str]:
        return {
            "workflow.yaml": SIGN,
            "templates/staff-notice-sms.yaml": f'channel: sms\nen: {{text: "{text}"}}\n',
        }

    def test_its_variables_are_those_of_the_staff(self) -> None:
        definition = compile_workflow(self.files("{{ notice }} {{ task.title }} {{ member.name }}"))
        assert [str(one) for one in definition.warnings] == []
        assert definition.templates["staff-notice-sms"].channel == "sms"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{{ trigger.return_id }}", "messages to the staff have no 'trigger'"),
            ("{{ task.tilte }}", "'task' has no field 'tilte'"),
            ("{{ task.title | upcse }}", "upcse"),
            ("{% if %}", "this is not Liquid"),
        ],
    )
    def test_others_are_refused(self, text: str, message: str) -> None:
        with pytest.raises(WorkflowError, match=message):
            compile_workflow(self.files(text))
