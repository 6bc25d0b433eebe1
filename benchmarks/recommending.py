"""What recommendations cost: CPU an order that is counted and a message that recommends, of engine and database.

`python -m benchmarks.recommending [--orders N] [--products P]`. The orders have three products each, popular ones more
often (Zipf); a transaction counts a hundred, or offers to twenty messages. The client's part is its process's CPU time,
PostgreSQL's that of the one backend.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psutil

from benchmarks.report import python_build
from benchmarks.stage import MIGRATED, Stage, stage
from relevo_contracts.envelope import Event
from relevo_engine.adapters import catalogue, recommendations
from relevo_engine.core.recommendations import Asked, sold
from relevo_runtime.migrations import migrate
from relevo_runtime.postgres import Connection, open_pool
from relevo_workflow import Product, Recommend

SHOP = "bench"
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
ORDERS, MESSAGES, LINES, CATEGORIES = 100, 20, 3, 20


def bought(products: int, chance: random.Random) -> list[str]:
    """The products of an order."""
    weights = [1 / place for place in range(1, products + 1)]
    return [f"p{one}" for one in chance.choices(range(products), weights, k=LINES)]


def order(number: int, products: int, chance: random.Random) -> Event:
    """An order of the last year."""
    items = [
        {"title": one, "product_id": one, "categories": [f"c{int(one[1:]) % CATEGORIES}"]}
        for one in bought(products, chance)
    ]
    at = MORNING - timedelta(days=chance.uniform(0, 365))
    data = {"order_id": str(number), "items": items}
    name = str(number)
    return Event(
        id=name, source="bench", type="order.placed", time=at, shop=SHOP, key=f"c{name}", data=data, receivedtime=at
    )


@asynccontextmanager
async def spent(connection: Connection, found: dict[str, float], what: str, times: int) -> AsyncIterator[None]:
    """Notes the milliseconds of CPU that the block takes, of `times`."""
    backend = psutil.Process(await connection.fetchval("select pg_backend_pid()"))
    mine, theirs = time.process_time(), backend.cpu_times()
    yield
    after = backend.cpu_times()
    found[f"{what}: engine, CPU ms"] = round((time.process_time() - mine) * 1000 / times, 3)
    used = after.user + after.system - theirs.user - theirs.system
    found[f"{what}: PostgreSQL, CPU ms"] = round(used * 1000 / times, 3)


async def measure(on: Stage, orders: int, products: int) -> dict[str, object]:
    """All of it, in a database of its own."""
    dsn, chance, found = await on.database("recommending"), random.Random(14), dict[str, float]()
    await migrate(dsn, MIGRATED)
    pool = await open_pool(dsn, application_name="recommending", max_size=1)
    async with pool.acquire() as connection:
        known = {
            (SHOP, f"p{n}"): Product(product_id=f"p{n}", title=f"Product {n}", categories=[f"c{n % CATEGORIES}"])
            for n in range(products)
        }
        part = catalogue.saving(known, MORNING)
        await connection.execute(part.sql, *part.parameters)
        events = [order(number, products, chance) for number in range(orders)]
        async with spent(connection, found, "an order", orders):
            for first in range(0, orders, ORDERS):
                async with connection.transaction():
                    await recommendations.add(connection, sold(events[first : first + ORDERS]))
        await connection.execute("analyze engine.sale, engine.co_purchase")
        asked = [Asked(str(n), SHOP, Recommend(of=tuple(bought(products, chance)))) for n in range(MESSAGES * 50)]
        async with spent(connection, found, "a message", len(asked)):
            for first in range(0, len(asked), MESSAGES):
                await recommendations.offer(connection, asked[first : first + MESSAGES], MORNING)
        pairs = await connection.fetchval("select count(*) from engine.co_purchase")
    await pool.close()
    return {"orders": orders, "products": products, "pairs": pairs, **found}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--products", type=int, default=2_000)
    options = parser.parse_args()
    async with stage(with_kafka=False) as on:
        print(json.dumps({**await measure(on, options.orders, options.products), "python": python_build()}))


if __name__ == "__main__":
    asyncio.run(main())
