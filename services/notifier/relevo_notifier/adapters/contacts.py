"""The table `notifier.contact`: how people may be reached, as the events say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from relevo_contracts.contact import Channel, Contact
from relevo_notifier.core.policy import REDACTED
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


async def keep_unsubscribed(connection: Connection, said: Sequence[tuple[str, Channel, str, datetime]]) -> None:
    """Write down that these addresses (shop, channel, address) get no marketing since then."""
    if said:
        await connection.execute(STATEMENTS["keep_unsubscribed"], *map(list, zip(*said, strict=True)))


async def forget(connection: Connection, erased: Mapping[Person, datetime], now: datetime) -> None:
    """Erase these people (with the key '' everyone of the shop): their contacts and what is queued for them."""
    if not erased:
        return
    people = _columns(list(erased))
    await connection.execute(STATEMENTS["keep_redactions"], *people, list(erased.values()))
    await connection.execute(STATEMENTS["forget_contacts"], *people)
    await connection.execute(STATEMENTS["forget_shop"], [shop for shop, key in erased if not key])
    await connection.execute(STATEMENTS["skip_deliveries"], *people, now, REDACTED)
    await connection.execute(STATEMENTS["skip_calls"], *people, now, REDACTED)


def _columns(people: Sequence[Person]) -> tuple[list[str], list[str]]:
    return [shop for shop, _ in people], [key for _, key in people]
