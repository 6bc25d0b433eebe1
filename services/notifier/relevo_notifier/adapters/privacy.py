"""All that the notifier keeps of a customer, and what they said about consent."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "privacy.sql")


class Consent(Struct, frozen=True, kw_only=True):
    """One statement about consent, with its proof: where it was asked, in which words, and how it was confirmed."""

    channel: str
    purpose: str
    address: str
    state: str
    at: datetime
    source: str
    wording: str
    form_url: str
    list_id: str
    ip_hash: str
    double_opt_in: bool
    form: str
    wording_version: str
    requested_at: datetime | None


async def of_customer(connection: Connection, shop: str, key: str) -> dict[str, Any]:
    """All that the notifier keeps of a customer."""
    rows = await connection.fetch(STATEMENTS["of_customer"], shop, key)
    return {row["name"]: msgspec.json.decode(row["rows"]) for row in rows if row["rows"] is not None}


async def consents(connection: Connection, shop: str, key: str, since: datetime) -> list[Consent]:
    """What a customer said about consent since `since`, the oldest first."""
    return [Consent(**dict(row)) for row in await connection.fetch(STATEMENTS["consents"], shop, key, since)]
