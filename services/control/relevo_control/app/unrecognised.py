"""Genuine messages that made no event, as the topic keeps them, and which of them made their events later."""

import msgspec
from msgspec import Struct

from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import UNRECOGNISED
from relevo_control.app.topics import Unreadable, read_whole
from relevo_ingest.adapters import redriven
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import person
from relevo_runtime.settings import RuntimeSettings

UNREADABLE = "unreadable"
"""The platform of a message that can't be read."""
_decode = msgspec.json.Decoder(Unrecognised).decode


class Kept(Struct, frozen=True):
    """A message, and whether it made its events by being read again."""

    message: Unrecognised
    redriven: bool


async def kept(connection: Connection, settings: RuntimeSettings) -> list[Kept]:
    """Every message with what became of it, oldest first."""
    messages = await read_unrecognised(connection, settings)
    done = await redriven.done(connection, messages) if messages else set()
    return [Kept(one, redriven.delivery(one) in done) for one in messages]


async def read_unrecognised(connection: Connection, settings: RuntimeSettings) -> list[Unrecognised]:
    """Every message that the topic still keeps, oldest first; of one that came again the newest.

    One that can't be read is listed with its place, on the platform `unreadable`. Raises `NotKnownError` if
    there is no such topic.
    """
    found: dict[redriven.Delivery, Unrecognised] = {}
    for record, read in await read_whole(connection, settings, UNRECOGNISED, _decode):
        message = _unreadable(record, read) if isinstance(read, Unreadable) else read
        found[redriven.delivery(message)] = message
    return sorted(found.values(), key=lambda message: message.receivedtime)


def _unreadable(record: Record, found: Unreadable) -> Unrecognised:
    return Unrecognised(
        id=f"{UNREADABLE}/{found.place}",
        shop=person(record.key)[0],
        platform=UNREADABLE,
        topic=record.topic,
        reason=f"what was kept can't be read: {found.reason}",
        receivedtime=found.at,
    )
