"""Moving a shop between two real databases: every table, any interruption, and back again. Kafka is at rest here."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from relevo_cli.errors import CommandError
from relevo_cli.moving import copying, parking
from relevo_cli.moving.draining import Offsets
from relevo_cli.moving.move import Cells, Pace, abort, move, next_step
from relevo_cli.moving.tables import LEFT_BEHIND, tables_of
from relevo_runtime import catalog
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Connection, prepare_connection
from relevo_testing.servers import Servers
from tests.conftest import Platforms

AT = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
PACE = Pace(settle=0.0, patience=60.0)
THERE = "there/relevo"
TEA, MOKA = "tea", "moka"
SAMPLES: Mapping[str, str] = {
    "text": "'{shop}-{n}'",
    "int2": "{n}",
    "int4": "{n}",
    "float8": "{n} + 0.5",
    "numeric": "{n} + 0.25",
    "int8": "{n}",
    "bool": "{n} % 2 = 0",
    "bytea": r"convert_to('{shop}-{n}', 'UTF8')",
    "date": "date '2026-03-05' + {n}",
    "timestamptz": "timestamptz '2026-03-05T18:00:00Z' + {n} * interval '1 day'",
    "jsonb": """'{{"shop": "{shop}", "n": {n}}}'""",
    "uuid": "md5('{shop}-{n}')::uuid",
    "_text": "array['{shop}', '{n}']",
}
"""A value of each type, other for each row."""
TYPES = """
select a.attname as name, t.typname as type
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
    and a.attidentity = '' and a.attgenerated = '' and a.attname <> 'shop'
"""
CHECKS = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint where contype in ('c', 'f') and conislocal and connamespace::regnamespace::text !~ '^pg_|information'
    and conrelid <> 0
"""


class Still:
    """Topics that nobody writes to and everybody has read."""

    async def ends(self) -> Offsets:
        return {}

    async def unread(self, until: Offsets) -> int:
        return len(until)


@dataclass
class Two:
    """Two cells; `says` may raise to interrupt a move."""

    source: Connection
    target: Connection
    dsn: str
    lines: list[str] = field(default_factory=list)
    interrupted_at: str = ""

    def say(self, line: str) -> None:
        self.lines.append(line)
        if self.interrupted_at and self.interrupted_at in line:
            self.interrupted_at = ""
            raise Interrupted

    @property
    def cells(self) -> Cells:
        return Cells(self.source, self.target, Still(), THERE, SystemClock(), self.say)

    @property
    def back(self) -> Cells:
        return Cells(self.target, self.source, Still(), "here/relevo", SystemClock(), self.say)

    async def move(self) -> None:
        await move(self.cells, TEA, PACE)
        await self.unlock()

    async def unlock(self) -> None:
        """What the end of the command's connections does."""
        for connection in (self.source, self.target):
            await connection.execute("select pg_advisory_unlock_all()")


class Interrupted(Exception):  # noqa: N818 - named for what happens
    """The command was killed here."""


@pytest.fixture
async def two(platforms: Platforms, platform: Servers) -> AsyncIterator[Two]:
    databases = await platforms.databases(platform)
    dsns = [await databases.take() for _ in range(2)]
    source, target = [await asyncpg.connect(dsn) for dsn in dsns]
    for connection in (source, target):
        await prepare_connection(connection)
    for name in (TEA, MOKA):
        await catalog.add_shop(source, Shop(shop=name, platform="custom"))
    yield Two(source, target, dsns[0])
    for connection, dsn in zip((source, target), dsns, strict=True):
        await connection.close()
        await databases.give_back(dsn)


async def all_of(connection: Connection, shop: str) -> Mapping[str, copying.Content]:
    async with connection.transaction():
        return await copying.contents(connection, shop, await tables_of(connection))


