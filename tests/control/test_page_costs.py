"""What a page of a list costs: as much as the page, however much there is beside it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import asyncpg
import httpx
import pytest
from msgspec import structs

from relevo_control.app.activity import RunFilter, list_runs
from relevo_control.app.dead_letters import list_letters
from relevo_control.app.pages import Number, Page, Turn, place_of
from relevo_control.app.topics import Place
from relevo_control.entrypoints.http import make_app
from relevo_control.settings import ControlSettings
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import serve
from relevo_runtime.postgres import Connection, Pool, prepare_connection
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire, bearer
from tests.control.test_pages import LISTS, add_letter, asked

ON_TOPICS = {"listDeadLetters", "listUnrecognised"}
MANY = 40


class Counting(asyncpg.Connection):
    """Notes how many rows each statement brings."""

    brought: ClassVar[list[tuple[int, str]]] = []

    async def fetch(self, query: str, *arguments: Any, **more: Any) -> list[Any]:
        found: list[Any] = await super().fetch(query, *arguments, **more)
        self.brought.append((len(found), query))
        return found


@pytest.fixture
async def counted(pool: Pool, control_settings: ControlSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A control API whose statements are noted in `Counting.brought`."""
    del pool  # the database is there
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(
            asyncpg.create_pool(
                control_settings.dsn, min_size=1, max_size=2, init=prepare_connection, connection_class=Counting
            )
        )
        port = await stack.enter_async_context(
            serve(make_app(own, control_settings, SystemClock()), "127.0.0.1", 0, stop_timeout=1)
        )
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30))


async def fill(connection: Connection, settings: RuntimeSettings, name: str) -> None:
    async with connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="custom"))
        for number in range(MANY):
            await LISTS[name][1](connection, settings, number)


@pytest.mark.parametrize("name", sorted(LISTS.keys() - ON_TOPICS))
async def test_no_statement_brings_more_than_a_page_and_the_one_behind_it(
    name: str, counted: httpx.AsyncClient, hire: Hire, pool: Pool, settings: SettingsFactory
) -> None:
    async with pool.acquire() as connection:
        await fill(connection, settings(), name)
    headers = bearer(await hire("root", "admin"))
    Counting.brought.clear()
    page = (await counted.get(asked(LISTS[name][0], limit=3), headers=headers)).json()
    assert (len(page["items"]), page["next"] != "") == (3, True)
    assert Counting.brought
    assert [one for one in Counting.brought if one[0] > 4] == []


async def whole(turn: Turn[Any], kind: Any, ask: Any) -> tuple[list[Any], int]:
    """The items of all pages, and how many pages there were."""
    found: list[Any] = []
    for pages in range(1, 200):
        page: Page[Any] = await ask(turn)
        assert len(page.items) <= turn.limit
        found += page.items
        if not page.next:
            return found, pages
        turn = structs.replace(turn, after=place_of(page.next, turn.listed, kind))
    raise AssertionError("it has no end")


async def test_runs_are_looked_at_up_to_a_bound_and_a_page_without_any_is_not_the_last(
    pool: Pool, settings: SettingsFactory
) -> None:
    async with pool.acquire() as connection:
        await fill(connection, settings(), "listRuns")
        await connection.execute("update engine.run set workflow = 'rare' where run_id in ('r007', 'r039')")
        turn: Turn[tuple[str, ...]] = Turn(listed="runs", limit=3)
        wanted = RunFilter(shop="tea", workflow="rare")
        found, pages = await whole(turn, tuple[str], lambda one: list_runs(connection, wanted, one, most=5))
        every, _ = await whole(turn, tuple[str], lambda one: list_runs(connection, RunFilter(shop="tea"), one, most=5))
    assert ([one.run_id for one in found], pages) == (["r007", "r039"], MANY // 5 + 1)
    assert [one.run_id for one in every] == [f"r{number:03}" for number in range(MANY)]


async def test_dead_letters_are_read_from_where_the_page_before_ended_up_to_a_bound(
    pool: Pool, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    async with pool.acquire() as connection:
        for number in range(MANY):
            await add_letter(connection, settings(), number)
        turn: Turn[Place] = Turn(listed="letters", limit=3)
        found, _ = await whole(
            turn, tuple[Number, Number], lambda one: list_letters(connection, settings(), "tea", one)
        )
        none, pages = await whole(
            turn, tuple[Number, Number], lambda one: list_letters(connection, settings(), "mug", one, most=8)
        )
    assert sorted(one.id for one in found) == sorted(f"engine/{number}" for number in range(MANY))
    assert none == []
    assert pages >= MANY // 8


async def test_what_is_no_offset_of_the_topic_any_more_is_the_beginning(
    pool: Pool, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    async with pool.acquire() as connection:
        await add_letter(connection, settings(), 1)
        behind: Turn[Place] = Turn(listed="letters", limit=3, after=(0, 10**9))
        nowhere: Turn[Place] = Turn(listed="letters", limit=3, after=(10**9, 0))
        page = await list_letters(connection, settings(), "", behind)
        assert await list_letters(connection, settings(), "", nowhere) == Page([])
    assert page.next == ""
