"""Whose a number or a mail address is, for whoever hears from one: the person whom ingest's names of people lead to."""

from typing import Literal

from relevo_contracts.keys import address_alias, customer_key
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_runtime", "number_owners.sql")
_TRIES = 3
_KINDS = {"email": 1, "phone": 2}
"""As ingest numbers its names (`core.aliases.Kind`)."""


async def key_of_number(connection: Connection, shop: str, number: str) -> tuple[str, bool]:
    """The key of the person who had `number` (E.164) last, and whether it is a new one: nobody had it.

    Somebody new gets the key that ingest would give, and the number leads to it from then on.
    """
    return await _key_of(connection, shop, "phone", number)


async def key_of_mailbox(connection: Connection, shop: str, address: str) -> tuple[str, bool]:
    """The same of a mail address, in lower case."""
    return await _key_of(connection, shop, "email", address)


async def _key_of(connection: Connection, shop: str, kind: Literal["phone", "email"], address: str) -> tuple[str, bool]:
    alias = address_alias(kind, address)
    for _ in range(_TRIES):
        row = await connection.fetchrow(STATEMENTS["key_of"], shop, alias, customer_key(shop, alias), _KINDS[kind])
        if row is not None:
            return row["key"], row["is_new"]
    raise OSError(f"another process gives a key to the same address of {shop}: try again")
