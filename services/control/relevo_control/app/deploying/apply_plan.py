"""Carries a plan out: the catalog in one transaction, then the runs in flight as it was chosen."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

from msgspec import Struct, structs

from relevo_contracts.policy import Policy
from relevo_control.app.deploying.plan import Change, DeploymentPlan, TargetVersion, scope_of
from relevo_control.app.deploying.policy import deploy_policy
from relevo_control.app.deploying.rules import SignOff
from relevo_control.app.errors import ConflictError, OutdatedError
from relevo_engine.app.follow_catalog import SETTLED
from relevo_engine.app.migrate_runs import Moved
from relevo_engine.entrypoints.migration import run_migration
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, EventType
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Connection

InFlight = Literal["pin", "migrate", "drain"]


class DeploymentResult(Struct, frozen=True, kw_only=True):
    """What became of one workflow. `revision` is None where nothing was deployed: it was the same, or it drains.

    `moved` are runs that continue in the new version, `staying` those that could not be moved after all, `draining`
    those that have to end before the new version starts any.
    """

    workflow: str
    shop: str
    version: str
    revision: int | None
    moved: int = 0
    staying: list[str] = []
    draining: int = 0


class Deployer:
    """One deployment. With `repeat`, runs may do again what the plan says; `policy` comes with its text.

    `settled` is the wall time after which every engine has seen a change of the catalog.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        sign_off: SignOff,
        in_flight: InFlight = "pin",
        repeat: bool = False,
        settled: timedelta = SETTLED,
        policy: tuple[Policy, str] | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._sign_off = sign_off
        self._in_flight = in_flight
        self._repeat = repeat
        self._settled = settled
        self._policy = policy

    async def carry_out(self, plan: DeploymentPlan, targets: Sequence[TargetVersion]) -> list[DeploymentResult]:
        """Deploys what the plan needs, all or none. Raises `OutdatedError` if the catalog changed since the plan."""
        by_name = {one.definition.name: one for one in targets}
        if self._in_flight == "drain":
            done = await self._drain(plan, by_name)
        else:
            done = await self._deploy(plan, plan.needed, by_name)
        done += [_untouched(one) for one in plan.changes if one.state == "same"]
        if self._in_flight == "migrate":
            done = await self._migrate(done, by_name, {one.workflow: one for one in plan.changes})
        order = [one.workflow for one in plan.changes]
        return sorted(done, key=lambda one: order.index(one.workflow))

    async def _deploy(
        self,
        plan: DeploymentPlan,
        changes: Sequence[Change],
        targets: Mapping[str, TargetVersion],
        *,
        changed: bool = False,
    ) -> list[DeploymentResult]:
        done: list[DeploymentResult] = []
        if not changes and (changed or not (plan.declared or plan.changes_policy)):
            return done
        async with self._connection.transaction():
            if not changed:
                await self._unchanged(plan)
                await self._declare(plan)
                await self._put_policy(plan)
            for change in changes:
                sign_off = self._sign_off
                revision = await catalog.deploy(
                    self._connection,
                    shop=change.shop,
                    workflow=change.workflow,
                    version=change.version,
                    files=targets[change.workflow].files,
                    at=self._clock.now(),
                    author=sign_off.author,
                    note=sign_off.note,
                    reviewer=sign_off.reviewer,
                    approver=sign_off.approver,
                    in_flight=self._in_flight,
                )
                done.append(structs.replace(_untouched(change), revision=revision))
        return done

    async def _declare(self, plan: DeploymentPlan) -> None:
        """Before the workflows that name them: who sends such an event from now on is understood."""
        for one in plan.declared:
            declared = EventType(
                shop=one.shop,
                name=one.name,
                schema=one.schema,
                author=self._sign_off.author,
                declared_at=self._clock.now(),
            )
            await catalog.declare_event(self._connection, declared)

    async def _put_policy(self, plan: DeploymentPlan) -> None:
        """Before the workflows that name its purposes."""
        if self._policy is not None and plan.policy is not None and plan.changes_policy:
            await deploy_policy(self._connection, self._policy, plan.policy.shop, self._sign_off, self._clock.now())

    async def _unchanged(self, plan: DeploymentPlan) -> None:
        """Takes the catalog for this transaction; it must be as the plan found it."""
        if await catalog.hold(self._connection) != plan.revision:
            raise OutdatedError("somebody else changed the catalog since this plan was made; look at the plan again")

    async def _migrate(
        self, done: Sequence[DeploymentResult], targets: Mapping[str, TargetVersion], changes: Mapping[str, Change]
    ) -> list[DeploymentResult]:
        """Moves runs now, and once more those that engines started before they saw the new version."""
        moved = {one.workflow: await self._move(one, targets, changes) for one in done}
        late = [one for one in done if one.revision is not None and changes[one.workflow].serves]
        if late:
            await asyncio.sleep(self._settled.total_seconds())
            for one in late:
                again = await self._move(one, targets, changes)
                runs = moved[one.workflow].runs + again.runs
                moved[one.workflow] = Moved(runs=runs, staying=again.staying)
        return [
            structs.replace(one, moved=moved[one.workflow].runs, staying=list(moved[one.workflow].staying))
            for one in done
        ]

    async def _move(
        self, done: DeploymentResult, targets: Mapping[str, TargetVersion], changes: Mapping[str, Change]
    ) -> Moved:
        definition = targets[done.workflow].definition
        # What nobody was told can't have been wanted: only what the plan said may be done again.
        repeating = changes[done.workflow].in_flight.repeating if self._repeat else ()
        repeat = {(one.version, one.step) for one in repeating}
        scope = scope_of(definition, done.shop, await catalog.active_definitions(self._connection))
        return await run_migration(self._connection, scope, definition, repeat=repeat).move(
            self._clock, done.revision or await catalog.revision(self._connection)
        )

    async def _drain(self, plan: DeploymentPlan, targets: Mapping[str, TargetVersion]) -> list[DeploymentResult]:
        """Takes old versions out of service; deploys the new ones of which no older run is in flight any more."""
        serving = [one for one in plan.needed if one.serves]
        async with self._connection.transaction():
            await self._unchanged(plan)
            await self._declare(plan)
            await self._put_policy(plan)
            for change in serving:
                await self._retire(change)
        if serving:
            await asyncio.sleep(self._settled.total_seconds())
        active = await catalog.active_definitions(self._connection)
        left: dict[str, int] = {}
        for change in plan.needed:
            definition = targets[change.workflow].definition
            migration = run_migration(self._connection, scope_of(definition, change.shop, active), definition)
            preview = await migration.preview()
            left[change.workflow] = preview.runs - preview.watching
        ready = [one for one in plan.needed if not left[one.workflow]]
        done = await self._deploy(plan, ready, targets, changed=True)
        waiting = [one for one in plan.needed if left[one.workflow]]
        return [*done, *(structs.replace(_untouched(one), draining=left[one.workflow]) for one in waiting)]

    async def _retire(self, change: Change) -> None:
        found = await catalog.retire(
            self._connection,
            shop=change.shop,
            workflow=change.workflow,
            at=self._clock.now(),
            by=self._sign_off.author,
            note=self._sign_off.note,
        )
        active = await catalog.active_definitions(self._connection)
        if not found or any(one.workflow == change.workflow and one.shop == EVERY_SHOP for one in active):
            raise ConflictError(
                f"{change.workflow} can't be drained for {change.shop} alone: that of every shop would go on;"
                " use --in-flight pin or migrate"
            )


def _untouched(change: Change) -> DeploymentResult:
    return DeploymentResult(workflow=change.workflow, shop=change.shop, version=change.version, revision=None)
