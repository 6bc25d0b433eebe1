"""Every list comes in pages by cursors: what was there all along is shown once, whatever is written meanwhile."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.messages import DeadLetter, Unrecognised
from relevo_contracts.topics import DEAD_LETTERS, EVENTS, UNRECOGNISED
from relevo_control.adapters import audit
from relevo_control.app.errors import OperationError
from relevo_control.app.pages import Turn, cursor, place_of
from relevo_control.core.audit import Entry
from relevo_control.entrypoints.operations import OPERATIONS
from relevo_notifier.adapters import policies
from relevo_notifier.adapters.policies import DeployedPolicy
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire, bearer
from tests.engine.conftest import MORNING

Add = Callable[[Connection, RuntimeSettings, int], Awaitable[None]]
"""Writes the item with a number, which stands in its place among the others by that number, or against it."""


def at(number: int) -> datetime:
    return MORNING + timedelta(minutes=number)


async def add_shop(connection: Connection, _: RuntimeSettings, number: int) -> None:
    await catalog.add_shop(connection, catalog.Shop(shop=f"s{number:03}", platform="custom"))


async def add_deployment(connection: Connection, _: RuntimeSettings, number: int) -> None:
    await catalog.deploy(connection, workflow="cart", version=f"v{number}", files={}, at=at(number))


async def add_policy(connection: Connection, _: RuntimeSettings, number: int) -> None:
    one = DeployedPolicy(shop="*", version=f"v{number}", source="{}", compiled="{}")
    await policies.deploy(connection, one, at(number))


async def add_run(connection: Connection, _: RuntimeSettings, number: int) -> None:
    await connection.execute(
        "insert into engine.run (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at,"
        " ended_at, end_reason) values ('tea', $1, 'c', 'old', 'v', 'k', 'done', $2, $2, $2, 'done')",
        *(f"r{number:03}", at(number)),
    )


async def add_import(connection: Connection, _: RuntimeSettings, number: int) -> None:
    await connection.execute(
        "insert into ingest.import (shop, kind, digest, settings, path, line, records, imported, events,"
        " rejected_bytes, reasons, began_at, moved_at)"
        " values ('tea', 'orders', $1, '', $2, 0, 0, 0, 0, 0, '{}', $3, $3)",
        *(number.to_bytes(2), f"f{number}", at(number // 2)),  # two began at the same time
    )


async def add_task(connection: Connection, _: RuntimeSettings, number: int) -> None:
    await connection.execute(
        "insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed,"
        " assignee, opened_at) values ('tea', $1, 'r', 'c', 'w', 's', 'T', false, '', '{}', 1, '', $2)",
        *(f"t{number:03}/a", at(0)),
    )


async def add_letter(_: Connection, settings: RuntimeSettings, number: int) -> None:
    letter = DeadLetter(
        id=f"engine/{number}",
        service="engine",
        topic=EVENTS,
        partition=0,
        offset=number,
        reason="a bug",
        at=at(number // 2),
        key=f"tea/cus_{number}",
        value=b"{}",
    )
    async with Publisher(settings) as publisher:
        await publisher.publish(DEAD_LETTERS, [(letter.key.encode(), msgspec.json.encode(letter))])


async def add_unrecognised(_: Connection, settings: RuntimeSettings, number: int) -> None:
    message = Unrecognised(
        id=f"w{number:03}", shop="tea", platform="shopify", topic="t", reason="none", receivedtime=at(number // 2)
    )
    async with Publisher(settings) as publisher:
        await publisher.publish(UNRECOGNISED, [(f"tea/{message.id}".encode(), msgspec.json.encode(message))])


async def add_entry(connection: Connection, _: RuntimeSettings, number: int) -> None:
    entry = Entry(
        shop="tea", at=at(number), actor="ann", means="", address="", action=f"a{number}", object="", outcome="done"
    )
    await audit.append(connection, entry)


LISTS: dict[str, tuple[str, Add, Callable[[Any], str]]] = {
    "listShops": ("/v1/shops", add_shop, lambda one: one["shop"]),
    "listDeployments": ("/v1/workflows/cart/history", add_deployment, lambda one: one["version"]),
    "listPolicies": ("/v1/policy/history", add_policy, lambda one: one["version"]),
    "listRuns": ("/v1/shops/tea/runs", add_run, lambda one: one["run_id"]),
    "listImports": ("/v1/shops/tea/imports", add_import, lambda one: one["path"]),
    "listTasks": ("/v1/tasks?shop=tea", add_task, lambda one: one["task"]["task_id"]),
    "listDeadLetters": ("/v1/dead-letters?shop=tea", add_letter, lambda one: one["id"]),
    "listUnrecognised": ("/v1/unrecognised?shop=tea", add_unrecognised, lambda one: one["message"]["id"]),
    "listAudit": ("/v1/audit?shop=tea", add_entry, lambda one: one["action"]),
}


def asked(path: str, **query: str | int) -> httpx.URL:
    return httpx.URL(path).copy_merge_params(query)


def test_every_list_of_the_api_is_tried_here() -> None:
    assert {one.name for one in OPERATIONS if one.paged} == set(LISTS)
    assert all(one.paged for one in OPERATIONS if one.name.startswith("list"))


@pytest.mark.parametrize("name", LISTS)
async def test_what_was_there_all_along_is_shown_once_while_others_are_written(
    name: str, client: httpx.AsyncClient, hire: Hire, pool: Pool, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    path, add, name_of = LISTS[name]
    headers = bearer(await hire("root", "admin"))

    async def write(*numbers: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            for number in numbers:
                await add(connection, settings(), number)

    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="custom"))
    await write(10, 20, 21, 30, 40)
    every = (await client.get(path, headers=headers)).json()
    there = [name_of(one) for one in every["items"]]
    assert (len(there) - (name == "listShops"), every["next"]) == (5, "")
    later = itertools.chain([5, 45, 15, 35], itertools.count(50))
    found: list[str] = []
    turned = ""
    for _ in range(9):
        page = (await client.get(asked(path, limit=2, cursor=turned), headers=headers)).json()
        assert len(page["items"]) <= 2
        found += [name_of(one) for one in page["items"]]
        turned = page["next"]
        if not turned:
            break
        await write(next(later))
    assert turned == ""
    assert len(found) == len(set(found))
    assert [one for one in found if one in there] == there


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "cursor=x", "cursor=!", "after=x", "shp=tea"])
async def test_what_is_no_parameter_of_a_list_is_refused(query: str, client: httpx.AsyncClient, hire: Hire) -> None:
    answer = await client.get(f"/v1/shops?{query}", headers=bearer(await hire("ann", "viewer")))
    assert (answer.status_code, answer.json()["where"]) == (422, query.partition("=")[0])


places = st.tuples(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_characters="\0", codec="utf-8")))


@given(places)
def test_a_cursor_names_its_place_in_its_list_alone(place: tuple[datetime, str]) -> None:
    text = cursor("listImports", place)
    assert place_of(text, "listImports", tuple[datetime, str]) == place
    with pytest.raises(OperationError):
        place_of(text, "listRuns", tuple[datetime, str])


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(OperationError):
        place_of(text, "listImports", tuple[datetime, str])


def test_a_time_at_the_edge_of_the_calendar_is_no_place() -> None:
    text = cursor("listImports", (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "x"))
    with pytest.raises(OperationError):
        place_of(text, "listImports", tuple[datetime, str])


@given(st.sets(st.integers(0, 50)), st.integers(1, 7), st.integers(1, 9))
def test_pages_together_are_the_list_however_little_is_looked_at_for_one(
    numbers: set[int], limit: int, most: int
) -> None:
    found: list[int] = []
    turn: Turn[tuple[int]] = Turn(listed="numbers", limit=limit)
    while True:
        rest = sorted(one for one in numbers if turn.after is None or one > turn.after[0])
        even = [one for one in rest[:most] if one % 2 == 0]
        page = turn.page(even[: limit + 1], lambda one: (one,), looked=(rest[most - 1],) if len(rest) >= most else None)
        assert len(page.items) <= limit
        found += page.items
        if not page.next:
            break
        turn = msgspec.structs.replace(turn, after=place_of(page.next, "numbers", tuple[int]))
    assert found == sorted(one for one in numbers if one % 2 == 0)
