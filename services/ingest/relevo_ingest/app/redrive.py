"""Reads a message again that was not recognised when it came: the connector may have been mended since."""

import msgspec

from relevo_contracts.messages import Unrecognised
from relevo_ingest.app import receive_events
from relevo_ingest.app.event_store import Receipt, store, within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_webhook import Delivery, Webhook, store_webhook
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core import canonical
from relevo_ingest.core.cloudevents import CloudEvent
from relevo_ingest.core.drafts import Arrival, NoEvent, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.unrecognised import kept_body


async def redrive(deps: IngestDependencies, shop: ShopContext, kept: Unrecognised) -> Receipt | NoEvent:
    """Publishes what today's connector makes of the message, with the ids and the time of its arrival; or says why not.

    Read again, it has the same ids: what knows them takes them once. Raises `Busy`.
    """
    if kept.cut:
        return NoEvent("only the beginning of it was kept", kind=kept.kind)
    async with within_budget(deps.budget):
        if (connector := CONNECTORS.get(kept.platform)) is not None:
            webhook = Webhook(
                connector=connector,
                headers=kept.headers,
                body=kept_body(kept),
                received=kept.receivedtime,
                id=kept.id,
                stored_topic=kept.topic,
            )
            return await store_webhook(deps, Delivery.of(shop, webhook))
        if kept.platform == receive_events.PLATFORM:
            return await _event(deps, shop, kept)
    return NoEvent(f"there is no connector for {kept.platform!r}", kind=kept.kind)


async def _event(deps: IngestDependencies, shop: ShopContext, kept: Unrecognised) -> Receipt | NoEvent:
    try:
        reading = canonical.read(_cloud_event(kept), shop, strict=False)
        if isinstance(reading, NoEvent):
            return reading
        arrival = Arrival(shop=shop.shop, id=kept.id, source="", received=kept.receivedtime)
        return Receipt(events=await store(deps, reading, arrival))
    except InvalidPayload as error:
        return NoEvent(str(error), kind="invalid", where=error.where)


def _cloud_event(kept: Unrecognised) -> CloudEvent:
    attributes = {name: text for name, text in kept.headers.items() if text}
    if "id" not in attributes:
        raise InvalidPayload("id", "it was kept by an earlier release, without what its sender said beside the data")
    try:
        event = msgspec.convert({"specversion": "1.0", "type": kept.topic, **attributes}, CloudEvent, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidPayload.from_decoder(error) from None
    return msgspec.structs.replace(event, data=msgspec.Raw(kept_body(kept)))
