"""Compiles the syntax tree of a workflow's steps into its flat program."""

from dataclasses import dataclass, field
from datetime import timedelta

from relevo_workflow.compiler.positions import enclosing_steps
from relevo_workflow.definition.program import Program
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.steps.reading import StepNode, StepReading
from relevo_workflow.steps.registry import STEP_TYPES
from relevo_workflow.steps.step import END, Step
from relevo_workflow.values.reader import Reading


def read_program(reading: Reading, syntax_tree: list[StepNode], not_after: timedelta) -> Program:
    """The whole program. `not_after`: how late its messages may be, where a step says nothing else."""
    every = [inner for step in syntax_tree for inner in step.walk()]
    ids = frozenset(step.id for step in every) | reading.broken
    reader = _ProgramReader(reading, reading.environment.without_event(), ids, not_after)
    first = reader.compile_block(syntax_tree, END)
    steps = {step.id: reader.steps[step.id] for step in every if step.id in reader.steps}
    given = frozenset(step.id for step in every if step.given)
    return Program(steps, first, given, enclosing_steps(syntax_tree))


@dataclass(frozen=True, slots=True)
class _ProgramReader:
    """Every step gets the id of the one after it, so that the program is flat."""

    reading: Reading
    environment: TypeEnvironment
    ids: frozenset[str]
    not_after: timedelta
    steps: dict[str, Step] = field(default_factory=dict)

    def compile_block(self, block: list[StepNode], after: str) -> str:
        """Reads a list of steps that is followed by `after`; gives the id of its first step."""
        followers = [step.id for step in block[1:]] + [after]
        for node, follower in zip(block, followers, strict=False):
            reading = StepReading(
                node, follower, self.reading, self.environment, self.ids, self.not_after, self.compile_block
            )
            compiled = STEP_TYPES[node.kind].read(reading)
            if compiled is not None:
                self.steps[node.id] = compiled
        return block[0].id if block else after
