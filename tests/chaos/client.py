"""The shop's side: posts signed webhooks, again and again until each is taken, and keeps a book of its own."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.sample_shop import bodies, webhooks
from relevo_cli.sample_shop.bodies import Basket, Body
from relevo_cli.sample_shop.people import Shopper, shopper
from relevo_cli.sample_shop.recording import DOMAIN
from relevo_cli.sample_shop.webhooks import Webhook
from relevo_runtime.clock import Clock

SHOP = "chaos"
SECRET = "chaos-webhook-secret"
AT_ONCE = 64
PATIENCE_SECONDS = 5.0
TWICE_EVERY = 10


class Posted(Struct, frozen=True):
    """A checkout of the shop: its token, whom it is about, and when it began by the clock."""

    token: str
    email: str
    at: datetime


class Client:
    """`taken` has what was answered 200, by the checkout's token; `refused` what never will be."""

    def __init__(self, url: str, clock: Clock, seed: int) -> None:
        self.taken: dict[str, Posted] = {}
        self.refused: list[str] = []
        self.made = 0
        self.posts = 0
        self._url = url
        self._clock = clock
        self._random = Random(f"{seed}/client")
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def post_at(self, rate: float, ended: asyncio.Event) -> None:
        """Make `rate` checkouts a second until `ended`; returns once each was taken or refused."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client, asyncio.TaskGroup() as posting:
            while not ended.is_set():
                posted, webhooks = self._checkout()
                times = 1 + (self.made % TWICE_EVERY == 0)  # the same webhook twice, as shops do
                for webhook in (*webhooks, *webhooks)[: len(webhooks) * times]:
                    posting.create_task(self._post(client, posted, webhook))
                await asyncio.sleep(1 / rate)

    def _checkout(self) -> tuple[Posted, Sequence[Webhook]]:
        number, random = self.made, self._random
        self.made += 1
        at = self._clock.now().replace(microsecond=0)
        customer = self._customer(number)
        who = shopper(customer % 800, random)
        who = msgspec.structs.replace(
            who, number=customer, customer_id=9_000_000_000_000 + customer, email=self.email(customer)
        )
        basket = Basket(number=number, token=f"{random.getrandbits(64):016x}", lines=((bodies.PRODUCTS[0], 1),))
        body = bodies.checkout(basket, who, created=at, updated=at, marketing=True)
        told = [("checkouts/create", body), *self._further(basket, who, at)]
        return Posted(basket.token, who.email, at), [self._webhook(topic, one, at) for topic, one in told]

    def _further(self, basket: Basket, who: Shopper, at: datetime) -> Iterable[tuple[str, Body]]:
        """What else the shop tells of a checkout, by topic: nothing."""
        return ()

    def _webhook(self, topic: str, body: Body, at: datetime) -> Webhook:
        ids = [str(UUID(int=self._random.getrandbits(128), version=4)) for _ in range(2)]
        raw = msgspec.json.encode(body)
        return Webhook(at=at, topic=topic, webhook_id=ids[0], event_id=ids[1], triggered_at=at, body=raw)

    def _customer(self, number: int) -> int:
        """Whose checkout the one with this number is: somebody new each time."""
        return number

    def _address(self) -> str:
        """Where ingest is now."""
        return self._url

    @staticmethod
    def email(customer: int) -> str:
        """The address of a customer."""
        return f"chaos{customer:06d}@example.com"

    async def _post(self, client: httpx.AsyncClient, posted: Posted, webhook: Webhook) -> None:
        headers = webhooks.headers(webhook, secret=SECRET, domain=DOMAIN)
        async with self._slots:
            while True:
                self.posts += 1
                try:
                    answer = await client.post(
                        f"{self._address()}/hooks/{SHOP}/shopify", content=webhook.body, headers=headers
                    )
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.is_success:
                    self.taken[posted.token] = posted
                    return
                if answer is not None and answer.is_client_error and answer.status_code != httpx.codes.NOT_FOUND:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                    return
                await asyncio.sleep(0.5)
