"""The workload on procrastinate: a job with `schedule_in`, cancelled by an order; its worker makes the call."""

import asyncio
import contextlib

import aiohttp
import procrastinate
from workload import arguments, obey

POOL = 24
AT_ONCE = 32
POLL = 0.2
"""Seconds between two looks for jobs that are due: nothing announces those."""


async def main() -> None:
    load = arguments()
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=load.dsn, max_size=POOL, timeout=600))
    jobs: dict[int, int] = {}

    async with aiohttp.ClientSession() as http, app.open_async():

        @app.task(name="remind")
        async def remind(n: int) -> None:
            async with http.post(load.sink, data={"n": n}) as answer:
                await answer.read()

        async def start(n: int, _due: float) -> None:
            jobs[n] = await remind.configure(schedule_in={"seconds": load.wait}).defer_async(n=n)

        async def order(n: int) -> None:
            await app.job_manager.cancel_job_by_id_async(jobs[n])

        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=AT_ONCE, fetch_job_polling_interval=POLL, install_signal_handlers=False)
        )
        await obey(load, start, order)
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


if __name__ == "__main__":
    asyncio.run(main())
