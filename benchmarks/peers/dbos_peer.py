"""The workload on DBOS: a durable workflow that waits for a message or a timeout, and one HTTP call as a step.

The pool of the system database is larger than its default, as its documentation advises for many workflows at once, and
the HTTP client waits for a free connection as long as it takes.
"""

import asyncio
import logging

import aiohttp
from dbos import DBOS, DBOSConfig, SetWorkflowID
from workload import arguments, obey

load = arguments()
POOL = 40
session: list[aiohttp.ClientSession] = []


@DBOS.step()
async def call(n: int) -> None:
    async with session[0].post(load.sink, data={"n": n}) as answer:
        await answer.read()


@DBOS.workflow()
async def cart(n: int) -> None:
    order = await DBOS.recv_async("order", timeout_seconds=load.wait)
    if order is None:
        await call(n)


async def start(n: int, _due: float) -> None:
    with SetWorkflowID(f"cart-{n}"):
        await DBOS.start_workflow_async(cart, n)


async def order(n: int) -> None:
    await DBOS.send_async(f"cart-{n}", "bought", "order")


async def main() -> None:
    config = DBOSConfig(
        name="relay-benchmark", system_database_url=load.dsn, sys_db_pool_size=POOL, run_admin_server=False,
        log_level="ERROR",
    )  # fmt: skip
    DBOS(config=config)
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:
        session.append(http)
        await obey(load, start, order)
        DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main())
