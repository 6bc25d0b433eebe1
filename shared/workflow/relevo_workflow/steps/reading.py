"""What reads a step has at hand: its place in the syntax tree, the steps inside it, the names that it may use."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.steps.arm_labels import check_names
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.reader import Reading


class Arm(NamedTuple):
    """An arm of a step as it is written: its label, its node, and the list of its steps, if it has one."""

    label: str
    node: Node
    steps: Node | None


@dataclass(slots=True)
class Block:
    """A list of steps: an arm's. `node` is the arm it belongs to."""

    node: Node
    steps: "list[StepNode]"
    label: str


@dataclass(slots=True)
class StepNode:
    """One step before it is compiled. `body` is the value of its keyword, `given` whether somebody wrote its id."""

    kind: str
    id: str
    node: Node
    body: Node
    blocks: list[Block]
    given: bool = False

    def walk(self) -> "Iterator[StepNode]":
        """This step and every step inside it, in the order of the file."""
        yield self
        for block in self.blocks:
            for step in block.steps:
                yield from step.walk()


@dataclass(frozen=True, slots=True)
class StepReading:
    """One step while it is read.

    `after` is the id of the step that follows it. `ids` are those of all steps, also of those that could not be read.
    `not_after` is how late the workflow's messages may be. `compile_block` compiles a list of steps that something
    follows, and gives the id of the first one.
    """

    node: StepNode
    after: str
    workflow: Reading
    environment: TypeEnvironment
    ids: Collection[str]
    not_after: timedelta
    compile_block: Callable[[list[StepNode], str], str]

    @property
    def problems(self) -> Problems:
        """Where problems are noted."""
        return self.workflow.problems

    def fields(self, what: str) -> Fields:
        """The fields of the step."""
        return Fields(self.node.body, self.problems, what)

    def condition(self, node: Node | None) -> Expression | None:
        """A condition, if there is one."""
        return self.workflow.condition(node, self.environment) if node is not None else None

    def where(self, node: Node | None, events: tuple[str, ...]) -> Expression | None:
        """A condition about one of these events, if there is one."""
        return self.workflow.condition(node, self.workflow.about(*events)) if node is not None else None

    def blocks(self) -> list[Block]:
        """The arms; two of one name are a problem."""
        check_names([block.label for block in self.node.blocks], [one.node for one in self.node.blocks], self.problems)
        return self.node.blocks

    def target(self, block: Block) -> str:
        """Where an arm leads: to its first step, or to what follows this step (its field `ARM_STEPS`)."""
        return self.compile_block(block.steps, self.after)
