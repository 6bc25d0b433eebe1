"""The whole system in the foreground: Kafka, PostgreSQL, the four services and the sandbox, as one context.

Given addresses (`RELEVO_KAFKA`, `RELEVO_POSTGRES`) are used; what is not given runs embedded in the data folder.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from pydantic import SecretStr

from relevo_cli import addresses, clock_memory
from relevo_cli.addresses import Running
from relevo_cli.at_start import describe_left, polls_shops, store
from relevo_cli.child import Died, StartError
from relevo_cli.commands.migrate import prepare
from relevo_cli.embedded_servers import Server, ServerDied, kept_alive
from relevo_cli.pacing import Pacemaker, paced
from relevo_cli.processes import CONTROL, HOST, POLLER, Ports, choose_ports, control, mail_folder, poller, specs
from relevo_cli.supervisor import Supervisor, supervised
from relevo_cli.workflow_files import Loaded
from relevo_embedded import EmbeddedKafka, EmbeddedPostgres
from relevo_runtime.clock import Clock, Pace, SystemClock, make_clock, wall_seconds
from relevo_runtime.settings import RuntimeSettings

_log = logging.getLogger(__name__)


class ServicePlan(Struct, frozen=True, kw_only=True):
    """What to run. `origin` is the time that the clock shows until the services are up; None is the present.

    `furnish` puts into the database what has to be there when the services start; `ingest` are
    settings of ingest, beside those of the environment; `control` has the control API run, too.
    """

    data: Path
    workflows: Sequence[Loaded]
    port: int = 0
    speed: float = 1.0
    origin: datetime | None = None
    furnish: Callable[[RuntimeSettings], Awaitable[None]] | None = None
    control: bool = False
    ingest: Mapping[str, str] = {}


class System(Struct, frozen=True, kw_only=True):
    """A running system. Its clock has a `pacemaker`, unless it is the machine's own or was given."""

    settings: RuntimeSettings
    clock: Clock
    running: Running
    supervisor: Supervisor
    pacemaker: Pacemaker | None


@contextlib.asynccontextmanager
async def running_system(
    plan: ServicePlan, *, say: Callable[[str], None], on_death: Callable[[Died | ServerDied], None]
) -> AsyncIterator[System]:
    """Everything runs inside the block; `say` is told each step of the start. What dies is started again.

    Raises `CommandError`, `EmbeddedError`, `StartError` or `MigrationError`, and `ServerGivenUpError` out of the
    block; what had been started is stopped.
    """
    ports = choose_ports(plan.port)
    plan.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with contextlib.AsyncExitStack() as stack:
        base, servers = await _infrastructure(plan.data, stack, say)
        await stack.enter_async_context(kept_alive(servers, on_death))
        say("database and topics")
        await prepare(base)
        stored = await store(base, plan.workflows)
        if remark := describe_left(stored):
            say(remark)
        if plan.furnish is not None:
            await plan.furnish(base)
        settings = _with_clock(base, plan)
        settings = settings.model_copy(update={"public_url": f"http://{HOST}:{ports.ingest}"})
        say("services")
        polling = await polls_shops(base)
        started = specs(settings, ports, plan.data, polling=polling, ingest=plan.ingest)
        started += [control(settings, ports, plan.data)] if plan.control else []
        supervisor = await stack.enter_async_context(supervised(started, on_death))
        running = _running(settings, plan, ports, polling=polling)
        addresses.announce(plan.data, running)
        stack.callback(addresses.withdraw, plan.data)
        if not polling:
            await stack.enter_async_context(polling_once_needed(base, settings, plan, ports, supervisor))
        pacemaker = await stack.enter_async_context(paced(settings, clock_memory.clock_file(plan.data)))
        stack.callback(say, "stopping")
        yield System(
            settings=settings,
            clock=make_clock(settings),
            running=running,
            supervisor=supervisor,
            pacemaker=pacemaker,
        )