async def fill(connection: Connection, shop: str, rows: int = 2) -> None:
    """Rows of the shop in every table that has a column of that name."""
    for table in await tables_of(connection):
        if (table.schema, table.name) == ("catalog", "shop"):
            continue
        columns = await connection.fetch(TYPES, table.quoted)
        names = ", ".join(["shop", *(f'"{one["name"]}"' for one in columns)])
        for n in range(1, rows + 1):
            values = [SAMPLES[one["type"]].format(shop=shop, n=n) for one in columns]
            text = ", ".join([f"'{shop}'", *values])
            await connection.execute(f"insert into {table.quoted} ({names}) values ({text}) on conflict do nothing")


async def test_every_table_with_rows_of_shops_moves_also_one_that_is_added_later(two: Two) -> None:
    for connection in (two.source, two.target):
        for row in await connection.fetch(CHECKS):  # any row may stand for one that the services write
            await connection.execute(row[0])
        await connection.execute(
            "create schema later; create table later.thing ("
            ' "order" text not null, shop text not null, number bigint generated always as identity,'
            " twice text generated always as (shop || shop) stored, primary key (shop, number))"
        )
    named = await two.source.fetch(
        "select table_schema || '.' || table_name as name from information_schema.columns"
        " join information_schema.tables using (table_schema, table_name)"
        " where column_name = 'shop' and table_type = 'BASE TABLE'"
        " and to_regclass(quote_ident(table_schema) || '.' || quote_ident(table_name)) not in"
        " (select inhrelid from pg_inherits)"
    )
    tables = await tables_of(two.source)
    assert {row["name"] for row in named} == {f"{one.schema}.{one.name}" for one in tables} | LEFT_BEHIND
    for shop in (TEA, MOKA):
        await fill(two.source, shop)
    await fill(two.target, MOKA)  # rows of other shops are nobody's business, on either side
    moka, whole = await all_of(two.source, MOKA), await all_of(two.source, TEA)
    there = await all_of(two.target, MOKA)
    async with two.target.transaction(), two.source.transaction():
        await copying.copy_rows(two.source, two.target, TEA, tables)
    assert await all_of(two.target, TEA) == whole
    assert all(content.rows for content in whole.values())
    async with two.source.transaction():
        await copying.delete_moved(two.source, TEA, tables)
    left = {name for name, content in (await all_of(two.source, TEA)).items() if content.rows}
    assert left == {"catalog.shop", *copying.KEPT}
    assert (await all_of(two.source, MOKA), await all_of(two.target, MOKA)) == (moka, there)


async def test_no_table_of_shops_refers_to_another(two: Two) -> None:
    """So they may be copied in any order."""
    tables = [table.quoted for table in await tables_of(two.source)]
    found = await two.source.fetchval(
        "select count(*) from pg_constraint where contype = 'f' and conrelid = any($1::text[]::regclass[])"
        " and confrelid = any($1::text[]::regclass[])",
        tables,
    )
    assert found == 0


async def begun(connection: Connection) -> None:
    """A shop with a run, a timer, what waits in queues, an erasure and a fan-out."""
    await catalog.deploy(
        connection, shop=TEA, workflow="thanks", version="v1", files={"workflow.yaml": "workflow: thanks"}, at=AT
    )
    await connection.execute(
        f"""
        insert into engine.run (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at, state)
            values ('{TEA}', 'r', 'c', 'thanks', 'v1', 'k', 'wait-1', now(), now(), '{{}}');
        insert into engine.inbox (id, period) values (gen_random_uuid(), '2026-03-04');
        insert into scheduler.timer (shop, timer_id, key, run_id, turn, name, due_at, attempt_at, attempts)
            values ('{TEA}', 't', 'c', 'r', 1, 'wait-1', '2026-03-06T08:00Z', '2026-03-06T08:02Z', 3);
        insert into notifier.delivery (shop, id, key, channel, state, attempts, wake_at, accepted_at, body)
            values ('{TEA}', 'd', 'c', 'email', 'queued', 1, '2026-03-29T01:30Z', now(), 'a');
        insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, reason)
            values ('{TEA}', 'sent', 'c', 'email', 'sent', 1, now(), 'by ana@example.com');
        insert into notifier.call (shop, id, key, state, attempts, wake_at, accepted_at, body)
            values ('{TEA}', 'h', 'c', 'queued', 0, '2028-02-29T12:00:00.123456Z', now(), 'a');
        insert into ingest.pending_erasure (shop, id, type, key, received, due, event)
            values ('{TEA}', 'e', 'customer.redacted', 'c', now(), '2026-03-07T00:00Z', 'a');
        insert into engine.fanout (shop, kind, about, at) values ('{TEA}', 'start', 'monday', now());
        insert into catalog.data_key (shop, key, id, secret) values ('{TEA}', 'c', '0123456789abcdef', 'b');
        """
    )


