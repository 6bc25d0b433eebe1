"""A server is lost and restored to an earlier moment while a shop works, and `relevo restore-check` puts it right.

`python -m tests.chaos.restoring ahead`: PostgreSQL is restored from a dump that was made under load. `lost`: Kafka
begins with nothing. `older`: Kafka's disk is an older copy. The last line is JSON; the exit code is 1 if books differ.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct, to_builtins

from relevo_cli.commands.migrate import prepare
from relevo_embedded.postgres import binaries
from relevo_runtime.settings import RuntimeSettings
from tests.chaos.books import Books, Differences, compare
from tests.chaos.client import Client
from tests.chaos.run import RATE, Watch, at_rest
from tests.chaos.scene import Scene, opened, tell
from tests.e2e.machine import ROOT

SERVICES = ("ingest", "scheduler", "engine", "notifier")
"""In the order of stopping; the mail server goes on."""
KNOWN = 30
"""Customers whom the shop has from the beginning; later ones are new."""
LOAD_SECONDS = 12.0
READ_SECONDS = 60.0
SLOW_ANSWER_SECONDS = 1.0
_WRITTEN = "select count(*), count(outcome) from notifier.delivery"
"""What changes with the tables that a repair writes."""
_AT_ONCE = timedelta(0)


class Restored(Struct, frozen=True, kw_only=True):
    """What a restore came to. `new` are people whom nothing in the dump knows, of whom `unopened` were named.

    `interrupted`: the first repair was killed between what it writes to PostgreSQL and to Kafka. Of what was in doubt:
    what the policy of its purpose forbids, marketing that arrived twice and transactional messages that never did.
    """

    case: str
    webhooks: int
    errors_before: int
    in_doubt: int
    unopened: int
    new: int
    lost: int
    duplicated: int
    stuck: int
    interrupted: bool = False
    marketing_twice: int = 0
    transactional_missing: int = 0


class Shop(Client):
    """Customers come back: checkouts are of those who are known, until new ones may come too."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.system.running.ingest, scene.system.clock, seed=1)
        self.newcomers = False
        self.new: set[str] = set()

    def _customer(self, number: int) -> int:
        if self.newcomers and number % 4 == 0:
            self.new.add(self.email(number))
            return number
        return number % KNOWN


async def ahead(scene: Scene) -> Restored:
    """PostgreSQL goes back to a dump; Kafka has what came after it."""
    shop = Shop(scene)
    watch = Watch(scene.system.running.sandbox, scene.system.clock)
    ended = asyncio.Event()
    async with watch.watching():
        posting = asyncio.create_task(shop.post_at(RATE, ended))
        await asyncio.sleep(LOAD_SECONDS)
        await _program(scene, "pg_dump", "-Fc", "-f", str(_dump(scene)))
        tell("dumped")
        shop.newcomers = True
        await asyncio.sleep(LOAD_SECONDS)
        await _answers_after(scene, SLOW_ANSWER_SECONDS)  # so that the notifier ends with messages at its provider
        await asyncio.sleep(2 * SLOW_ANSWER_SECONDS)
        ended.set()
        await posting
        await _stopped(scene)
        await _answers_after(scene, 0.0)
        await _program(scene, "dropdb", "--force", scene.postgres.database, database="")
        await _program(scene, "createdb", "-T", "template0", scene.postgres.database, database="")
        await _program(scene, "pg_restore", "-d", scene.postgres.database, str(_dump(scene)), database="")
        tell("restored")
        return await _repaired(scene, shop, watch, "ahead")


async def lost(scene: Scene) -> Restored:
    """Kafka begins with nothing; PostgreSQL has what was on it."""
    return await _behind(scene, "lost")


async def older(scene: Scene) -> Restored:
    """Kafka's disk is an older copy."""
    return await _behind(scene, "older")


async def _behind(scene: Scene, case: str) -> Restored:
    shop, watch, ended = Shop(scene), Watch(scene.system.running.sandbox, scene.system.clock), asyncio.Event()
    copy = scene.data / "kafka-copy"
    async with watch.watching():
        posting = asyncio.create_task(shop.post_at(RATE, ended))
        await asyncio.sleep(LOAD_SECONDS / 2)
        await scene.kafka.stop()
        shutil.copytree(scene.kafka.folder, copy)
        await scene.kafka.start()
        await asyncio.sleep(LOAD_SECONDS)
        ended.set()
        await posting
        await _all_taken(scene, shop)
        await _stopped(scene, taken_over=3.0)  # what no notifier has taken over when Kafka is lost is lost
        await scene.kafka.stop()
        shutil.rmtree(scene.kafka.folder)
        if case == "older":
            shutil.copytree(copy, scene.kafka.folder)
        await scene.kafka.start()
        tell(f"Kafka is {case}")
        await prepare(RuntimeSettings())
        return await _repaired(scene, shop, watch, case)


