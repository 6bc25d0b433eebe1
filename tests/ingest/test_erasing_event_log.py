"""Ingest forgets whom an erasure is about when it has stored it, and nobody comes back by a webhook that is late."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.topics import EVENTS
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.app.ports import Message, Outcome, outcome_of
from relevo_ingest.core.aliases import Alias, Kind, Lookup, alias, new_key
from relevo_ingest.core.errors import Busy
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import NOW, Ingest
from tests.sealed import raw

ID, MAIL, ORDER = alias(Kind.CUSTOMER, "7"), alias(Kind.EMAIL, "ana@example.org"), alias(Kind.ORDER, "1001")


class Memory:
    """A log that keeps what it gets, or has no room."""

    def __init__(self, *, busy: bool = False) -> None:
        self.stored: list[Message] = []
        self._busy = busy

    async def events(self, messages: Any) -> None:
        if self._busy:
            raise Busy("no room")
        self.stored += messages

    async def events_of_each(self, groups: Any) -> list[Outcome[None]]:
        return [await outcome_of(self.events(group)) for group in groups]

    async def unrecognised(self, message: Message) -> None:
        self.stored.append(message)


def erasure(key: str, event_type: str = "customer.redacted", *, test: bool = False, identifier: str = "r") -> Message:
    event = Event(
        id=identifier,
        source="test",
        type=event_type,
        time=NOW,
        shop="tea",
        key=key,
        data={},
        receivedtime=NOW,
        test=test,
    )
    return partition_key("tea", key), msgspec.json.encode(event)


async def key_of(pool: Pool, *names: Alias, shop: str = "tea") -> str:
    return await Identity(pool).key(Lookup(shop, names))


async def know(pool: Pool, kind: str, identifier: str, state: dict[str, str], shop: str = "tea") -> None:
    await pool.execute(
        "insert into ingest.known_state values ($1, $2, $3, $4, now(), '[]', now())", shop, kind, identifier, state
    )


async def test_names_and_orders_are_forgotten_and_nobody_elses(pool: Pool) -> None:
    key = await key_of(pool, MAIL)
    assert await key_of(pool, ID, MAIL, ORDER) == key
    other = await key_of(pool, alias(Kind.EMAIL, "bo@example.org"), alias(Kind.ORDER, "1002"))
    await know(pool, "order", "1001", {"email": "ana@example.org"})
    await know(pool, "refund", "5", {"order": "1001"})
    await know(pool, "order", "1002", {})
    await ErasingEventLog(Memory(), pool).events([erasure(key)])
    assert {row[0] for row in await pool.fetch("select key from ingest.alias")} == {other}
    assert [row[0] for row in await pool.fetch("select id from ingest.known_state")] == ["1002"]


@pytest.mark.parametrize("names", [(ID,), (MAIL,), (ORDER,), (ID, MAIL, ORDER), (MAIL, ORDER)])
async def test_whatever_a_late_webhook_names_its_key_is_erased_too(pool: Pool, names: tuple[Alias, ...]) -> None:
    key = await key_of(pool, MAIL)
    await key_of(pool, ID, MAIL, ORDER)
    log = Memory()
    await ErasingEventLog(log, pool).events([erasure(key)])
    events = [msgspec.json.decode(value, type=Event) for _, value in log.stored]
    erased = {event.key: event.time for event in events}
    assert erased[await key_of(pool, *names)] == NOW
    assert [message_key for message_key, _ in log.stored] == [partition_key("tea", event.key) for event in events]


async def test_copies_of_an_erasure_with_a_long_id_are_told_apart(pool: Pool) -> None:
    key = await key_of(pool, MAIL)
    await key_of(pool, ID, MAIL, ORDER)
    log = Memory()
    await ErasingEventLog(log, pool).events([erasure(key, identifier="r" * 200)])
    events = [msgspec.json.decode(value, type=Event) for _, value in log.stored]
    assert len({event.id for event in events}) == len(events) == 3


async def test_a_key_that_somebody_else_has_is_left_alone(pool: Pool) -> None:
    """The address made the key of the one who had it first; an id that came later took it over."""
    mine = new_key("tea", (MAIL,))
    await pool.executemany(
        "insert into ingest.alias (shop, alias, kind, key) values ('tea', $1, $2, $3)",
        [(MAIL.name, 1, "cus_second"), (ID.name, 0, mine)],
    )
    log = Memory()
    await ErasingEventLog(log, pool).events([erasure("cus_second")])
    assert [message[0] for message in log.stored] == [b"tea/cus_second"]
    assert await pool.fetchval("select key from ingest.alias") == mine


async def test_nothing_is_forgotten_before_kafka_has_it(pool: Pool) -> None:
    key = await key_of(pool, MAIL)
    with pytest.raises(Busy):
        await ErasingEventLog(Memory(busy=True), pool).events([erasure(key)])
    assert await pool.fetchval("select count(*) from ingest.alias") == 1


async def test_a_rehearsal_forgets_nobody(pool: Pool) -> None:
    key = await key_of(pool, MAIL)
    await ErasingEventLog(Memory(), pool).events([erasure(key, test=True)])
    assert await pool.fetchval("select count(*) from ingest.alias") == 1


async def test_a_shop_is_forgotten_in_pages_and_no_other(pool: Pool) -> None:
    await pool.execute(
        "insert into ingest.alias select 'tea', 'order:' || n, 4, 'cus_' || n from generate_series(1, 5001) as n"
    )
    await key_of(pool, MAIL, shop="coffee")
    await know(pool, "order", "1", {})
    await pool.execute(
        "insert into ingest.import select shop, 'orders', '', '', 'a.csv', 1, 1, 1, 1, 0, '{}', now(), now(), null"
        " from unnest(array['tea', 'coffee']) as shop"
    )
    await ErasingEventLog(Memory(), pool).events([erasure(SHOP_KEY, "shop.redacted")])
    assert await pool.fetchval("select array_agg(shop) from ingest.import") == ["coffee"]
    assert await pool.fetchval("select count(*) from ingest.alias where shop = 'tea'") == 0
    assert await pool.fetchval("select count(*) from ingest.alias") == 1
    assert await pool.fetchval("select count(*) from ingest.known_state") == 0


async def test_the_erasure_itself_tells_nothing_of_the_person(ingest: Ingest, pool: Pool) -> None:
    body = {
        "type": "customer.redacted",
        "id": "e-1",
        "source": "erp",
        "specversion": "1.0",
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "data": {"customer": {"id": "7", "email": "ana@example.org"}, "order_ids": ["1001"]},
    }
    answer = await ingest.send(json.dumps(body).encode(), content_type="application/cloudevents+json")
    assert answer.is_success, answer.text
    stored = await raw(ingest.settings, EVENTS)
    assert b"ana@example.org" not in b"".join(value for _, value in stored)
    assert b"1001" not in b"".join(value for _, value in stored)
