"""`split`: shares runs out over variants, and may leave the rest to the one that does best."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias, cast

from relevo_workflow.model.bucketing import bucket_point, pick_weighted
from relevo_workflow.steps.branch import arms_of_list
from relevo_workflow.steps.reading import Arm, StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import ARM_STEPS, StepType
from relevo_workflow.syntax.declared_fields import (
    choice_field,
    count_field,
    duration_field,
    name_field,
    node_field,
    schema_of,
)
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import Schema
from relevo_workflow.syntax.yaml_source import Node

WinnerBy: TypeAlias = Literal["goal", "clicks", "revenue"]
"""What decides: the share of runs that reach the goal, clicks a run, or what goals are worth a run."""


@dataclass(frozen=True, slots=True)
class SplitArm:
    """One variant of a split and its weight."""

    label: str
    weight: int
    target: str


@dataclass(frozen=True, slots=True)
class Winner:
    """When the variant that does best takes all runs: `after` this time, once each has had `least` runs."""

    after: timedelta
    least: int
    by: WinnerBy = "goal"


@dataclass(frozen=True, slots=True)
class Split(Step):
    """Shares runs out over variants by weight; the same run key always gets the same variant."""

    arms: tuple[SplitArm, ...]
    winner: Winner | None = None
    noun = "split"
    box = "choice"
    often_edited = True

    def targets(self) -> list[str]:
        """Those of the variants."""
        return [arm.target for arm in self.arms]

    def labels(self) -> list[str]:
        """The variants that somebody gets."""
        return [arm.label for arm in self.arms if arm.weight]

    def enter(self, moment: Moment) -> Transition:
        """Picks by a hash of the run's key."""
        point = bucket_point(moment.run.workflow, self.id, moment.run.key)
        chosen = self.arms[pick_weighted([arm.weight for arm in self.arms], point)]
        return Transition(next=chosen.target, labels=(chosen.label,), variant=chosen.label)

    def about(self) -> tuple[str, ...]:
        """The variants."""
        return tuple(arm.label for arm in self.arms)

    def in_words(self) -> str:
        """The arrows say how."""
        return "shares out at random"

    def paths_in_words(self) -> list[tuple[str, str]]:
        """Each variant with its share."""
        total = sum(arm.weight for arm in self.arms)
        return [(arm.target, f"{arm.label} ({100 * arm.weight // total} %)") for arm in self.arms]


NAME = name_field("name", "the variant")
WEIGHT = count_field("weight", 1, "its share, against those of the others", least=0)
_ARM = (NAME, WEIGHT, ARM_STEPS)
_ARMS: Schema = {"type": "array", "items": schema_of(_ARM), "minItems": 2}
VARIANTS = node_field("variants", _ARMS, "the variants, where there is a `winner`; else they follow `split:` at once")
AFTER = duration_field("after", "how long runs are shared out at least", required=True)
_BY: tuple[WinnerBy, ...] = ("goal", "clicks", "revenue")
BY = choice_field("by", _BY, "what decides: the share of runs that reach the goal, or clicks or revenue a run", "goal")
LEAST = count_field("least", 100, "so many runs each variant must have had")
_WINNER = (AFTER, BY, LEAST)
WINNER = node_field(
    "winner", schema_of(_WINNER), "`{after: 14d, by: goal, least: 100}`: then the variant that does best takes all runs"
)


def variants_of(body: Node) -> Node:
    """The list of variants, which is the body itself where there is no winner."""
    return body if body.entries is None else body.entries.get(VARIANTS.name, body)


def _arms(body: Node) -> Iterable[Arm]:
    return arms_of_list(variants_of(body))


def _winner(reading: StepReading) -> Winner | None:
    """The rule, if there is one, with its problems noted."""
    if reading.node.body.entries is None:
        return None
    fields = reading.fields("split")
    VARIANTS.read(fields)
    node = WINNER.read(fields)
    fields.done()
    if node is None:
        return None
    rule = Fields(node, reading.problems, "winner", "{after: 14d, by: goal}")
    after, by, least = AFTER.read(rule), BY.read(rule), LEAST.read(rule)
    rule.done()
    return Winner(after, least, cast(WinnerBy, by)) if after is not None else None


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    if len(variants_of(node.body).items or ()) < 2:
        problems.error(
            node.body.position,
            "split must be a list of at least two variants",
            "[{name: a, weight: 50, steps: […]}, {name: b, weight: 50}]",
        )
        return None
    return Split(node.id, reading.after, _variants(reading), _winner(reading))


def _variants(reading: StepReading) -> tuple[SplitArm, ...]:
    node, problems = reading.node, reading.problems
    arms: list[SplitArm] = []
    for block in node.blocks:
        fields = Fields(block.node, problems, "a variant of split")
        label, weight = NAME.read(fields), WEIGHT.read(fields)
        if label and label in [arm.label for arm in arms]:
            fields.wrong("name", f"there are two variants '{label}'")
        ARM_STEPS.read(fields)
        arms.append(SplitArm(label, weight, reading.target(block)))
        fields.done()
    if sum(arm.weight for arm in arms) == 0:
        problems.error(node.body.position, "the weights of a split can't all be 0")
    return tuple(arms)


SPLIT = StepType(
    keyword="split",
    summary="shares runs out over variants by weight: a list of variants, or `variants` with a `winner`",
    read=_read,
    fields=(VARIANTS, WINNER),
    arm_fields=_ARM,
    body={"anyOf": [_ARMS, schema_of((VARIANTS, WINNER))]},
    arms=_arms,
    numbered=True,
)
