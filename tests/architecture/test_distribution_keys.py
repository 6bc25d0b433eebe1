"""Every table could be distributed by shop, as Citus does it: its unique keys have the shop, or it is said why not."""

from relevo_runtime.postgres import Pool

OF_ALL_SHOPS = {
    "catalog.definition": "the same everywhere: a version is the hash of its files, so each node may have all",
    "catalog.revision": "one row: each node may have it",
    "public.relevo_migration": "what was applied to the database",
}
WITHOUT_SHOP = {
    "engine.inbox": "a digest of kind, shop and id: it would need a column, or a digest that begins with the shop's",
}
KEYS = """
select n.nspname || '.' || c.relname as name, k.relname as key,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'shop'
            and a.attnum = any(i.indkey::int2[])) as has_shop
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indrelid = c.oid and i.indisunique
left join pg_class k on k.oid = i.indexrelid
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'pristine')
"""


async def test_every_unique_key_has_the_shop_in_it(pool: Pool) -> None:
    """A key without it could not be held to by the nodes of a distributed database."""
    rows = await pool.fetch(KEYS)
    without = {row["name"] for row in rows if row["key"] is not None and not row["has_shop"]}
    assert without == OF_ALL_SHOPS.keys() | WITHOUT_SHOP.keys()


async def test_every_table_but_those_has_rows_of_shops(pool: Pool) -> None:
    shops = await pool.fetch(
        "select n.nspname || '.' || c.relname as name from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " join pg_namespace n on n.oid = c.relnamespace where a.attname = 'shop' and not a.attisdropped"
    )
    every = {row["name"] for row in await pool.fetch(KEYS)}
    assert every - {row["name"] for row in shops} == OF_ALL_SHOPS.keys() | WITHOUT_SHOP.keys()
