"""One upgrade under load: the previous release at work, the schema migrated below it, services exchanged, the books.

`python -m tests.upgrade FOLDER` plays it with the release that is set up in FOLDER. The last line is JSON; the exit
code is 1 if the books differ.
"""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from msgspec import Struct

from relevo_cli.child import Died
from relevo_cli.commands.up import describe
from relevo_cli.processes import HOST
from relevo_cli.sample_shop.recording import DOMAIN
from relevo_embedded import EmbeddedKafka, EmbeddedPostgres
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Statements
from relevo_runtime.settings import RuntimeSettings
from tests.chaos.books import Delivery, Differences
from tests.chaos.client import SECRET, SHOP
from tests.chaos.run import Watch
from tests.chaos.scene import SESSION_SECONDS, SPEED, Clockwork, tell
from tests.fake_http_service import FakeHttpService, fake_http_service
from tests.upgrade.books import Ledger, Run, compare
from tests.upgrade.fleet import Fleet
from tests.upgrade.orders import ROLLBACK, SERVICES, UPGRADE, Exchange, every_mixture
from tests.upgrade.releases import THIS, Release
from tests.upgrade.sandbox import sandbox
from tests.upgrade.shop import Shop

STATEMENTS = Statements.load("tests.upgrade", "books.sql")
FLOW = Path(__file__).with_name("flow")
RATE = 5.0
"""Checkouts a second; with what else is told of them three times as many webhooks."""
OLD_SECONDS = 8.0
"""The previous release works alone for so long: runs wait, and some have ended."""
BESIDE_SECONDS = 1.0
"""Two members of one group work side by side."""
SETTLE_SECONDS = 1.0
REST_SECONDS = 120.0
SLOW_ANSWER_SECONDS = 0.5
"""What the mail server takes while the schema is migrated: messages queue up."""
SHOP_OPTIONS = (
    *("--platform", "shopify", "--domain", DOMAIN, "--email-from", "Upgrade <hello@upgrade.example.com>"),
    *("--timezone", "Europe/Madrid", "--quiet-hours", "none", "--postal-address", "Calle Mayor 1, Madrid"),
)
DEPLOYED = ("--yes", "--settle", "0", "--author", "ana", "--review-by", "ben", "--approve-by", "eva", "--note", "test")


class Result(Struct, frozen=True, kw_only=True):
    """The last line. `queued` messages and `timers` waited while `migrations` were applied; what follows must be 0."""

    webhooks: int
    mails: int
    calls: int
    migrations: int
    queued: int
    timers: int
    exchanges: int
    mixtures: int
    seconds: float
    lost: int
    duplicated: int
    in_doubt: int
    early: int
    stuck: int
    refused: int
    dead_letters: int
    unrecognised: int
    deaths: int
    unprepared: int

    @property
    def good(self) -> bool:
        """The books agree."""
        wrong = (self.lost, self.duplicated, self.in_doubt, self.early, self.stuck, self.refused, self.dead_letters)
        return not any((*wrong, self.unrecognised, self.deaths, self.unprepared))


