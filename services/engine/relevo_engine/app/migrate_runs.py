"""Move the runs in flight of a workflow into a new version, page by page, while the engine works.

A page is one short transaction: it locks runs that no engine holds, and writes run, timers and decision together. An
engine that wants such a run waits for the commit and then finds it in the new version; a wake-up of the old schedule
finds its timer gone. What an engine holds is skipped and taken on a later page.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Generic

from msgspec import Struct

from relevo_engine.app.ports import SessionT, StoredDefinitions, Stores
from relevo_engine.core.batch import DecisionRow
from relevo_engine.core.in_flight import LockedRun, RestingPlace, RunExample, RunScope
from relevo_engine.core.tasks import revised
from relevo_runtime.clock import Clock
from relevo_runtime.outgoing import Timer
from relevo_workflow import ArmTimer, CancelTimer, Decision, Definition, Shop
from relevo_workflow.changes import Migrated, Transition, describe_repeats

PAGE = 1000
"""Most runs that one transaction moves."""
INPUT = "deployment"
"""What decisions about moved runs name as their input."""
_SHOWN = 20
_PAUSE = 0.05


class ImmovableRuns(Struct, frozen=True, kw_only=True):
    """Runs that can't be moved: how many rest at this step for this reason."""

    step: str
    version: str
    reason: str
    runs: int


class MovableRuns(Struct, frozen=True, kw_only=True):
    """Runs that can be moved: how many rest at this step, and the step of the new version that takes its place.

    `again` says what they would do a second time in the new version; mostly nothing.
    """

    step: str
    version: str
    place: str
    runs: int
    again: str = ""


class MigrationPreview(Struct, frozen=True, kw_only=True):
    """What moving the runs in flight would do. `examples` are some of those that can't be moved.

    `watching` are those of `runs` whose steps are over: only their goal is watched, which holds up nothing.
    """

    runs: int
    watching: int = 0
    going: tuple[MovableRuns, ...] = ()
    stuck: tuple[ImmovableRuns, ...] = ()
    examples: tuple[RunExample, ...] = ()

    @property
    def refused(self) -> int:
        """How many runs can't be moved."""
        return sum(one.runs for one in self.stuck)

    @property
    def repeating(self) -> tuple[MovableRuns, ...]:
        """Those that would do something again which they may have done."""
        return tuple(one for one in self.going if one.again)


class Moved(Struct, frozen=True, kw_only=True):
    """What became of the runs: moved ones, and those that stay: they meanwhile reached a step that can't be mapped."""

    runs: int = 0
    staying: tuple[str, ...] = ()


