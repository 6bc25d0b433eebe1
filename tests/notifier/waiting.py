"""Waiting for what happens in its own time. A limit ends a test that hangs; a busy machine does not come near it."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 150.0) -> None:
    """Return once `condition` holds; raises `TimeoutError` if it does not in `seconds`."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)
