"""What PostgreSQL tells of a running system."""

from datetime import datetime, timedelta

from msgspec import structs

from relevo_cli import database
from relevo_cli.doctor.facts import CouponPool, DatabaseFacts, Retried, Settled, Unreadable, Waiting
from relevo_control.app.systems_asked import own_versions, shop_ports, unserved
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock, make_clock
from relevo_runtime.migrations import installed_packages, pending
from relevo_runtime.pauses import paused
from relevo_runtime.postgres import Connection, Statements
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import WORKFLOW_FILE, Definition, WorkflowError, compile_workflow

STATEMENTS = Statements.load("relevo_cli.doctor", "doctor.sql")
_DAY = timedelta(days=1)
USE_OF_COUPONS = timedelta(days=14)
"""How far back it is looked how fast codes are taken."""


async def look(settings: RuntimeSettings) -> DatabaseFacts:
    """Asks it. Raises what asyncpg raises if it does not answer."""
    missing = await pending(settings.dsn, installed_packages())
    async with database.connection(settings) as connection, connection.transaction(readonly=True):
        before = SystemClock().now()
        server = await connection.fetchrow(STATEMENTS["server"])
        assert server is not None
        facts = DatabaseFacts(
            version=server["version"], ahead=_ahead(before, server["now"], SystemClock().now()), migrations=missing
        )
        return facts if missing else await _all(settings, connection, facts)


async def _all(settings: RuntimeSettings, connection: Connection, facts: DatabaseFacts) -> DatabaseFacts:
    clock = make_clock(settings)
    now = clock.now()

    def late(oldest: datetime | None) -> timedelta:
        return timedelta(0) if oldest is None else clock.wall(now - oldest)

    timers = await connection.fetchrow(STATEMENTS["timers"], now)
    outbox = await connection.fetchrow(STATEMENTS["outbox"])
    assert timers is not None
    assert outbox is not None
    queues = await connection.fetch(STATEMENTS["queues"], now)
    again = await connection.fetch(STATEMENTS["again"])
    settled = await connection.fetch(STATEMENTS["settled"], now - _DAY)
    return DatabaseFacts(
        version=facts.version,
        ahead=facts.ahead,
        timers=Waiting(timers["count"], late(timers["oldest"])),
        outbox=Waiting(outbox["count"], timedelta(seconds=outbox["seconds"])),
        queues={row["channel"]: Waiting(row["count"], late(row["oldest"])) for row in queues},
        again=[Retried(row["what"], Waiting(row["count"], late(row["oldest"])), row["reason"]) for row in again],
        settled=[Settled(row["what"], row["state"], row["count"], row["reason"]) for row in settled],
        shops=await catalog.shops(connection),
        pauses=await paused(connection),
        coupons=[
            CouponPool(**dict(row)) for row in await connection.fetch(STATEMENTS["coupons"], now, now - USE_OF_COUPONS)
        ],
        secrets={name: sorted(each) for name, each in (await catalog.needed_secrets(connection)).items()},
        deployed=await catalog.active_definitions(connection),
        ports=await shop_ports(connection),
    )


def _ahead(before: datetime, there: datetime, after: datetime) -> timedelta:
    """How far another clock is ahead that was read between two looks at ours."""
    return there - (before + (after - before) / 2)


def with_workflows_read(facts: DatabaseFacts, *, every: bool) -> DatabaseFacts:
    """What the workflows in service say: `every` one, or those that may ask a system.

    It takes processor time, so never while somebody waits for a server.
    """
    unreadable: list[Unreadable] = []
    read: list[tuple[str, Definition]] = []
    for one in facts.deployed:
        if not every and "system" not in one.files.get(WORKFLOW_FILE, ""):
            continue
        try:
            read.append((one.shop, compile_workflow(one.files)))
        except WorkflowError as error:
            unreadable.append(Unreadable(one.workflow, str(error).splitlines()[0]))
    found = unserved(read, facts.ports, own_versions(facts.deployed)) if facts.ports else []
    return structs.replace(facts, unreadable=unreadable, unserved=found)
