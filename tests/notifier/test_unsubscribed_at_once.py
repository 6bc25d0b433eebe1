"""Once an unsubscription is acknowledged no marketing leaves, whatever was queued, begun or read before it.

What a call to a provider had begun with by then may still arrive: that, and nothing else, is excepted.
"""

import asyncio
import os
import random
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.contact import Channel
from relevo_contracts.envelope import Event, event_data
from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged
from relevo_contracts.standing import BEGINS_WITHIN, HOLDS_AFTER, Statement
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.adapters.taken_texts import TakenTextsTable
from relevo_notifier.app.attempt_delivery import Ask, Attempt
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.app.prepare import Prepare
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import ProviderResult, Sent
from relevo_notifier.core.settle import Rules
from relevo_notifier.core.work import Incoming, Settled, Work
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog, consent_store
from relevo_runtime.clock import ManualClock, SystemClock
from relevo_runtime.links import masked
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_sandbox.sandbox import Sandbox
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, SHOP, VERSION, customer, delivery, files
from tests.notifier.test_contacts import record, update_contacts
from tests.notifier.waiting import until

LEASE = NOON + timedelta(minutes=5)
PEOPLE = [f"person-{number}" for number in range(6)]
SEEDS = [1, 2, 3]


def address_of(key: str) -> str:
    """Two persons share each address: a link unsubscribes whoever has it."""
    return f"owner{int(key.rpartition('-')[2]) // 2}@example.com"


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def unsubscribe(pool: Pool, key: str, at: datetime = NOON + timedelta(seconds=1)) -> None:
    """What ingest does before it answers: returning is the acknowledgement."""
    payload = ConsentChanged(customer=Buyer(), channel="email", state="withdrawn", source="unsubscribe-link")
    event = Event(
        id=f"u-{key}",
        source="test",
        type="consent.changed",
        time=at,
        shop="acme",
        key=key,
        data=event_data(payload),
        receivedtime=at,
    )
    said = [Statement(id=event.id, source="test", at=at, payload=payload, value=msgspec.json.encode(event))]
    person = await consent_store.look(pool, "acme", key)
    assert await consent_store.keep(pool, person, said, masked(address_of(key))) is not None
    await asyncio.sleep(HOLDS_AFTER)
    assert await consent_store.holds(pool, person, said)


class Recorder:
    """A provider that says when each call began, and takes its time."""

    channel: Channel = "email"
    slots = 10
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.began: list[tuple[float, str]] = []

    async def send(self, message: Message) -> ProviderResult:
        self.began.append((seconds(), message.recipient))
        await asyncio.sleep(self.chance.uniform(0, 0.5))
        return Sent("1")

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        return [] if message.effect and age is not None else [FoundText("never", age)]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def agreed(pool: Pool) -> Pool:
    """All of them agreed to marketing."""
    agreed = [
        record(
            "customer.created", CustomerChanged(customer=Buyer(email=address_of(key), email_marketing=True)), key=key
        )
        for key in PEOPLE
    ]
    await update_contacts(agreed, pool)
    return pool


@pytest.fixture
async def people(agreed: Pool) -> Pool:
    """All of them are customers of a shop that sends."""
    async with agreed.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, SHOP)
        await catalog.deploy(connection, workflow="abandoned-cart", version=VERSION, files=files(), at=NOON)
    return agreed


def mail(number: int, key: str, **changes: Any) -> SendDelivery:
    return delivery(number, key=key, recipient=customer(email=address_of(key)), **changes)


def attempt(pool: Pool, deliveries: Deliveries, provider: Recorder, anew: Ask | None = None) -> Attempt:
    prepare = Prepare(Catalog(pool), lambda one, _: f"https://relevo.example/u/{one.key}")
    rules = Rules(retry=Retry(), span=lambda span: span)
    clock = ManualClock(NOON)
    texts, asked = TakenTextsTable(pool), anew or deliveries.with_contacts
    return Attempt(provider, prepare, rules, clock, Metrics("notifier"), texts=texts, anew=asked)


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_call_begins_after_the_acknowledgement(people: Pool, seed: int) -> None:
    chance = random.Random(seed)
    provider, deliveries = Recorder(chance), Deliveries(people)
    attempts = attempt(people, deliveries, provider)
    acknowledged: dict[str, float] = {}
    ended: list[Settled] = []

    async def send(number: int, key: str) -> None:
        """A worker that may be held up anywhere between reading and sending."""
        await asyncio.sleep(chance.uniform(0, 4))
        one = mail(number, key)
        begun = chance.random() < 0.5
        [work] = await deliveries.accept([Incoming(one, msgspec.json.encode(one), begun, LEASE)], NOON)
        if not begun:
            await asyncio.sleep(chance.uniform(0, 2))
            [work] = await deliveries.begin([work], LEASE)
        await asyncio.sleep(chance.choice([0, 0, 0.3, 1, 2, 4]))
        await attempts.ready(work)
        ended.append(await attempts(work))

    async def leave(key: str) -> None:
        await asyncio.sleep(chance.uniform(0, 5))
        await unsubscribe(people, key)
        acknowledged[address_of(key)] = min(seconds(), acknowledged.get(address_of(key), seconds()))

    sending = (send(number, chance.choice(PEOPLE)) for number in range(1, 81))
    await asyncio.gather(*sending, *(leave(key) for key in (PEOPLE[0], PEOPLE[2], PEOPLE[3])))
    late = [(at, who) for at, who in provider.began if at > acknowledged.get(who, at)]
    assert late == [], f"seed {seed}"
    assert {one.state for one in ended} <= {"sent", "skipped", "queued"}
    assert {who for _, who in provider.began} > {address_of(PEOPLE[4])}, "whoever did not leave gets mail"
    skipped = [one for one in ended if one.state == "skipped"]
    assert skipped, f"seed {seed}"