async def test_a_shop_moves_with_all_that_it_waits_for_and_back(two: Two) -> None:
    await begun(two.source)
    before = await all_of(two.source, TEA)
    await two.move()
    after = await all_of(two.target, TEA)
    assert {name for name in before if before[name] != after[name]} == {"scheduler.timer"}  # a lease is over
    [timer] = await two.target.fetch("select due_at, attempt_at, attempts from scheduler.timer")
    assert (timer["attempt_at"], timer["attempts"]) == (timer["due_at"], 0)
    assert await two.target.fetchval("select count(*) from engine.inbox") == 1
    assert await catalog.definition_files(two.target, "v1") == {"workflow.yaml": "workflow: thanks"}
    assert await catalog.revision(two.target) > await two.target.fetchval(
        "select max(revision) from catalog.deployment"
    )
    here = await catalog.shop(two.source, TEA)
    assert here is not None
    assert (bool(here.held), here.moved_to) == (True, THERE)
    assert await two.source.fetchval("select count(*) from catalog.pause where shop = $1", TEA) == 3
    traces = await two.source.fetch(
        "select id, state, key, body, wake_at, provider_id from notifier.delivery order by id"
    )
    assert [tuple(row) for row in traces] == [
        ("d", "skipped", "", None, None, ""),
        ("sent", "sent", "", None, None, ""),
    ], "what comes late meets its id, and nothing of a person"
    await move(two.back, TEA, PACE)
    assert await all_of(two.source, TEA) == after
    assert await two.source.fetchval("select count(*) from catalog.pause where shop = $1", TEA) == 0


@pytest.mark.parametrize("point", ["is held", "engine.run", "versions"])
async def test_a_move_that_was_interrupted_is_ended_by_the_same_command(two: Two, point: str) -> None:
    await begun(two.source)
    two.interrupted_at = point
    with pytest.raises(Interrupted):
        await two.move()
    await two.unlock()
    served = [
        shop is not None and not shop.held
        for shop in [await catalog.shop(one, TEA) for one in (two.source, two.target)]
    ]
    assert served == [False, False]
    assert await parking.under_way(two.target, TEA) == {}
    await two.move()
    await two.move()  # nothing is left to do
    assert await two.target.fetchval("select count(*) from engine.run") == 1
    assert await two.source.fetchval("select count(*) from engine.run") == 0


async def test_a_move_that_was_interrupted_before_the_shop_is_served_there_serves_it(two: Two) -> None:
    await begun(two.source)
    await two.move()
    await parking.park(two.target, TEA)
    await catalog.hold_shop(two.target, TEA, AT)
    await two.move()
    there = await catalog.shop(two.target, TEA)
    assert there is not None
    assert not there.held
    assert (await parking.under_way(two.target, TEA)).keys() == {
        "timers",
        "deliveries",
        "calls",
        "erasures",
        "fan-outs",
    }


@pytest.mark.parametrize("point", ["is held", "versions"])
async def test_until_it_has_moved_a_move_can_be_taken_back(two: Two, point: str) -> None:
    await begun(two.source)
    before = await all_of(two.source, TEA)
    two.interrupted_at = point
    with pytest.raises(Interrupted):
        await two.move()
    await abort(two.source, two.target, TEA)
    after = await all_of(two.source, TEA)
    assert {name for name in before if before[name] != after[name]} <= {"scheduler.timer"}
    assert await catalog.shop(two.target, TEA) is None
    assert await two.source.fetchval("select count(*) from catalog.pause") == 0
    with pytest.raises(CommandError, match="is not being moved"):
        await abort(two.source, two.target, TEA)


