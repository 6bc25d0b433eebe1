"""The workload on DBOS: a durable workflow that waits for a message or a timeout, and one HTTP call as a step."""

import asyncio
import json
import logging

import httpx
from dbos import DBOS, DBOSConfig, SetWorkflowID
from workload import arguments, drive

load = arguments()
http = httpx.AsyncClient()
all_finished = asyncio.Event()
finished: set[int] = set()
due_at: dict[int, float] = {}


@DBOS.step()
async def call(n: int) -> None:
    await http.post(load.sink, data={"n": n})


@DBOS.workflow()
async def cart(n: int) -> None:
    order = await DBOS.recv_async("order", timeout_seconds=load.wait)
    if order is None:
        await call(n)
    finished.add(n)
    if len(finished) == load.runs:
        all_finished.set()


async def start(n: int, due: float) -> None:
    due_at[n] = due
    with SetWorkflowID(f"cart-{n}"):
        await DBOS.start_workflow_async(cart, n)


async def order(n: int) -> None:
    await DBOS.send_async(f"cart-{n}", "bought", "order")


async def main() -> None:
    DBOS(
        config=DBOSConfig(
            name="relay-benchmark", system_database_url=load.dsn, run_admin_server=False, log_level="ERROR"
        )
    )
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()
    print("ready", flush=True)
    await drive(load, start, order)
    await all_finished.wait()
    await asyncio.sleep(1)  # wrong or second calls would still come
    print("due", json.dumps(due_at), flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main())
