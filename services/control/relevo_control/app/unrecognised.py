"""Genuine messages that made no event, as the topic keeps them, and which of them made their events later."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import UNRECOGNISED
from relevo_control.app.pages import Page, Turn
from relevo_control.app.topics import KeptTopic, Place, Unreadable, read_page
from relevo_ingest.adapters import redriven
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Connection
from relevo_runtime.sealing import person
from relevo_runtime.settings import RuntimeSettings

UNREADABLE = "unreadable"
"""The platform of a message that can't be read."""


class Kept(Struct, frozen=True):
    """A message, and whether it made its events by being read again."""

    message: Unrecognised
    redriven: bool


async def list_unrecognised(
    connection: Connection, settings: RuntimeSettings, shop: str, turn: Turn[Place]
) -> Page[Kept]:
    """A page of the messages of a shop (empty: of all) as the topic has them: one that came again is there again.

    One that can't be read has its place as its id, and the platform `unreadable`. Raises `NotKnownError` if there is
    no such topic.
    """
    page = await read_page(connection, settings, _KEPT, turn, lambda one: shop in ("", one.shop))
    messages = [one for _, one in page.items]
    done = await redriven.done(connection, messages) if messages else set()
    return Page([Kept(one, redriven.delivery(one) in done) for one in messages], page.next)


def oldest_first(found: Iterable[Kept]) -> list[Kept]:
    """The messages in the order of their times; of one that is there several times the newest."""
    newest = {redriven.delivery(one.message): one for one in found}
    return sorted(newest.values(), key=lambda one: one.message.receivedtime)


def _unreadable(record: Record, found: Unreadable) -> Unrecognised:
    return Unrecognised(
        id=f"{UNREADABLE}/{found.place}",
        shop=person(record.key)[0],
        platform=UNREADABLE,
        topic=record.topic,
        reason=f"what was kept can't be read: {found.reason}",
        receivedtime=found.at,
    )


_KEPT = KeptTopic(UNRECOGNISED, msgspec.json.Decoder(Unrecognised).decode, _unreadable)
