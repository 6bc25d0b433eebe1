"""What a workflow asks of others: that those which it starts are there, and may be started by a step."""

from collections.abc import Mapping

from relevo_workflow.definition.workflow import Definition, ManualTrigger
from relevo_workflow.steps.start import StartStep
from relevo_workflow.syntax.diagnostics import Diagnostic, suggestion


def check_starts(
    definition: Definition, known: Mapping[str, Definition | None], *, complete: bool = False
) -> list[Diagnostic]:
    """Everything that is wrong with the `start` steps of `definition`.

    `known` are all workflows beside it and itself, by name; `None` for one that has errors. Where there is no other,
    a missing one may well be deployed from elsewhere: that is a warning, unless `known` is `complete`.
    """
    found = (_wrong(definition, step, known, complete=complete) for step in definition.program.steps.values())
    return [one for one in found if one is not None]


def starts_others(definition: Definition) -> bool:
    """Whether it has a step that starts a workflow."""
    return any(isinstance(step, StartStep) for step in definition.program.steps.values())


def _wrong(
    definition: Definition, step: object, known: Mapping[str, Definition | None], *, complete: bool
) -> Diagnostic | None:
    if not isinstance(step, StartStep):
        return None
    where, target = definition.position_of(step.id), known.get(step.workflow)
    if step.workflow not in known:
        others = [name for name in known if name != definition.name]
        severity = "error" if others or complete else "warning"
        advice = suggestion(step.workflow, others) or "it has to be deployed from elsewhere"
        if complete and not advice.startswith("did you mean"):
            advice = "deploy it before, or both at once"
        return Diagnostic(where, f"there is no workflow '{step.workflow}'", advice, severity)
    if target is None:
        return None
    if not any(isinstance(one, ManualTrigger) for one in target.triggers):
        advice = f"add {{manual: }} to the trigger of '{step.workflow}'"
        return Diagnostic(where, f"'{step.workflow}' can't be started by a step", advice)
    if step.for_each is not None and target.key is None and target.reentry.mode != "several":
        advice = f"give '{step.workflow}' a key of trigger.data.item, or reentry: several"
        message = f"only the first element starts '{step.workflow}': it has one run a customer"
        return Diagnostic(where, message, advice, "warning")
    return None
