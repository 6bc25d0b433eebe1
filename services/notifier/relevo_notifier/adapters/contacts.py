"""The tables of what is known of people: how they may be reached, what they said about consent, who was erased."""

from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import ConsentChanged, MessageEngagement
from relevo_notifier.adapters import engagement, merges, places
from relevo_notifier.core.contact_changes import Known, Person
from relevo_notifier.core.policy import REDACTED
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "contacts.sql")
OF_SHOP = Statements.load("relevo_notifier.adapters", "shop_erasure.sql")
PAGE = 5000
_ERASING = (
    *("hash_addresses", "forget_contacts", "forget_last_messages", "forget_last_surveys", "forget_inbound"),
    *("erase_texts", "erase_deliveries", "erase_feedback", "erase_calls"),
)


class ContactTables:
    """The port `ContactStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["ContactRows"]:
        """All or nothing of what is done with it."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield ContactRows(connection)

    async def known(self, people: Sequence[Person]) -> Mapping[Person, Known] | None:
        """What is known of all of `people`; `None` if some of them are others by now."""
        rows = await self._pool.fetch(STATEMENTS["known"], *_columns(people))
        if any(row["into_key"] is not None for row in rows):
            return None
        return {(row["shop"], row["key"]): _known(row) for row in rows}

    async def keep_if_unchanged(self, contacts: Mapping[Person, Contact], known: Mapping[Person, Known]) -> bool:
        """Write these contacts, unless what is known of one of them is not `known` any more; says whether they are."""
        before = [known[person] for person in contacts]
        return bool(
            await self._pool.fetchval(
                STATEMENTS["keep_if_unchanged"],
                *_columns(list(contacts)),
                list(contacts.values()),
                [one.version for one in before],
                [one.redacted_at for one in before],
            )
        )

    async def keep_engagements(self, engagements: Sequence[tuple[Event, MessageEngagement]], now: datetime) -> None:
        """Keep who opened a message and followed its links; the same event twice is one row."""
        await engagement.keep(self._pool, engagements, now)

    async def erased_already(self, erased: Mapping[Person, datetime]) -> set[Person]:
        """`ContactRows.erased_already`, by itself."""
        async with self._pool.acquire() as connection:
            return await ContactRows(connection).erased_already(erased)

    async def forget_shop(self, shop: str, at: datetime) -> None:
        """Erase what is kept of a shop, which was erased `at` then; what was said about consent since stays as it is.

        Page by page, each in a transaction of its own; again after a crash in between.
        """
        await self._pool.execute(STATEMENTS["want_hashes"], [shop])
        for name, statement in OF_SHOP.items():
            until = (at,) if name == "consents" else ()
            status = f"x {PAGE}"
            while int(status.rpartition(" ")[2]) >= PAGE:
                status = await self._pool.execute(statement, shop, PAGE, *until)


