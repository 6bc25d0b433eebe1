"""What a process keeps of the catalog: at most as old as promised, shared by concurrent calls, kept in an outage."""

import asyncio

import pytest

from relevo_runtime import catalog
from relevo_runtime.catalog_cache import CatalogCache, CatalogSnapshot, CatalogUnavailable
from relevo_runtime.postgres import Connection, Pool

NONE: list[str] = []


class Reader:
    """Reads the names of the shops, and counts how often."""

    def __init__(self) -> None:
        self.reads = 0
        self.failure: Exception | None = None

    async def __call__(self, connection: Connection) -> list[str]:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return [shop.shop for shop in await catalog.shops(connection)]


class Seconds:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def add(pool: Pool, name: str) -> None:
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, catalog.Shop(shop=name, platform="shopify"))


async def test_a_snapshot_is_read_once_a_revision(pool: Pool) -> None:
    reader = Reader()
    snapshot = CatalogSnapshot(reader, NONE)
    assert snapshot.value == []
    await add(pool, "acme")
    async with pool.acquire() as connection:
        assert await snapshot.refresh(connection)
        assert not await snapshot.refresh(connection)
    assert (snapshot.value, reader.reads) == (["acme"], 1)


async def test_it_looks_no_sooner_than_its_interval(pool: Pool) -> None:
    seconds = Seconds()
    cache = CatalogCache(pool, Reader(), NONE, interval=5, monotonic=seconds)
    assert await cache.get() == []
    await add(pool, "acme")
    seconds.now += 4
    assert await cache.get() == []
    seconds.now += 1
    assert await cache.get() == ["acme"]


async def test_whoever_would_be_refused_has_it_looked_at_anew(pool: Pool) -> None:
    cache = CatalogCache(pool, Reader(), NONE, interval=1000)
    assert await cache.get() == []
    assert not await cache.changed()
    await add(pool, "acme")
    assert await cache.changed()
    assert await cache.get() == cache.value == ["acme"]


async def test_concurrent_calls_share_one_look(pool: Pool) -> None:
    await add(pool, "acme")
    reader = Reader()
    cache = CatalogCache(pool, reader, NONE, interval=1000)
    assert await asyncio.gather(*(cache.get() for _ in range(20))) == [["acme"]] * 20
    assert reader.reads == 1


async def test_it_looks_ahead_before_somebody_has_to_wait(pool: Pool) -> None:
    seconds = Seconds()
    cache = CatalogCache(pool, Reader(), NONE, interval=4, monotonic=seconds)
    await cache.get()
    await add(pool, "acme")
    seconds.now += 1
    assert cache.fresh()
    seconds.now += 2
    assert cache.fresh()
    assert cache.value == []
    while cache.value == []:
        await asyncio.sleep(0.01)
    seconds.now += 2
    assert cache.fresh()
    seconds.now += 4
    assert not cache.fresh()


async def test_a_look_ahead_that_fails_costs_nobody(pool: Pool) -> None:
    reader, seconds = Reader(), Seconds()
    cache = CatalogCache(pool, reader, NONE, interval=4, monotonic=seconds)
    await cache.get()
    await add(pool, "acme")
    reader.failure = ValueError("defect")
    seconds.now += 3
    assert cache.fresh()
    while reader.reads < 2:
        await asyncio.sleep(0.01)
    reader.failure = None
    assert await cache.get() == []
    seconds.now += 3
    assert await cache.get() == ["acme"]


async def test_what_is_known_stays_valid_while_the_database_is_away(pool: Pool) -> None:
    await add(pool, "acme")
    reader, seconds = Reader(), Seconds()
    cache = CatalogCache(pool, reader, NONE, interval=1, monotonic=seconds)
    reader.failure = ConnectionError("away")
    with pytest.raises(CatalogUnavailable, match="away"):
        await cache.get()
    reader.failure = None
    seconds.now += 2
    assert await cache.get() == ["acme"]
    await add(pool, "other")
    reader.failure = ConnectionError("away")
    seconds.now += 2
    assert await cache.get() == ["acme"]
    with pytest.raises(ConnectionError):
        await cache.refresh()
    reader.failure = None
    await cache.refresh()
    assert cache.value == ["acme", "other"]


async def test_a_defect_is_not_taken_for_an_outage(pool: Pool) -> None:
    reader = Reader()
    reader.failure = ValueError("defect")
    cache = CatalogCache(pool, reader, NONE)
    with pytest.raises(ValueError, match="defect"):
        await cache.get()
