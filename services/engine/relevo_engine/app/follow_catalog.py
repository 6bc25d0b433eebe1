"""Follow the catalog: compile what was deployed, arm the calendars, and let alarms and memberships follow."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic

from relevo_engine.app.ports import DefinitionSource, Sessions, SessionT, Stores
from relevo_engine.core import calendar

SETTLED = timedelta(seconds=5)
"""Wall time after which every engine has seen a change of the catalog: then customers are looked at anew."""


class CatalogFollower(Generic[SessionT]):
    """The loop body that keeps an engine in step with what is deployed. Any number of engines may do it at once."""

    def __init__(
        self,
        sessions: Sessions[SessionT],
        definitions: DefinitionSource[SessionT],
        *,
        stores: Stores[SessionT],
        settled: timedelta = SETTLED,
        report: Callable[[DefinitionSource[SessionT]], None] = lambda definitions: None,
    ) -> None:
        """`report` gets the definitions at each turn: some stored versions may be unreadable, or refused by now."""
        self._sessions = sessions
        self._report = report
        self._definitions = definitions
        self._settled = settled
        self._stores = stores
        self._followed = -1

    async def run_once(self, now: datetime) -> datetime | None:
        """Reads the catalog if it changed. A failure half-way is made good by the next call."""
        async with self._sessions.acquire() as session:
            # Compiling many workflows takes longer than a transaction may stand still, before the server ends it.
            await self._definitions.refresh(session)
            revision = self._definitions.revision
            if revision != self._followed:
                async with session.transaction():
                    await self._follow(session, now)
        self._followed = revision
        self._report(self._definitions)
        return None

    async def _follow(self, session: SessionT, now: datetime) -> None:
        shops = {name: self._definitions.of_shop(name) for name in self._definitions.shops}
        entries = [timer for own in shops.values() for timer in calendar.wanted(own.active, own.shop, now)]
        await self._stores.timers.arm_missing(session, entries)
        fingerprints = {name: own.active.fingerprint for name, own in shops.items()}
        await self._stores.fanouts.want_refresh(session, fingerprints, now, self._settled)
