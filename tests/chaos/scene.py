"""The whole system with what chaos needs: servers on disks of their own, behind proxies, and every process at hand."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import asyncpg
import msgspec
from msgspec import Struct

from relevo_cli import database
from relevo_cli.child import Child, Died
from relevo_cli.commands.up import describe
from relevo_cli.embedded_servers import Server, ServerDied, kept_alive
from relevo_cli.processes import SERVICES
from relevo_cli.sample_shop.recording import DOMAIN
from relevo_cli.system import ServicePlan, System, running_system
from relevo_cli.workflow_files import library, load_folder
from relevo_embedded import EmbeddedKafka, EmbeddedPostgres
from relevo_embedded.process import free_ports
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.clock import Pace, SystemClock, wall_seconds
from tests.chaos.client import SECRET, SHOP
from tests.chaos.disk import Disk, disk
from tests.chaos.proxy import Proxy, socket_proxy, tcp_proxy

FLOW = Path(__file__).with_name("flow")
MOST_DEATHS = 1000  # here they die on purpose, and often
SPEED = 60.0
"""Seconds a second: a wait of six minutes takes six seconds."""
FOR_EVER = datetime.max.replace(tzinfo=UTC)
SESSION_SECONDS = 3
LEASE_SECONDS = 12
"""For which a message that is being sent is its notifier's own: longer than a server is away."""
OUT_OF_REACH = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""How a connection to PostgreSQL fails while the server is killed; the last is of one that dies amid an answer."""
_STARTED = time.monotonic()
SOCKET = ".s.PGSQL.5432"


class Clockwork:
    """The clock of all processes, which runs on whatever happens to them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pace = Pace(origin=SystemClock().now(), anchor=wall_seconds(), speed=SPEED, until=FOR_EVER)
        self._pace.write(file)

    def step(self, by: timedelta) -> None:
        """Set the clock forward or back at once, as a correction of a machine's time does."""
        self._pace = msgspec.structs.replace(self._pace, origin=self._pace.origin + by)
        self._pace.write(self._file)


class Scene(Struct, frozen=True, kw_only=True):
    """What the faults act on."""

    system: System
    clockwork: Clockwork
    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres
    proxies: dict[str, Proxy]
    disks: dict[str, Disk]
    data: Path

    def child(self, name: str) -> Child:
        """A service's process under supervision."""
        return self.system.supervisor.children[name]

    def another_engine(self, on_death: Callable[[Died], None]) -> Child:
        """One more engine, not started yet; it has ports of its own."""
        spec = self.child("engine").spec
        admin, tasks = free_ports(2)
        ports = {"RELEVO_ADMIN_PORT": str(admin), "RELEVO_ENGINE_HTTP_PORT": str(tasks)}
        return Child(
            msgspec.structs.replace(
                spec,
                environment={**spec.environment, **ports},
                ready_url=f"http://127.0.0.1:{admin}/readyz",
                log=spec.log.with_name("engine-2.log"),
            ),
            on_death,
        )

    @contextlib.asynccontextmanager
    async def directly(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection to the database that no fault cuts, unless the database itself dies."""
        connection = await asyncpg.connect(self.postgres.dsn)
        try:
            yield connection
        finally:
            connection.terminate()


def tell(text: str) -> None:
    """A line for whoever watches, with the seconds since the start."""
    sys.stderr.write(f"{time.monotonic() - _STARTED:6.1f} {text}\n")


def tell_death(died: Died | ServerDied) -> None:
    """What died."""
    tell(f"    {describe(died)}")


@contextlib.asynccontextmanager
async def opened(folder: Path, *, not_after: str = "1d", restarted: bool = True) -> AsyncIterator[Scene]:
    """Everything runs inside the block, in `folder`, which is empty. The surroundings get the addresses.

    `not_after` is how late is too late for the marketing message. Servers that end stay so unless they are `restarted`.
    """
    async with AsyncExitStack() as stack:
        disks = {name: stack.enter_context(disk(folder / name)) for name in ("kafka", "postgres")}
        kafka, cut_kafka = await _kafka(stack, disks["kafka"].folder / "server")
        postgres, cut_postgres = await _postgres(stack, disks["postgres"].folder / "server", folder / "socket")
        kept: list[Server] = [kafka, postgres] if restarted else []
        await stack.enter_async_context(kept_alive(kept, tell_death, most_deaths=MOST_DEATHS))
        shutil.copytree(FLOW, folder / "workflows" / "chaos")
        flow = folder / "workflows" / "chaos" / "workflow.yaml"
        flow.write_text(flow.read_text().replace("purpose: marketing", f"purpose: marketing, not_after: {not_after}"))
        shutil.copytree(library() / "layouts", folder / "workflows" / "layouts")
        workflows = [load_folder(folder / "workflows" / "chaos")]
        clockwork = Clockwork(folder / "clock.json")
        os.environ |= {"RELEVO_CLOCK_SPEED": str(SPEED), "RELEVO_CLOCK_FILE": str(folder / "clock.json")}
        plan = ServicePlan(data=folder / "data", workflows=workflows)
        system = await stack.enter_async_context(running_system(plan, say=tell, on_death=tell_death))
        await _add_shop(system)
        yield Scene(
            system=system,
            clockwork=clockwork,
            kafka=kafka,
            postgres=postgres,
            proxies={"kafka": cut_kafka, "postgres": cut_postgres},
            disks=disks,
            data=folder / "data",
        )


async def _kafka(stack: AsyncExitStack, folder: Path) -> tuple[EmbeddedKafka, Proxy]:
    proxy, port = await stack.enter_async_context(tcp_proxy(lambda: kafka.port))
    kafka = EmbeddedKafka(folder, advertised=port)
    await stack.enter_async_context(kafka)
    os.environ["RELEVO_KAFKA"] = f"127.0.0.1:{port}"
    os.environ["RELEVO_SESSION_TIMEOUT"] = str(SESSION_SECONDS)
    os.environ["RELEVO_NOTIFIER_LEASE"] = str(LEASE_SECONDS)
    return kafka, proxy


async def _postgres(stack: AsyncExitStack, folder: Path, sockets: Path) -> tuple[EmbeddedPostgres, Proxy]:
    postgres = await stack.enter_async_context(EmbeddedPostgres(folder))
    sockets.mkdir(mode=0o700)
    proxy = await stack.enter_async_context(socket_proxy(sockets / SOCKET, postgres.sockets / SOCKET))
    os.environ["RELEVO_POSTGRES"] = f"postgresql://relevo@/{postgres.database}?host={quote(str(sockets))}&port=5432"
    return postgres, proxy


async def _add_shop(system: System) -> None:
    shop = Shop(
        shop=SHOP,
        platform="shopify",
        name="Chaos",
        domain=DOMAIN,
        secrets=[Secret(SECRET)],
        email_from="Chaos <hello@chaos.example.com>",
        locale="en",
        timezone="Europe/Madrid",
        currency="EUR",
        postal_address="Chaos, Calle Mayor 1, 28013 Madrid",
    )
    async with database.transaction(system.settings) as connection:
        await catalog.add_shop(connection, shop)


__all__ = ["SERVICES", "Scene", "opened", "tell", "tell_death"]
