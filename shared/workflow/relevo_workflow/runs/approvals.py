"""What the staff's answer to a task or an approval means for the run that waits for it."""

from msgspec import structs

from relevo_workflow.model.inputs import TaskInput
from relevo_workflow.model.state import Vote
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.steps import step_types as steps


def on_task(walk: RunExecution, arrival: TaskInput) -> bool:
    """Acts on the answer; false if the run does not wait for this task."""
    step = walk.definition.program.steps.get(walk.run.step)
    if arrival.task_id != walk.effect_key() or walk.run.state != "active":
        return False
    if isinstance(step, steps.ApproveStep):
        _vote(walk, step, arrival)
        return True
    if isinstance(step, steps.TaskStep):
        walk.leave()
        walk.save(step.save, _result("completed", arrival))
        walk.arm_label(step.id, "completed")
        walk.go(step.next)
        return True
    return False


def _vote(walk: RunExecution, step: steps.ApproveStep, arrival: TaskInput) -> None:
    """One person, one vote: the first counts. One rejection rejects; `needed` approvals approve.

    As many as there are roles means one of each. The roles of the escalation count once it has come.
    """
    called_in = step.task.escalation if "escalate" not in walk.run.timers else None
    roles = step.task.roles + (called_in.roles if called_in is not None else ())
    if step.task.roles and arrival.role not in roles:
        walk.reason = f"{arrival.by} has none of the roles {', '.join(roles)}"
        return
    if any(vote.by == arrival.by for vote in walk.run.votes):
        walk.reason = f"{arrival.by} has voted already"
        return
    if _each_role_once(step) and any(vote.role == arrival.role for vote in walk.run.votes):
        walk.reason = f"{arrival.role} has voted already, and each of {', '.join(step.task.roles)} is needed"
        return
    vote = Vote(by=arrival.by, approved=arrival.done != "rejected", at=arrival.at, role=arrival.role, note=arrival.note)
    walk.run = structs.replace(walk.run, votes=(*walk.run.votes, vote))
    given = sum(1 for one in walk.run.votes if one.approved)
    if not vote.approved:
        _verdict(walk, step, "rejected", arrival)
    elif given >= step.needed:
        _verdict(walk, step, "approved", arrival)
    else:
        walk.reason = f"{given} of {step.needed} approvals"


def _each_role_once(step: steps.ApproveStep) -> bool:
    return step.needed > 1 and step.needed == len(step.task.roles)


def _verdict(walk: RunExecution, step: steps.ApproveStep, verdict: str, arrival: TaskInput) -> None:
    walk.leave()
    walk.save(step.task.save, _result(verdict, arrival))
    walk.arm_label(step.id, verdict)
    walk.go(step.approved if verdict == "approved" else step.rejected)


def _result(status: str, arrival: TaskInput) -> dict[str, object]:
    return {
        "status": status,
        "by": arrival.by,
        "note": arrival.note,
        "data": arrival.data,
        "at": arrival.at.isoformat(),
    }
