"""A service for test_service.py: `python sample_service.py [MODE]`; what a mode does is below."""

import asyncio
import contextlib
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime

import structlog

from relevo_runtime.kafka import Publisher
from relevo_runtime.links import check_secret
from relevo_runtime.postgres import open_pool
from relevo_runtime.service import Service, run
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.telemetry import log_context

MODE = sys.argv[1] if len(sys.argv) > 1 else ""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def look_at_database() -> None:
    if MODE == "sick":
        raise OSError("no route")


def talk() -> None:
    with log_context(shop="acme", event="evt-1"):
        structlog.get_logger("sample").info(
            "hello", api_key="abc", nested={"token": "abc"}, url="postgresql://relevo:abc@127.0.0.1/relevo"
        )
        logging.getLogger("sample").info("by the standard library: %d", 7)


async def connect() -> None:
    if MODE == "without-database":
        await open_pool(RuntimeSettings().dsn, application_name="sample")
    if MODE == "without-kafka":
        await Publisher(RuntimeSettings()).start()


@contextlib.asynccontextmanager
async def build(service: Service) -> AsyncIterator[None]:
    turns: list[datetime] = []

    async def work(now: datetime) -> None:
        turns.append(now)
        if MODE == "failing":
            service.fail(OSError("the disk is full"))
        if len(turns) == 1:
            return
        await service.stopping.wait()
        await asyncio.sleep(0.1)
        say("finished the turn")

    if MODE == "starting":
        say("connecting")
        await asyncio.Event().wait()
    if MODE == "refusing":
        check_secret("short")
    await connect()
    if MODE == "crashing":
        password = "hunter" + str(len(sys.argv))
        raise OSError(f"wrong password of {len(password)} characters")
    if MODE == "talking":
        talk()
    service.health.probe("database", look_at_database)
    loop = service.loop("work", work, longest_pause=0.01)
    async with service.running(loop):
        while len(turns) < 2 and not service.stopping.is_set():
            await asyncio.sleep(0.005)
        say("started")
        yield
    if MODE == "hanging":
        await asyncio.Event().wait()


def main() -> int:
    if MODE == "parent":
        child = subprocess.Popen([sys.executable, __file__], env=None)
        say(str(child.pid))
        return child.wait()
    return run("sample", RuntimeSettings(), build)


if __name__ == "__main__":
    sys.exit(main())
