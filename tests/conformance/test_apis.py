"""For every platform whose API is polled or read as history: the same faults, and lists that change meanwhile."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from msgspec import structs

from relevo_ingest.connectors.platform_api import ApiFailure, Record
from relevo_ingest.connectors.registry import APIS, HISTORIES, POLLED
from tests.conformance.apis import NOON, SERVERS, ListedShop, listed_shop
from tests.platform_servers.server import (
    Fault,
    broken,
    broken_off,
    cut,
    json,
    page_of_html,
    said,
    slow,
    too_many,
)

COUNT = 60
LISTS = [(name, resource) for name, lists in HISTORIES.items() for resource in lists.resources]
PASSING: Mapping[str, Callable[[], Fault]] = {
    "429": lambda: too_many(7),
    "429 without a time": lambda: Fault(lambda: json({"message": "slow down"}, 429)),
    "429 with a time that is none": lambda: Fault(lambda: json({}, 429, retry_after="soon")),
    "500": lambda: broken(500),
    "502": lambda: broken(502),
    "503": lambda: broken(503),
    "cut": cut,
    "broken off": broken_off,
    "slow": lambda: slow(1.0),
}
"""What passes when it is asked again."""
NO_ANSWER: Mapping[str, Callable[[], Fault]] = {
    "html": page_of_html,
    "text": lambda: said("not a list"),
    "null": lambda: said(None),
    "an object of something else": lambda: said({"message": "Deadlock found", "code": "rest_db_error"}),
    "errors": lambda: said({"errors": [{"code": 1, "message": "database is away", "title": "away"}]}),
    "an empty object": lambda: said({}),
}
"""An answer, with a 200, that is no page of a list: never the end of it."""


def test_every_api_of_the_registries_has_a_server() -> None:
    assert set(SERVERS) == set(APIS) >= {*HISTORIES, *POLLED}, "see docs/add-a-platform.md"


def filled(shop: ListedShop, resource: str, count: int = COUNT) -> None:
    for number in range(1, count + 1):
        shop.change(resource, number, NOON + timedelta(seconds=number // 50))


def numbers(found: list[Record] | ApiFailure) -> set[int]:
    assert not isinstance(found, ApiFailure), found
    return {int(one.id) for one in found}


@pytest.mark.parametrize(("name", "resource"), LISTS)
async def test_what_passes_costs_nothing_and_is_not_hurried(name: str, resource: str) -> None:
    """Every fault with the orders; the other lists are asked by the same code and have one each."""
    every = list(PASSING.values())
    async with listed_shop(name) as shop:
        filled(shop, resource)
        for fault in every if resource == "orders" else every[len(resource) % len(every) :][:1]:
            shop.server.faults, shop.pauses = [fault()], []
            assert numbers(await shop.read(resource)) == set(range(1, COUNT + 1))
            assert shop.server.faults == []
            assert sum(shop.pauses) >= 0.5
        shop.server.faults, shop.pauses = [too_many(7)], []
        await shop.read(resource)
        assert max(shop.pauses) >= 7, "as long as the shop wants"


@pytest.mark.parametrize(("name", "resource"), LISTS)
async def test_what_is_no_page_of_a_list_is_never_its_end(name: str, resource: str) -> None:
    async with listed_shop(name) as shop:
        filled(shop, resource, 3)
        for what, fault in NO_ANSWER.items():
            shop.server.faults = [fault() for _ in range(20)]
            found = await shop.read(resource)
            assert isinstance(found, ApiFailure), (what, found)
            assert found.reason
            assert not any(secret in found.reason for secret in shop.entry.credentials.values())
            shop.server.faults = []
            assert len(numbers(await shop.read(resource))) == 3


@pytest.mark.parametrize("name", sorted(HISTORIES))
async def test_what_stays_is_a_failure_that_says_whether_and_when_to_try_again(name: str) -> None:
    async with listed_shop(name) as shop:
        filled(shop, "orders", 3)
        for status in (400, 401, 403, 404, 500, 503):
            shop.server.faults = [broken(status) for _ in range(20)]
            found = await shop.read("orders")
            assert isinstance(found, ApiFailure)
            # 401 may be a token that has ended, 404 an address that is mended: some ask once more.
            assert found.permanent is (status < 500) or status in (401, 404), (status, found)
        shop.server.faults = [too_many(3600)]
        found = await shop.read("orders")
        assert isinstance(found, ApiFailure)
        assert found.retry_after == timedelta(hours=1), "longer than anybody waits for an answer"


@pytest.mark.parametrize(("name", "resource"), LISTS)
async def test_what_comes_changes_and_goes_while_it_is_read_makes_nothing_fall_out(name: str, resource: str) -> None:
    async with listed_shop(name) as shop:
        server: Any = shop.server
        server.page_size = 50
        filled(shop, resource, 260)
        touched = changing(shop, resource, Random(f"{name} {resource}"))
        found = numbers(await shop.read(resource))
        assert touched
        assert set(range(1, 261)) - touched <= found


def changing(shop: ListedShop, resource: str, chance: Random) -> set[int]:
    """Lets something come, change and go before each answer. Gives the numbers that it happened to, as it goes on."""
    touched: set[int] = set()

    def meanwhile() -> None:
        at = NOON + timedelta(seconds=100 + len(touched))
        for act in ("come", "change", "go"):
            number = 1000 + len(touched) if act == "come" else chance.randint(1, 260)
            touched.add(number)
            if act == "go":
                shop.delete(resource, number)
            else:
                shop.change(resource, number, at)

    shop.server.meanwhile = meanwhile
    return touched


# --- turns of the poller -----------------------------------------------------------------------------------------


def latest(shop: ListedShop, resource: str) -> dict[str, Any]:
    return {str(one.get("id", one.get("entity_id"))): one.get("updated_at", one.get("date_upd")) for one in
            shop.rows(resource)}  # fmt: skip


@pytest.mark.parametrize("name", sorted(POLLED))
@pytest.mark.parametrize("seed", range(2))
async def test_turns_with_all_faults_miss_nothing_and_tell_nothing_twice(name: str, seed: int) -> None:
    chance, resource = Random(seed), "customers"
    faults = list({**PASSING, **NO_ANSWER}.values())
    async with listed_shop(name) as shop:
        filled(shop, resource)
        touched = changing(shop, resource, chance)
        for _ in range(6):
            shop.server.faults = [chance.choice(faults)() for _ in range(chance.randint(0, 4))]
            await shop.poll()
            shop.memory.now += timedelta(seconds=chance.randint(1, 60))
        shop.server.meanwhile, shop.server.faults = (lambda: None), []
        for _ in range(3):
            assert await shop.poll() is None
    told = [(one.id, one.updated) for one in shop.arrived if one.topic == "customer"]
    assert touched
    assert len(told) == len(set(told)), "each state once"
    assert {own for own, _ in told} >= set(latest(shop, resource))
    newest = {own: max(at for other, at in told if other == own) for own in latest(shop, resource)}
    read_to = shop.leases.cursors["lumen"][resource].read_to
    assert max(newest.values()) <= read_to <= shop.memory.now
    assert len(set(newest.values())) > 3


@pytest.mark.parametrize("name", sorted(POLLED))
async def test_a_fault_that_stays_moves_no_cursor(name: str) -> None:
    async with listed_shop(name) as shop:
        filled(shop, "customers", 10)
        assert await shop.poll() is None
        before = dict(shop.leases.cursors["lumen"])
        shop.change("customers", 3, NOON + timedelta(minutes=5))
        for fault in (PASSING["429"], PASSING["500"], PASSING["cut"], *NO_ANSWER.values()):
            shop.server.faults = [structs.replace(fault(), where="customers") for _ in range(20)]
            assert await shop.poll() is not None
            assert shop.leases.cursors["lumen"] == before
        shop.server.faults = []
        assert await shop.poll() is None
    assert [one.id for one in shop.arrived if one.topic == "customer"].count("3") == 2
