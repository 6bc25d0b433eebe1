"""The port `ConsentStore` on PostgreSQL, over `relevo_runtime.consent_store`."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from relevo_contracts.standing import Standing, Statement
from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.adapters.unfollowed import Unfollowed, statement_in
from relevo_runtime import consent_store
from relevo_runtime.postgres import Pool

T = TypeVar("T")


class Consents:
    """What people said. Each call raises `Busy` if the database can't be asked now."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._unfollowed = Unfollowed(pool)

    async def look(self, shop: str, key: str) -> Standing:
        """What is known of whoever has this key."""
        return await _now(consent_store.look(self._pool, shop, key))

    async def keep(self, person: Standing, said: Sequence[Statement], address: str) -> list[int] | None:
        """Commit it, with the events about it; gives their numbers. `None`: they are somebody else by now.

        Whoever objects to being followed is not followed from here on, whenever Kafka takes the events.
        """
        numbers = await _now(consent_store.keep(self._pool, person, said, address))
        about_following = [event for one in said if (event := statement_in(one.value)) is not None]
        if numbers is not None and about_following:
            await _now(self._unfollowed.said(about_following))
        return numbers

    async def holds(self, person: Standing, said: Sequence[Statement]) -> bool:
        """Whether it is still there."""
        return await _now(consent_store.holds(self._pool, person, said))

    async def published(self, numbers: Sequence[int]) -> None:
        """Kafka has these events."""
        await _now(consent_store.published(self._pool, numbers))


async def _now(work: Awaitable[T]) -> T:
    with busy_while_away():
        return await work
