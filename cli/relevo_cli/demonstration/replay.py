"""Posts the recorded webhooks over HTTP when the clock reaches their time, as the shop would."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import httpx
import structlog

from relevo_cli.sample_shop import webhooks
from relevo_cli.sample_shop.recording import DOMAIN, Recording
from relevo_cli.sample_shop.webhooks import Webhook
from relevo_runtime.clock import Clock

AT_ONCE = 32
ATTEMPTS = 40
SHOP_PATIENCE_SECONDS = 5.0
"""Shopify gives up on a delivery after five seconds (shopify.dev, "Troubleshooting webhooks")."""
_log = structlog.get_logger(__name__)


class Replay:
    """`posted` counts the webhooks that ingest has taken, `refused` those that it would not take."""

    def __init__(self, recording: Recording, *, url: str, shop: str, secret: str, clock: Clock) -> None:
        """`url` is where ingest listens, `shop` the name under which it knows the sample shop."""
        self.recording = recording
        self.shop = shop
        self.posted = 0
        self.refused: list[str] = []
        self._url = f"{url}/hooks/{shop}/shopify"
        self._secret = secret
        self._clock = clock
        self._open = Counter(webhook.at for webhook in recording.webhooks)
        self._slots = asyncio.Semaphore(AT_ONCE)

    @property
    def done(self) -> bool:
        """Every webhook was taken or refused."""
        return self.posted + len(self.refused) == len(self.recording.webhooks)

    async def run(self, on_post: Callable[[], None] = lambda: None) -> None:
        """Post all, each at its time. Webhooks of the same moment go side by side, as a shop's do."""
        async with httpx.AsyncClient(timeout=SHOP_PATIENCE_SECONDS) as client, asyncio.TaskGroup() as posting:
            for webhook in self.recording.webhooks:
                await self._until(webhook)
                posting.create_task(self._post(client, webhook, on_post))

    def oldest_open(self) -> datetime | None:
        """The time of the first webhook that is not done: the clock may not run away from it."""
        return min(self._open, default=None)

    async def _until(self, webhook: Webhook) -> None:
        while (ahead := self._clock.wall(webhook.at - self._clock.now()).total_seconds()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(ahead)  # again and again, as the clock may stand meanwhile

    async def _post(self, client: httpx.AsyncClient, webhook: Webhook, on_post: Callable[[], None]) -> None:
        headers = webhooks.headers(webhook, secret=self._secret, domain=DOMAIN)
        async with self._slots:
            problem = await self._deliver(client, webhook.body, headers)
        if problem is None:
            self.posted += 1
        else:
            self.refused.append(f"{webhook.topic} {webhook.webhook_id}: {problem}")
        self._open -= Counter([webhook.at])
        on_post()

    async def _deliver(self, client: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> str | None:
        """Deliver and, where ingest cannot take it now, deliver again as a shop does. None, or why it was refused."""
        problem = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = await client.post(self._url, content=body, headers=headers)
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
