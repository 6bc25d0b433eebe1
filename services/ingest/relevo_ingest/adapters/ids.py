"""Which content came with which id, in the table `ingest.event_id`: for who posts events of their own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from relevo_ingest.adapters.database_away import busy_while_away
from relevo_runtime.postgres import Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "ids.sql")
RETENTION = Statements.load("relevo_ingest.adapters", "ids_retention.sql")
KEPT_DAYS = 7
"""An id that comes again after this is a new one: the engine has forgotten it by then as well."""


class EventIds:
    """Keeps the digest of each id's content for some days."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def used_otherwise(self, shop: str, digests: Mapping[str, bytes], now: datetime) -> Sequence[str]:
        """Those of the ids that came before with another digest; if there are none, all are kept. Raises `Busy`."""
        # In one order: two requests with the same ids never wait for each other crosswise.
        ids = sorted(digests)
        with busy_while_away():
            rows = await self._pool.fetch(STATEMENTS["keep"], shop, ids, [digests[one] for one in ids], now)
        return [row["id"] for row in rows]
