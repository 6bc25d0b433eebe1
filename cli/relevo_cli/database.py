"""One connection for one command."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg

from relevo_runtime.postgres import Connection, prepare_connection, reaching
from relevo_runtime.settings import RuntimeSettings


@contextlib.asynccontextmanager
async def connection(settings: RuntimeSettings) -> AsyncIterator[Connection]:
    """A connection for as long as the block runs; transactions are the caller's. Raises `Unreachable`."""
    with reaching(settings.dsn):
        opened = await asyncpg.connect(settings.dsn, server_settings={"application_name": "relevo-cli", "jit": "off"})
    try:
        await prepare_connection(opened)
        yield opened
    finally:
        await opened.close()


@contextlib.asynccontextmanager
async def transaction(settings: RuntimeSettings) -> AsyncIterator[Connection]:
    """A connection inside one transaction, committed when the block ends well."""
    async with connection(settings) as opened, opened.transaction():
        yield opened
