"""The workload on Absurd: a task that sleeps and then makes one HTTP call as a step; an order cancels it.

Cancelling by the task's id, which this process remembers, costs a tenth less than a task that awaits an event with a
timeout. The workers are a process beside this one, as the documentation starts them, with two clients, since a client
has one connection. The schema is the one that `absurdctl init` applies.
"""

import asyncio
import os
import subprocess
import sys
import threading

import aiohttp
import psycopg
from absurd_sdk import AsyncAbsurd
from absurdctl import BUNDLED_SCHEMA_SQL
from workload import Workload, arguments, obey

QUEUE = "carts"
CLIENTS = 8
WORKERS = 2
AT_ONCE = 64
POLL = 0.1


def worker(load: Workload, http: aiohttp.ClientSession) -> AsyncAbsurd:
    """A client that runs carts."""
    app = AsyncAbsurd(load.dsn, queue_name=QUEUE)

    @app.register_task(name="cart")
    async def cart(params, ctx):  # type: ignore[no-untyped-def]
        n = params["n"]

        async def call() -> None:
            async with http.post(load.sink, data={"n": n}) as answer:
                await answer.read()

        await ctx.sleep_for("wait", load.wait)
        await ctx.step("call", call)

    return app


async def work(load: Workload) -> None:
    """Runs carts for ever."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    async with aiohttp.ClientSession() as http:
        workers = [worker(load, http) for _ in range(WORKERS)]
        await asyncio.gather(
            *(one.start_worker(worker_id=f"worker-{n}", concurrency=AT_ONCE, poll_interval=POLL)
              for n, one in enumerate(workers))
        )  # fmt: skip


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


async def main() -> None:
    load = arguments()
    with psycopg.connect(load.dsn, autocommit=True) as connection:
        connection.execute(BUNDLED_SCHEMA_SQL)
    ids: dict[int, str] = {}
    clients: asyncio.Queue[AsyncAbsurd] = asyncio.Queue()
    for _ in range(CLIENTS):
        clients.put_nowait(AsyncAbsurd(load.dsn, queue_name=QUEUE))
    first = await clients.get()
    await first.create_queue(QUEUE)
    clients.put_nowait(first)

    async def start(n: int, _due: float) -> None:
        client = await clients.get()
        ids[n] = (await client.spawn("cart", {"n": n}, queue=QUEUE))["task_id"]
        clients.put_nowait(client)

    async def order(n: int) -> None:
        client = await clients.get()
        await client.cancel_task(ids[n])
        clients.put_nowait(client)

    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop yet
        [sys.executable, __file__, "--worker", *sys.argv[1:]], stdin=subprocess.PIPE
    )
    try:
        await obey(load, start, order)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    if "--worker" in sys.argv:
        sys.argv.remove("--worker")
        asyncio.run(work(arguments()))
    else:
        asyncio.run(main())
