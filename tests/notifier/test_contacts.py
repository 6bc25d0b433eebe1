"""The notifier's own knowledge of people, learnt from the events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.contact import Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, Payload, PrivacyRequested, ShopChanged
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.app.learn import learn_contacts as learn
from relevo_runtime.clock import ManualClock
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.records import Poison
from tests.notifier.support import NOON

ANA = Buyer(id="1", email="ana@example.com", first_name="Ana")


async def learn_contacts(records: Sequence[Record], pool: Pool) -> None:
    await learn(records, ContactTables(pool), ManualClock(NOON))


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
    await learn_contacts(batch, pool)
    once = await known(pool)
    assert once["acme", "ana"].email == "ana@example.com"
    assert once["acme", "ana"].email_consent.state == "withdrawn"
    assert once["acme", "bo"].email == "bo@example.com"
    await learn_contacts(batch, pool)
    await learn_contacts(batch[:2], pool)
    assert await known(pool) == once


async def test_a_later_batch_builds_on_what_is_known(pool: Pool) -> None:
    await learn_contacts([record("customer.created", CustomerChanged(customer=ANA))], pool)
    await learn_contacts([record("page.viewed", {"customer": {"locale": "es-ES"}}, minutes=3)], pool)
    contact = (await known(pool))["acme", "ana"]
    assert (contact.first_name, contact.locale) == ("Ana", "es-ES")


async def test_who_asks_to_be_forgotten_is(pool: Pool) -> None:
    await learn_contacts(
        [
            record("customer.created", CustomerChanged(customer=ANA)),
            record("customer.created", CustomerChanged(customer=ANA), shop="other"),
            record("customer.created", CustomerChanged(customer=ANA), key="bo"),
        ],
        pool,
    )
    await learn_contacts([record("customer.redacted", PrivacyRequested(customer=ANA))], pool)
    assert set(await known(pool)) == {("acme", "bo"), ("other", "ana")}
    await learn_contacts([record("shop.redacted", ShopChanged(), shop="other")], pool)
    assert set(await known(pool)) == {("acme", "bo")}


async def test_an_event_of_a_workflow_says_nothing_and_one_that_is_broken_is_poison(pool: Pool) -> None:
    await learn_contacts([record("loyalty.tier_reached", {"customer": {"email": "ana@example.com"}})], pool)
    assert await known(pool) == {}
    broken = record("customer.created", {"customer": 7})
    with pytest.raises(Poison) as caught:
        await learn_contacts([record("customer.created", CustomerChanged(customer=ANA)), broken], pool)
    assert caught.value.record is broken
    assert await known(pool) == {}


@pytest.mark.parametrize("file", ["deliveries.sql", "contacts.sql"])
async def test_every_statement_prepares(pool: Pool, file: str) -> None:
    statements = Statements.load("relevo_notifier.adapters", file)
    assert len(statements) >= 4
    async with pool.acquire() as connection:
        for name in statements:
            await connection.prepare(statements[name])
