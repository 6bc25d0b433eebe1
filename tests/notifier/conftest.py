"""A sandbox, and a notifier that sends to it, on the test's own database and topics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import DeliveryOutcome, SendDelivery
from relevo_contracts.topics import DELIVERIES, OUTCOMES
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.wiring import Notifier, run_notifier
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.clock import Clock, ManualClock
from relevo_runtime.health import Health
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Loop
from relevo_sandbox.box import Message
from relevo_sandbox.faults import Faults
from relevo_sandbox.sandbox import Sandbox, run_sandbox
from tests.conftest import SettingsFactory
from tests.notifier.support import NOON, SHOP, VERSION, files
from tests.notifier.waiting import until
from tests.notifier.ways import VAPID_KEY
from tests.sealed import in_clear

T = TypeVar("T")


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with run_sandbox(tmp_path / "mail", token="sandbox") as running:
        yield running


class Post:
    """The system as the tests see it: deliveries go in at Kafka, messages and outcomes come out."""

    def __init__(self, settings: NotifierSettings, pool: Pool, sandbox: Sandbox, publisher: Publisher) -> None:
        self.settings = settings
        self.pool = pool
        self.sandbox = sandbox
        self.clock = ManualClock(NOON)
        self._publisher = publisher

    async def publish(self, *deliveries: SendDelivery) -> None:
        """Put deliveries on their topic, as the engine does."""
        messages = [(partition_key(d.shop, d.key), msgspec.json.encode(d)) for d in deliveries]
        await self._publisher.publish(DELIVERIES, messages)

    async def publish_raw(self, topic: str, key: str, value: bytes) -> None:
        await self._publisher.publish(topic, [(key.encode(), value)])

    @asynccontextmanager
    async def notifier(self, clock: Clock | None = None, **changes: object) -> AsyncIterator[Notifier]:
        """A running notifier; several may run at once."""
        settings = self.settings.model_copy(update=changes)
        context = ServiceContext(clock or self.clock, Metrics("notifier"), Health(), _fail)
        async with AsyncExitStack() as stack:
            notifier = await stack.enter_async_context(run_notifier(settings, context))
            service = Loops(context)
            for poll in notifier.polls:
                await stack.enter_async_context(service.running(poll.run_once))
            yield notifier

    def faults(self, **faults: object) -> None:
        """The failures that the sandbox plays from now on."""
        self.sandbox.fault_injector.set(msgspec.convert(faults, Faults))

    def sent(self) -> list[Message]:
        """What has arrived at the sinks."""
        return self.sandbox.box.messages(0, 1_000_000)

    async def outcomes(self, count: int) -> Sequence[DeliveryOutcome]:
        """The first `count` outcomes that were published."""
        return await self.read(OUTCOMES, DeliveryOutcome, count)

    async def read(self, topic: str, kind: type[T], count: int) -> Sequence[T]:
        """The first `count` messages of a topic."""
        consumer = AIOKafkaConsumer(
            self.settings.topic(topic), bootstrap_servers=self.settings.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            found: list[T] = []
            async with asyncio.timeout(30):
                while len(found) < count:
                    record = await consumer.getone()
                    for _, value in await in_clear(self.settings, [(record.key, record.value)]):
                        found.append(msgspec.json.decode(value, type=kind))
            return found
        finally:
            await consumer.stop()

    async def states(self) -> dict[str, str]:
        """The state of each delivery by id."""
        return {row[0]: row[1] for row in await self.pool.fetch("select id, state from notifier.delivery")}

    async def settled(self, count: int) -> None:
        """Wait until so many deliveries have ended and are reported."""

        async def open_() -> bool:
            row = await self.pool.fetchrow(
                "select count(*) filter (where wake_at is null), count(*) from notifier.delivery"
            )
            return bool(row and row[0] == row[1] == count)

        await until(open_)


class Loops:
    """Runs loops as a service does."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @asynccontextmanager
    async def running(self, run_once: Callable[[datetime], Awaitable[datetime | None]]) -> AsyncIterator[None]:
        context = self._context
        ended = asyncio.Event()
        loop = Loop(
            "poll",
            run_once,
            clock=context.clock,
            health=context.health,
            metrics=context.metrics,
            longest_pause=0.05,
        )
        task = asyncio.create_task(loop.run(ended))
        try:
            yield
        finally:
            ended.set()
            await task


def _fail(error: BaseException) -> None:
    raise error


@pytest.fixture
async def post(settings: SettingsFactory, topics: list[str], pool: Pool, sandbox: Sandbox) -> AsyncIterator[Post]:
    """One shop, one definition, a sandbox and the topics; start a notifier with `post.notifier()`."""
    own = settings(
        NotifierSettings,
        notifier_smtp={"port": sandbox.smtp_port, "timeout": 5},
        notifier_twilio={"url": sandbox.url, "account": "ACsandbox", "token": "sandbox", "timeout": 5},
        notifier_whatsapp={
            "url": f"{sandbox.url}/v23.0",
            "numbers": "106540352242922",
            "token": "sandbox",
            "timeout": 5,
        },
        notifier_webpush={
            "private_key": VAPID_KEY,
            "subject": "mailto:sandbox@example.com",
            "services": sandbox.url,
            "timeout": 5,
        },
        notifier_lease=15,
    )
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, SHOP)
        await catalog.deploy(connection, workflow="abandoned-cart", version=VERSION, files=files(), at=NOON)
    async with Publisher(own) as publisher:
        yield Post(own, pool, sandbox, publisher)
