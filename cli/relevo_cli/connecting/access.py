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
    found = []
    api, now = session.platform.api, session.now
    for resource in api.resources:
        request = api.changed(resource.name, now - _MOMENT, now)
        page = await session.api.ask(api.page(resource.name, request))
        found.append(ResourceAccess(resource.name, page.reason if isinstance(page, ApiFailure) else ""))
    return found
