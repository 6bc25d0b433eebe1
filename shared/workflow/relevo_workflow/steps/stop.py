"""`stop`: ends the run with a reason."""

from dataclasses import dataclass

from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import END, Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.syntax.json_shapes import TEXT


@dataclass(frozen=True, slots=True)
class Stop(Step):
    """Ends the run with a reason."""

    reason: str
    noun = "stop"

    def targets(self) -> list[str]:
        """The end."""
        return [END]

    def enter(self, moment: Moment) -> Transition:
        """Ends the run."""
        del moment
        return Transition(ends=self.reason)

    def about(self) -> tuple[str, ...]:
        """The reason."""
        return (self.reason,)


def _read(reading: StepReading) -> Step | None:
    node = reading.node
    if not node.body.text:
        reading.problems.error(node.node.position, "stop needs a reason", "stop: already bought")
    return Stop(node.id, END, node.body.text)


STOP = StepType(
    keyword="stop",
    summary="ends the run with a reason",
    read=_read,
    body={**TEXT, "description": "the reason"},
)
