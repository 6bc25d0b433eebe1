"""`branch`: the first arm whose condition holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from relevo_workflow.expressions.expression import Expression
from relevo_workflow.model.decision import Check
from relevo_workflow.steps.arm_labels import label_arms
from relevo_workflow.steps.reading import Arm, StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import ARM_STEPS, StepType
from relevo_workflow.steps.words import condition_in_words
from relevo_workflow.syntax.declared_fields import flag_field, node_field, schema_of, text_field
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import EXPRESSION
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.value import text_or_nothing


@dataclass(frozen=True, slots=True)
class BranchArm:
    """One arm of a branch; no condition means otherwise."""

    label: str
    condition: Expression | None
    target: str


@dataclass(frozen=True, slots=True)
class Branch(Step):
    """Goes the first way whose condition holds; none: goes on."""

    arms: tuple[BranchArm, ...]
    noun = "branch"
    box = "choice"
    often_edited = True

    def targets(self) -> list[str]:
        """Those of the arms, and what follows where none may hold."""
        return [*(arm.target for arm in self.arms), *([] if self._is_closed() else [self.next])]

    def labels(self) -> list[str]:
        """Those of the arms, and `none`."""
        return [arm.label for arm in self.arms] + ([] if self._is_closed() else ["none"])

    def _is_closed(self) -> bool:
        return any(arm.condition is None for arm in self.arms)

    def enter(self, moment: Moment) -> Transition:
        """Asks one condition after the other."""
        scope, trace = moment.scope(), list[Check]()
        for arm in self.arms:
            if arm.condition is None or arm.condition.holds(scope, f"{self.id}/{arm.label}", trace):
                return Transition(next=arm.target, labels=(arm.label,), trace=trace)
        return Transition(next=self.next, labels=("none",), trace=trace)

    def about(self) -> tuple[str, ...]:
        """The conditions."""
        return tuple(text_or_nothing(arm.condition) for arm in self.arms)

    def in_words(self) -> str:
        """Its question, where there is one."""
        first = self.arms[0]
        if self._is_yes_or_no() and first.condition is not None:
            return f"{condition_in_words(first.condition.text)}?"
        return "which holds first?"

    def _is_yes_or_no(self) -> bool:
        return sum(arm.condition is not None for arm in self.arms) == 1

    def paths_in_words(self) -> list[tuple[str, str]]:
        """Yes and no, or the condition of each."""
        simple, found = self._is_yes_or_no(), list[tuple[str, str]]()
        for arm in self.arms:
            words = condition_in_words(arm.condition.text) if arm.condition is not None else "otherwise"
            found.append((arm.target, ("yes" if arm.condition is not None else "no") if simple else words))
        if not self._is_closed():
            found.append((self.next, "no" if simple else "otherwise"))
        return found


WHEN = node_field("when", EXPRESSION, "the condition", holds="expression")
OTHERWISE = flag_field("otherwise", "its steps stand under 'steps'", "the last arm: where no condition holds")
NAME = text_field("name", "what paths, tests and diagrams call the arm; default: `when-1`, `when-2`, …")
_ARM = (WHEN, OTHERWISE, NAME, ARM_STEPS)


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    if not node.body.items:
        problems.error(
            node.body.position,
            "branch must be a list of 'when' and 'otherwise'",
            "under it '- when: …' and '- otherwise:', each with its 'steps'",
        )
        return None
    arms: list[BranchArm] = []
    for number, block in enumerate(reading.blocks(), start=1):
        fields = Fields(block.node, problems, "an arm of branch")
        otherwise = OTHERWISE.read(fields)
        condition = reading.condition(WHEN.read(fields))
        if otherwise and number < len(node.blocks):
            problems.error(fields.position("otherwise"), "'otherwise' must be the last arm")
        if otherwise == ("when" in fields):
            problems.error(block.node.position, "an arm of branch needs either 'when' or 'otherwise'")
        NAME.read(fields)
        ARM_STEPS.read(fields)
        arms.append(BranchArm(block.label, condition, reading.target(block)))
        fields.done()
    return Branch(node.id, reading.after, tuple(arms))


def when_number(arm: Node, number: int) -> str:
    """`when-1`: an arm that has no name."""
    del arm
    return f"when-{number}"


def arms_of_list(body: Node) -> Iterable[Arm]:
    """The arms of a step that is a list of them."""
    arms = body.items or ()
    labels = label_arms(arms, when_number)
    return [Arm(label, arm, (arm.entries or {}).get("steps")) for label, arm in zip(labels, arms, strict=True)]


BRANCH = StepType(
    keyword="branch",
    summary="goes the first arm whose condition holds: a list of arms",
    read=_read,
    arm_fields=_ARM,
    body={"type": "array", "items": schema_of(_ARM), "minItems": 1},
    arms=arms_of_list,
    numbered=True,
)