class Play:
    """The parts of one upgrade."""

    def __init__(self, old: Release, fleet: Fleet, watch: Watch, system: FakeHttpService, sandbox: str) -> None:
        self.old = old
        self.fleet = fleet
        self.watch = watch
        self.system = system
        self.sandbox = sandbox
        self.clock = make_clock(RuntimeSettings())
        self.shop = Shop(lambda: fleet.ingests, self.clock)
        self.exchanges = 0
        self.mixtures: set[tuple[tuple[str, str], ...]] = set()

    async def play(self, deaths: Sequence[str]) -> Result:
        """All of it, under load from the beginning to the end."""
        loop = asyncio.get_running_loop()
        begun, ended = loop.time(), asyncio.Event()
        async with self.watch.watching():
            posting = asyncio.create_task(self.shop.post_at(RATE, ended))
            await asyncio.sleep(OLD_SECONDS)
            migrations, queued, timers = await self._migrate()
            unprepared = await self.old.unprepared()
            for one in (*UPGRADE, *ROLLBACK, *every_mixture()):
                await self._exchange(one)
            ended.set()
            await posting
            tell("at rest")
            found = await self._at_rest()
        differences = {name: list(getattr(found, name)) for name in Differences.__struct_fields__}
        differences |= {"refused": self.shop.refused, "deaths": list(deaths), "unprepared": unprepared}
        for topic in ("dead-letters", "unrecognised"):
            differences[topic.replace("-", "_")] = json.loads(await THIS.relevo(topic, "list", "--json"))
        for name, lines in differences.items():
            for line in lines:
                tell(f"  {name}: {line}")
        return Result(
            webhooks=self.shop.posts,
            mails=len(self.watch.arrivals),
            calls=len(self.system.asked),
            migrations=migrations,
            queued=queued,
            timers=timers,
            exchanges=self.exchanges,
            mixtures=len(self.mixtures),
            seconds=round(loop.time() - begun, 1),
            **{name: len(lines) for name, lines in differences.items()},
        )

    async def _migrate(self) -> tuple[int, int, int]:
        """This release's migrations below the previous one at work, while messages queue up."""
        await self._answers_after(SLOW_ANSWER_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
        [waiting] = await self._rows("waiting")
        applied = json.loads(await THIS.relevo("migrate", "--json"))
        tell(
            f"{len(applied['migrations'])} migrations; {waiting['queued']} messages and {waiting['timers']} timers wait"
        )
        await asyncio.sleep(SETTLE_SECONDS)
        await self._answers_after(0)
        return len(applied["migrations"]), waiting["queued"], waiting["timers"]

    async def _exchange(self, one: Exchange) -> None:
        release = THIS if one.forward else self.old
        await self.fleet.exchange(one.service, release, beside=BESIDE_SECONDS)
        self.exchanges += 1
        self.mixtures.add(tuple(sorted(self.fleet.mixture.items())))
        tell(f"  {one.service} is of {release.name}: {', '.join(sorted(self._new()))} of this release")
        await asyncio.sleep(SETTLE_SECONDS)

    def _new(self) -> Iterator[str]:
        return (name for name, release in self.fleet.mixture.items() if release == THIS.name)

    async def _answers_after(self, seconds: float) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            await client.put(f"{self.sandbox}/faults", json={"latency": seconds} if seconds else {})

    async def _at_rest(self) -> Differences:
        if (found := await self._complete()).complete:
            await asyncio.sleep(3 * SETTLE_SECONDS)  # for what should not come
            found = await self._complete()
        return found

    async def _complete(self) -> Differences:
        """The books once nothing is missing, or after REST_SECONDS; the library goes on sending meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + REST_SECONDS
        while not (found := await self._compared()).complete and loop.time() < until:
            await asyncio.sleep(1.0)
        return found

    async def _compared(self) -> Differences:
        arrivals, called = list(self.watch.arrivals), self.system.keys()  # first: the database knows them then
        return compare(
            Ledger(
                taken=dict(self.shop.taken),
                runs=[Run(**row) for row in await self._rows("runs", SHOP)],
                deliveries=[Delivery(**row) for row in await self._rows("deliveries", SHOP)],
                calls=[Delivery(**row) for row in await self._rows("calls", SHOP)],
                arrivals=arrivals,
                called=called,
            )
        )

    async def _rows(self, statement: str, *values: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(os.environ["RELEVO_POSTGRES"])
        try:
            return [dict(row) for row in await connection.fetch(STATEMENTS[statement], *values)]
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def opened(folder: Path, old: Release, deaths: list[str]) -> AsyncIterator[Play]:
    """The previous release runs inside the block, in `folder`, with its own workflows and one of ours."""

    def died(one: Died) -> None:
        deaths.append(describe(one))
        tell(deaths[-1])

    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(EmbeddedKafka(folder / "kafka"))
        postgres = await stack.enter_async_context(EmbeddedPostgres(folder / "postgres"))
        system = await stack.enter_async_context(fake_http_service())
        os.environ |= {
            "RELEVO_KAFKA": kafka.bootstrap,
            "RELEVO_POSTGRES": postgres.dsn,
            "RELEVO_SESSION_TIMEOUT": str(SESSION_SECONDS),
            "RELEVO_LINK_SECRET": "a-secret-of-links-for-one-upgrade",
            "RELEVO_PUBLIC_URL": "https://relevo.example.com",
            "RELEVO_CLOCK_SPEED": str(SPEED),
            "RELEVO_CLOCK_FILE": str(folder / "clock.json"),
        }
        Clockwork(folder / "clock.json")
        smtp, http = await stack.enter_async_context(sandbox(folder, died))
        await _furnish(old, folder / "workflows", system.port)
        fleet = Fleet(folder / "data", smtp=smtp, sandbox=http, on_death=died)
        stack.push_async_callback(fleet.stop)
        tell(f"the {old.name} release starts")
        await fleet.start(SERVICES, old)
        address = f"http://{HOST}:{http}"
        yield Play(old, fleet, Watch(address, make_clock(RuntimeSettings())), system, address)


async def _furnish(old: Release, workflows: Path, port: int) -> None:
    """The schema, the topics, a shop and workflows, as the previous release makes them."""
    await old.relevo("migrate")
    await old.relevo("shops", "add", SHOP, "--secret", SECRET, *SHOP_OPTIONS)
    shutil.copytree(old.folder / "workflows", workflows)
    shutil.copytree(FLOW, workflows / "upgrade")
    flow = workflows / "upgrade" / "workflow.yaml"
    flow.write_text(flow.read_text().replace("PORT", str(port)))
    await old.relevo("approvers", "add", "eva")
    await old.relevo("deploy", str(workflows), *DEPLOYED)


async def played(old: Release) -> Result:
    """An upgrade from this release."""
    with tempfile.TemporaryDirectory(prefix="relevo-upgrade-") as name:
        deaths: list[str] = []
        async with opened(Path(name), old, deaths) as play:
            return await play.play(deaths)
