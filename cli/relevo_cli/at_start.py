"""What a system deploys when it starts (only what nobody else has decided about), and what it has to run."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from relevo_cli import database
from relevo_cli.workflow_files import Loaded, contact_policy, declared_events
from relevo_contracts.declared import Declared
from relevo_contracts.policy import Policy
from relevo_control.app.deploying.policy import deploy_policy, policy_change
from relevo_control.app.deploying.rules import SignOff
from relevo_ingest.connectors.registry import FETCHES, POLLED
from relevo_notifier.adapters import policies
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, Deployed, EventType
from relevo_runtime.clock import make_clock
from relevo_runtime.connections import connections
from relevo_runtime.postgres import Connection
from relevo_runtime.settings import RuntimeSettings

AUTHOR = "relevo up"
"""The author of what a start deploys, in the history: what has another author is somebody's choice."""
_MOST_LISTED = 5


class Stored(Struct, frozen=True, kw_only=True):
    """What became of one workflow at the start.

    Without a `revision` nothing was deployed: this version is active already, or `left` is what stays instead.
    """

    workflow: str
    revision: int | None = None
    left: Deployed | None = None


async def store(settings: RuntimeSettings, loaded: Sequence[Loaded]) -> list[Stored]:
    """Deploy for every shop what was never deployed, or whose active version a start has deployed; all or none.

    What somebody else deployed, brought back or took out of service stays as it is.
    """
    at = make_clock(settings).now()
    async with database.transaction(settings) as connection:
        await catalog.hold(connection)
        await _declare(connection, declared_events(loaded), at)
        await _put_policy(connection, contact_policy(loaded), at)
        newest = {one.workflow: one for one in await catalog.newest_deployments(connection)}
        return [await _store(connection, one, newest.get(one.definition.name), at) for one in loaded]


async def polls_shops(settings: RuntimeSettings) -> bool:
    """Whether a connected shop has to be asked: what changed, or for what its webhooks only name."""
    async with database.transaction(settings) as connection:
        return any(one.platform in (*POLLED, *FETCHES) for one in await connections(connection))


async def _declare(connection: Connection, declared: Sequence[Declared], at: datetime) -> None:
    """The events beside the workflows, but those that somebody else declared otherwise."""
    known = {one.name: one for one in await catalog.event_types(connection) if one.shop == EVERY_SHOP}
    for one in declared:
        before = known.get(one.name)
        if before is None or (before.author == AUTHOR and before.schema != one.schema):
            await catalog.declare_event(
                connection,
                EventType(shop=EVERY_SHOP, name=one.name, schema=one.schema, author=AUTHOR, declared_at=at),
            )


async def _put_policy(connection: Connection, wanted: tuple[Policy, str] | None, at: datetime) -> None:
    """The contact policy beside the workflows, unless somebody else deployed another."""
    change = await policy_change(connection, wanted, EVERY_SHOP)
    if wanted is None or change is None or change.state == "same":
        return
    before = await policies.newest(connection, EVERY_SHOP)
    if before is None or before.author == AUTHOR:
        sign_off = SignOff(author=AUTHOR, note="deployed at the start")
        await deploy_policy(connection, wanted, EVERY_SHOP, sign_off, at)


async def _store(connection: Connection, one: Loaded, newest: Deployed | None, at: datetime) -> Stored:
    name, version = one.definition.name, one.definition.version
    if newest is not None and newest.active and newest.version == version:
        return Stored(workflow=name)
    if newest is not None and not (newest.active and newest.author == AUTHOR):
        return Stored(workflow=name, left=newest)
    revision = await catalog.deploy(
        connection,
        shop=EVERY_SHOP,
        workflow=name,
        version=version,
        files=one.files,
        at=at,
        author=AUTHOR,
        note="deployed at the start",
    )
    return Stored(workflow=name, revision=revision)


def describe_left(stored: Sequence[Stored]) -> str:
    """Which workflows stay as somebody else wanted them, in one line; empty if there are none."""
    left = [one.left for one in stored if one.left is not None]
    listed = ", ".join(f"{one.workflow} ({_last_act(one)})" for one in left[:_MOST_LISTED])
    more = f" and {len(left) - _MOST_LISTED} more" if len(left) > _MOST_LISTED else ""
    return f"left as they are: {listed}{more}; `relevo deploy` brings what the folder has" if left else ""


def _last_act(one: Deployed) -> str:
    if not one.active:
        by = f" by {one.retired_by}" if one.retired_by else ""
        return f"revision {one.revision}, taken out of service{by}"
    return f"revision {one.revision} by {one.author}" if one.author else f"revision {one.revision}"
