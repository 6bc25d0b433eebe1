"""What the staff's answer to a task or an approval means for the run that waits for it."""

from msgspec import structs

from relevo_workflow import program as steps
from relevo_workflow.inputs import TaskInput
from relevo_workflow.state import Vote
from relevo_workflow.walk import Walk


def on_task(walk: Walk, input: TaskInput) -> bool:
    """Acts on the answer; false if the run does not wait for this task."""
    step = walk.definition.program.steps.get(walk.run.step)
    if input.task_id != walk.effect_key() or walk.run.state != "active":
        return False
    if isinstance(step, steps.ApproveStep):
        _vote(walk, step, input)
        return True
    if isinstance(step, steps.TaskStep):
        walk.leave()
        walk.save(step.save, _result("completed", input))
        walk.arm_label(step.id, "completed")
        walk.go(step.next)
        return True
    return False


def _vote(walk: Walk, step: steps.ApproveStep, input: TaskInput) -> None:
    """One person, one vote: the first counts. One rejection rejects; `needed` approvals approve."""
    if step.task.roles and input.role not in step.task.roles:
        walk.reason = f"{input.by} has none of the roles {', '.join(step.task.roles)}"
        return
    if any(vote.by == input.by for vote in walk.run.votes):
        walk.reason = f"{input.by} has voted already"
        return
    vote = Vote(by=input.by, approved=input.done != "rejected", at=input.at, role=input.role, note=input.note)
    walk.run = structs.replace(walk.run, votes=(*walk.run.votes, vote))
    given = sum(1 for one in walk.run.votes if one.approved)
    if not vote.approved:
        _verdict(walk, step, "rejected", input)
    elif given >= step.needed:
        _verdict(walk, step, "approved", input)
    else:
        walk.reason = f"{given} of {step.needed} approvals"


def _verdict(walk: Walk, step: steps.ApproveStep, verdict: str, input: TaskInput) -> None:
    walk.leave("rejected" if verdict == "rejected" else "")
    walk.save(step.task.save, _result(verdict, input))
    walk.arm_label(step.id, verdict)
    walk.go(step.approved if verdict == "approved" else step.rejected)


def _result(status: str, input: TaskInput) -> dict[str, object]:
    return {"status": status, "by": input.by, "note": input.note, "data": input.data, "at": input.at.isoformat()}
