"""Taking deliveries over from Kafka: once this has committed, the table is the queue and the offsets may go."""

from collections.abc import Mapping, Sequence

import msgspec

from relevo_contracts.contact import Channel
from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters.deliveries import Deliveries, Incoming
from relevo_notifier.app.lane import Lane
from relevo_notifier.core.work import Work
from relevo_runtime.clock import Clock
from relevo_runtime.errors import Poison
from relevo_runtime.kafka import Record

PATIENCE = 5.0
"""Seconds for which a full lane holds up Kafka, before what comes is left to the table."""

_decode = msgspec.json.Decoder(SendDelivery).decode


async def accept_deliveries(
    records: Sequence[Record], deliveries: Deliveries, lanes: Mapping[Channel, Lane], clock: Clock
) -> None:
    """Keep the deliveries of a batch, each once, and begin to send as many as there are workers free.

    The others are held in memory as far as there is room, and left to the table otherwise. Raises `Poison` for a
    record that is no delivery, before anything is kept.
    """
    by_lane: dict[Channel, list[tuple[SendDelivery, bytes]]] = {channel: [] for channel in lanes}
    for record in records:
        delivery = _read(record)
        by_lane[delivery.channel].append((delivery, record.value))
    for channel, items in by_lane.items():
        if items:
            await _accept(items, deliveries, lanes[channel], clock)


def _read(record: Record) -> SendDelivery:
    try:
        return _decode(record.value)
    except msgspec.DecodeError as error:
        raise Poison(f"not a SendDelivery: {error}", record) from error


async def _accept(
    items: Sequence[tuple[SendDelivery, bytes]], deliveries: Deliveries, lane: Lane, clock: Clock
) -> None:
    await lane.relaxed(PATIENCE)
    now, lease = clock.now(), lane.lease()
    places = lane.reserve(len(items))
    held = places + lane.room()
    incoming = [
        Incoming(
            delivery,
            body,
            state="sending" if number < places else "queued",
            wake_at=lease if number < held else now,
        )
        for number, (delivery, body) in enumerate(items)
    ]
    try:
        works = await deliveries.accept(incoming, now)
    finally:
        lane.unreserve(places)
    lane.hold(work for work in works if not work.attempts and work.lease == lease)
    await lane.begin(_begun(works))


def _begun(works: Sequence[Work]) -> list[Work]:
    return [work for work in works if work.attempts]
