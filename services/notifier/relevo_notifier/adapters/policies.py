"""The table `notifier.policy`: which contact policies are in service. The `relevo` command writes it."""

from collections.abc import Collection, Mapping
from datetime import datetime

import structlog
from msgspec import MsgspecError, Struct

from relevo_contracts.policy import UNREADABLE, Policy, read_policy
from relevo_runtime import catalog
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "policies.sql")
_log = structlog.get_logger(__name__)


class DeployedPolicy(Struct, frozen=True, kw_only=True):
    """A policy in service for `shop` (`*`: every shop), as text and compiled."""

    shop: str
    version: str
    source: str
    compiled: str
    author: str = ""
    note: str = ""
    deployed_at: datetime | None = None


async def active(connection: Connection) -> Mapping[str, Policy]:
    """The policies in service by shop; `UNREADABLE` for one of another release that this one can't read."""
    found: dict[str, Policy] = {}
    for row in await connection.fetch(STATEMENTS["active"]):
        try:
            found[row["shop"]] = read_policy(row["compiled"])
        except MsgspecError:
            _log.exception("policy_not_read", shop=row["shop"], version=row["version"])
            found[row["shop"]] = UNREADABLE
    return found


async def newest(connection: Connection, shop: str) -> DeployedPolicy | None:
    """The policy in service for `shop`; `None`: there is none."""
    row = await connection.fetchrow(STATEMENTS["newest"], shop)
    if row is None:
        return None
    values = {name: row[name] for name in DeployedPolicy.__struct_fields__}
    return DeployedPolicy(**values)


class PastPolicy(Struct, frozen=True, kw_only=True):
    """A policy that was deployed at `revision` of the catalog; `active`: it is in service."""

    shop: str
    revision: int
    version: str
    source: str
    active: bool
    author: str
    note: str
    deployed_at: datetime


async def deployments(
    connection: Connection,
    *,
    among: Collection[str] | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[PastPolicy]:
    """The policies that were deployed, newest first; which of them, as `catalog.history` has it."""
    rows = await connection.fetch(STATEMENTS["deployments"], among, before, limit)
    return [PastPolicy(**dict(row)) for row in rows]


async def deploy(connection: Connection, policy: DeployedPolicy, at: datetime) -> int:
    """Put a policy into service in place of the one before; returns the catalog's revision. Needs a transaction."""
    await catalog.changed(connection)
    revision = await catalog.revision(connection)
    await connection.execute(STATEMENTS["retire"], policy.shop)
    row = (policy.shop, revision, policy.version, policy.source, policy.compiled, policy.author, policy.note, at)
    await connection.execute(STATEMENTS["deploy"], *row)
    return revision
