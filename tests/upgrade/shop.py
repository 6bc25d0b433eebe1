"""The shop's side: checkouts, of which some become orders that are paid and shipped, posted to whatever ingest runs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.bodies import Basket, Body, OrderState
from relevo_cli.sample_shop.people import Shopper
from relevo_runtime.clock import Clock
from tests.chaos.client import Client

BOUGHT_EVERY = 3
KNOWN = 60
"""So many people come again and again."""


class Shop(Client):
    """`ingests` says where webhooks can be posted to at the moment: each goes to the next one."""

    def __init__(self, ingests: Callable[[], Sequence[str]], clock: Clock) -> None:
        super().__init__("", clock, seed=1)
        self._ingests = ingests
        self._posts = 0

    def _address(self) -> str:
        addresses = self._ingests()
        self._posts += 1
        return addresses[self._posts % len(addresses)]

    def _customer(self, number: int) -> int:
        return number if number % 2 else number % KNOWN

    def _further(self, basket: Basket, who: Shopper, at: datetime) -> Iterator[tuple[str, Body]]:
        yield "customers_email_marketing_consent/update", bodies.email_consent(who, at, "subscribed")
        if basket.number % BOUGHT_EVERY == 0:
            for topic, financial, fulfilment in (
                ("orders/create", "pending", None),
                ("orders/paid", "paid", None),
                ("orders/fulfilled", "paid", "fulfilled"),
            ):
                state = OrderState(updated=at, financial=financial, fulfilment=fulfilment)
                yield topic, bodies.order(basket, who, at, state, phone=False, guest=False)
            yield "fulfillments/create", bodies.fulfilment(basket, who, at, at, None)
            if basket.number % (2 * BOUGHT_EVERY) == 0:
                yield "refunds/create", bodies.refund(basket, at)
