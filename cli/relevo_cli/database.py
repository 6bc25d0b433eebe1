"""One connection for one command."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg

from relevo_runtime.postgres import Connection, prepare_connection
from relevo_runtime.settings import RuntimeSettings


@contextlib.asynccontextmanager
async def transaction(settings: RuntimeSettings) -> AsyncIterator[Connection]:
    """A connection inside one transaction, committed when the block ends well."""
    connection = await asyncpg.connect(settings.dsn, server_settings={"application_name": "relevo-cli"})
    try:
        await prepare_connection(connection)
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()
