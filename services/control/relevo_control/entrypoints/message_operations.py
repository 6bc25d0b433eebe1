"""Operations on tasks, and on messages that could not be processed."""

import asyncio
from typing import Literal

from msgspec import Struct

from relevo_contracts.messages import DeadLetter, TaskDone
from relevo_control.app import dead_letters, tasks, unrecognised
from relevo_control.app.dead_letters import Choice
from relevo_control.app.pages import Number, Page
from relevo_control.app.tasks import Filter, ListedTask, ShownTask
from relevo_control.app.unrecognised import Kept
from relevo_control.core.permissions import EVERY_SHOP
from relevo_control.entrypoints.calls import Call, Operation, filtered, own_shop
from relevo_engine.app.answer_task import Answered

_SECONDS = 120.0
"""For reading a topic: without Kafka it would take for ever."""
_SHOP = "of this shop only; who acts for one shop sees that one"


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a task; who gives it is who is logged in."""

    done: Literal["completed", "approved", "rejected"]
    note: str = ""
    data: dict[str, str] = {}


class Redriven(Struct, frozen=True):
    """How many messages were sent again."""

    sent: int


async def _of_task(call: Call) -> str | None:
    return (await tasks.find_task(call.connection, call.path["id"], call.query.get("shop", ""))).shop


async def _of_choice(call: Call) -> str | None:
    return call.body.shop or EVERY_SHOP


async def _tasks(call: Call) -> Page[ListedTask]:
    wanted = Filter(shop=own_shop(call), mine=call.query.get("mine", ""), only_open=call.flag("open"))
    return await tasks.list_tasks(call.connection, wanted, call.turn(tuple[str, str]))


async def _task(call: Call) -> ShownTask:
    return await tasks.find_task(call.connection, call.path["id"], call.query.get("shop", ""))


async def _decide(call: Call) -> TaskDone:
    said: Decision = call.body
    answered = Answered(
        task_id=call.path["id"],
        done=said.done,
        by=call.principal.name,
        shop=call.query.get("shop", ""),
        note=said.note,
        data=said.data,
    )
    return await tasks.decide(call.connection, call.connection, call.settings, answered, call.clock, seen=call.seen)


async def _letters(call: Call) -> Page[DeadLetter]:
    shop, turn = own_shop(call), call.turn(tuple[Number, Number])
    async with asyncio.timeout(_SECONDS):
        return await dead_letters.list_letters(call.connection, call.settings, shop, turn)


async def _redrive(call: Call) -> Redriven:
    async with asyncio.timeout(_SECONDS):
        return Redriven(await dead_letters.redrive(call.connection, call.settings, call.body))


async def _unrecognised(call: Call) -> Page[Kept]:
    shop, turn = own_shop(call), call.turn(tuple[Number, Number])
    async with asyncio.timeout(_SECONDS):
        return await unrecognised.list_unrecognised(call.connection, call.settings, shop, turn)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/tasks",
        name="listTasks",
        summary="What workflows ask of the staff, by shop and id",
        permission="tasks:read",
        shop=filtered,
        handle=_tasks,
        answer=Page[ListedTask],
        query={"shop": _SHOP, "mine": "what this person has, or may decide", "open": "true: the open ones"},
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/tasks/{id:path}",
        name="showTask",
        summary="A task; its id may hold slashes",
        permission="tasks:read",
        shop=_of_task,
        handle=_task,
        answer=ShownTask,
        query={"shop": "the shop, where the id is not enough"},
        object="id",
    ),
    Operation(
        method="POST",
        path="/v1/tasks/{id:path}/decision",
        name="decideTask",
        summary="Answer a task, as who is logged in: a name of the shop's staff",
        permission="tasks:decide",
        shop=_of_task,
        handle=_decide,
        body=Decision,
        answer=TaskDone,
        seen=_task,
        query={"shop": "the shop, where the id is not enough"},
        object="id",
    ),
    Operation(
        method="GET",
        path="/v1/dead-letters",
        name="listDeadLetters",
        summary="Messages that could not be processed, by partition and offset; `value` is the message in base64",
        permission="messages:read",
        shop=filtered,
        handle=_letters,
        answer=Page[DeadLetter],
        query={"shop": _SHOP},
        paged=True,
    ),
    Operation(
        method="POST",
        path="/v1/dead-letters/redrive",
        name="redriveDeadLetters",
        summary="Send messages that could not be processed to their topics again",
        permission="messages:redrive",
        shop=_of_choice,
        handle=_redrive,
        body=Choice,
        answer=Redriven,
    ),
    Operation(
        method="GET",
        path="/v1/unrecognised",
        name="listUnrecognised",
        summary="Genuine messages of shops that made no event, by partition and offset",
        permission="messages:read",
        shop=filtered,
        handle=_unrecognised,
        answer=Page[Kept],
        query={"shop": _SHOP},
        paged=True,
    ),
)
