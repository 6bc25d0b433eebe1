"""May the credentials read what Relevo reads? Each list of the API is asked for a moment in which little changed."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from relevo_cli.connecting.session import Session
from relevo_ingest.connectors.platform_api import ApiFailure

_MOMENT = timedelta(minutes=1)


class ResourceAccess(Struct, frozen=True):
    """A list of the API, and why it can't be read; empty if it can."""

    resource: str
    failure: str = ""


async def check_access(session: Session) -> Sequence[ResourceAccess]:
    """What came of asking for each list."""
    found: list[ResourceAccess] = []
    lists, now = session.platform.history, session.now
    if lists is None:
        return found
    for resource in lists.resources:
        page = await session.api.ask(lists.page(resource, lists.changed(resource, now - _MOMENT, now)))
        found.append(ResourceAccess(resource, page.reason if isinstance(page, ApiFailure) else ""))
    return found
