"""Which release runs here, and whether its database is as it needs it."""

from importlib.metadata import version

from msgspec import Struct

from relevo_runtime.migrations import installed_packages, pending
from relevo_runtime.settings import RuntimeSettings


class Release(Struct, frozen=True):
    """The version, and the migrations that it has and the database has not."""

    version: str
    migrations: list[str]


async def release(settings: RuntimeSettings) -> Release:
    """That of this process. Raises what asyncpg raises."""
    return Release(version("relevo-runtime"), list(await pending(settings.dsn, installed_packages())))
