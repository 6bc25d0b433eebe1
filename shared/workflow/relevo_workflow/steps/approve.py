"""`approve`: several people are asked; enough say yes, one says no, or the deadline is over."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from relevo_workflow.expressions.shapes import staff_result_shape
from relevo_workflow.model.inputs import TaskInput
from relevo_workflow.model.state import Vote
from relevo_workflow.steps.reading import Arm, StepNode, StepReading
from relevo_workflow.steps.step import Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, steps_field
from relevo_workflow.steps.task import (
    DEADLINE,
    FIELDS,
    StaffStep,
    read_assignment,
    staff_result,
)
from relevo_workflow.steps.words import duration_in_words, liquid_in_words
from relevo_workflow.syntax.declared_fields import count_field
from relevo_workflow.syntax.diagnostics import Position
from relevo_workflow.syntax.yaml_source import Node

_VERDICTS = ("approved", "rejected", "expired")


@dataclass(frozen=True, slots=True)
class ApproveStep(StaffStep):
    """Asks several people for approval: enough say yes, one says no, or the deadline is over."""

    approved: str
    rejected: str
    expired: str
    noun = "approval"
    approval = True

    def targets(self) -> list[str]:
        """Those of the three verdicts."""
        return [self.approved, self.rejected, self.expired]

    def expired_target(self) -> str:
        """Its own."""
        return self.expired

    def labels(self) -> list[str]:
        """The three verdicts."""
        return list(_VERDICTS)

    def on_task(self, moment: Moment, answer: TaskInput) -> Transition:
        """One person, one vote: the first counts. One rejection rejects; `needed` approvals approve.

        As many as there are roles means one of each. The roles of the escalation count once it has come.
        """
        run, asked = moment.run, self.assignment
        called_in = asked.escalation if "escalate" not in run.timers else None
        roles = asked.roles + (called_in.roles if called_in is not None else ())
        if asked.roles and answer.role not in roles:
            return Transition(reason=f"{answer.by} has none of the roles {', '.join(roles)}")
        if any(vote.by == answer.by for vote in run.votes):
            return Transition(reason=f"{answer.by} has voted already")
        if self._is_each_role_once() and any(vote.role == answer.role for vote in run.votes):
            return Transition(reason=f"{answer.role} has voted already, and each of {', '.join(asked.roles)} is needed")
        approved = answer.done != "rejected"
        vote = Vote(by=answer.by, approved=approved, at=answer.at, role=answer.role, note=answer.note)
        votes = (*run.votes, vote)
        given = sum(1 for one in votes if one.approved)
        if not approved:
            return self._decided("rejected", self.rejected, answer, votes)
        if given >= asked.needed:
            return self._decided("approved", self.approved, answer, votes)
        return Transition(votes=votes, reason=f"{given} of {asked.needed} approvals")

    def _is_each_role_once(self) -> bool:
        return self.assignment.needed > 1 and self.assignment.needed == len(self.assignment.roles)

    def _decided(self, verdict: str, target: str, answer: TaskInput, votes: tuple[Vote, ...]) -> Transition:
        saved = {self.assignment.save: staff_result(verdict, answer)}
        return Transition(next=target, leaves="", saved=saved, labels=(verdict,), votes=votes)

    def in_words(self) -> str:
        """`asks finance to approve: …`."""
        asked = self.assignment
        whom = " and ".join(asked.roles) or "the staff"
        needed = f" ({asked.needed} have to agree)" if asked.needed > 1 else ""
        return f"asks {whom} to approve{needed}: {liquid_in_words(asked.title.text)}{self.limits_in_words()}"

    def paths_in_words(self) -> list[tuple[str, str]]:
        """The three verdicts."""
        deadline = self.assignment.deadline
        limit = f"nobody within {duration_in_words(deadline)}" if deadline else "expired"
        return [(self.approved, "approved"), (self.rejected, "rejected"), (self.expired, limit)]


NEEDED = count_field("needed", 1, "how many have to agree; as many as there are roles: one of each")
_BLOCKS = tuple(map(steps_field, _VERDICTS))
_FIELDS = (*(replace(one, required=True) if one is DEADLINE else one for one in FIELDS), NEEDED, *_BLOCKS)


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    fields = reading.fields("approve")
    needed = NEEDED.read(fields)
    assignment = replace(read_assignment(fields, reading), needed=needed)
    targets = dict.fromkeys(_VERDICTS, reading.after) | {one.label: reading.target(one) for one in node.blocks}
    for block in _BLOCKS:
        block.read(fields)
    fields.done()
    if assignment.deadline is None:
        problems.error(node.body.position, "approve needs 'deadline'", "deadline: 3d, and 'expired' steps")
    if not assignment.roles:
        advice = "roles: [finance], whoever may decide it"
        problems.warning(node.body.position, f"anybody of the staff may decide '{node.id}'", advice)
    return ApproveStep(node.id, reading.after, assignment, **targets)


def _arms(body: Node) -> Iterable[Arm]:
    entries = body.entries or {}
    return [Arm(name, entries[name], entries[name]) for name in _VERDICTS if name in entries]


def _positions(node: StepNode) -> Iterable[tuple[str, Position]]:
    return ((block.label, node.body.keys.get(block.label, block.node.position)) for block in node.blocks)


APPROVE = StepType(
    keyword="approve",
    summary="asks several people for approval: enough say yes, one says no, or the deadline is over",
    read=_read,
    fields=_FIELDS,
    arms=_arms,
    shape=lambda body, name: staff_result_shape(*_VERDICTS),
    numbered=True,
    label_positions=_positions,
)
