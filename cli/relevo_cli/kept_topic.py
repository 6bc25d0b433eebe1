"""Reads `relevo.unrecognised` from end to end, and reads what it keeps again by today's connectors."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer

from relevo_cli import addresses, database
from relevo_cli.errors import CommandError, unknown_shop
from relevo_cli.opened import opened
from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import UNRECOGNISED
from relevo_ingest.adapters import redriven
from relevo_ingest.adapters.contexts import context
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.forgetting import ForgettingLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import EventIds
from relevo_ingest.adapters.publishing import KafkaLog
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.adapters.watching import Counted
from relevo_ingest.app.redrive import redrive
from relevo_ingest.app.storing import Receipt, Tools
from relevo_ingest.core.drafts import NoEvent
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_POLL_MS = 500
_BUDGET = 60.0


async def read_unrecognised(settings: RuntimeSettings) -> list[Unrecognised]:
    """Every message that the topic still keeps, oldest first; of one that came again the newest.

    Raises `CommandError` if there is no such topic.
    """
    topic = settings.topic(UNRECOGNISED)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    found: dict[redriven.Delivery, Unrecognised] = {}
    try:
        await consumer.start()
        ends = await consumer.end_offsets(list(consumer.assignment()))
        if not ends:
            raise CommandError(f"there is no topic {topic} on {settings.kafka}; run `relevo migrate` first")
        async with database.connection(settings) as connection:
            seals = Seals(connection, settings)
            while [part for part, end in ends.items() if await consumer.position(part) < end]:
                for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                    for record in await opened(seals, UNRECOGNISED, records):
                        message = msgspec.json.decode(record.value, type=Unrecognised)
                        found[redriven.delivery(message)] = message
    finally:
        await consumer.stop()
    return sorted(found.values(), key=lambda message: message.receivedtime)


async def already_redriven(settings: RuntimeSettings, messages: Sequence[Unrecognised]) -> set[redriven.Delivery]:
    """Those of `messages` that made events by being read again."""
    async with database.connection(settings) as connection:
        return await redriven.done(connection, messages)


async def read_again(messages: Sequence[Unrecognised]) -> Mapping[redriven.Delivery, Receipt | NoEvent]:
    """What became of each message; one that made events before makes none again.

    Raises `CommandError` if the shop of one is not known any more.
    """
    settings = ingest_settings()
    results: dict[redriven.Delivery, Receipt | NoEvent] = {}
    async with _tools(settings) as (tools, pool), pool.acquire() as connection:
        shops = {shop.shop: context(shop) for shop in await catalog.shops(connection)}
        before = await redriven.done(connection, messages)
        for message in messages:
            name = redriven.delivery(message)
            if message.shop not in shops:
                raise CommandError(unknown_shop(message.shop))
            if name in before:
                results[name] = NoEvent("it made its events before")
                continue
            results[name] = found = await redrive(tools, shops[message.shop], message)
            if isinstance(found, Receipt):
                await redriven.mark(connection, message, make_clock(settings).now())
    return results


def ingest_settings() -> IngestSettings:
    """The settings of ingest with the addresses that apply."""
    found = addresses.of_system(addresses.running(addresses.DATA))
    return IngestSettings(**found)  # type: ignore[arg-type]  # pydantic checks each value


@contextlib.asynccontextmanager
async def _tools(settings: IngestSettings) -> AsyncIterator[tuple[Tools, Pool]]:
    metrics = Metrics("cli")
    pool = await open_pool(settings.dsn, application_name="relevo-cli", min_size=0, max_size=3)
    log = KafkaLog(Publisher(settings, metrics, seals=Seals(pool, settings)), most_waiting=1)
    forgetting = ForgettingLog(log, pool)
    try:
        yield (
            Tools(
                keys=Identity(pool),
                states=KnownStates(pool, make_clock(settings)),
                log=forgetting,
                erasures=PendingErasures(pool, forgetting.events),
                ids=EventIds(pool),
                watch=Counted(metrics),
                limits=settings.limits(),
                budget=_BUDGET,
                erasing_after=settings.ingest_erasing_after,
            ),
            pool,
        )
    finally:
        await log.stop()
        async with asyncio.timeout(_BUDGET):
            await pool.close()
