"""The table `notifier.contact`: how people may be reached, as the events say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import ConsentChanged
from relevo_notifier.core.policy import REDACTED
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "contacts.sql")
OF_SHOP = Statements.load("relevo_notifier.adapters", "shop_erasure.sql")
PAGE = 5000

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


async def lift_unsubscribed(connection: Connection, undone: Sequence[tuple[str, Channel, str, datetime]]) -> None:
    """Take back that these addresses were unsubscribed at that instant; what was said at another one stays."""
    if undone:
        await connection.execute(STATEMENTS["lift_unsubscribed"], *map(list, zip(*undone, strict=True)))


async def forget(connection: Connection, erased: Mapping[Person, datetime], now: datetime) -> None:
    """Erase these people: their contacts, what is queued for them and what was sent.

    With the key '' everyone of the shop is meant: what is queued ends; the rest is for `forget_shop`.
    """
    if not erased:
        return
    people = _columns(list(erased))
    await connection.execute(STATEMENTS["want_hashes"], people[0])
    await connection.execute(STATEMENTS["keep_redactions"], *people, list(erased.values()))
    await connection.execute(STATEMENTS["hash_consents"], *people, list(erased.values()))
    for name in ("hash_suppressions", "hash_unsubscribed", "forget_contacts", "erase_deliveries", "erase_calls"):
        await connection.execute(STATEMENTS[name], *people)
    await connection.execute(STATEMENTS["skip_deliveries"], *people, now, REDACTED)
    await connection.execute(STATEMENTS["skip_calls"], *people, now, REDACTED)


async def forget_shop(pool: Pool, shop: str, at: datetime) -> None:
    """Erase what is kept of a shop, which was erased `at` then; what was said about consent since stays as it is.

    Page by page, each in a transaction of its own; again after a crash in between.
    """
    await pool.execute(STATEMENTS["want_hashes"], [shop])
    for name, statement in OF_SHOP.items():
        until = (at,) if name == "consents" else ()
        status = f"x {PAGE}"
        while int(status.rpartition(" ")[2]) >= PAGE:
            status = await pool.execute(statement, shop, PAGE, *until)


async def erased_already(connection: Connection, erased: Mapping[Person, datetime]) -> set[Person]:
    """Those who are erased as of that time, or of a later one. With the key '' the whole shop is meant, and only it."""
    rows = await connection.fetch(STATEMENTS["erased_already"], *_columns(list(erased)), list(erased.values()))
    return {(row[0], row[1]) for row in rows}


async def redactions(connection: Connection, people: Sequence[Person]) -> dict[Person, datetime]:
    """When those of `people` who were erased, or whose shop was, were."""
    return {(row[0], row[1]): row[2] for row in await connection.fetch(STATEMENTS["redactions"], *_columns(people))}


async def keep_consents(connection: Connection, said: Sequence[tuple[Event, ConsentChanged]]) -> None:
    """Keep what was said about consent, with its proof."""
    if said:
        rows = zip(*(_statement(event, payload) for event, payload in said), strict=True)
        await connection.execute(STATEMENTS["keep_consents"], *map(list, rows))


def _statement(event: Event, said: ConsentChanged) -> tuple[object, ...]:
    address = said.customer.email if said.channel == "email" else said.customer.phone
    return (
        *(event.shop, event.source, event.id, event.key, said.channel, said.purpose, address, said.state, event.time),
        *(said.source, said.wording, said.form_url, said.list_id, said.ip_hash, said.double_opt_in),
    )


def _columns(people: Sequence[Person]) -> tuple[list[str], list[str]]:
    return [shop for shop, _ in people], [key for _, key in people]
