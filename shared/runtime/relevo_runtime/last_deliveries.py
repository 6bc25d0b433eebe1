"""When the platforms of shops last reached ingest: what `relevo connect` verifies, and tells when nothing comes.

Ingest only notes it in memory; a loop writes what came since, for all shops in one statement.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_runtime", "last_deliveries.sql")


class LastDelivery(Struct, frozen=True):
    """When a shop's platform was last heard of, by the clock. Anybody can send a ping, a webhook is signed."""

    webhook_at: datetime | None = None
    ping_at: datetime | None = None


class DeliveryRecorder:
    """What a process hears, until it is written."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._webhooks: dict[str, datetime] = {}
        self._pings: dict[str, datetime] = {}

    def webhook(self, shop: str, at: datetime) -> None:
        """A webhook came that was signed with the shop's secret."""
        self._webhooks[shop] = at

    def ping(self, shop: str, at: datetime) -> None:
        """A request came that asks whether somebody is there."""
        self._pings[shop] = at

    async def run_once(self, now: datetime) -> None:
        """Writes what came since the last time. Raises what the database raises; then it is written the next time."""
        del now
        webhooks, pings = self._webhooks, self._pings
        shops = sorted(webhooks.keys() | pings.keys())
        if shops:
            columns = (shops, _column(shops, webhooks), _column(shops, pings))
            self._webhooks, self._pings = {}, {}
            try:
                await self._pool.execute(STATEMENTS["note"], *columns)
            except BaseException:
                self._webhooks, self._pings = webhooks | self._webhooks, pings | self._pings
                raise


async def last_delivery(connection: Connection, shop: str) -> LastDelivery:
    """When this shop was heard of."""
    row = await connection.fetchrow(STATEMENTS["of_shop"], shop)
    return LastDelivery() if row is None else msgspec.convert(dict(row), LastDelivery)


def _column(shops: list[str], found: Mapping[str, datetime]) -> list[datetime | None]:
    return [found.get(shop) for shop in shops]
