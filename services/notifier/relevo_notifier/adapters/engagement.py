"""The table `notifier.engagement`: who opened a message and followed its links."""

from collections.abc import Sequence
from datetime import datetime

from relevo_contracts.envelope import Event
from relevo_contracts.payloads import MessageEngagement
from relevo_notifier.core.contact_changes import Person
from relevo_runtime.postgres import Connection, Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "engagement.sql")
_LONGEST_URL = 4000


async def keep(pool: Pool, engagements: Sequence[tuple[Event, MessageEngagement]], now: datetime) -> None:
    """Keeps what these events tell, in one statement; the same event twice is one row."""
    rows = [
        (
            *(event.shop, one.delivery_id, event.id, event.type.partition(".")[2], event.time),
            *(storable_text(one.url)[:_LONGEST_URL], storable_text(one.machine)),
        )
        for event, one in engagements
    ]
    await pool.execute(STATEMENTS["keep"], *map(list, zip(*rows, strict=True)), now)


async def forget(connection: Connection, people: Sequence[Person]) -> None:
    """Deletes what these people opened and followed."""
    await connection.execute(STATEMENTS["forget"], [shop for shop, _ in people], [key for _, key in people])