async def _repaired(scene: Scene, shop: Shop, watch: Watch, case: str) -> Restored:
    before = await _check()
    tell(json.dumps(before["findings"], indent=1))
    assert len(before["findings"]) == len((await _check())["findings"])  # it changed nothing
    interrupted = await _interrupted(scene)
    repaired = await _check("--repair")
    tell(json.dumps(repaired["findings"], indent=1))
    assert not _errors(repaired)
    for name in reversed(SERVICES):
        await scene.child(name).start()
        await scene.child(name).wait_ready(timedelta(seconds=60))
    tell("at rest")
    books = await at_rest(scene, shop, watch, seconds=60.0, without=shop.new)
    found = compare(books)
    for line in (*found.lost, *found.duplicated, *found.stuck):
        tell(f"  {line}")
    doubted = _arrivals(books, {*before["in_doubt"], *repaired["in_doubt"]})
    return msgspec.structs.replace(
        _result(case, shop, before, repaired, found, _named_people(before)),
        interrupted=interrupted,
        marketing_twice=sum(count > 1 for effect, count in doubted.items() if "/second/" in effect),
        transactional_missing=sum(not count for effect, count in doubted.items() if "/first/" in effect),
    )


def _result(
    case: str, shop: Shop, before: dict[str, Any], repaired: dict[str, Any], found: Differences, unopened: int
) -> Restored:
    return Restored(
        case=case,
        webhooks=len(shop.taken),
        errors_before=len(_errors(before)),
        in_doubt=len({*before["in_doubt"], *repaired["in_doubt"]}),
        unopened=unopened,
        new=len(shop.new),
        lost=len(found.lost),
        duplicated=len(found.duplicated),
        stuck=len(found.stuck),
    )


def _arrivals(books: Books, effects: Collection[str]) -> dict[str, int]:
    """How often each of these messages arrived."""
    found = Counter(one.effect for one in books.arrivals)
    return {effect: found[effect] for effect in effects}


async def _answers_after(scene: Scene, seconds: float) -> None:
    """The mail server takes so long for each message."""
    async with httpx.AsyncClient(timeout=10) as client:
        url = f"{scene.system.running.sandbox}/faults"
        await client.put(url, json={"latency": seconds} if seconds else {})


async def _command(*options: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "relevo_cli", "restore-check", "--json", *options)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def _interrupted(scene: Scene) -> bool:
    """Kill a repair as soon as it has written its tables, before the groups are set back; whether it was caught so."""
    async with scene.directly() as connection:
        before = await connection.fetchrow(_WRITTEN)
        process = await _command("--repair")
        while process.returncode is None and await connection.fetchrow(_WRITTEN) == before:
            await asyncio.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
    tell(f"a repair ended with {process.returncode}")
    return process.returncode == -signal.SIGKILL


async def _check(*options: str) -> dict[str, Any]:
    process = await _command(*options)
    out, _ = await process.communicate()
    found: dict[str, Any] = json.loads(out)
    assert process.returncode == bool(_errors(found))
    return found


def _errors(checked: dict[str, Any]) -> list[Any]:
    return [one for one in checked["findings"] if one["severity"] == "error"]


def _named_people(checked: dict[str, Any]) -> int:
    told = [one["what"] for one in checked["findings"] if "can't be opened" in one["what"]]
    return sum(int(text.split(" of ")[1].split()[0]) for text in told)


async def _stopped(scene: Scene, *, taken_over: float = 0.0) -> None:
    """All services end at once, in the middle of what they do; the notifier so many seconds after the others."""
    for name in SERVICES:
        await asyncio.sleep(taken_over if name == "notifier" else 0)
        await scene.child(name).stop(_AT_ONCE)
    await asyncio.sleep(5.0)  # until Kafka knows that they are gone


async def _all_taken(scene: Scene, shop: Shop) -> None:
    """The engine has a run for every checkout: what it has not read when Kafka is lost is lost."""
    async with asyncio.timeout(READ_SECONDS):
        while not await _runs(scene) >= len(shop.taken):
            await asyncio.sleep(0.2)


async def _runs(scene: Scene) -> int:
    async with scene.directly() as connection:
        count: int = await connection.fetchval("select count(*) from engine.run")
        return count


def _dump(scene: Scene) -> Path:
    return scene.postgres.folder / "dump"


async def _program(scene: Scene, name: str, *arguments: str, database: str | None = None) -> None:
    """One of PostgreSQL's own programs, over its socket."""
    named = () if database == "" else ("-d", scene.postgres.database)
    address = ("-h", str(scene.postgres.sockets), "-p", "5432", "-U", "relevo")
    command = [str(binaries() / name), *address, *named, *arguments]
    await asyncio.to_thread(subprocess.run, command, check=True, cwd=scene.postgres.folder)


async def main(case: str) -> int:
    """Play one case; the exit code."""
    with tempfile.TemporaryDirectory(prefix="relevo-restore-") as name:
        async with opened(Path(name), restarted=False) as scene:
            result = await {"ahead": ahead, "lost": lost, "older": older}[case](scene)
    sys.stdout.write(json.dumps(to_builtins(result)) + "\n")
    wrong = (result.lost, result.duplicated, result.stuck, result.marketing_twice, result.transactional_missing)
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
