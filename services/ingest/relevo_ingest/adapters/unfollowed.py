"""Whose clicks and openings are not recorded, in the table `ingest.unfollowed`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.link_rules import TRACKING_TOPIC
from relevo_contracts.sending import Sent
from relevo_runtime.consent_store import keys_now
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "unfollowed.sql")
MENTION = f'"topic":"{TRACKING_TOPIC}"'.encode()
"""What an encoded event has in it that may be such a statement."""
_event = msgspec.json.Decoder(Event)
_STATES = ("granted", "withdrawn", "restored")


class Unfollowed:
    """The port `UnfollowedPeople` on PostgreSQL, and what keeps it up to date."""

    def __init__(self, database: "Pool | Connection") -> None:
        self._pool: Any = database

    async def among(self, sent: Sequence[Sent]) -> set[Sent]:
        """Those of the messages whose recipients object, merged ones too, or were erased since they went out."""
        now = await keys_now(self._pool, {(one.shop, one.key) for one in sent})
        rows = [
            (one.shop, one.key, now[one.shop, one.key], one.channel, datetime.fromtimestamp(one.at, UTC))
            for one in sent
        ]
        found = await self._pool.fetch(STATEMENTS["among"], *map(list, zip(*rows, strict=True)))
        return {sent[row["number"] - 1] for row in found}

    async def erased(self, events: Sequence[Event]) -> None:
        """Those whom these events erase were erased; with the shop's own key, everybody of the shop."""
        rows = [(one.shop, "" if one.key == SHOP_KEY else one.key, one.time) for one in events]
        await self._pool.execute(STATEMENTS["erased"], *map(list, zip(*rows, strict=True)))

    async def said(self, events: Sequence[Event]) -> None:
        """What these statements (`is_statement`) say."""
        rows = [(one.shop, one.key, one.data["channel"], one.data["state"] == "withdrawn", one.time) for one in events]
        await self._pool.execute(STATEMENTS["said"], *map(list, zip(*rows, strict=True)))


def statement_in(value: bytes) -> Event | None:
    """The encoded event, if somebody says by it whether they may be followed."""
    event = _event.decode(value) if MENTION in value else None
    return event if event is not None and is_statement(event) else None


def is_statement(event: Event) -> bool:
    """Whether somebody says whether they may be followed."""
    said = event.data.get("topic") == TRACKING_TOPIC and event.data.get("state") in _STATES
    return event.type == "consent.changed" and said and not event.test