async def test_what_waited_is_asked_anew_and_goes_if_nothing_was_said(people: Pool) -> None:
    deliveries, provider = Deliveries(people), Recorder(random.Random(1))
    attempts = attempt(people, deliveries, provider)
    works = [await begun(deliveries, mail(number, key)) for number, key in ((1, PEOPLE[0]), (2, PEOPLE[4]))]
    await unsubscribe(people, PEOPLE[1])
    assert BEGINS_WITHIN < HOLDS_AFTER
    states = []
    for work in works:
        await attempts.ready(work)
        states.append((await attempts(work)).state)
    assert states == ["skipped", "sent"], "the first has the address of who left"
    receipt = await begun(deliveries, mail(3, PEOPLE[0], purpose="transactional"))
    await attempts.ready(receipt)
    assert (await attempts(receipt)).state == "sent"


async def begun(deliveries: Deliveries, one: SendDelivery) -> Work:
    [work] = await deliveries.accept([Incoming(one, msgspec.json.encode(one), True, LEASE)], NOON)
    return work


async def test_who_can_not_be_asked_about_gets_nothing(people: Pool) -> None:
    deliveries, provider = Deliveries(people), Recorder(random.Random(1))
    attempts = attempt(people, deliveries, provider)
    fresh = await begun(deliveries, mail(1, PEOPLE[0]))
    await attempts.ready(fresh)
    stale = msgspec.structs.replace(fresh, asked_at=seconds() - 10)

    async def away(works: Sequence[Work]) -> list[Work]:
        raise ConnectionError(f"{len(works)} works")

    async def slow(works: Sequence[Work]) -> list[Work]:
        return [msgspec.structs.replace(work, asked_at=seconds() - 2) for work in works]

    provider.can_ask = True  # and says that it never had it
    doubtful = msgspec.structs.replace(stale, doubtful=True)
    for anew in (away, slow):
        held = attempt(people, deliveries, provider, anew)
        await held.ready(stale)
        assert [(await held(work)).state for work in (stale, doubtful)] == ["queued", "sending"]
    assert provider.began == []
    await unsubscribe(people, PEOPLE[0])
    settled = await attempts(doubtful)
    assert (settled.state, "not sent again" in settled.reason, provider.began) == ("in_doubt", True, [])


def environment(settings: NotifierSettings, sandbox: Sandbox) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")},
        "RELEVO_POSTGRES": settings.dsn,
        "RELEVO_KAFKA": settings.kafka,
        "RELEVO_TOPIC_PREFIX": settings.topic_prefix,
        "RELEVO_PARTITIONS": str(settings.partitions),
        "RELEVO_SESSION_TIMEOUT": "6",
        "RELEVO_LINK_SECRET": settings.link_secret.get_secret_value(),
        "RELEVO_NOTIFIER_LEASE": "12",
        "RELEVO_NOTIFIER_SMTP_PORT": str(sandbox.smtp_port),
        "RELEVO_NOTIFIER_SMTP_TIMEOUT": "5",
        "RELEVO_NOTIFIER_SMTP_CONNECTIONS": "3",
        "RELEVO_NOTIFIER_TWILIO_TIMEOUT": "5",
    }


@asynccontextmanager
async def notifier(post: Post) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own, which may be killed; it is at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relevo_notifier"),
        env=environment(post.settings, post.sandbox),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_nothing_leaves_after_it_under_load_and_when_a_notifier_dies(post: Post, agreed: Pool) -> None:
    """Queues, Kafka and SMTP as they are: after it arrives at most what was being sent when it was acknowledged."""
    chance, now = random.Random(7), SystemClock().now()
    leaving, allowed = [PEOPLE[0], PEOPLE[2]], dict[str, set[str]]()
    post.faults(latency=0.1)

    async def leave(key: str) -> None:
        await asyncio.sleep(chance.uniform(1, 4))
        await unsubscribe(agreed, key, at=SystemClock().now())
        rows = await agreed.fetch("select id from notifier.delivery where state = 'sending'")
        allowed[address_of(key)] = {row[0] for row in rows} | {one.effect for one in post.sent()}

    async def publish() -> None:
        for first in range(1, 401, 4):
            mails = [mail(number, chance.choice(PEOPLE), at=now) for number in range(first, first + 4)]
            await post.publish(*mails)
            await asyncio.sleep(0.04)

    async def arrived() -> bool:
        return len(post.sent()) > 20

    async with notifier(post) as first, notifier(post):
        publishing = asyncio.create_task(publish())
        await until(arrived)
        left = asyncio.gather(*(leave(key) for key in leaving))
        await asyncio.sleep(chance.uniform(0.5, 2))
        first.kill()
        async with notifier(post):
            await asyncio.gather(publishing, left)
            await post.settled(400)
    late = [one.effect for one in post.sent() if one.to in allowed and one.effect not in allowed[one.to]]
    assert late == []
    states = {
        row[0]: row[1] for row in await agreed.fetch("select key, array_agg(state) from notifier.delivery group by 1")
    }
    assert set(states[PEOPLE[4]]) <= {"sent", "in_doubt"}
    for key in PEOPLE[:4]:
        assert "skipped" in states[key]
