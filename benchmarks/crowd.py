"""Many runs in flight, made from one: what a real engine wrote for one customer, copied in SQL for as many as wanted.

All rows about the template customer are found by their text and copied with other numbers in the same places, so that
every row is one that the engine itself would have written, whatever the tables look like. The inbox keeps digests and
is left as it is.
"""

import asyncio
from dataclasses import dataclass

import asyncpg

from relevo_runtime.postgres import Pool

TEMPLATE = 77_777_777
"""The number of the customer whose rows are copied; eight digits, as all copies have."""
SCHEMAS = ("engine", "scheduler")
PAGE = 100_000
STATEMENT = 300.0
"""Seconds that one page may take."""


@dataclass(frozen=True)
class Column:
    """One column and how the template's words are replaced in it, if it can hold any."""

    name: str
    kind: str

    def copied(self, old: str, new: str) -> str:
        """SQL for the column with each word of `old` replaced. Both are arrays of expressions of text."""
        match self.kind:
            case "text" | "character varying" | "jsonb" | "json" | "ARRAY":
                cast = "text[]" if self.kind == "ARRAY" else self.kind
                return f"crowd_replace(t.{self.name}::text, {old}, {new})::{cast}"
            case "bytea":
                return f"decode(crowd_replace_hex(encode(t.{self.name}, 'hex'), {old}, {new}), 'hex')"
            case _:
                return f"t.{self.name}"


HELPERS = """
create or replace function crowd_replace(value text, old text[], new text[]) returns text
language sql immutable as $$ select replace(replace(value, old[1], new[1]), old[2], new[2]) $$;
create or replace function crowd_replace_hex(value text, old text[], new text[]) returns text
language sql immutable as $$
  select replace(replace(value, encode(old[1]::bytea, 'hex'), encode(new[1]::bytea, 'hex')),
                 encode(old[2]::bytea, 'hex'), encode(new[2]::bytea, 'hex'))
$$;
"""
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
    await pool.execute(HELPERS)
    copied: dict[str, int] = {}
    for schema, table in await pool.fetch(TABLES, list(SCHEMAS)):
        columns = [Column(*row) for row in await pool.fetch(COLUMNS, schema, table)]
        name = f"{schema}.{table}"
        if columns and await _template_rows(pool, name):
            copied[name] = await _copy(pool, name, columns, run_id, count)
            await pool.execute(f"vacuum analyze {name}", timeout=STATEMENT)
    await pool.execute("checkpoint", timeout=STATEMENT)
    return copied


async def _template_rows(pool: Pool, name: str) -> int:
    """How many rows are the template's. bytea shows as hexadecimal digits."""
    found: int = await pool.fetchval(
        f"select count(*) from {name} as t where t::text like $1 or t::text like $2",
        f"%{TEMPLATE}%", f"%{str(TEMPLATE).encode().hex()}%",
    )  # fmt: skip
    return found


async def _copy(pool: Pool, name: str, columns: list[Column], run_id: str, count: int) -> int:
    old = f"array['{TEMPLATE}', '{run_id}']"
    new = f"array[lpad(n::text, 8, '0'), lpad(n::text, {len(run_id)}, '0')]"
    targets = ", ".join(column.name for column in columns)
    values = ", ".join(column.copied(old, new) for column in columns)
    total = 0
    for start in range(0, count, PAGE):
        status = await pool.execute(
            f"insert into {name} ({targets}) overriding user value select {values} from {name} as t,"
            f" generate_series({start}, {min(start + PAGE, count) - 1}) as n"
            f" where t::text like '%{TEMPLATE}%' or t::text like '%{str(TEMPLATE).encode().hex()}%'",
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
