"""The table `notifier.text_taken`: which texts at providers are which deliveries."""

from collections.abc import Sequence
from datetime import datetime

from relevo_notifier.core.work import Settled, Work
from relevo_runtime.postgres import Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "taken_texts.sql")


class TakenTextsTable:
    """The port `TakenTexts` on PostgreSQL: of two who ask for the same text at once, one has it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, work: Work, provider_ids: Sequence[str], now: datetime) -> str | None:
        """Commit that the first of these that no other delivery has is `work`, and return it; `None`: there is none."""
        names = [storable_text(one) for one in provider_ids]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(STATEMENTS["lock"], names)
            free = {row[0] for row in await connection.fetch(STATEMENTS["free"], *work.ref, names)}
            found = next((one for one in names if one in free), None)
            if found is not None:
                shop, id_ = work.ref
                await connection.execute(STATEMENTS["take"], [found], [shop], [id_], now)
        return found

    async def free(self, work: Work, provider_ids: Sequence[str]) -> list[str]:
        """Those that no other delivery has."""
        names = [storable_text(one) for one in provider_ids]
        return [row[0] for row in await self._pool.fetch(STATEMENTS["free"], *work.ref, names)]


def texts(settled: Sequence[Settled]) -> tuple[list[str], list[str], list[str]]:
    """What these are at providers that can be asked, as columns."""
    found = [one for one in settled if one.findable and one.provider_id]
    refs = [one.work.delivery for one in found]
    return [one.provider_id for one in found], [one.shop for one in refs], [one.id for one in refs]
