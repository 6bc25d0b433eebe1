"""Plans by their digests: one proposes, somebody else approves, and what was seen is what is carried out."""

import asyncio
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_control.adapters import plans
from relevo_control.adapters.plans import Approval, StoredPlan
from relevo_control.app.deploying.apply_plan import Deployer, DeploymentResult, InFlight
from relevo_control.app.deploying.digest import plan_digest
from relevo_control.app.deploying.plan import DeploymentPlan, make_plan
from relevo_control.app.deploying.refusal import refuse
from relevo_control.app.deploying.rules import BY_LOGIN, SignOff
from relevo_control.app.deploying.source import Again, Bundle, Targets, read_bundle, resolve
from relevo_control.app.errors import ConflictError, NotKnownError, OperationError, OutdatedError
from relevo_engine.app.follow_catalog import SETTLED
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Approver
from relevo_runtime.clock import Clock
from relevo_runtime.postgres import Connection


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wants to deploy for `shop` (`*`: every shop): a `bundle`, or what was deployed before (`again`)."""

    shop: str = EVERY_SHOP
    bundle: Bundle | None = None
    again: Again | None = None
    in_flight: InFlight = "pin"
    repeat: bool = False
    note: str = ""


class Proposal(Struct, frozen=True, kw_only=True):
    """A plan with its digest, whose it is, and who has approved it; `applied_at` once it was carried out."""

    digest: str
    shop: str
    author: str
    in_flight: InFlight
    repeat: bool
    note: str
    created_at: datetime
    applied_at: datetime | None
    approvals: list[Approval]
    plan: DeploymentPlan


async def propose(connection: Connection, wish: Wish, author: str, now: datetime) -> Proposal:
    """Plans what is wanted and keeps it under its digest; nothing is changed in the catalog.

    Raises `OperationError`, and `WorkflowError` with everything that is wrong with the files.
    """
    targets = await _wanted(connection, wish)
    again = None if wish.again is None else msgspec.structs.replace(wish.again, revision=targets.revision)
    kept = msgspec.structs.replace(wish, again=again, note=wish.note or targets.note)
    plan = await _plan(connection, kept, targets, SignOff(author=author))
    digest = plan_digest(plan, shop=wish.shop, in_flight=wish.in_flight, repeat=wish.repeat)
    async with connection.transaction():
        await plans.put(connection, StoredPlan(shop=wish.shop, digest=digest, author=author, wish=kept, created_at=now))
    return await show(connection, digest)


async def show(connection: Connection, digest: str) -> Proposal:
    """A plan as things are now. Raises `NotKnownError`; `OutdatedError` if it would no longer change the same."""
    stored = await find(connection, digest)
    proposal, _, _ = await _current(connection, stored)
    return proposal


async def approve(connection: Connection, digest: str, name: str, now: datetime) -> Proposal:
    """`name` approves a plan. Raises `ConflictError` for their own, `OutdatedError` for one that is not what it was."""
    stored = await find(connection, digest)
    if stored.author.casefold() == name.casefold():
        raise ConflictError(f"{name} is the author of this plan and can't approve it too")
    await _current(connection, stored)
    await plans.approve(connection, stored, name, now)
    return await show(connection, digest)


async def carry_out(
    connection: Connection, digest: str, clock: Clock, *, settled: timedelta = SETTLED
) -> list[DeploymentResult]:
    """Does what the plan says. Raises `ConflictError` if it can't be, `OutdatedError` if it would do something else."""
    stored = await find(connection, digest)
    proposal, targets, sign_off = await _current(connection, stored)
    refuse(proposal.plan, proposal.in_flight, repeat=proposal.repeat)
    deployer = Deployer(
        connection,
        clock,
        sign_off=sign_off,
        in_flight=proposal.in_flight,
        repeat=proposal.repeat,
        settled=settled,
        policy=targets.policy,
    )
    done = await deployer.carry_out(proposal.plan, targets.versions)
    await plans.applied(connection, stored, clock.now())
    return done


async def find(connection: Connection, digest: str) -> StoredPlan:
    """The plan of this digest. Raises `NotKnownError`."""
    stored = await plans.find(connection, digest)
    if stored is None:
        raise NotKnownError(f"no plan has the digest {digest!r}; `relevo deploy --plan` makes one")
    return stored


async def _current(connection: Connection, stored: StoredPlan) -> tuple[Proposal, Targets, SignOff]:
    """A plan made anew from what was asked for then, with who stands behind it now."""
    wish = msgspec.convert(stored.wish, Wish)
    targets = await _wanted(connection, wish)
    given = await plans.approvals(connection, stored)
    sign_off = _sign_off(stored, wish, given, await catalog.approvers(connection))
    plan = await _plan(connection, wish, targets, sign_off)
    if plan_digest(plan, shop=wish.shop, in_flight=wish.in_flight, repeat=wish.repeat) != stored.digest:
        raise OutdatedError("since this plan was made, what it would change has changed: plan it anew and look again")
    proposal = Proposal(
        digest=stored.digest,
        shop=stored.shop,
        author=stored.author,
        in_flight=wish.in_flight,
        repeat=wish.repeat,
        note=wish.note,
        created_at=stored.created_at,
        applied_at=stored.applied_at,
        approvals=given,
        plan=plan,
    )
    return proposal, targets, sign_off


async def _wanted(connection: Connection, wish: Wish) -> Targets:
    if (wish.bundle is None) == (wish.again is None):
        raise OperationError("say what to deploy: a bundle, or an earlier deployment (again)")
    if wish.again is not None:
        return await resolve(connection, wish.again, wish.shop)
    assert wish.bundle is not None
    return await asyncio.to_thread(read_bundle, wish.bundle)  # it takes its time, and others are served meanwhile


async def _plan(connection: Connection, wish: Wish, targets: Targets, sign_off: SignOff) -> DeploymentPlan:
    return await make_plan(
        connection,
        targets.versions,
        shop=wish.shop,
        sign_off=sign_off,
        declared=targets.declared,
        policy=targets.policy,
        advice=BY_LOGIN,
    )


def _sign_off(stored: StoredPlan, wish: Wish, given: list[Approval], approvers: list[Approver]) -> SignOff:
    """Who stands behind a plan: of those who approved it the first one as reviewer, the first named one as approver."""
    named = {one.name for one in approvers if one.shop in (EVERY_SHOP, stored.shop)}
    names = [one.name for one in given]
    return SignOff(
        author=stored.author,
        reviewer=names[0] if names else "",
        approver=next((name for name in names if name in named), names[0] if names else ""),
        note=wish.note,
    )
