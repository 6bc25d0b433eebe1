"""What the staff's answer to a task or an approval means for the run that waits for it."""

from msgspec import structs

from relevo_workflow.model.inputs import TaskInput
from relevo_workflow.model.state import Vote
from relevo_workflow.runs.execution import RunExecution
from relevo_workflow.steps import step_types as steps


def on_task(execution: RunExecution, arrival: TaskInput) -> bool:
    """Acts on the answer; false if the run does not wait for this task."""
    step = execution.definition.program.steps.get(execution.run.step)
    if arrival.task_id != execution.effect_key() or execution.run.state != "active":
        return False
    if isinstance(step, steps.ApproveStep):
        _vote(execution, step, arrival)
        return True
    if isinstance(step, steps.TaskStep):
        execution.leave()
        execution.save(step.save, _result("completed", arrival))
        execution.arm_label(step.id, "completed")
        execution.go(step.next)
        return True
    return False


def _vote(execution: RunExecution, step: steps.ApproveStep, arrival: TaskInput) -> None:
    """One person, one vote: the first counts. One rejection rejects; `needed` approvals approve.

    As many as there are roles means one of each. The roles of the escalation count once it has come.
    """
    called_in = step.task.escalation if "escalate" not in execution.run.timers else None
    roles = step.task.roles + (called_in.roles if called_in is not None else ())
    if step.task.roles and arrival.role not in roles:
        execution.reason = f"{arrival.by} has none of the roles {', '.join(roles)}"
        return
    if any(vote.by == arrival.by for vote in execution.run.votes):
        execution.reason = f"{arrival.by} has voted already"
        return
    if _each_role_once(step) and any(vote.role == arrival.role for vote in execution.run.votes):
        execution.reason = f"{arrival.role} has voted already, and each of {', '.join(step.task.roles)} is needed"
        return
    vote = Vote(by=arrival.by, approved=arrival.done != "rejected", at=arrival.at, role=arrival.role, note=arrival.note)
    execution.run = structs.replace(execution.run, votes=(*execution.run.votes, vote))
    given = sum(1 for one in execution.run.votes if one.approved)
    if not vote.approved:
        _verdict(execution, step, "rejected", arrival)
    elif given >= step.needed:
        _verdict(execution, step, "approved", arrival)
    else:
        execution.reason = f"{given} of {step.needed} approvals"


def _each_role_once(step: steps.ApproveStep) -> bool:
    return step.needed > 1 and step.needed == len(step.task.roles)


def _verdict(execution: RunExecution, step: steps.ApproveStep, verdict: str, arrival: TaskInput) -> None:
    execution.leave()
    execution.save(step.task.save, _result(verdict, arrival))
    execution.arm_label(step.id, verdict)
    execution.go(step.approved if verdict == "approved" else step.rejected)


def _result(status: str, arrival: TaskInput) -> dict[str, object]:
    return {
        "status": status,
        "by": arrival.by,
        "note": arrival.note,
        "data": arrival.data,
        "at": arrival.at.isoformat(),
    }
