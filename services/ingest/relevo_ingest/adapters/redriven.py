"""Which unrecognised messages made events by being read again, in the table `ingest.redriven`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from relevo_contracts.messages import Unrecognised
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "redriven.sql")
Delivery = tuple[str, str, str]
_KEPT = timedelta(days=90)  # longer than the topic keeps what could be asked for again
_PAGE = 1000


def delivery(message: Unrecognised) -> Delivery:
    """What names a message: the shop, the platform and the id of the delivery."""
    return message.shop, message.platform, message.id


async def done(connection: Connection, messages: Sequence[Unrecognised]) -> set[Delivery]:
    """Those of `messages` that made events already."""
    names = [delivery(message) for message in messages]
    columns = [[name[n] for name in names] for n in range(3)]
    rows = await connection.fetch(STATEMENTS["done"], *columns)
    return {(row["shop"], row["platform"], row["id"]) for row in rows}


async def mark(connection: Connection, message: Unrecognised, now: datetime) -> None:
    """The message made events at `now`. Forgets what was marked long ago."""
    await connection.execute(STATEMENTS["mark"], *delivery(message), now)
    await connection.execute(STATEMENTS["forget"], now - _KEPT, _PAGE)
