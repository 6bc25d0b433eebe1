"""Which of a shop's own fields say what of its customers, in the table `ingest.shop_field`."""

from collections.abc import Mapping

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "shop_fields.sql")


async def fields_of_shops(connection: Connection) -> dict[str, dict[str, str]]:
    """For each shop that has any: what is wanted, to the name that the shop has for it."""
    found: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(STATEMENTS["all"]):
        found.setdefault(row["shop"], {})[row["field"]] = row["source"]
    return found


async def set_fields(connection: Connection, shop: str, wanted: Mapping[str, str]) -> None:
    """Sets these of a shop; one with an empty name is taken away. The caller says that the catalog changed."""
    await connection.execute(STATEMENTS["set"], shop, list(wanted), list(wanted.values()))
