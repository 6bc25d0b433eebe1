"""Tells what happens in the shop when the clock reaches its time: over HTTP, or by the shop's own API."""

import asyncio
from collections import Counter
from datetime import datetime

import httpx
import structlog

from relevo_cli.sample_shop.days.shop_events import Day, Output, Post, ShopServer
from relevo_runtime.clock import Clock

AT_ONCE = 32
ATTEMPTS = 40
SHOP_PATIENCE_SECONDS = 5.0
"""Shopify gives up on a delivery after five seconds (shopify.dev, "Troubleshooting webhooks")."""
_log = structlog.get_logger(__name__)


class Replay:
    """`posted` counts the requests that ingest has taken, or the changes of a shop that is asked for them.

    `refused` are the requests that ingest would not take.
    """

    def __init__(self, day: Day, *, url: str, clock: Clock, server: ShopServer | None = None) -> None:
        """`url` is where ingest listens, `server` the shop's own API."""
        self.day = day
        self.posted = 0
        self._counted = set(map(id, day.counted))
        self.refused: list[str] = []
        self._url = url
        self._clock = clock
        self._server = server
        self._open = Counter(one.at for one in day.outputs)
        self._slots = asyncio.Semaphore(AT_ONCE)

    @property
    def done(self) -> bool:
        """Everything was told or refused."""
        return not self._open

    async def run(self) -> None:
        """Tell everything at its time. Requests of the same moment go side by side, as a shop's do."""
        async with httpx.AsyncClient(timeout=SHOP_PATIENCE_SECONDS) as client, asyncio.TaskGroup() as posting:
            for one in self.day.outputs:
                await self._until(one.at)
                if isinstance(one, Post):
                    posting.create_task(self._post(client, one))
                elif self._server is not None:
                    self._server.put(one)
                    self._done_with(one, None)

    def oldest_open(self) -> datetime | None:
        """The time of the first thing that is not told, or not asked for: the clock may not run away from it."""
        unread = self._server.unread() if self._server is not None else None
        return min([*self._open, *([unread] if unread else [])], default=None)

    async def _until(self, at: datetime) -> None:
        while (ahead := self._clock.wall(at - self._clock.now()).total_seconds()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(ahead)  # again and again, as the clock may stand meanwhile

    async def _post(self, client: httpx.AsyncClient, post: Post) -> None:
        async with self._slots:
            problem = await self._deliver(client, post)
        self._done_with(post, problem)

    def _done_with(self, one: Output, problem: str | None) -> None:
        if problem is None:
            self.posted += id(one) in self._counted
        else:
            self.refused.append(f"{one.name if isinstance(one, Post) else one.resource}: {problem}")
        self._open -= Counter([one.at])

    async def _deliver(self, client: httpx.AsyncClient, post: Post) -> str | None:
        """Deliver and, where ingest cannot take it now, deliver again as a shop does. None, or why it was refused."""
        problem = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = await client.post(f"{self._url}{post.path}", content=post.body, headers=dict(post.headers))
            except httpx.HTTPError as error:
                problem = repr(error)
            else:
                if answer.is_success:
                    return None
                problem = f"{answer.status_code} {answer.text[:300]}"
                if answer.is_client_error:
                    return problem
            _log.debug("delivery failed, trying again", problem=problem)
            await asyncio.sleep(min(0.1 * 2**attempt, 2.0))
        return problem
