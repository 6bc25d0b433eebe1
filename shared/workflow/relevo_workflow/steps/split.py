"""`split`: shares runs out over variants."""

from dataclasses import dataclass

from relevo_workflow.model.bucketing import bucket_point, pick_weighted
from relevo_workflow.steps.branch import arms_of_list
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import ARM_STEPS, StepType
from relevo_workflow.syntax.declared_fields import count_field, name_field, schema_of
from relevo_workflow.syntax.fields import Fields


@dataclass(frozen=True, slots=True)
class SplitArm:
    """One variant of a split and its weight."""

    label: str
    weight: int
    target: str


@dataclass(frozen=True, slots=True)
class Split(Step):
    """Shares runs out over variants by weight; the same run key always gets the same variant."""

    arms: tuple[SplitArm, ...]
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
        return Transition(next=chosen.target, labels=(chosen.label,))

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


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    if node.body.items is None or len(node.body.items) < 2:
        problems.error(
            node.body.position,
            "split must be a list of at least two variants",
            "[{name: a, weight: 50, steps: […]}, {name: b, weight: 50}]",
        )
        return None
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
    return Split(node.id, reading.after, tuple(arms))


SPLIT = StepType(
    keyword="split",
    summary="shares runs out over variants by weight: a list of variants",
    read=_read,
    arm_fields=_ARM,
    body={"type": "array", "items": schema_of(_ARM), "minItems": 1},
    arms=arms_of_list,
    numbered=True,
)