class RunMigration(Generic[SessionT]):
    """The runs of a scope on their way to `new`. Old versions are read from the catalog and compiled once.

    Runs that would do something again which they may have done move only from the places (version, step) in `repeat`.
    """

    def __init__(
        self,
        session: SessionT,
        scope: RunScope,
        new: Definition,
        *,
        stores: Stores[SessionT],
        definitions: StoredDefinitions[SessionT],
        page: int = PAGE,
        repeat: Collection[tuple[str, str]] = (),
    ) -> None:
        self._session = session
        self._scope = scope
        self._new = new
        self._page = page
        self._repeat = repeat
        self._shops: dict[str, Shop] = {}
        self._staying: set[str] = set()
        self._stores = stores
        self._definitions = definitions
        self._old: dict[str, Transition | None] = {}

    async def preview(self) -> MigrationPreview:
        """How many runs there are, where they go, and which can't be moved. Changes nothing."""
        places = await self._resting()
        stuck, going = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str, str]]()
        bad: list[RestingPlace] = []
        for place, runs in places.items():
            reason, target, again = await self._move_of(place)
            if reason:
                bad.append(place)
                stuck[(place.step, place.version, reason)] += runs
            else:
                going[(place.step, place.version, target, again)] += runs
        examples = await self._stores.in_flight.examples(self._session, self._scope, bad, _SHOWN) if bad else []
        return MigrationPreview(
            runs=sum(places.values()),
            watching=sum(runs for place, runs in places.items() if not place.step),
            going=tuple(
                MovableRuns(step=s, version=v, place=p, again=again, runs=runs)
                for (s, v, p, again), runs in going.items()
            ),
            stuck=tuple(ImmovableRuns(step=s, version=v, reason=r, runs=runs) for (s, v, r), runs in stuck.items()),
            examples=tuple(examples),
        )

    async def move(self, clock: Clock, revision: int) -> Moved:
        """Moves every run that can be. Call it outside of a transaction, after the new version is in the catalog."""
        moved = 0
        self._shops = await self._definitions.shop_facts_of_all(self._session)
        while True:
            before = moved
            for version in sorted({place.version for place in await self._resting()}):
                moved += await self._move_version(version, clock, revision)
            if sum((await self._resting()).values()) <= len(self._staying):
                return Moved(runs=moved, staying=tuple(sorted(self._staying)))
            if moved == before:
                await asyncio.sleep(_PAUSE)  # an engine works on the rest

    async def _resting(self) -> dict[RestingPlace, int]:
        return await self._stores.in_flight.resting(self._session, self._scope)

    async def _move_of(self, place: RestingPlace) -> tuple[str, str, str]:
        """Why runs at a place can't be moved; or where they go on, and what they would do again there."""
        transition = await self._transition(place.version)
        if transition is None:
            return f"this release can't read the version {place.version}", "", ""
        reason = transition.obstacle(place.step, place.trigger_type)
        again = () if reason else transition.repeats(place.step, place.did)
        return reason, transition.place(place.step), describe_repeats(self._new, again)

    async def _transition(self, version: str) -> Transition | None:
        """The way from a version, compiled once; None for one of another release, which this one can't read."""
        if version not in self._old:
            old = await self._definitions.stored(self._session, version)
            self._old[version] = Transition(old, self._new) if old is not None else None
        return self._old[version]

    async def _move_version(self, version: str, clock: Clock, revision: int) -> int:
        transition, moved = await self._transition(version), 0
        while True:
            now = clock.now()
            async with self._session.transaction():
                session, scope = self._session, self._scope
                taken = await self._stores.in_flight.take(session, scope, version, self._staying, self._page)
                done = [(one, result) for one in taken if (result := self._migrate(transition, one, now)) is not None]
                await self._write(done, now, revision)
            await self._announce(done)
            moved += len(done)
            if not taken:
                return moved

    def _migrate(self, transition: Transition | None, taken: LockedRun, now: datetime) -> Migrated | None:
        """The run in the new version; `None` for one that can't be moved from where it is by now: it stays."""
        shop = self._shop(taken.shop)
        if transition is not None:
            repeat = (taken.run.version, taken.run.step) in self._repeat
            result = transition.migrate(taken.run, now, facts=taken.facts, shop=shop, repeat=repeat)
            if isinstance(result, Migrated):
                return result
        self._staying.add(taken.run.id)
        return None

    def _shop(self, name: str) -> Shop:
        return self._shops.get(name, Shop(id=name))

    async def _write(self, done: Sequence[tuple[LockedRun, Migrated]], now: datetime, revision: int) -> None:
        if not done:
            return
        session = self._session
        await self._stores.runs.save_runs(session, {(t.shop, m.run.id): (t.key, m.run) for t, m in done}, now)
        gone = [(t.shop, e.id) for t, m in done for e in m.effects if isinstance(e, CancelTimer)]
        await self._stores.timers.cancel_timers(session, gone)
        await self._stores.timers.set_timers(session, _armed(done))
        await self._stores.tasks.revise(
            session, [one for t, m in done if (one := revised(self._shop(t.shop), m.run, self._new)) is not None], now
        )
        rows = [DecisionRow(t.shop, t.key, INPUT, _decision(m, now, revision)) for t, m in done]
        await self._stores.runs.append_decisions(session, rows, now)

    async def _announce(self, done: Sequence[tuple[LockedRun, Migrated]]) -> None:
        """Wakes schedulers that sleep until the next timer, outside of the transaction."""
        first = min((timer.due_at for timer in _armed(done)), default=None)
        if first is not None:
            await self._stores.timers.announce(self._session, first)


def _armed(done: Sequence[tuple[LockedRun, Migrated]]) -> list[Timer]:
    return [
        Timer(taken.shop, taken.key, effect.id, effect.due_at, effect.run_id, effect.turn, effect.name)
        for taken, migrated in done
        for effect in migrated.effects
        if isinstance(effect, ArmTimer)
    ]


def _decision(done: Migrated, now: datetime, revision: int) -> Decision:
    return Decision(
        workflow=done.run.workflow,
        version=done.run.version,
        kind="migrated",
        reason=done.reason,
        at=now,
        run=done.run,
        effects=done.effects,
        input_id=f"revision-{revision}",
    )
