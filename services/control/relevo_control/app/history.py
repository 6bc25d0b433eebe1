"""The deployments of a workflow or of the contact policy: what they changed, and which one to go back to."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from relevo_control.app.deploying.policy import past_policies
from relevo_control.app.errors import NotKnownError, OperationError
from relevo_control.app.pages import Number, Page, Turn
from relevo_control.app.stored import read_stored
from relevo_runtime import catalog
from relevo_runtime.catalog import Deployed
from relevo_runtime.postgres import Connection
from relevo_workflow.changes import compare_versions, file_diff


class Deployment(Struct, frozen=True, kw_only=True):
    """A deployment as it is shown: without its files."""

    revision: int
    version: str
    shop: str
    active: bool
    deployed_at: datetime | None
    author: str
    reviewer: str
    approver: str
    in_flight: str
    note: str
    retired_at: datetime | None
    retired_by: str
    retired_note: str


class What(Struct, frozen=True):
    """Of what there is a history: a workflow, or (without a name) the contact policy."""

    workflow: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.workflow or "the contact policy"

    @property
    def noun(self) -> str:
        """The same, as one of its kind."""
        return f"workflow {self.workflow!r}" if self.workflow else "contact policy"

    @property
    def listing(self) -> str:
        """The command that lists its deployments."""
        return f"relevo history {self.workflow or '--policy'}"

    async def history(
        self,
        connection: Connection,
        *,
        among: Collection[str] | None = None,
        before: int | None = None,
        limit: int | None = None,
        files: bool = False,
    ) -> list[Deployed]:
        """Its deployments, newest first, as `catalog.history` has those of a workflow."""
        if not self.workflow:
            return await past_policies(connection, among=among, before=before, limit=limit)
        return await catalog.history(connection, self.workflow, among=among, before=before, limit=limit, files=files)


def what_of(workflow: str, *, policy: bool) -> What:
    """What a command is about. Raises `OperationError` unless it names a workflow or says `--policy`."""
    if bool(workflow) == policy:
        raise OperationError("name a workflow, or say --policy for the contact policy")
    return What(workflow)


def shown(one: Deployed) -> Deployment:
    """A deployment without its files."""
    return Deployment(**{name: getattr(one, name) for name in Deployment.__struct_fields__})


async def list_deployments(
    connection: Connection, of: What, among: Collection[str] | None, turn: Turn[tuple[Number, ...]]
) -> Page[Deployment]:
    """A page of the deployments for shops `among` these (`None`: for all) and for every shop, newest first.

    Raises `NotKnownError` if there was never one.
    """
    before = turn.after[0] if turn.after else None
    past = await of.history(connection, among=_with_every_shop(among), before=before, limit=turn.limit + 1)
    if not past and turn.after is None:
        raise NotKnownError(f"no {of.noun} was ever deployed here")
    return turn.page([shown(one) for one in past], lambda one: (one.revision,))


async def changes(connection: Connection, of: What, revision: int, among: Collection[str] | None = None) -> list[str]:
    """What a revision changed, in lines. Raises `NotKnownError` for one that there is not for shops `among` these."""
    seen = _with_every_shop(among)
    newest = await of.history(connection, among=seen, limit=1)
    if not newest:
        raise NotKnownError(f"no {of.noun} was ever deployed here")
    up_to = min(revision, newest[0].revision) + 1  # whatever number was asked for
    found = await of.history(connection, among=seen, before=up_to, limit=1, files=True)
    if not found or found[0].revision != revision:
        raise NotKnownError(f"{of.name} has no revision {revision}")
    before = await of.history(connection, among=[found[0].shop], before=revision, limit=1, files=True)
    return list(_changes(of, before[0] if before else None, found[0]))


def _with_every_shop(among: Collection[str] | None) -> list[str] | None:
    """What is for every shop is shown to all."""
    return None if among is None else [catalog.EVERY_SHOP, *among]


def _changes(of: What, before: Deployed | None, found: Deployed) -> Iterator[str]:
    if before is not None and of.workflow:
        old, new = read_stored(before.files), read_stored(found.files)
        if old is not None and new is not None:
            yield from compare_versions(old, new).lines()
    yield from file_diff(before.files if before is not None else {}, found.files)


async def earlier(connection: Connection, of: What, shop: str, to: int) -> tuple[Deployed, str]:
    """What to deploy again, and what the history calls that. Raises `NotKnownError` if there is none."""
    past = await of.history(connection, among=[shop])
    chosen = choose(past, of, to)
    [whole] = await of.history(connection, among=[shop], before=chosen.revision + 1, limit=1, files=True)
    if chosen.revision == past[0].revision and _out(chosen):
        return whole, f"revision {chosen.revision} back in service"
    return whole, f"rollback to revision {chosen.revision}"


def choose(past: Sequence[Deployed], of: What, to: int) -> Deployed:
    """The deployment to go back to: that with the revision `to`, or what the last change took the place of.

    That is the version before the active one, or the last one itself if it was taken out of service. Raises
    `NotKnownError` if there is none.
    """
    if not past:
        raise NotKnownError(f"no {of.noun} was deployed there; `{of.listing}` tells where it was")
    last = past[0]
    found = [one for one in past if (one.revision == to if to else _out(last) or one.version != last.version)]
    if not found:
        what = f"has no revision {to}" if to else "has no earlier version"
        raise NotKnownError(f"{of.name} {what}; `{of.listing}` lists what there is")
    return found[0]


def _out(last: Deployed) -> bool:
    """Whether the last deployment was taken out of service; old drains are in the catalog without their time."""
    return not last.active
