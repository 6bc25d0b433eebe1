"""The tables `control.plan` and `control.approval`. Every function works inside the caller's transaction."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "plans.sql")


class Approval(Struct, frozen=True):
    """Who approved a plan, and when."""

    name: str
    at: datetime


class StoredPlan(Struct, frozen=True, kw_only=True):
    """A plan as it is kept; `wish` is what was asked for."""

    shop: str
    digest: str
    author: str
    wish: Any
    created_at: datetime
    applied_at: datetime | None = None


async def put(connection: Connection, plan: StoredPlan) -> None:
    """Keeps a plan. One that waits stays its author's; one that was applied starts anew, without approvals."""
    await connection.execute(STATEMENTS["drop_used_approvals"], plan.shop, plan.digest)
    await connection.execute(
        STATEMENTS["put"], plan.shop, plan.digest, plan.author, msgspec.to_builtins(plan.wish), plan.created_at
    )


async def find(connection: Connection, digest: str) -> StoredPlan | None:
    """The plan of this digest; `None`: there is none."""
    row = await connection.fetchrow(STATEMENTS["find"], digest)
    return None if row is None else msgspec.convert(dict(row), StoredPlan)


async def approvals(connection: Connection, plan: StoredPlan) -> list[Approval]:
    """Who approved a plan, the first one first."""
    rows = await connection.fetch(STATEMENTS["approvals"], plan.shop, plan.digest)
    return [msgspec.convert(dict(row), Approval) for row in rows]


async def approve(connection: Connection, plan: StoredPlan, name: str, at: datetime) -> None:
    """Somebody approves a plan; a second time changes nothing."""
    await connection.execute(STATEMENTS["approve"], plan.shop, plan.digest, name, at)


async def applied(connection: Connection, plan: StoredPlan, at: datetime) -> None:
    """A plan was carried out."""
    await connection.execute(STATEMENTS["applied"], plan.shop, plan.digest, at)
