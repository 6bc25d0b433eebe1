"""What it means for a sender that the database can't be asked now."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from relevo_ingest.core.errors import Busy
from relevo_runtime.postgres import temporary


@contextmanager
def busy_while_away() -> Iterator[None]:
    """Raises `Busy` where the block fails because the database can't be asked now; every other error stays as it is."""
    try:
        yield
    except Exception as error:
        if temporary(error) or isinstance(error, asyncpg.InterfaceError):
            raise Busy(f"the database can't be asked now: {error!r}") from error
        raise
