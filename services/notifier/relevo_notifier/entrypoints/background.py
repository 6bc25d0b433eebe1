"""What surrounds the parts of the notifier, and how one of them runs for as long as the whole does."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from msgspec import Struct

from relevo_runtime.clock import Clock
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics

OnFailure = Callable[[BaseException], None]


class Around(Struct, frozen=True):
    """What surrounds the notifier: the clock, and where it tells how it is. `on_failure` ends the service."""

    clock: Clock
    metrics: Metrics
    health: Health
    on_failure: OnFailure


async def in_background(
    stack: AsyncExitStack,
    name: str,
    running: Coroutine[Any, Any, None],
    finish: Callable[[], Coroutine[Any, Any, None]],
    on_failure: OnFailure,
) -> None:
    """Run `running` until the stack unwinds; then `finish` it, and cancel it. If it fails, the service has to end."""
    task = asyncio.create_task(running, name=name)

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            on_failure(error)

    async def stop() -> None:
        if not task.done():
            # What feeds a part that has failed would wait for ever: the part's end ends the wait too.
            finishing = asyncio.create_task(finish())
            await asyncio.wait([task, finishing], return_when=asyncio.FIRST_COMPLETED)
            finishing.cancel()
            task.cancel()
        await asyncio.wait([task])

    task.add_done_callback(ended)
    stack.push_async_callback(stop)
