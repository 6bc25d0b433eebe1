"""Reads what `relevo.unrecognised` keeps again, by today's connectors."""

from collections.abc import Container, Mapping, Sequence

from relevo_cli.ingest_use_cases import dependencies, ingest_settings
from relevo_contracts.messages import Unrecognised
from relevo_control.app.errors import unknown_shop
from relevo_control.app.unrecognised import UNREADABLE
from relevo_ingest.adapters import redriven
from relevo_ingest.adapters.shop_fields import fields_of_shops
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.redrive import redrive
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.core.drafts import NoEvent
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock


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
    if message.platform == UNREADABLE:
        return message.reason
    if message.shop not in shops:
        return unknown_shop(message.shop)
    return "it made its events before" if redriven.delivery(message) in before else None
