"""Look whether a variant of a split has won, by the results so far, and let every later run have it.

The decision is a row of the catalog: each engine reads it with the next look at the catalog, and decides by definitions
in which that variant has all the weight. So what a run gets stays a function of its definition and its key.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Generic, Protocol

from relevo_engine.app.ports import Sessions, SessionT, SessionT_contra
from relevo_engine.core.batch import Definitions
from relevo_engine.core.results import Counted
from relevo_engine.core.winners import winner_of
from relevo_workflow import Contest, contests

_FIRST = date(2000, 1, 1)


class ResultStore(Protocol[SessionT_contra]):
    """What workflows have come to."""

    async def read(
        self, connection: SessionT_contra, shop: str, workflow: str, since: date, until: date, /
    ) -> list[Counted]:
        """The counts of runs that started from `since` to before `until`."""
        ...


class WinnerStore(Protocol[SessionT_contra]):
    """Who has won."""

    async def decide_winner(
        self, connection: SessionT_contra, shop: str, workflow: str, *, step: str, variant: str, at: datetime
    ) -> bool:
        """A variant has won, unless one has won before."""
        ...


class Workflows(Protocol):
    """The shops that are served, what they run, and who has won already."""

    @property
    def shops(self) -> Collection[str]:
        """The names of the shops."""

    def of_shop(self, shop: str, /) -> Definitions:
        """What a shop runs."""
        ...

    def winners(self, shop: str, workflow: str, /) -> Mapping[str, str]:
        """The variants that have won splits of a workflow."""
        ...


class WinnerChooser(Generic[SessionT]):
    """The loop body. Any number of engines may do it at once: the first decision stays."""

    def __init__(
        self,
        *,
        sessions: Sessions[SessionT],
        results: ResultStore[SessionT],
        catalog: WinnerStore[SessionT],
        definitions: Workflows,
    ) -> None:
        self._sessions = sessions
        self._results = results
        self._catalog = catalog
        self._definitions = definitions

    async def run_once(self, now: datetime) -> datetime | None:
        """Decides what can be decided by now."""
        for shop in self._definitions.shops:
            for definition in self._definitions.of_shop(shop).active:
                decided = self._definitions.winners(shop, definition.name)
                for contest in contests(definition):
                    if contest.step not in decided:
                        await self._decide(shop, definition.name, contest, now)
        return None

    async def _decide(self, shop: str, workflow: str, contest: Contest, now: datetime) -> None:
        async with self._sessions.acquire() as session, session.transaction():
            until = now.date() + timedelta(days=1)
            counts = await self._results.read(session, shop, workflow, _FIRST, until)
            variant = winner_of(contest, counts, now)
            if variant is not None:
                await self._catalog.decide_winner(session, shop, workflow, step=contest.step, variant=variant, at=now)
