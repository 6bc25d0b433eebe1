"""What commands do, where they do it: on the database, or through the control API. Each answers the same."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from relevo_cli import addresses, database
from relevo_cli.deploying.by_server import ServerDeployment
from relevo_cli.deploying.in_database import in_database
from relevo_cli.deploying.session import Deployment as Deploying
from relevo_cli.deploying.session import Options, Source
from relevo_cli.errors import CommandError
from relevo_cli.server import Control, segment, server
from relevo_contracts.messages import DeadLetter, TaskDone
from relevo_control.adapters import audit as log
from relevo_control.adapters.listings import ImportView, RunView
from relevo_control.app import dead_letters, explanations, results, shops, tasks, unrecognised
from relevo_control.app.activity import RunFilter, list_imports, list_runs
from relevo_control.app.dead_letters import Choice
from relevo_control.app.explanations import CustomerExplanation
from relevo_control.app.history import Deployment, What, changes, list_deployments
from relevo_control.app.pages import Items, Moment, Number, every
from relevo_control.app.results import FoundResults
from relevo_control.app.shops import ShopView
from relevo_control.app.tasks import Filter, ListedTask, ShownTask, by_urgency
from relevo_control.app.unrecognised import Kept
from relevo_control.core.audit import Chained
from relevo_engine.app.answer_task import Answered
from relevo_runtime.clock import make_clock
from relevo_runtime.pauses import Pause
from relevo_runtime.postgres import Connection


class Operations(Protocol):
    """Every operation that the control API has too. Each raises `OperationError`."""

    async def history(self, of: What) -> list[Deployment]:
        """The deployments, newest first."""
        ...

    async def changes(self, of: What, revision: int) -> list[str]:
        """What a revision changed, in lines."""
        ...

    async def shops(self) -> list[ShopView]:
        """The shops, by name."""
        ...

    async def resume(self, shop: str, service: str) -> list[Pause]:
        """Lets a paused shop go on; the pauses that ended."""
        ...

    async def explain(self, asked: explanations.Asked) -> CustomerExplanation:
        """Why a customer got what they got."""
        ...

    async def results(self, asked: results.Asked) -> FoundResults:
        """What a workflow has come to."""
        ...

    async def runs(self, wanted: RunFilter) -> list[RunView]:
        """Runs of a shop, in the order of their ids."""
        ...

    async def imports(self, shop: str) -> list[ImportView]:
        """Imports of files, the newest first."""
        ...

    async def tasks(self, wanted: Filter) -> list[ListedTask]:
        """Tasks of the staff, the open and most urgent first."""
        ...

    async def task(self, task_id: str, shop: str) -> ShownTask:
        """One of them."""
        ...

    async def decide(self, answered: Answered) -> TaskDone:
        """Answers a task."""
        ...

    async def dead_letters(self) -> list[DeadLetter]:
        """Messages that could not be processed."""
        ...

    async def redrive(self, choice: Choice) -> int:
        """Sends some of them again; how many."""
        ...

    async def unrecognised(self) -> list[Kept]:
        """Genuine messages that made no event."""
        ...

    async def audit(self, shop: str, most: int) -> list[Chained]:
        """The newest entries of a chain of the audit log."""
        ...

    def deployment(self, source: Source, options: Options) -> contextlib.AbstractAsyncContextManager[Deploying]:
        """A deployment."""
        ...


def operations() -> Operations:
    """Those of the control API if one is given, else those of the database."""
    found = server()
    return DatabaseOperations() if found is None else ServerOperations(Control(found))


class DatabaseOperations:
    """The operations of whoever has the database."""

    async def history(self, of: What) -> list[Deployment]:
        """The deployments, newest first."""
        async with _transaction() as connection:
            return await every(tuple[Number], lambda turn: list_deployments(connection, of, None, turn))

    async def changes(self, of: What, revision: int) -> list[str]:
        """What a revision changed, in lines."""
        async with _transaction() as connection:
            return await changes(connection, of, revision)

    async def shops(self) -> list[ShopView]:
        """The shops, by name."""
        async with _transaction() as connection:
            return await every(tuple[str], lambda turn: shops.list_shops(connection, None, turn))

    async def resume(self, shop: str, service: str) -> list[Pause]:
        """Lets a paused shop go on; the pauses that ended."""
        async with _transaction() as connection:
            return await shops.resume(connection, shop, service)

    async def explain(self, asked: explanations.Asked) -> CustomerExplanation:
        """Why a customer got what they got."""
        async with _transaction() as connection:
            return await explanations.explain_customer(connection, asked, _now())

    async def results(self, asked: results.Asked) -> FoundResults:
        """What a workflow has come to."""
        async with _transaction() as connection:
            return await results.read_results(connection, asked, _now())

    async def runs(self, wanted: RunFilter) -> list[RunView]:
        """Runs of a shop, in the order of their ids."""
        async with _transaction() as connection:
            return await every(tuple[str], lambda turn: list_runs(connection, wanted, turn))

    async def imports(self, shop: str) -> list[ImportView]:
        """Imports of files, the newest first."""
        async with _transaction() as connection:
            return await every(tuple[Moment, str], lambda turn: list_imports(connection, shop, turn))

    async def tasks(self, wanted: Filter) -> list[ListedTask]:
        """Tasks of the staff, the open and most urgent first."""
        async with _transaction() as connection:
            found = await every(tuple[str, str], lambda turn: tasks.list_tasks(connection, wanted, turn))
        return by_urgency(found)

    async def task(self, task_id: str, shop: str) -> ShownTask:
        """One of them."""
        async with _transaction() as connection:
            return await tasks.find_task(connection, task_id, shop)

    async def decide(self, answered: Answered) -> TaskDone:
        """Answers a task, as whoever they say."""
        if not answered.by:
            raise CommandError("say who answers: --by NAME")
        settings = addresses.settings()
        async with database.connection(settings) as keys, database.transaction(settings) as connection:
            return await tasks.decide(connection, keys, settings, answered, make_clock(settings))

    async def dead_letters(self) -> list[DeadLetter]:
        """Messages that could not be processed."""
        settings = addresses.settings()
        async with database.connection(settings) as connection:
            found = await every(
                tuple[Number, Number], lambda turn: dead_letters.list_letters(connection, settings, "", turn)
            )
        return dead_letters.oldest_first(found)

    async def redrive(self, choice: Choice) -> int:
        """Sends some of them again; how many."""
        settings = addresses.settings()
        async with database.connection(settings) as connection:
            return await dead_letters.redrive(connection, settings, choice)

    async def unrecognised(self) -> list[Kept]:
        """Genuine messages that made no event."""
        settings = addresses.settings()
        async with database.connection(settings) as connection:
            found = await every(
                tuple[Number, Number], lambda turn: unrecognised.list_unrecognised(connection, settings, "", turn)
            )
        return unrecognised.oldest_first(found)

    async def audit(self, shop: str, most: int) -> list[Chained]:
        """The newest entries of a chain of the audit log."""
        async with _transaction() as connection:
            return await log.newest(connection, shop, limit=most)

    @contextlib.asynccontextmanager
    async def deployment(self, source: Source, options: Options) -> AsyncIterator[Deploying]:
        """A deployment by whoever they say."""
        async with in_database(addresses.settings(), source, options) as found:
            yield found


class ServerOperations:
    """The operations of whoever is logged in."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def history(self, of: What) -> list[Deployment]:
        """The deployments, newest first."""
        return await self._control.items(_of(of), Deployment)

    async def changes(self, of: What, revision: int) -> list[str]:
        """What a revision changed, in lines."""
        return (await self._control.get(f"{_of(of)}/{revision}", Items[str])).items

    async def shops(self) -> list[ShopView]:
        """The shops, by name."""
        return await self._control.items("/v1/shops", ShopView)

    async def resume(self, shop: str, service: str) -> list[Pause]:
        """Lets a paused shop go on; the pauses that ended."""
        path = f"/v1/shops/{segment(shop)}/resumption"
        return (await self._control.post(path, Items[Pause], {"service": service})).items

    async def explain(self, asked: explanations.Asked) -> CustomerExplanation:
        """Why a customer got what they got."""
        body = {"customer": asked.customer, "workflow": asked.workflow, "since": asked.since}
        return await self._control.post(f"/v1/shops/{segment(asked.shop)}/explanation", CustomerExplanation, body)

    async def results(self, asked: results.Asked) -> FoundResults:
        """What a workflow has come to."""
        path = f"/v1/shops/{segment(asked.shop)}/results/{segment(asked.workflow)}"
        return await self._control.get(path, FoundResults, since=asked.since)

    async def runs(self, wanted: RunFilter) -> list[RunView]:
        """Runs of a shop, in the order of their ids."""
        path, only = f"/v1/shops/{segment(wanted.shop)}/runs", "true" if wanted.active else ""
        return await self._control.items(path, RunView, workflow=wanted.workflow, active=only)

    async def imports(self, shop: str) -> list[ImportView]:
        """Imports of files, the newest first."""
        return await self._control.items(f"/v1/shops/{segment(shop)}/imports", ImportView)

    async def tasks(self, wanted: Filter) -> list[ListedTask]:
        """Tasks of the staff, the open and most urgent first."""
        only = "true" if wanted.only_open else ""
        found = await self._control.items("/v1/tasks", ListedTask, shop=wanted.shop, mine=wanted.mine, open=only)
        return by_urgency(found)

    async def task(self, task_id: str, shop: str) -> ShownTask:
        """One of them."""
        return await self._control.get(f"/v1/tasks/{segment(task_id)}", ShownTask, shop=shop)

    async def decide(self, answered: Answered) -> TaskDone:
        """Answers a task, as who is logged in."""
        if answered.by:
            raise CommandError("with --server who answers is who is logged in: leave --by out")
        body = {"done": answered.done, "note": answered.note, "data": answered.data}
        path = f"/v1/tasks/{segment(answered.task_id)}/decision"
        return await self._control.post(path, TaskDone, body, shop=answered.shop)

    async def dead_letters(self) -> list[DeadLetter]:
        """Messages that could not be processed."""
        return dead_letters.oldest_first(await self._control.items("/v1/dead-letters", DeadLetter))

    async def redrive(self, choice: Choice) -> int:
        """Sends some of them again; how many."""
        found = await self._control.post("/v1/dead-letters/redrive", dict[str, int], choice)
        return found["sent"]

    async def unrecognised(self) -> list[Kept]:
        """Genuine messages that made no event."""
        return unrecognised.oldest_first(await self._control.items("/v1/unrecognised", Kept))

    async def audit(self, shop: str, most: int) -> list[Chained]:
        """The newest entries of a chain of the audit log."""
        return await self._control.items("/v1/audit", Chained, most=most, shop=shop)

    @contextlib.asynccontextmanager
    async def deployment(self, source: Source, options: Options) -> AsyncIterator[Deploying]:
        """A deployment by who is logged in."""
        yield ServerDeployment(self._control, source, options)


def _of(of: What) -> str:
    return f"/v1/workflows/{segment(of.workflow)}/history" if of.workflow else "/v1/policy/history"


@contextlib.asynccontextmanager
async def _transaction() -> AsyncIterator[Connection]:
    async with database.transaction(addresses.settings()) as connection:
        yield connection


def _now() -> datetime:
    return make_clock(addresses.settings()).now()
