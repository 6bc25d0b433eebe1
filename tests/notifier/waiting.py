"""Waiting for what happens in its own time."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Return once `condition` holds; raises `TimeoutError` if it does not in `seconds`."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)
