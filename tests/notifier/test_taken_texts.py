"""Texts in doubt that say the same to one number: each is found by its own, none is taken for another's."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.contact import Channel
from relevo_notifier.adapters import retention
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.adapters.taken_texts import TakenTextsTable
from relevo_notifier.app.attempt_delivery import Attempt
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import Sent
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.work import Incoming, Work
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON, SHOP, VERSION, customer, delivery, files

ANA = "+12025550123"
LEASE = NOON + timedelta(minutes=2)
OLD, YOUNG = timedelta(minutes=5), timedelta(seconds=20)
GRACE = timedelta(minutes=1)


class Texts:
    """A provider that tells what it has, and takes whatever comes."""

    channel: Channel = "sms"
    slots = 2
    can_ask = True
    repeatable_for = timedelta(0)

    def __init__(self, *has: FoundText) -> None:
        self.has = list(has)

    async def send(self, message: Message) -> Sent:
        self.has.append(FoundText(f"new{len(self.has)}/{message.effect}", timedelta(0)))
        return Sent(self.has[-1].provider_id)

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        assert message.recipient == ANA
        assert age >= timedelta(0)
        return self.has

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def shop(pool: Pool) -> Pool:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, SHOP)
        await catalog.deploy(connection, workflow="abandoned-cart", version=VERSION, files=files(), at=NOON)
    return pool


def attempt(pool: Pool, provider: Texts) -> Attempt:
    rules = Rules(retry=Retry(), span=lambda wall: wall, settled_within=GRACE)
    prepare, texts = Prepare(Catalog(pool), lambda *_: ""), TakenTextsTable(pool)
    return Attempt(provider, prepare, rules, ManualClock(NOON), Metrics("notifier"), texts=texts)


async def doubtful(pool: Pool, number: int) -> Work:
    """A text to Ana of which nobody knows how it ended."""
    one = delivery(number, channel="sms", purpose="transactional", recipient=customer(phone=ANA))
    [work] = await Deliveries(pool).accept([Incoming(one, msgspec.json.encode(one), True, LEASE)], NOON)
    return msgspec.structs.replace(work, doubtful=True, doubts=1, attempts=2)


async def tried(pool: Pool, provider: Texts, *works: Work) -> list[tuple[str, str]]:
    """What becomes of them, one after the other, and by which name the provider knows them."""
    attempts, found = attempt(pool, provider), list[tuple[str, str]]()
    for work in works:
        await attempts.ready(work)
        settled = await attempts(work)
        await Deliveries(pool).settle([settled], NOON)
        found.append((settled.state, settled.provider_id))
    return found


async def test_of_two_in_doubt_each_has_its_own(shop: Pool) -> None:
    first, second = await doubtful(shop, 1), await doubtful(shop, 2)
    two = Texts(FoundText("a", OLD), FoundText("b", OLD))
    assert await tried(shop, two, first, second) == [("sent", "a"), ("sent", "b")]


async def test_one_text_is_not_two_messages(shop: Pool) -> None:
    first, second = await doubtful(shop, 1), await doubtful(shop, 2)
    assert await tried(shop, Texts(FoundText("a", OLD)), first, second) == [
        ("sent", "a"),
        ("sent", f"new1/{second.delivery.id}"),
    ]


async def test_what_was_sent_without_doubt_is_nobody_elses(shop: Pool) -> None:
    provider = Texts()
    plain = msgspec.structs.replace(await doubtful(shop, 1), doubtful=False, doubts=0, attempts=1)
    [(_, name)] = await tried(shop, provider, plain)
    provider.has = [FoundText(name, OLD)]
    lost = await doubtful(shop, 2)
    assert await tried(shop, provider, lost) == [("sent", f"new1/{lost.delivery.id}")]


async def test_a_young_text_may_be_of_a_message_on_its_way(shop: Pool) -> None:
    provider, lost = Texts(FoundText("a", YOUNG)), await doubtful(shop, 2)
    attempts = attempt(shop, provider)
    await attempts.ready(lost)
    settled = await attempts(lost)
    assert (settled.state, settled.wake_at, len(provider.has)) == ("sending", NOON + GRACE - YOUNG, 1)
    provider.has = [FoundText("a", GRACE)]
    assert (await attempts(lost)).provider_id == "a"


async def test_whoever_took_one_and_was_killed_has_it_still(shop: Pool) -> None:
    work, texts = await doubtful(shop, 1), TakenTextsTable(shop)
    assert [await texts.take(work, ["a", "b"], NOON) for _ in range(3)] == ["a", "a", "a"]


async def test_of_many_who_ask_at_once_each_has_one_or_none(shop: Pool) -> None:
    works, texts = [await doubtful(shop, number) for number in range(1, 9)], TakenTextsTable(shop)
    names = ["a", "b", "c", "d", "e"]
    taken = await asyncio.gather(*(texts.take(work, names, NOON) for work in works))
    assert sorted(one for one in taken if one is not None) == names


async def test_nothing_is_kept_of_who_is_erased_nor_for_ever(shop: Pool) -> None:
    await tried(shop, Texts(FoundText("a", OLD), FoundText("b", OLD)), await doubtful(shop, 1), await doubtful(shop, 2))
    async with ContactTables(shop).transaction() as contacts:
        await contacts.forget({("acme", "customer-1"): LEASE}, LEASE)
    assert [row[0] for row in await shop.fetch("select provider_id from notifier.text_taken")] == ["b"]
    await shop.execute(retention.STATEMENTS["purge_taken_texts"], NOON + timedelta(days=1), 100)
    assert await shop.fetchval("select count(*) from notifier.text_taken") == 0
