"""The steps that a test names, by their ids or by what they save (`as`): which they are, and which there are not.

A name that no step has is told before anything runs: what would come of the test follows from it alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.steps.approve import ApproveStep
from relevo_workflow.steps.coupon import CouponStep
from relevo_workflow.steps.http import HttpStep
from relevo_workflow.steps.send import SendStep
from relevo_workflow.steps.split import Split
from relevo_workflow.steps.step import Step
from relevo_workflow.steps.system import SystemStep
from relevo_workflow.steps.task import StaffStep, TaskStep
from relevo_workflow.syntax.diagnostics import Diagnostic, Position, suggestion
from relevo_workflow.testing.scenario import Scenario

TASK_FIELDS = ("open", "remind", "escalate", "close")
_Types = type[Step] | tuple[type[Step], ...]
_Kind = tuple[str, _Types]
ANSWERED: _Types = (HttpStep, CouponStep, SystemStep)
"""The steps that a test gives answers to."""
_ANSWERED: _Kind = ("call", ANSWERED)
_CALL: _Kind = ("call", (HttpStep, SystemStep))
_TASK: _Kind = ("task", TaskStep)
_STAFF: _Kind = ("task", StaffStep)
_APPROVAL: _Kind = ("approval", ApproveStep)
_EXPECTED: Mapping[str, Mapping[str, _Kind]] = {
    "calls": {"step": _CALL},
    "sends": {"step": ("message", SendStep)},
    "tasks": dict.fromkeys(TASK_FIELDS, _STAFF),
}
STEP_FIELDS = ("step", *TASK_FIELDS)
"""The fields of what a test expects that name a step."""


def steps_named(definitions: Iterable[Definition], name: str, kind: _Types = Step) -> tuple[str, ...]:
    """The ids of the steps of a kind that are named so: by their id, or else by what they save."""
    steps = [one for definition in definitions for one in definition.program.steps.values() if isinstance(one, kind)]
    return tuple(one.id for one in steps if one.id == name) or tuple(one.id for one in steps if _save(one) == name)


def wrong_names(definition: Definition, scenario: Scenario) -> list[Diagnostic]:
    """Every name of a step in the test that no such step has, each at its own place, with what was probably meant."""
    found = [
        _unknown(definition, kind, name, position)
        for kind, name, position in chain(_given(scenario), _expected(scenario))
        if not steps_named((definition,), name, kind[1])
    ]
    return [*found, *_wrong_acts(definition, scenario), *_wrong_choices(definition, scenario)]


def _given(scenario: Scenario) -> Iterator[tuple[_Kind, str, Position]]:
    return ((_ANSWERED, name, scenario.place("answers", name)) for name in scenario.answers)


def _expected(scenario: Scenario) -> Iterator[tuple[_Kind, str, Position]]:
    for listed, fields in _EXPECTED.items():
        node = (scenario.expect.entries or {}).get(listed)
        for one in (node.items if node is not None else None) or ():
            for field, given in (one.entries or {}).items():
                if field in fields:
                    yield fields[field], given.text, given.position


def _wrong_acts(definition: Definition, scenario: Scenario) -> Iterator[Diagnostic]:
    """What the staff can't do: there is no such task, or it is one of the other kind."""
    for one in (one for one in scenario.events if one.staff):
        kind = _TASK if one.staff == "complete" else _APPROVAL
        if steps_named((definition,), one.step, kind[1]):
            continue
        if steps_named((definition,), one.step, StaffStep):
            wanted = "approve or reject it" if kind is _TASK else "complete it"
            yield Diagnostic(one.step_position, f"nobody can {one.staff} '{one.step}'", wanted)
        else:
            yield _unknown(definition, kind, one.step, one.step_position)


def _unknown(definition: Definition, kind: _Kind, name: str, position: Position) -> Diagnostic:
    word, wanted = kind
    known = _known(definition, wanted)
    return Diagnostic(position, f"there is no {word} '{name}'", suggestion(name, known) or "the workflow has none")


def _known(definition: Definition, kind: _Types) -> list[str]:
    steps = [step for step in definition.program.steps.values() if isinstance(step, kind)]
    return [name for step in steps for name in (step.id, _save(step)) if name]


def _save(step: Step) -> str:
    """The name under which a step that a test can name keeps its result."""
    if isinstance(step, StaffStep):
        return step.assignment.save
    return step.save if isinstance(step, HttpStep | CouponStep | SystemStep) else ""


def _wrong_choices(definition: Definition, scenario: Scenario) -> Iterator[Diagnostic]:
    """The shares that a test chooses and that there are not."""
    for name, choice in scenario.choose.items():
        step, position = definition.program.steps.get(name), scenario.place("choose", name)
        if isinstance(step, Split):
            labels = [arm.label for arm in step.arms]
            if choice not in labels:
                message = f"there is no variant '{choice}' of the split '{name}'"
                yield Diagnostic(position, message, suggestion(str(choice), labels))
        elif name != "holdout":
            known = ("holdout", *_known(definition, Split))
            yield Diagnostic(position, f"there is no split '{name}'", suggestion(name, known))
