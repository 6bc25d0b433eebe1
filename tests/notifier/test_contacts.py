"""The notifier's own knowledge of people, learnt from the events."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.contact import Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, Payload, PrivacyRequested, ShopChanged
from relevo_contracts.standing import Statement
from relevo_notifier.adapters.contacts import ContactRows, ContactTables
from relevo_notifier.app.update_contacts import update_contacts as update
from relevo_notifier.core.contact_changes import Known, Person
from relevo_runtime import consent_store
from relevo_runtime.clock import ManualClock
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.records import Poison
from tests.notifier.support import NOON

ANA = Buyer(id="1", email="ana@example.com", first_name="Ana")


async def update_contacts(records: Sequence[Record], pool: Pool) -> None:
    await update(records, ContactTables(pool), ManualClock(NOON))


def record(
    type_: str, payload: Payload | dict[str, Any], *, key: str = "ana", shop: str = "acme", minutes: int = 0
) -> Record:
    at = NOON + timedelta(minutes=minutes)
    data = msgspec.to_builtins(payload)
    event = Event(
        id=f"{type_}-{minutes}", source="test", type=type_, time=at, shop=shop, key=key, data=data, receivedtime=at
    )
    return Record("relevo.events", 0, minutes, f"{shop}/{key}".encode(), msgspec.json.encode(event))


def consent(state: str, minutes: int) -> Record:
    return record("consent.changed", ConsentChanged(customer=ANA, channel="email", state=state), minutes=minutes)  # type: ignore[arg-type]
    # the tests give the state as plain text


async def known(pool: Pool) -> dict[tuple[str, str], Contact]:
    rows = await pool.fetch("select shop, key, contact from notifier.contact")
    return {(row[0], row[1]): msgspec.convert(row[2], Contact) for row in rows}


async def test_a_batch_is_folded_and_repeating_it_changes_nothing(pool: Pool) -> None:
    batch = [
        record("customer.created", CustomerChanged(customer=ANA)),
        consent("granted", 1),
        record("customer.created", CustomerChanged(customer=Buyer(id="2", email="bo@example.com")), key="bo"),
        consent("withdrawn", 2),
    ]
    await update_contacts(batch, pool)
    once = await known(pool)
    assert once["acme", "ana"].email == "ana@example.com"
    assert once["acme", "ana"].email_consent.state == "withdrawn"
    assert once["acme", "bo"].email == "bo@example.com"
    await update_contacts(batch, pool)
    await update_contacts(batch[:2], pool)
    assert await known(pool) == once


async def test_a_later_batch_builds_on_what_is_known(pool: Pool) -> None:
    await update_contacts([record("customer.created", CustomerChanged(customer=ANA))], pool)
    await update_contacts([record("page.viewed", {"customer": {"locale": "es-ES"}}, minutes=3)], pool)
    contact = (await known(pool))["acme", "ana"]
    assert (contact.first_name, contact.locale) == ("Ana", "es-ES")


async def test_who_asks_to_be_forgotten_is(pool: Pool) -> None:
    await update_contacts(
        [
            record("customer.created", CustomerChanged(customer=ANA)),
            record("customer.created", CustomerChanged(customer=ANA), shop="other"),
            record("customer.created", CustomerChanged(customer=ANA), key="bo"),
        ],
        pool,
    )
    await update_contacts([record("customer.redacted", PrivacyRequested(customer=ANA))], pool)
    assert set(await known(pool)) == {("acme", "bo"), ("other", "ana")}
    await update_contacts([record("shop.redacted", ShopChanged(), shop="other")], pool)
    assert set(await known(pool)) == {("acme", "bo")}


async def test_an_event_of_a_workflow_says_nothing_and_one_that_is_broken_is_poison(pool: Pool) -> None:
    await update_contacts([record("loyalty.tier_reached", {"customer": {"email": "ana@example.com"}})], pool)
    assert await known(pool) == {}
    broken = record("customer.created", {"customer": 7})
    with pytest.raises(Poison) as caught:
        await update_contacts([record("customer.created", CustomerChanged(customer=ANA)), broken], pool)
    assert caught.value.record is broken
    assert await known(pool) == {}


@pytest.mark.parametrize("file", ["deliveries.sql", "contacts.sql"])
async def test_every_statement_prepares(pool: Pool, file: str) -> None:
    statements = Statements.load("relevo_notifier.adapters", file)
    assert len(statements) >= 4
    async with pool.acquire() as connection:
        for name in statements:
            await connection.prepare(statements[name])


class Changing(ContactTables):
    """Where something else happens between the look and the statement that writes."""

    def __init__(self, pool: Pool, statement: str) -> None:
        super().__init__(pool)
        self._between = statement
        self.written: list[bool] = []

    async def keep_if_unchanged(self, contacts: Mapping[Person, Contact], known: Mapping[Person, Known]) -> bool:
        await self._pool.execute(self._between)
        self.written.append(await super().keep_if_unchanged(contacts, known))
        return self.written[-1]


BO = Buyer(id="2", email="bo@example.com")
NAMED = [
    record("customer.updated", CustomerChanged(customer=Buyer(id="1", first_name="Anna")), minutes=5),
    record("customer.updated", CustomerChanged(customer=BO), key="bo", minutes=5),
]


@pytest.mark.parametrize(
    ("meanwhile", "in_one"),
    [
        ("select 1", True),
        ("""update notifier.contact set contact = contact || '{"phone": "+34600000001"}' where key = 'ana'""", False),
        ("delete from notifier.contact where key = 'ana'", False),
        ("insert into notifier.redaction values ('acme', 'ana', '2026-03-02T11:00:00Z')", False),
        ("insert into notifier.merged values ('acme', 'nobody', 'cleo')", True),
    ],
)
async def test_a_contact_that_changed_meanwhile_is_learnt_anew(pool: Pool, meanwhile: str, in_one: bool) -> None:
    await update_contacts([record("customer.created", CustomerChanged(customer=ANA))], pool)
    store = Changing(pool, meanwhile)
    await update(NAMED, store, ManualClock(NOON))
    assert store.written == [in_one]
    after = await known(pool)
    assert after["acme", "ana"].first_name == "Anna"
    assert after["acme", "bo"].email == "bo@example.com"
    if "phone" in meanwhile:
        assert after["acme", "ana"].phone == "+34600000001"


async def test_whoever_turned_out_to_be_another_meanwhile_is_learnt_as_that_other(pool: Pool) -> None:
    store = Changing(pool, "insert into notifier.merged values ('acme', 'bo', 'ana')")
    await update(NAMED, store, ManualClock(NOON))
    assert store.written == [False]
    after = await known(pool)
    assert after["acme", "ana"].first_name == "Anna"
    assert after["acme", "bo"] == after["acme", "ana"]  # what is kept under the old key is a copy


class Overtaken(ContactTables):
    """Where somebody unsubscribes of whom nothing is known, once, while an event of theirs is being learnt."""

    unsubscribed = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ContactRows]:
        async with super().transaction() as rows:
            found = rows.for_update

            async def for_update(people: Sequence[Person]) -> dict[Person, Contact]:
                known = await found(people)
                if not self.unsubscribed:
                    self.unsubscribed = True
                    await leave_the_newsletter(self._pool)
                return known

            rows.for_update = for_update  # type: ignore[method-assign]  # what is tried is what happens between
            yield rows


async def leave_the_newsletter(pool: Pool) -> None:
    """What ingest does before it answers."""
    left = ConsentChanged(customer=Buyer(), channel="email", state="withdrawn", purpose="newsletter")
    at = NOON + timedelta(minutes=1)
    person = await consent_store.look(pool, "acme", "ana")
    said = [Statement(id="left", source="test", at=at, payload=left, value=b"{}")]
    assert await consent_store.keep(pool, person, said) is not None


async def test_what_somebody_says_while_their_first_event_is_being_learnt_is_not_lost(pool: Pool) -> None:
    await update([consent("granted", 0)], Overtaken(pool), ManualClock(NOON))
    after = (await known(pool))["acme", "ana"]
    assert (after.email, after.consent("email").state) == ("ana@example.com", "granted")
    assert after.topic_consent("email", "newsletter").state == "withdrawn"


async def test_what_is_learnt_is_kept_under_earlier_keys_too(pool: Pool) -> None:
    await pool.execute("insert into notifier.merged values ('acme', 'old', 'bo')")
    await update_contacts(NAMED, pool)
    after = await known(pool)
    assert after["acme", "old"] == after["acme", "bo"]


async def test_events_of_products_say_nothing_of_anybody(pool: Pool) -> None:
    broken = Record("relevo.events", 0, 1, b"acme/prd_1", b"not even JSON")
    await update_contacts([broken, *NAMED], pool)
    assert set(await known(pool)) == {("acme", "ana"), ("acme", "bo")}
