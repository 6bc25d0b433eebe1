"""The migrations lead to the schema that docs/database.md shows, and each schema has one owner.

After a new migration write the page anew: `RELEVO_WRITE_DOCS=1 make test`.
"""

import os
import re
from pathlib import Path

import pytest

from relevo_runtime.migrations import ORDER, installed_packages, migrate, migrations, pending
from relevo_runtime.postgres import Pool

PAGE = Path(__file__).parents[2] / "docs" / "database.md"
SCHEMAS = {
    "relevo_runtime": "catalog",
    "relevo_scheduler": "scheduler",
    "relevo_engine": "engine",
    "relevo_notifier": "notifier",
    "relevo_ingest": "ingest",
    "relevo_control": "control",
}
HEAD = """# The database

One schema for each owner; no other service writes to it. Only `scheduler.timer` and `engine.outbox` are also written by
those who need one inside their own transaction, through `relevo_runtime.timers` and `relevo_runtime.outbox`, and
`ingest.alias` by whoever hears from a number that nobody had, through `relevo_runtime.number_owners`. This page is made
from a database after all migrations, and a test holds it to them.
"""
COLUMNS = """
select c.relname as name, a.attname as field, format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as value
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
order by c.relname, a.attnum
"""
RULES = """
select c.relname as name, pg_get_constraintdef(k.oid) as rule
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and k.contype <> 'n' and not c.relispartition
union all
select t.relname, pg_get_indexdef(i.indexrelid)
from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
where n.nspname = $1 and not t.relispartition
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid)
order by 1, 2
"""


async def described(pool: Pool) -> str:
    page = HEAD
    for package in installed_packages():
        schema = SCHEMAS[package]
        columns = await pool.fetch(COLUMNS, schema)
        rules = await pool.fetch(RULES, schema)
        if columns:
            page += f"\n## {schema} ({package})\n"
        for table in sorted({row["name"] for row in columns}):
            page += f"\n### {schema}.{table}\n| column | type | |\n|---|---|---|\n"
            for row in columns:
                if row["name"] == table:
                    notes = [
                        "" if row["required"] else "may be null",
                        f"default `{row['value']}`" if row["value"] else "",
                    ]
                    page += f"| {row['field']} | {row['type']} | {', '.join(filter(None, notes))} |\n"
            page += "".join(f"- `{row['rule']}`\n" for row in rules if row["name"] == table)
    return page


async def test_the_page_of_the_database_agrees_with_the_migrations(pool: Pool) -> None:
    page = await described(pool)
    if os.environ.get("RELEVO_WRITE_DOCS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page


@pytest.mark.parametrize("package", installed_packages())
def test_migrations_stay_in_the_schema_of_their_owner(package: str) -> None:
    for migration in migrations([package]):
        made = re.findall(r"create (?:unlogged )?table (?:if not exists )?([a-z_]+)\.", migration.sql, re.IGNORECASE)
        assert set(made) <= {SCHEMAS[package]}, migration.label


async def test_migrating_again_changes_nothing(database: str) -> None:
    assert await pending(database, installed_packages()) == []
    assert await migrate(database, installed_packages()) == []


def test_the_order_of_packages_does_not_depend_on_how_they_are_asked_for() -> None:
    installed = installed_packages()
    assert migrations(installed) == migrations(list(reversed(installed)))
    assert set(installed) <= set(ORDER)


async def test_every_table_can_be_distributed_by_shop(pool: Pool) -> None:
    """Those that are the same for all shops are named here."""
    everywhere = {
        "catalog.definition",
        "catalog.revision",
        "engine.inbox",  # its id is a hash with the shop in it: distributed by id
    }
    without = await pool.fetch(
        """
        select n.nspname || '.' || c.relname as name
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
          and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'shop')
        """,
        list(SCHEMAS.values()),
    )
    assert {row["name"] for row in without} == everywhere
