"""What ingest keeps of a person."""

from typing import Any

import msgspec

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "privacy.sql")


async def of_person(connection: Connection, shop: str, key: str) -> dict[str, Any]:
    """By which names the shop knows them, how their orders were last, and the sign-ups for their addresses."""
    rows = await connection.fetch(STATEMENTS["of_person"], shop, key)
    return {row["name"]: msgspec.json.decode(row["rows"]) for row in rows if row["rows"] is not None}
