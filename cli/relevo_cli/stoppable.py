"""Work that Ctrl-C ends in order: the first signal cancels it, what it opened is closed."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None if a signal stopped it. Returns only when everything that it opened is closed."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    stopped: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if not stopped:
            task.cancel()
        stopped.append(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        return None
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