async def test_what_is_under_way_is_waited_for_and_named(two: Two) -> None:
    await begun(two.source)
    await two.source.execute("update notifier.delivery set state = 'sending' where id = 'd'")
    with pytest.raises(CommandError, match=r"1 deliveries.*--abort"):
        await move(two.cells, TEA, Pace(settle=0.0, patience=0.5))
    assert await two.target.fetchval("select count(*) from catalog.shop") == 0


async def test_what_the_other_cell_lacks_is_said_before_anything_is_held(two: Two) -> None:
    await catalog.deploy(two.source, workflow="thanks", version="v1", files={"a": "1"}, at=AT)
    await catalog.deploy(two.source, shop=TEA, workflow="own", version="v2", files={"a": "2"}, at=AT)
    with pytest.raises(CommandError, match="workflow thanks; deploy"):
        await two.move()
    await two.unlock()
    await catalog.deploy(two.target, workflow="thanks", version="v1", files={"a": "1"}, at=AT)
    sealed = [{"value": base64.b64encode(b"\x01abcd" + bytes(44)).decode(), "sealed": True}]
    await two.source.execute("update catalog.shop set secrets = $2 where shop = $1", TEA, sealed)
    with pytest.raises(CommandError, match="RELEVO_SECRETS_KEY"):
        await two.move()
    await two.unlock()
    await two.source.execute("update catalog.shop set secrets = $2 where shop = $1", TEA, [])
    wrapped = b"\x01abcd" + bytes(44)
    await two.source.execute(
        "insert into catalog.data_key (shop, key, id, secret) values ($1, 'c', '0123456789abcdef', $2)", TEA, wrapped
    )
    with pytest.raises(CommandError, match="--same-keys"):
        await two.move()
    await two.unlock()
    await two.source.execute("insert into catalog.pause values ($1, 'engine', 'a bug', $2)", TEA, AT)
    with pytest.raises(CommandError, match="relevo shops resume tea"):
        await two.move()
    await two.unlock()
    await two.target.execute("insert into public.relevo_migration values ('relevo_engine', 999, 'newer', '')")
    with pytest.raises(CommandError, match="relevo_engine/0999_newer"):
        await two.move()
    shop = await catalog.shop(two.source, TEA)
    assert shop is not None
    assert shop.held_at is None


async def test_a_database_is_no_other_cell_than_itself(two: Two) -> None:
    beside = await asyncpg.connect(two.dsn)
    with pytest.raises(CommandError, match="the database that it is in already"):
        await move(Cells(two.source, beside, Still(), THERE, SystemClock(), two.say), TEA, PACE)
    await beside.close()


def shop(**fields: Any) -> Shop:
    return Shop(shop=TEA, platform="custom", **fields)


@pytest.mark.parametrize(
    ("here", "there", "step"),
    [
        (shop(), None, "everything"),
        (shop(held_at=AT), None, "everything"),
        (shop(held_at=AT), shop(held_at=AT), "everything"),
        (shop(), shop(held_at=AT, moved_to="here"), "everything"),
        (shop(held_at=AT, moved_to=THERE), shop(held_at=AT), "serve"),
        (shop(held_at=AT, moved_to=THERE), shop(), "nothing"),
        (None, None, "is not known"),
        (shop(), shop(), "two shops"),
        (shop(held_at=AT, moved_to="elsewhere"), None, "moved to elsewhere"),
        (shop(held_at=AT, moved_to=THERE), None, "restore that database"),
        (
            shop(held_at=AT, moved_to=THERE),
            shop(held_at=AT, moved_to="further"),
            "moved on from there/relevo to further",
        ),
    ],
)
def test_what_is_left_to_do_is_read_from_both_databases(here: Shop | None, there: Shop | None, step: str) -> None:
    try:
        found = next_step(TEA, here, there, THERE)
    except CommandError as error:
        found = str(error)  # type: ignore[assignment]  # compared as a text
    assert step in found


def test_what_is_parked_comes_back_at_the_same_instant() -> None:
    assert AT + parking.SHIFT - parking.SHIFT == AT
    assert AT + parking.SHIFT > parking.PARKED > AT + timedelta(days=365 * 500)
