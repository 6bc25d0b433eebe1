"""Splits that a variant may win: who takes part, and the definition by which all runs get the winner."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from msgspec import Struct

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.steps.split import Split, WinnerBy


class Contest(Struct, frozen=True):
    """A split whose winner is decided `after` this time, once each of its variants has had `least` runs."""

    step: str
    variants: tuple[str, ...]
    after: timedelta
    least: int
    by: WinnerBy = "goal"


def contests(definition: Definition) -> list[Contest]:
    """The splits with a rule; variants without a weight take no part."""
    return [
        Contest(step.id, tuple(step.labels()), step.winner.after, step.winner.least, step.winner.by)
        for step in definition.program.steps.values()
        if isinstance(step, Split) and step.winner is not None
    ]


def with_winners(definition: Definition, winners: Mapping[str, str]) -> Definition:
    """The definition whose splits give every run the variant that won there; its version stays.

    A winner that the split no longer has, or of a split without a rule, changes nothing.
    """
    steps = definition.program.steps
    won = {one.step: steps[one.step] for one in contests(definition) if winners.get(one.step) in one.variants}
    if not won:
        return definition
    decided = {
        name: replace(step, arms=tuple(replace(arm, weight=int(arm.label == winners[name])) for arm in step.arms))
        for name, step in won.items()
        if isinstance(step, Split)
    }
    return replace(definition, program=replace(definition.program, steps={**steps, **decided}))
