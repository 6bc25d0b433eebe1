"""Someone of the staff answers a task: checked here, decided in the engine's batches like everything else."""

from typing import Annotated

import msgspec

from relevo_contracts import topics
from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import TaskDone
from relevo_engine.app.ports import Publisher, SessionT, TaskStore
from relevo_engine.core.tasks import Answer, may_vote, refusal
from relevo_runtime.clock import Clock
from relevo_runtime.storable import storable

_encode = msgspec.json.Encoder().encode


class TaskError(Exception):
    """The base of what can be wrong with an answer; the message says what and what to do."""


class UnknownTaskError(TaskError):
    """There is no such task."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is no task {task_id!r}; `relevo tasks list` prints those that there are")


class TaskRefusedError(TaskError):
    """This person can't give this answer to this task, now."""


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is posted: who answers, with what note and data."""

    by: Annotated[str, msgspec.Meta(min_length=1)]
    note: str = ""
    data: dict[str, str] = {}


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says to the task `task_id`; `shop` may be empty where the id is enough."""

    task_id: str
    done: Answer
    by: str
    shop: str = ""
    note: str = ""
    data: dict[str, str] = {}


async def answer_task(
    session: SessionT, tasks: TaskStore[SessionT], publisher: Publisher, answer: Answered, clock: Clock
) -> TaskDone:
    """Publishes the answer, once for each person. Raises `TaskError`, and what the publisher raises.

    The run decides when the engine takes the message: somebody else may have been quicker, which `relevo explain` says.
    """
    done = await checked_answer(session, tasks, answer, clock)
    await publish_answer(publisher, done)
    return done


async def publish_answer(publisher: Publisher, done: TaskDone) -> None:
    """Publishes an answer that was checked. Raises what the publisher raises."""
    await publisher.publish(topics.INPUTS, [(partition_key(done.shop, done.key), _encode(done))])


async def checked_answer(session: SessionT, tasks: TaskStore[SessionT], answer: Answered, clock: Clock) -> TaskDone:
    """The answer as it is published, if this person can give it to this task. Raises `TaskError`."""
    answer = msgspec.convert(storable(msgspec.to_builtins(answer)), Answered)
    task = await tasks.find_task(session, answer.task_id, shop=answer.shop)
    if task is None:
        raise UnknownTaskError(answer.task_id)
    member = await tasks.member(session, task.shop, answer.by)
    reason = refusal(task, answer.by, member, answer.done)
    if reason or member is None:
        raise TaskRefusedError(reason)
    return TaskDone(
        id=f"{task.task_id}/{answer.by}",  # one person, one answer: the same again is known as such
        shop=task.shop,
        key=task.key,
        run_id=task.run_id,
        task_id=task.task_id,
        at=clock.now(),
        done=answer.done,
        by=answer.by,
        role=may_vote(task, member),
        note=answer.note,
        data=answer.data,
    )
