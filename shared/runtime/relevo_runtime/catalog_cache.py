"""What a process keeps of the catalog, made anew when the catalog's revision is another: one cheap look tells."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

from relevo_runtime import catalog
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Connection, Pool, temporary
from relevo_runtime.supervision import contained

T = TypeVar("T")
_log = logging.getLogger(__name__)


class CatalogUnavailable(RuntimeFault):
    """The catalog can't be read now, and never was before."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"the catalog can't be read now: {error!r}; try again")


class CatalogSnapshot(Generic[T]):
    """What `read` made of one revision of the catalog; `nothing` before the first."""

    def __init__(self, read: Callable[[Connection], Awaitable[T]], nothing: T) -> None:
        self._read = read
        self.value = nothing
        self.revision = -1

    async def refresh(self, connection: Connection) -> bool:
        """Reads anew if the catalog has changed; returns whether it had. Raises what `read` and the database raise."""
        revision = await catalog.revision(connection)
        if revision == self.revision:
            return False
        self.value = await self._read(connection)
        self.revision = revision
        return True


class CatalogCache(Generic[T]):
    """A snapshot that follows the catalog for whoever asks. Concurrent calls wait for one look.

    It looks at the revision at most every `interval` seconds of wall time. What is known may be that much older than
    the catalog, so nobody is refused by it alone: see `changed`. It stays valid while the database is away.
    """

    def __init__(
        self,
        pool: Pool,
        read: Callable[[Connection], Awaitable[T]],
        nothing: T,
        *,
        interval: float = 0.0,
        forced: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._snapshot = CatalogSnapshot(read, nothing)
        self._interval = interval
        self._forced = forced
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None

    @property
    def value(self) -> T:
        """What is known, however old."""
        return self._snapshot.value

    def fresh(self) -> bool:
        """Whether `get` would not look at the catalog now. It soon would: then somebody looks already, meanwhile."""
        age = self._monotonic() - self._looked_at
        if age >= self._interval / 2 and not self._lock.locked() and self._ahead is None:
            self._ahead = asyncio.create_task(self._look_unless_after(self._looked_at), context=Context())
            self._ahead.add_done_callback(self._has_looked)
        return age < self._interval

    def _has_looked(self, ahead: "asyncio.Task[None]") -> None:
        self._ahead = None
        if not ahead.cancelled():
            ahead.exception()  # whoever has to look raises it again

    async def get(self) -> T:
        """What is known, at most `interval` seconds old while the database answers. Raises `CatalogUnavailable`."""
        await self._look_unless_after(self._monotonic() - self._interval)
        return self._snapshot.value

    async def changed(self) -> bool:
        """Whether the catalog is another than at the call, by a look that began after it. Raises `CatalogUnavailable`.

        All calls of `forced` seconds wait for one look: guesses don't reach the database one by one.
        """
        asked, before = self._monotonic(), self._snapshot.revision
        await asyncio.sleep(max(0.0, self._looked_at + self._forced - asked))
        await self._look_unless_after(asked)
        return self._snapshot.revision != before

    async def refresh(self) -> None:
        """Look now. Raises what the database raises."""
        async with self._pool.acquire() as connection:
            await self._snapshot.refresh(connection)

    async def _look_unless_after(self, instant: float) -> None:
        """Look, but not if a look began after `instant`."""
        if self._looked_at > instant:
            return
        async with self._lock:
            if self._looked_at > instant:
                return
            began = self._monotonic()
            try:
                await contained(self.refresh())
            except Exception as error:  # noqa: BLE001 - sorted there
                self._keep_stale(error)
            self._looked_at = began

    def _keep_stale(self, error: Exception) -> None:
        """What is known stays valid while the database is away; without anything known nobody can be served."""
        if not temporary(error):
            raise error
        if self._snapshot.revision < 0:
            raise CatalogUnavailable(error) from error
        _log.warning(
            "the catalog can't be read again now, what is known stays valid: %r", error, extra={"repeats": "catalog"}
        )
