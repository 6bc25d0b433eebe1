"""What a deployment would change: each workflow against what new runs start with now, and its runs in flight."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from relevo_contracts.declared import Declared
from relevo_contracts.policy import Policy
from relevo_control.app.deploying.events import EventChange, event_changes
from relevo_control.app.deploying.policy import PolicyChange, policy_change
from relevo_control.app.deploying.rules import BY_NAME, LEVELS, SignOff, SignOffAdvice, level_of, objection, strictest
from relevo_control.app.deploying.starts import StartReferences
from relevo_control.app.shops import known_shop
from relevo_control.app.source_files import secrets_named
from relevo_control.app.stored import read_stored
from relevo_control.app.systems_asked import Unserved, own_versions, shop_ports, unserved
from relevo_engine.app.migrate_runs import MigrationPreview
from relevo_engine.core.in_flight import RunScope
from relevo_engine.entrypoints.migration import run_migration
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Approver, Deployed
from relevo_runtime.postgres import Connection
from relevo_workflow import Definition
from relevo_workflow.changes import compare_versions, file_diff

State = Literal["new", "changed", "same"]
_UNREADABLE = "this release can't read the version before: the difference of the files (--diff) is all there is to see"


class TargetVersion(Struct, frozen=True):
    """A version that is to be deployed; `files` is what the catalog keeps."""

    definition: Definition
    files: Mapping[str, str]


class Change(Struct, frozen=True, kw_only=True):
    """What deploying one workflow changes. `before` is the version that it takes the place of, `level` its rules.

    `objection` says what is missing for it; `serves` whether `before` starts runs now (it does not while it drains).
    """

    workflow: str
    shop: str
    version: str
    state: State
    level: str
    before: str = ""
    serves: bool = False
    summary: list[str] = []
    diff: list[str] = []
    in_flight: MigrationPreview = MigrationPreview(runs=0)
    objection: str = ""


class DeploymentPlan(Struct, frozen=True, kw_only=True):
    """The changes of a deployment, as the catalog was at `revision`; `secrets` are what calls need, by workflow.

    `unserved` are the shops that lack a system which a workflow asks.
    """

    revision: int
    changes: list[Change]
    events: list[EventChange] = []
    policy: PolicyChange | None = None
    secrets: dict[str, list[str]] = {}
    unserved: list[Unserved] = []

    @property
    def changes_policy(self) -> bool:
        """Whether another contact policy comes into service."""
        return self.policy is not None and self.policy.state != "same"

    @property
    def needed(self) -> list[Change]:
        """Those that change anything."""
        return [one for one in self.changes if one.state != "same"]

    @property
    def declared(self) -> list[EventChange]:
        """The events that are new or have another schema."""
        return [one for one in self.events if one.state != "same"]


async def make_plan(
    connection: Connection,
    targets: Sequence[TargetVersion],
    *,
    shop: str,
    sign_off: SignOff,
    declared: Sequence[Declared] = (),
    policy: tuple[Policy, str] | None = None,
    advice: SignOffAdvice = BY_NAME,
) -> DeploymentPlan:
    """Compares `targets` with the catalog; changes nothing. Raises `NotKnownError` for a shop that is not known."""
    if shop != EVERY_SHOP:
        await known_shop(connection, shop)
    revision = await catalog.revision(connection)
    active = await catalog.active_definitions(connection)
    approvers = await catalog.approvers(connection)
    references = StartReferences([one.definition for one in targets], active, shop)
    planner = _Planner(connection, shop, sign_off, active, approvers=approvers, references=references, advice=advice)
    events = event_changes(declared, await catalog.event_types(connection), shop)
    return DeploymentPlan(
        revision=revision,
        changes=[await planner.change(one) for one in targets],
        events=events,
        policy=await policy_change(connection, policy, shop),
        secrets={one.definition.name: named for one in targets if (named := secrets_named(one.definition))},
        unserved=unserved(
            [(shop, one.definition) for one in targets], await shop_ports(connection), own_versions(active)
        ),
    )


def scope_of(definition: Definition, shop: str, active: Sequence[Deployed]) -> RunScope:
    """Whose runs a deployment concerns: a shop's, or those of all shops that have no version of their own."""
    own = tuple(one.shop for one in active if one.workflow == definition.name and one.shop != EVERY_SHOP)
    leaving_out = own if shop == EVERY_SHOP else ()
    return RunScope(workflow=definition.name, version=definition.version, shop=shop, leaving_out=leaving_out)


def _level_before(before: Deployed | None, old: Definition | None) -> str:
    """The level of the version before, `old` if this release can read it; the freest if there is none."""
    if old is not None:
        return old.change
    return level_of(before.files) if before is not None else LEVELS[0]


class _Planner:
    """Plans one workflow after the other."""

    def __init__(
        self,
        connection: Connection,
        shop: str,
        sign_off: SignOff,
        active: Sequence[Deployed],
        *,
        approvers: Sequence[Approver],
        references: StartReferences,
        advice: SignOffAdvice,
    ) -> None:
        self._connection = connection
        self._shop = shop
        self._sign_off = sign_off
        self._active = active
        self._approvers = approvers
        self._references = references
        self._advice = advice

    async def change(self, target: TargetVersion) -> Change:
        new = target.definition
        before, serves = await self._before(new.name)
        migration = run_migration(self._connection, scope_of(new, self._shop, self._active), new)
        if before is not None and serves and (before.shop, before.version) == (self._shop, new.version):
            return Change(
                workflow=new.name,
                shop=self._shop,
                version=new.version,
                state="same",
                level=new.change,
                before=new.version,
                serves=True,
                in_flight=await migration.preview(),
            )
        old = read_stored(before.files) if before is not None else None
        level = strictest(new.change, _level_before(before, old))
        objections = (
            objection(new.name, level, self._sign_off, self._approvers, self._shop, advice=self._advice),
            self._references.objection(new, old),
        )
        return Change(
            workflow=new.name,
            shop=self._shop,
            version=new.version,
            state="new" if before is None else "changed",
            level=level,
            before=before.version if before is not None else "",
            serves=serves,
            summary=compare_versions(old, new).lines() if old is not None else [_UNREADABLE] * (before is not None),
            diff=file_diff(before.files if before is not None else {}, target.files),
            in_flight=await migration.preview(),
            objection="; ".join(one for one in objections if one),
        )

    async def _before(self, workflow: str) -> tuple[Deployed | None, bool]:
        """What new runs of the workflow start with in these shops, or did before it was taken out of service."""
        own = {one.shop: one for one in self._active if one.workflow == workflow}
        found = own.get(self._shop) or own.get(EVERY_SHOP)
        if found is not None:
            return found, True
        past = await catalog.history(self._connection, workflow, among=[self._shop, EVERY_SHOP], limit=1)
        return (past[0] if past else None), False
