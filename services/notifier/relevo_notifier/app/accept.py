"""Taking work over from Kafka: once this has committed, the table is the queue and the offsets may go."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from relevo_contracts.contact import Channel
from relevo_contracts.messages import CallHttp, SendDelivery
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.app.ports import R
from relevo_notifier.app.worker_pool import WorkerPool
from relevo_notifier.core.calls import CallWork, SettledCall
from relevo_notifier.core.work import C, Incoming, Settled, W, Work
from relevo_runtime.clock import Clock
from relevo_runtime.kafka import Record, read

PATIENCE = 5.0
"""Seconds for which a full pool holds up Kafka, before what comes is left to the table."""

_delivery = msgspec.json.Decoder(SendDelivery)
_call = msgspec.json.Decoder(CallHttp)


async def accept_deliveries(
    records: Sequence[Record],
    deliveries: Deliveries,
    worker_pools: Mapping[Channel, WorkerPool[Work, Settled]],
    clock: Clock,
) -> None:
    """Keep the deliveries of a batch, each once, and begin to send as many as there are workers free.

    The others are held in memory as far as there is room, and left to the table otherwise. Raises `Poison` for a
    record that is no delivery, before anything is kept.
    """
    by_channel: dict[Channel, list[tuple[SendDelivery, bytes]]] = {channel: [] for channel in worker_pools}
    for record in records:
        delivery = read(_delivery, record)
        by_channel[delivery.channel].append((delivery, record.value))
    for channel, items in by_channel.items():
        if items:
            await _accept(items, deliveries.accept, worker_pools[channel], clock)


async def accept_calls(
    records: Sequence[Record], calls: Calls, workers: WorkerPool[CallWork, SettledCall], clock: Clock
) -> None:
    """Keep the calls of a batch, each once, and begin as many as there are workers free; else as for deliveries."""
    await _accept([(read(_call, record), record.value) for record in records], calls.accept, workers, clock)


async def _accept(
    items: Sequence[tuple[C, bytes]],
    keep: Callable[[Sequence[Incoming[C]], datetime], Awaitable[list[W]]],
    workers: WorkerPool[W, R],
    clock: Clock,
) -> None:
    await workers.wait_for_capacity(PATIENCE)
    now, lease = clock.now(), workers.lease()
    places = workers.reserve(len(items))
    held = places + workers.room()
    incoming = [
        Incoming(command, body, begun=number < places, wake_at=lease if number < held else now)
        for number, (command, body) in enumerate(items)
    ]
    try:
        works = await keep(incoming, now)
    finally:
        workers.unreserve(places)
    workers.hold(work for work in works if not work.attempts and work.lease == lease)
    await workers.begin(work for work in works if work.attempts)
