"""The table `notifier.contact`: how people may be reached, as the events say."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec

from relevo_contracts.contact import Contact
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "contacts.sql")

Person: TypeAlias = tuple[str, str]
"""A shop and a key."""


async def contacts_for_update(connection: Connection, people: Sequence[Person]) -> dict[Person, Contact]:
    """What is known of `people`, locked until the transaction ends; those not known are left out."""
    rows = await connection.fetch(STATEMENTS["contacts_for_update"], *_columns(people))
    return {(row[0], row[1]): msgspec.convert(row[2], Contact) for row in rows}


async def keep_contacts(connection: Connection, contacts: Mapping[Person, Contact]) -> None:
    """Write these contacts."""
    if contacts:
        await connection.execute(STATEMENTS["keep_contacts"], *_columns(list(contacts)), list(contacts.values()))


async def forget(connection: Connection, people: Sequence[Person], shops: Collection[str]) -> None:
    """Erase these people, and everyone of these shops."""
    if people:
        await connection.execute(STATEMENTS["forget_contacts"], *_columns(people))
    if shops:
        await connection.execute(STATEMENTS["forget_shop"], list(shops))


def _columns(people: Sequence[Person]) -> tuple[list[str], list[str]]:
    return [shop for shop, _ in people], [key for _, key in people]
