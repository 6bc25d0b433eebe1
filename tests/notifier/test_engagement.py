"""Who opened and clicked a message is kept beside it: once, of messages that there were, of nobody who was erased."""

from datetime import timedelta

import msgspec

from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, MessageEngagement, PrivacyRequested
from relevo_notifier.adapters import past_deliveries
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.app.update_contacts import update_contacts
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Pool
from relevo_runtime.records import Record
from tests.notifier.support import NOON

CART = "https://acme.example.com/cart"


def told(kind: str, event_id: str, *, delivery: str = "run1/send-a/1", url: str = "", machine: str = "") -> Event:
    payload = MessageEngagement(customer=Buyer(), delivery_id=delivery, url=url, machine=machine)
    return Event(
        id=event_id, source="/shops/acme/links", type=f"message.{kind}", time=NOON + timedelta(hours=1), shop="acme",
        key="customer-1", data=event_data(payload), receivedtime=NOON,
    )  # fmt: skip


async def learn(pool: Pool, *events: Event) -> None:
    records = [
        Record("relevo.events", 0, number, partition_key(one.shop, one.key), msgspec.json.encode(one))
        for number, one in enumerate(events)
    ]
    await update_contacts(records, ContactTables(pool), SystemClock())


async def a_delivery(pool: Pool) -> None:
    await pool.execute(
        "insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, settled_at)"
        " values ('acme', 'run1/send-a/1', 'customer-1', 'email', 'sent', 1, $1, $1)",
        NOON,
    )


async def test_it_is_kept_once_and_machines_apart_from_people(pool: Pool) -> None:
    await a_delivery(pool)
    events = [
        told("opened", "o"), told("clicked", "c", url=CART), told("scanned", "s", url=CART, machine="burst"),
        told("clicked", "other", delivery="run9/send-a/1", url=CART),
    ]  # fmt: skip
    await learn(pool, *events)
    await learn(pool, *events)
    async with pool.acquire() as connection:
        [found] = await past_deliveries.of_customer(connection, "acme", "customer-1", NOON)
    assert sorted((one.kind, one.url, one.machine) for one in found.engagement) == [
        ("clicked", CART, ""), ("opened", "", ""), ("scanned", CART, "burst"),
    ]  # fmt: skip


async def test_it_goes_with_the_person_and_does_not_come_back(pool: Pool) -> None:
    await a_delivery(pool)
    await learn(pool, told("opened", "o"))
    erased = Event(
        id="e", source="/erp", type="customer.redacted", time=NOON + timedelta(hours=2), shop="acme", key="customer-1",
        data=event_data(PrivacyRequested(customer=Buyer())), receivedtime=NOON,
    )  # fmt: skip
    await learn(pool, erased)
    await learn(pool, told("clicked", "c", url=CART))
    assert await pool.fetchval("select count(*) from notifier.engagement") == 0