@contextlib.asynccontextmanager
async def polling_once_needed(
    base: RuntimeSettings,
    settings: RuntimeSettings,
    plan: ServicePlan,
    ports: Ports,
    supervisor: Supervisor,
    *,
    look_every: float = 3.0,
) -> AsyncIterator[None]:
    """The poller starts when the first shop is connected that has to be asked, looked for inside the block."""

    async def wait() -> None:
        while True:
            try:
                if await polls_shops(base):
                    break
            except Exception as error:  # noqa: BLE001 - the database may be away for a moment: it is asked again
                _log.info("whether shops have to be asked is not known now: %r", error)
            await asyncio.sleep(look_every)
        try:
            await supervisor.add(poller(settings, ports, plan.data))
        except StartError as error:
            _log.warning("shops can't be asked yet: %s", error)  # it is started again and again
        addresses.announce(plan.data, _running(settings, plan, ports, polling=True))

    waiting = asyncio.create_task(wait())
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def _infrastructure(
    data: Path, stack: contextlib.AsyncExitStack, say: Callable[[str], None]
) -> tuple[RuntimeSettings, Sequence[Server]]:
    """Starts what is not given, side by side; returns what was started."""
    given: dict[str, object] = {"link_secret": SecretStr(_link_secret(data))}
    servers: list[Server] = []

    async def postgres() -> None:
        server = await stack.enter_async_context(EmbeddedPostgres(data / "postgres"))
        servers.append(server)
        given["postgres"] = SecretStr(server.dsn)

    async def kafka() -> None:
        server = await stack.enter_async_context(EmbeddedKafka(data / "kafka"))
        servers.append(server)
        given.update(kafka=server.bootstrap, session_timeout=3.0)

    starts = {"PostgreSQL": ("RELEVO_POSTGRES", postgres), "Kafka": ("RELEVO_KAFKA", kafka)}
    wanted = {name: start for name, (variable, start) in starts.items() if variable not in os.environ}
    if wanted:
        say(" and ".join(wanted))
    async with asyncio.TaskGroup() as starting:
        for start in wanted.values():
            starting.create_task(start())
    return RuntimeSettings(**given), servers  # type: ignore[arg-type]  # pydantic checks each value


def _with_clock(settings: RuntimeSettings, plan: ServicePlan) -> RuntimeSettings:
    """The clock of all processes: it stands at the plan's origin, or now, or where the last run's clock stood.

    A clock that is not the machine's own follows a file, and goes on when somebody paces it. One that was given stays.
    """
    if settings.clock_file is not None:
        return settings
    now, file = SystemClock().now(), clock_memory.clock_file(plan.data)
    origin = plan.origin or max(now, clock_memory.last_reading(plan.data) or now)
    if plan.speed == 1.0 and origin == now:
        return settings
    anchor = wall_seconds()
    Pace(origin=origin, anchor=anchor, speed=plan.speed, until=origin).write(file)
    clock = {"clock_speed": plan.speed, "clock_origin": origin, "clock_anchor": anchor, "clock_file": file}
    return settings.model_copy(update=clock)


def _link_secret(data: Path) -> str:
    """The secret that signs links, made once for a data folder."""
    given = os.environ.get("RELEVO_LINK_SECRET")
    if given:
        return given
    file = data / "link-secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text()


def _running(settings: RuntimeSettings, plan: ServicePlan, ports: Ports, *, polling: bool) -> Running:
    admin = {**ports.admin, **({POLLER: ports.poller} if polling else {})}
    admin |= {CONTROL: ports.control_admin} if plan.control else {}
    url, sandbox = f"http://{HOST}:{ports.ingest}", f"http://{HOST}:{ports.sandbox}"
    return Running(
        pid=os.getpid(),
        data=str(plan.data),
        kafka=settings.kafka,
        postgres=settings.dsn,
        ingest=url,
        mail=f"{HOST}:{ports.smtp}",
        mail_folder=str(mail_folder(plan.data)),
        sms=f"{sandbox}/2010-04-01",
        sandbox=sandbox,
        tasks=f"http://{HOST}:{ports.tasks}/tasks",
        control=f"http://{HOST}:{ports.control}" if plan.control else "",
        admin={name: f"http://{HOST}:{port}" for name, port in admin.items()},
        logs=str(plan.data / "logs"),
        speed=settings.clock_speed,
        clock_origin=settings.clock_origin.isoformat() if settings.clock_origin else "",
        clock_anchor=settings.clock_anchor or 0.0,
        clock_file=str(settings.clock_file or ""),
    )
