"""HistoryReport of a shop from its platform's API: what is read is told as a webhook tells it, and starts nothing."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_webhook import Delivery, Webhook, store_webhook
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.platform_api import Record
from relevo_ingest.core.drafts import ShopContext

_AT_ONCE = 25


class PageResult(Struct, frozen=True):
    """How many records were read, how many events they made, and why some made none."""

    records: int
    events: int
    without: Counter[str]


class Reader(Struct, frozen=True):
    """Who reads a shop's records, and when."""

    deps: IngestDependencies
    shop: ShopContext
    connector: Connector
    now: datetime


async def read_history(reader: Reader, records: Sequence[Record]) -> PageResult:
    """Stores what the records say; when this returns, it is safe. Read again they make the same events.

    Raises `Busy` if it can't be stored now.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    told = await asyncio.gather(*(_in_order(reader, one, room) for one in _by_id(records)))
    without: Counter[str] = Counter()
    for _, reasons in told:
        without.update(reasons)
    return PageResult(len(records), sum(events for events, _ in told), without)


def _by_id(records: Sequence[Record]) -> Sequence[list[Record]]:
    """What one thing tells stays in order; things don't wait for one another."""
    found: dict[str, list[Record]] = {}
    for one in records:
        found.setdefault(one.id, []).append(one)
    return list(found.values())


async def _in_order(reader: Reader, records: Sequence[Record], room: asyncio.Semaphore) -> tuple[int, list[str]]:
    """How many events they made, and the reasons of those that made none."""
    events, without = 0, []
    async with room:
        for one in records:
            found = await store_webhook(reader.deps, Delivery.of(reader.shop, _webhook_of(reader, one)))
            if isinstance(found, Receipt):
                events += len(found.events)
            else:
                without.append(found.reason)
    return events, without


def _webhook_of(reader: Reader, record: Record) -> Webhook:
    """The record as if the shop had told it, long after it happened."""
    return Webhook(
        connector=reader.connector,
        headers={},
        body=record.body,
        received=reader.now,
        stored_topic=record.topic,
        historical=True,
    )
