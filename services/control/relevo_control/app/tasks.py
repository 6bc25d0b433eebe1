"""What workflows ask of the staff: listed, shown, answered."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from relevo_contracts.messages import TaskDone
from relevo_control.app.errors import ConflictError, NotKnownError, unknown_shop
from relevo_control.app.pages import Page, Turn
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, TaskError, UnknownTaskError, answer_task
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


class ListedTask(Struct, frozen=True):
    """A task, and the time zone of its shop."""

    task: Task
    timezone: str


async def list_tasks(connection: Connection, wanted: Filter, turn: Turn[tuple[str, str]]) -> Page[ListedTask]:
    """A page of those that are wanted, by shop and id. Raises `NotKnownError` for a shop or a person there is not."""
    zones = {one.shop: one.timezone for one in await catalog.shops(connection)}
    if wanted.shop and wanted.shop not in zones:
        raise NotKnownError(unknown_shop(wanted.shop))
    mine = wanted.mine
    if mine and not any(one.name == mine for one in await tasks.staff(connection, wanted.shop)):
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
    listed = [ListedTask(one, zones.get(one.shop, "UTC")) for one in found]
    return turn.page(listed, lambda one: (one.task.shop, one.task.task_id))


def by_urgency(found: Iterable[ListedTask]) -> list[ListedTask]:
    """The open and most urgent first."""
    return sorted(found, key=lambda one: _urgency(one.task))


def _urgency(task: Task) -> tuple[bool, bool, datetime, datetime, str]:
    deadline = task.deadline or task.opened_at
    return task.status != "open", task.deadline is None, deadline, task.opened_at, task.task_id


async def find_task(connection: Connection, task_id: str, shop: str = "") -> Task:
    """One task. Raises `NotKnownError`."""
    task = await tasks.find_task(connection, task_id, shop=shop)
    if task is None:
        raise NotKnownError(str(UnknownTaskError(task_id)))
    return task


async def decide(
    connection: Connection, keys: Connection, settings: RuntimeSettings, answered: Answered, clock: Clock
) -> TaskDone:
    """Publishes an answer; `keys` is the connection on which messages are sealed. Raises `OperationError`."""
    async with Publisher(settings, seals=Seals(keys, settings)) as publisher:
        try:
            return await answer_task(connection, tasks, publisher, answered, clock)
        except UnknownTaskError as error:
            raise NotKnownError(str(error)) from error
        except TaskError as error:
            raise ConflictError(str(error)) from error
