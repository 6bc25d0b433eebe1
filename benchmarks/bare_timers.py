"""The limit of the timer benchmark: claims due timers with the scheduler's statement and publishes them, nothing else.

`python -m benchmarks.bare_timers` reads the runtime's own settings and runs until it is stopped.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from relevo_contracts import topics
from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import WakeUp, wake_up_id
from relevo_runtime import timers
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.settings import RuntimeSettings

LEASE = timedelta(hours=1)
PAGE = 1000
_encode = msgspec.json.Encoder().encode


async def main() -> None:
    settings = RuntimeSettings()
    pool = await open_pool(settings.dsn, application_name="bare-timers")
    async with Publisher(settings) as publisher:
        while True:
            page = await _claim(pool)
            if page:
                await publisher.publish(topics.WAKEUPS, page)
            else:
                await asyncio.sleep(0.01)


async def _claim(pool: Pool) -> list[tuple[bytes, bytes]]:
    now = datetime.now(UTC)
    async with pool.acquire() as conn, conn.transaction():
        due = (await timers.claim_due(conn, now, now + LEASE, PAGE)).timers
    return [
        (partition_key(one.shop, one.key), _encode(WakeUp(
            id=wake_up_id(one.timer_id, one.due_at, one.turn), shop=one.shop, key=one.key, timer_id=one.timer_id,
            due_at=one.due_at, run_id=one.run_id, turn=one.turn, name=one.name)))
        for one in due
    ]  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
