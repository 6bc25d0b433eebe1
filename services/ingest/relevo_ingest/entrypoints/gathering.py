"""Requests that come one by one are let in together, so that they share statements and messages to Kafka."""

import asyncio
import math
from collections.abc import Callable

MANY = 32
"""So many share enough: they wait for nobody else."""
_AT_ONCE = 0.005
"""A request that comes within so many seconds of an answer is from a sender that waits for its answers."""


class Gathering:
    """Lets requests in at most once in `window` seconds of wall-clock time, all that have come together.

    After a window in which nothing came the next one is let in at once. So are senders that send the next one when the
    last one is answered, once half of those that were answered have come: they go as fast as they are answered, and
    their requests gather by themselves. `window` 0: nobody waits.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._let_in_at = -math.inf
        self._answered_at = -math.inf
        self._answered = 0  # one soon after the other
        self._back = 0  # came soon after these
        self._waiting: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self) -> None:
        """Returns when the caller is let in."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.enter(lambda: None if turn.done() else turn.set_result(None))  # it may have gone
        await turn

    def enter(self, let_in: Callable[[], None]) -> None:
        """Calls `let_in` when the caller is let in: now or later."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._waiting.append(let_in)
        soon = now - self._answered_at < _AT_ONCE
        self._back += soon
        at_once = (soon and 2 * self._back >= self._answered) or now - self._let_in_at >= self._window
        if at_once or len(self._waiting) >= MANY:
            self._let_in()
        elif self._timer is None:
            self._timer = loop.call_at(self._let_in_at + self._window, self._let_in)

    def answered(self) -> None:
        """A request that was let in is answered."""
        now = asyncio.get_running_loop().time()
        if now - self._answered_at >= _AT_ONCE:
            self._answered = self._back = 0
        self._answered += 1
        self._answered_at = now

    def _let_in(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._let_in_at = asyncio.get_running_loop().time()
        waiting, self._waiting = self._waiting, []
        for let_in in waiting:
            let_in()
