"""What workflows ask of the staff: listed, shown, answered."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, structs

from relevo_contracts.messages import TaskDone
from relevo_control.adapters import task_answers
from relevo_control.app.errors import ConflictError, NotKnownError, OutdatedError
from relevo_control.app.pages import Page, Turn
from relevo_control.app.shops import known_shop
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, TaskError, UnknownTaskError, checked_answer, publish_answer
from relevo_engine.core.tasks import Task
from relevo_runtime import catalog
from relevo_runtime.clock import Clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings


class Filter(Struct, frozen=True, kw_only=True):
    """Which tasks: of a shop (empty: of all), of somebody, the open ones."""

    shop: str = ""
    mine: str = ""
    only_open: bool = False


class ShownTask(Task, frozen=True, kw_only=True):
    """A task with how many `answers` were given to it here, those included that the engine has yet to take."""

    answers: int = 0


class ListedTask(Struct, frozen=True):
    """A task, and the time zone of its shop."""

    task: Task
    timezone: str


async def list_tasks(connection: Connection, wanted: Filter, turn: Turn[tuple[str, str]]) -> Page[ListedTask]:
    """A page of those that are wanted, by shop and id. Raises `NotKnownError` for a shop or a person there is not."""
    if wanted.shop:
        await known_shop(connection, wanted.shop)
    mine = wanted.mine
    if mine and not await tasks.is_on_staff(connection, mine, shop=wanted.shop):
        where = f"of {wanted.shop}" if wanted.shop else "of any shop"
        raise NotKnownError(f"{mine!r} is not on the staff {where}; `relevo tasks staff list` prints who is")
    found = await tasks.page_tasks(
        connection,
        shop=wanted.shop,
        mine=mine,
        only_open=wanted.only_open,
        after=turn.after or ("", ""),
        limit=turn.limit + 1,
    )
    shops = await catalog.shops(connection, among={one.shop for one in found})
    zones = {one.shop: one.timezone for one in shops}
    listed = [ListedTask(one, zones.get(one.shop, "UTC")) for one in found]
    return turn.page(listed, lambda one: (one.task.shop, one.task.task_id))


def by_urgency(found: Iterable[ListedTask]) -> list[ListedTask]:
    """The open and most urgent first."""
    return sorted(found, key=lambda one: _urgency(one.task))


def _urgency(task: Task) -> tuple[bool, bool, datetime, datetime, str]:
    deadline = task.deadline or task.opened_at
    return task.status != "open", task.deadline is None, deadline, task.opened_at, task.task_id


async def find_task(connection: Connection, task_id: str, shop: str = "") -> ShownTask:
    """One task. Raises `NotKnownError`."""
    task = await tasks.find_task(connection, task_id, shop=shop)
    if task is None:
        raise NotKnownError(str(UnknownTaskError(task_id)))
    given = await task_answers.given(connection, task.shop, task.task_id)
    return ShownTask(**structs.asdict(task), answers=given)


async def decide(
    connection: Connection,
    keys: Connection,
    settings: RuntimeSettings,
    answered: Answered,
    clock: Clock,
    *,
    seen: ShownTask | None = None,
) -> TaskDone:
    """Publishes an answer; `keys` is the connection on which messages are sealed. Raises `OperationError`.

    To the task as it was `seen`, one answer alone is given: `OutdatedError` for any further one. An answer that
    Kafka did not acknowledge counts as not given.
    """
    async with Publisher(settings, seals=Seals(keys, settings)) as publisher:
        try:
            done = await checked_answer(connection, tasks, answered, clock)
        except UnknownTaskError as error:
            raise NotKnownError(str(error)) from error
        except TaskError as error:
            raise ConflictError(str(error)) from error
        before = seen.answers if seen is not None else None
        number = await task_answers.give(connection, done.shop, done.task_id, seen=before, at=done.at)
        if number is None:
            raise OutdatedError("somebody else answered at the same time: look at the task again, and then decide")
        try:
            await publish_answer(publisher, done)
        except Exception:
            # Who sends it again means the same task. Should Kafka have it after all, the engine knows it by its id.
            await task_answers.take_back(connection, done.shop, done.task_id, number)
            raise
        return done
