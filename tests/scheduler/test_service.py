"""The scheduler as a process: it starts, publishes on time, wakes up for an earlier timer, and stops when told to."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from relevo_runtime.clock import SystemClock
from relevo_runtime.outgoing import Timer
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.timers import announce, set_timers
from tests.conftest import SettingsFactory
from tests.scheduler.reading import wake_ups


def environment(own: RuntimeSettings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")},
        "RELEVO_POSTGRES": own.dsn,
        "RELEVO_KAFKA": own.kafka,
        "RELEVO_TOPIC_PREFIX": own.topic_prefix,
        "RELEVO_SCHEDULER_LONGEST_SLEEP": "3600",
    }


async def test_it_sleeps_until_an_announcement_and_stops_cleanly(
    pool: Pool, settings: SettingsFactory, topics: list[str], system_clock: SystemClock
) -> None:
    assert topics
    own = settings()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "relevo_scheduler", env=environment(own))
    try:
        soon = system_clock.now() + timedelta(seconds=1)
        async with pool.acquire() as connection:
            await set_timers(connection, [Timer("acme", "cus_1", "soon", soon), Timer("acme", "cus_1", "now", soon)])
            while not await wake_ups(own):  # it may not listen yet
                await announce(connection, soon)
                await asyncio.sleep(0.1)
        found = await wake_ups(own)
        assert {wake_up.timer_id for wake_up in found} <= {"soon", "now"}
        assert system_clock.now() >= soon
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
