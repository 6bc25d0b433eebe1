"""Kafka or PostgreSQL goes away under a running system: /readyz says so, the logs say it once, and it comes back."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_embedded import EmbeddedKafka, EmbeddedPostgres
from tests.e2e.machine import start, started, stopped

pytestmark = pytest.mark.timeout(600)
READ_TOPICS = {"ingest", "engine", "scheduler", "notifier"}
SERVICES = READ_TOPICS | {"control"}
"""Control asks Kafka only for who asks it, and is as ready without."""
PATIENCE = 60
AWAY_SECONDS = 20.0
MOST_LINES = 8
"""Of one service in `AWAY_SECONDS`: a library says a kind of line once."""


@contextlib.asynccontextmanager
async def system(folder: Path, kafka: EmbeddedKafka, postgres: EmbeddedPostgres) -> AsyncIterator[dict[str, Any]]:
    addresses = {"RELEVO_KAFKA": kafka.bootstrap, "RELEVO_POSTGRES": postgres.dsn, "RELEVO_SESSION_TIMEOUT": "6"}
    process = await start("up", "--json", "--port", "0", "--data", str(folder / "data"), **addresses)
    up = await started(process)
    try:
        yield up
    finally:
        await stopped(process)


async def readiness(up: dict[str, Any]) -> dict[str, tuple[int, dict[str, Any]]]:
    """What each service's /readyz answers."""
    async with httpx.AsyncClient(timeout=10) as client:
        answers = await asyncio.gather(*(client.get(f"{address}/readyz") for address in up["admin"].values()))
    return {name: (each.status_code, each.json()["parts"]) for name, each in zip(up["admin"], answers, strict=True)}


async def until(up: dict[str, Any], holds: Callable[[int], bool]) -> dict[str, tuple[int, dict[str, Any]]]:
    """The readiness of all of them, once its status `holds` for each."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await readiness(up)
            if all(holds(status) for status, _ in found.values()):
                return found
            await asyncio.sleep(0.5)


def lines(up: dict[str, Any]) -> dict[str, list[str]]:
    """Each service's log: the messages."""
    return {
        name: [json.loads(line)["message"] for line in Path(up["logs"], f"{name}.log").read_text().splitlines()]
        for name in up["admin"]
    }


async def until_said(up: dict[str, Any], text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not all(any(text in line for line in said) for said in lines(up).values()):
            await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("away", "part", "concerned"), [("Kafka", "kafka", READ_TOPICS), ("PostgreSQL", "database", SERVICES)]
)
async def test_an_outage_shows_in_readyz_and_in_a_few_lines(
    tmp_path: Path, away: str, part: str, concerned: set[str]
) -> None:
    async with (
        EmbeddedKafka(tmp_path / "kafka") as kafka,
        EmbeddedPostgres(tmp_path / "postgres") as postgres,
        system(tmp_path, kafka, postgres) as up,
    ):
        assert set(up["admin"]) == SERVICES
        await until(up, lambda status: status == 200)
        up["admin"] = {name: address for name, address in up["admin"].items() if name in concerned}
        server = kafka if away == "Kafka" else postgres
        await server.kill()
        for _, parts in (await until(up, lambda status: status == 503)).values():
            assert parts[part]["ok"] is False
        await until_said(up, f"{away} is away since")
        before = {name: len(said) for name, said in lines(up).items()}
        await asyncio.sleep(AWAY_SECONDS)
        assert {status for status, _ in (await readiness(up)).values()} == {503}
        further = {name: said[before[name] :] for name, said in lines(up).items()}
        assert {name: said for name, said in further.items() if len(said) > MOST_LINES} == {}
        await server.start()
        await until(up, lambda status: status == 200)
        await until_said(up, f"{away} is back after")
