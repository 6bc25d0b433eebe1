"""Reads `relevo.unrecognised` from end to end, and reads what it keeps again by today's connectors."""

from collections.abc import Container, Mapping, Sequence

import msgspec

from relevo_cli import database
from relevo_cli.errors import unknown_shop
from relevo_cli.ingest_use_cases import dependencies, ingest_settings
from relevo_cli.unsealing import Unreadable, read_whole
from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import UNRECOGNISED
from relevo_ingest.adapters import redriven
from relevo_ingest.adapters.shop_fields import fields_of_shops
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.redrive import redrive
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.core.drafts import NoEvent
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Record
from relevo_runtime.sealing import person
from relevo_runtime.settings import RuntimeSettings

_UNREADABLE = "unreadable"
_decode = msgspec.json.Decoder(Unrecognised).decode


async def read_unrecognised(settings: RuntimeSettings) -> list[Unrecognised]:
    """Every message that the topic still keeps, oldest first; of one that came again the newest.

    One that can't be read is listed with its place, on the platform `unreadable`. Raises `CommandError` if
    there is no such topic.
    """
    found: dict[redriven.Delivery, Unrecognised] = {}
    for record, read in await read_whole(settings, UNRECOGNISED, _decode):
        message = _unreadable(record, read) if isinstance(read, Unreadable) else read
        found[redriven.delivery(message)] = message
    return sorted(found.values(), key=lambda message: message.receivedtime)


async def already_redriven(settings: RuntimeSettings, messages: Sequence[Unrecognised]) -> set[redriven.Delivery]:
    """Those of `messages` that made events by being read again."""
    async with database.connection(settings) as connection:
        return await redriven.done(connection, messages)


async def read_again(messages: Sequence[Unrecognised]) -> Mapping[redriven.Delivery, Receipt | NoEvent]:
    """What became of each message; one that made events before makes none again, and one can't stop the others."""
    settings = ingest_settings()
    results: dict[redriven.Delivery, Receipt | NoEvent] = {}
    async with dependencies(settings) as (deps, pool), pool.acquire() as connection:
        own = await fields_of_shops(connection)
        shops = {shop.shop: context(shop, own.get(shop.shop)) for shop in await catalog.shops(connection)}
        before = await redriven.done(connection, messages)
        for message in messages:
            name = redriven.delivery(message)
            if (why := _never(message, shops, before)) is not None:
                results[name] = NoEvent(why)
                continue
            results[name] = found = await redrive(deps, shops[message.shop], message)
            if isinstance(found, Receipt):
                await redriven.mark(connection, message, make_clock(settings).now())
    return results


def _never(message: Unrecognised, shops: Container[str], before: Container[redriven.Delivery]) -> str | None:
    """Why the message is not even read again; None if it is."""
    if message.platform == _UNREADABLE:
        return message.reason
    if message.shop not in shops:
        return unknown_shop(message.shop)
    return "it made its events before" if redriven.delivery(message) in before else None


def _unreadable(record: Record, found: Unreadable) -> Unrecognised:
    return Unrecognised(
        id=f"{_UNREADABLE}/{found.place}",
        shop=person(record.key)[0],
        platform=_UNREADABLE,
        topic=record.topic,
        reason=f"what was kept can't be read: {found.reason}",
        receivedtime=found.at,
    )
