"""Which release runs here, and whether its database is as it needs it."""

from importlib.metadata import version

from msgspec import Struct

from relevo_runtime.migrations import installed_packages, pending_on
from relevo_runtime.postgres import Connection


class Release(Struct, frozen=True):
    """The version, and the migrations that it has and the database has not."""

    version: str
    migrations: list[str]


async def release(connection: Connection) -> Release:
    """That of this process, and of the database that it has."""
    return Release(version("relevo-runtime"), await pending_on(connection, installed_packages()))
