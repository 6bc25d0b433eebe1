"""The table `notifier.last_survey`: which message to an address asked a survey last."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from relevo_contracts.contact import Channel
from relevo_contracts.sending import Sent
from relevo_notifier.core.work import Settled
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "last_surveys.sql")
_decode = msgspec.json.Decoder(Sent).decode
_encode = msgspec.json.Encoder().encode


async def note(pool: Pool, settled: Sequence[Settled], now: datetime) -> None:
    """Commit which of these asked, or may have. Before they are settled: a crash in between loses no note."""
    asking = [(one, one.asked) for one in settled if one.asked is not None and one.recipient]
    if not asking:
        return
    works = [one.work for one, _ in asking]
    await pool.execute(
        STATEMENTS["note"],
        [work.delivery.shop for work in works],
        [work.delivery.channel for work in works],
        [one.recipient.lower() for one, _ in asking],
        [_encode(sent) for _, sent in asking],
        now,
        [work.delivery.key for work in works],
        [work.accepted_at for work in works],
    )


async def asked(connection: Connection, shop: str, channel: Channel, address: str) -> Sent | None:
    """Which message asked there last; `None`: none did, or what is known of it was erased."""
    found = await connection.fetchval(STATEMENTS["asked"], shop, channel, address.lower())
    return _decode(found) if found is not None else None
