"""Trying again for as long as a database or a broker is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from relevo_runtime.backoff import Backoff
from relevo_runtime.database_errors import temporary
from relevo_runtime.errors import MessageTooLarge, PublishError

T = TypeVar("T")

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 5.0
_log = structlog.get_logger(__name__)


def is_transient(error: BaseException) -> bool:
    """Whether the same may go well later. A message that is too large for Kafka always will be."""
    if isinstance(error, PublishError):
        return not isinstance(error, MessageTooLarge)
    return temporary(error)


async def retry_transient(part: str, attempt: Callable[[], Awaitable[T]], *, size: int = 1) -> T:
    """What `attempt` returns; it is made again until it does not fail for a passing reason. Raises its other errors."""
    backoff = Backoff(_FIRST_SECONDS, _LONGEST_SECONDS)
    while True:
        try:
            return await attempt()
        except Exception as error:
            if not is_transient(error):
                raise
            pause = backoff.failure()
            _log.warning("tries_again", part=part, size=size, error=repr(error), pause=pause, repeats=part)
            await asyncio.sleep(pause)
