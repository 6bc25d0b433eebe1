"""Many runs in flight, made from one: what a real engine wrote for one customer, copied in SQL for as many as wanted.

All rows about the template customer are found by their text and copied with other numbers in the same places, so that
every row is one that the engine itself would have written, whatever the tables look like. The inbox keeps digests and
is left as it is.
"""

import asyncio
from dataclasses import dataclass

import asyncpg

from relevo_runtime.postgres import Connection, Pool

TEMPLATE = 77_777_777
"""The number of the customer whose rows are copied; eight digits, as all copies have."""
SCHEMAS = ("engine", "scheduler")
PAGE = 100_000
STATEMENT = 300.0
"""Seconds that one page may take."""


@dataclass(frozen=True)
class Column:
    """One column. `told`: the template's words are in it, and become those of the copy, `c.number` and `c.run`."""

    name: str
    kind: str
    told: bool

    def copied(self, run_id: str) -> str:
        """SQL for the column's value in a copy."""
        own = f"t.{self.name}"
        if not self.told:
            return own
        if self.kind == "bytea":  # the words have the lengths of those that they replace
            number, run = "encode(c.number::bytea, 'hex')", "encode(c.run::bytea, 'hex')"
            old = f"encode('{TEMPLATE}'::bytea, 'hex')", f"encode('{run_id}'::bytea, 'hex')"
            text = f"replace(replace(encode({own}, 'hex'), {old[0]}, {number}), {old[1]}, {run})"
            return f"decode({text}, 'hex')"
        kind = "text[]" if self.kind == "ARRAY" else self.kind
        return f"replace(replace({own}::text, '{TEMPLATE}', c.number), '{run_id}', c.run)::{kind}"


COLUMNS = """
select column_name, data_type from information_schema.columns
where table_schema = $1 and table_name = $2 and is_generated = 'NEVER' and column_default is null
   or table_schema = $1 and table_name = $2 and is_generated = 'NEVER' and column_default not like 'nextval%'
order by ordinal_position
"""
TABLES = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2
"""


async def multiply(pool: Pool, run_id: str, count: int) -> dict[str, int]:
    """Copies the template's rows for customers 0 … count - 1; how many rows each table then has more."""
    copied: dict[str, int] = {}
    async with pool.acquire() as conn:
        for schema, table in await conn.fetch(TABLES, list(SCHEMAS)):
            name = f"{schema}.{table}"
            await conn.execute("drop table if exists crowd_template")
            await conn.execute(
                f"create temporary table crowd_template as select * from {name} as t"
                f" where t::text like '%{TEMPLATE}%' or t::text like '%{str(TEMPLATE).encode().hex()}%'"
            )
            if await conn.fetchval("select count(*) from crowd_template"):
                columns = [
                    await _column(conn, row[0], row[1], run_id) for row in await conn.fetch(COLUMNS, schema, table)
                ]
                copied[name] = await _copy(conn, name, columns, run_id, count)
                await conn.execute(f"vacuum analyze {name}", timeout=STATEMENT)
        await conn.execute("checkpoint", timeout=STATEMENT)
    return copied


async def _column(conn: Connection, name: str, kind: str, run_id: str) -> Column:
    words = [word for one in (str(TEMPLATE), run_id) for word in (one, one.encode().hex())]
    told: bool = await conn.fetchval(
        f"select coalesce(bool_or({name}::text like any($1)), false) from crowd_template", [f"%{w}%" for w in words]
    )
    return Column(name, kind, told)


async def _copy(conn: Connection, name: str, columns: list[Column], run_id: str, count: int) -> int:
    targets = ", ".join(column.name for column in columns)
    values = ", ".join(column.copied(run_id) for column in columns)
    total = 0
    for start in range(0, count, PAGE):
        status = await conn.execute(
            f"insert into {name} ({targets}) overriding user value select {values} from crowd_template as t,"
            f" (select lpad(n::text, 8, '0') as number, lpad(n::text, {len(run_id)}, '0') as run"
            f"  from generate_series({start}, {min(start + PAGE, count) - 1}) as n) as c",
            timeout=STATEMENT,
        )
        total += int(status.rsplit(" ", 1)[1])
    return total


async def template_run(dsn: str, limit: float = 60.0) -> str:
    """The id of the run that the engine made for the template, once it is there and has settled."""
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(limit):
            while True:
                found = await connection.fetchval("select run_id from engine.run where ended_at is null limit 1")
                if found:
                    await asyncio.sleep(1)
                    return str(found)
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
