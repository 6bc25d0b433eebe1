"""The workload on procrastinate: a job with `schedule_in`, cancelled by an order; its worker makes the call."""

import asyncio
import contextlib
import json

import httpx
import procrastinate
from workload import arguments, drive


async def main() -> None:
    load = arguments()
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=load.dsn, max_size=16))
    http = httpx.AsyncClient()
    done = 0
    all_done = asyncio.Event()

    @app.task(name="remind")
    async def remind(n: int) -> None:
        nonlocal done
        await http.post(load.sink, data={"n": n})
        done += 1
        if done == load.reminders():
            all_done.set()

    jobs: dict[int, int] = {}
    due_at: dict[int, float] = {}

    async def start(n: int, due: float) -> None:
        due_at[n] = due
        jobs[n] = await remind.configure(schedule_in={"seconds": load.wait}).defer_async(n=n)

    async def order(n: int) -> None:
        await app.job_manager.cancel_job_by_id_async(jobs[n])

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=32, fetch_job_polling_interval=0.2, install_signal_handlers=False)
        )
        print("ready", flush=True)
        await drive(load, start, order)
        await all_done.wait()
        await asyncio.sleep(1)  # wrong or second calls would still come
        print("due", json.dumps(due_at), flush=True)
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    await http.aclose()


if __name__ == "__main__":
    asyncio.run(main())
