"""The deployments of a workflow or of the contact policy: what they changed, and which one to go back to."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from relevo_control.app.deploying.policy import past_policies
from relevo_control.app.errors import NotKnownError, OperationError
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

    async def history(self, connection: Connection) -> list[Deployed]:
        """Its deployments, newest first."""
        return await catalog.history(connection, self.workflow) if self.workflow else await past_policies(connection)


def what_of(workflow: str, *, policy: bool) -> What:
    """What a command is about. Raises `OperationError` unless it names a workflow or says `--policy`."""
    if bool(workflow) == policy:
        raise OperationError("name a workflow, or say --policy for the contact policy")
    return What(workflow)


def shown(one: Deployed) -> Deployment:
    """A deployment without its files."""
    return Deployment(**{name: getattr(one, name) for name in Deployment.__struct_fields__})


async def deployments(connection: Connection, of: What) -> list[Deployed]:
    """The deployments, newest first. Raises `NotKnownError` if there was never one."""
    past = await of.history(connection)
    if not past:
        raise NotKnownError(f"no {of.noun} was ever deployed here")
    return past


def changes_of(of: What, past: Sequence[Deployed], revision: int) -> Iterator[str]:
    """What a revision changed, in lines. Raises `NotKnownError` for a revision that there is not."""
    found = next((one for one in past if one.revision == revision), None)
    if found is None:
        raise NotKnownError(f"{of.name} has no revision {revision}")
    before = next((one for one in past if one.revision < revision and one.shop == found.shop), None)
    if before is not None and of.workflow:
        old, new = read_stored(before.files), read_stored(found.files)
        if old is not None and new is not None:
            yield from compare_versions(old, new).lines()
    yield from file_diff(before.files if before is not None else {}, found.files)


async def earlier(connection: Connection, of: What, shop: str, to: int) -> tuple[Deployed, str]:
    """What to deploy again, and what the history calls that. Raises `NotKnownError` if there is none."""
    past = [one for one in await of.history(connection) if one.shop == shop]
    chosen = choose(past, of, to)
    back = chosen.revision == past[0].revision and _out(chosen)
    return (
        chosen,
        f"revision {chosen.revision} back in service" if back else f"rollback to revision {chosen.revision}",
    )


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