class ContactRows:
    """The port `Contacts`: what is known of people, inside of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def for_update(self, people: Sequence[Person]) -> dict[Person, Contact]:
        """What is known of `people`, locked until the transaction ends; those not known are left out."""
        rows = await self._connection.fetch(STATEMENTS["contacts_for_update"], *_columns(people))
        return {(row[0], row[1]): msgspec.convert(row[2], Contact) for row in rows}

    async def keep(self, contacts: Mapping[Person, Contact], known: Container[Person]) -> bool:
        """Write these contacts, under the keys too that the people had before.

        `known` are those that are locked. False: somebody else began the contact of another one meanwhile.
        """
        locked = {person: contact for person, contact in contacts.items() if person in known}
        new = {person: contacts[person] for person in sorted(contacts.keys() - locked.keys())}
        if new and await self._write("add_contacts", new) < len(new):
            return False
        if locked:
            await self._write("keep_contacts", locked)
        if contacts:
            await merges.copy_to_old_keys(self._connection, contacts)
        return True

    async def _write(self, statement: str, contacts: Mapping[Person, Contact]) -> int:
        status: str = await self._connection.execute(
            STATEMENTS[statement], *_columns(list(contacts)), list(contacts.values())
        )
        return int(status.rpartition(" ")[2])

    async def keep_unsubscribed(self, statements: Sequence[tuple[str, Channel, str, datetime]]) -> None:
        """Write down that these addresses (shop, channel, address) get no marketing since then."""
        if statements:
            await self._connection.execute(STATEMENTS["keep_unsubscribed"], *map(list, zip(*statements, strict=True)))

    async def lift_unsubscribed(self, undone: Sequence[tuple[str, Channel, str, datetime]]) -> None:
        """Take back that these addresses were unsubscribed at that instant; what was said at another one stays."""
        if undone:
            await self._connection.execute(STATEMENTS["lift_unsubscribed"], *map(list, zip(*undone, strict=True)))

    async def forget(self, erased: Mapping[Person, datetime], now: datetime) -> None:
        """Erase these people: their contacts, what is queued for them and what was sent.

        With the key '' everyone of the shop is meant: what is queued ends; the rest is for `forget_shop`.
        """
        if not erased:
            return
        run, people = self._connection.execute, _columns(list(erased))
        await run(STATEMENTS["want_hashes"], people[0])
        await run(STATEMENTS["keep_redactions"], *people, list(erased.values()))
        await run(STATEMENTS["hash_consents"], *people, list(erased.values()))
        for name in _ERASING:
            await run(STATEMENTS[name], *people)
        await places.forget(self._connection, list(erased))
        await engagement.forget(self._connection, list(erased))
        await run(STATEMENTS["skip_deliveries"], *people, now, REDACTED)
        await run(STATEMENTS["skip_calls"], *people, now, REDACTED)

    async def erased_already(self, erased: Mapping[Person, datetime]) -> set[Person]:
        """Those who are erased as of that time, or of a later one. The key '' is the whole shop, and only it."""
        rows = await self._connection.fetch(
            STATEMENTS["erased_already"], *_columns(list(erased)), list(erased.values())
        )
        return {(row[0], row[1]) for row in rows}

    async def redactions(self, people: Sequence[Person]) -> dict[Person, datetime]:
        """When those of `people` who were erased, or whose shop was, were."""
        rows = await self._connection.fetch(STATEMENTS["redactions"], *_columns(people))
        return {(row[0], row[1]): row[2] for row in rows}

    async def keep_consents(self, statements: Sequence[tuple[Event, ConsentChanged]]) -> None:
        """Keep what was said about consent, with its proof."""
        if statements:
            rows = zip(*(_statement(event, payload) for event, payload in statements), strict=True)
            await self._connection.execute(STATEMENTS["keep_consents"], *map(list, rows))

    async def merged_into(self, people: Iterable[Person]) -> dict[Person, str]:
        """Of these people those who were merged, with the key that stands for them now."""
        return await merges.merged_into(self._connection, people)

    async def earlier_keys(self, people: Iterable[Person]) -> dict[Person, str]:
        """The keys that these people had before, each with the key that they have now."""
        return await merges.earlier_keys(self._connection, people)

    async def hold_places(self, merged: Mapping[Person, str]) -> None:
        """Have nobody count what these people were sent, nor what those were who they turned out to be."""
        await places.hold(self._connection, merged)

    async def keep_merges(self, merged: Mapping[Person, str]) -> None:
        """Write down that these people are others, in this order."""
        await places.merge(self._connection, merged)
        await merges.keep_merges(self._connection, merged)


def _known(row: Any) -> Known:
    contact = row["contact"]
    return Known(msgspec.convert(contact, Contact) if contact else None, row["version"], row["redacted_at"])


def _statement(event: Event, payload: ConsentChanged) -> tuple[object, ...]:
    address = payload.customer.email if payload.channel == "email" else payload.customer.phone
    return (
        *(event.shop, event.source, event.id, event.key),
        *(payload.channel, payload.topic or payload.purpose, address, payload.state, event.time),
        *(payload.source, payload.wording, payload.form_url, payload.list_id, payload.ip_hash, payload.double_opt_in),
        *(payload.form, payload.wording_version, payload.requested_at),
    )


def _columns(people: Sequence[Person]) -> tuple[list[str], list[str]]:
    return [shop for shop, _ in people], [key for _, key in people]
