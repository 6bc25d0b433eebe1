"""One shopper's story: which webhooks the shop posts for it, and which messages the shopper must get.

The words of a story (`starts_checkout`, `orders`, `is_shipped`) post what Shopify would post. What must arrive is
said beside them by `expects`, by a person who knows the shop's flows, not computed by them.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.bodies import Basket, OrderState
from relevo_cli.sample_shop.expectations import Expectations
from relevo_cli.sample_shop.people import Shopper
from relevo_cli.sample_shop.webhooks import Webhook


class Story(Expectations):
    """Collects the webhooks and the expected messages of one shopper, who arrives at the instant `start`."""

    def __init__(self, scenario: str, who: Shopper, start: datetime, random: Random) -> None:
        super().__init__(scenario, who, start)
        self.webhooks: list[Webhook] = []
        self._random = random
        self._baskets = 0

    def basket(self) -> Basket:
        """A new basket of one to three lines, with a checkout token and order number of its own."""
        self._baskets += 1
        products = self._random.sample(bodies.PRODUCTS, self._random.randint(1, 3))
        lines = tuple((product, self._random.randint(1, 2)) for product in products)
        number = 10_000 + self.who.number * 10 + self._baskets
        return Basket(number=number, token=f"{self._random.getrandbits(64):016x}", lines=lines)

    def starts_checkout(
        self, basket: Basket, after: timedelta, *, marketing: bool, guest: bool = False, known: bool = True
    ) -> None:
        """`checkouts/create`; `known=False` is a visitor who typed in no e-mail address yet."""
        at = self.start + after
        who = self.who if known else None
        body = bodies.checkout(basket, who, created=at, updated=at, marketing=marketing, guest=guest)
        self.post("checkouts/create", body, after)

    def changes_checkout(self, basket: Basket, after: timedelta, started: timedelta, *, marketing: bool) -> None:
        """`checkouts/update` of a checkout that goes on."""
        created, updated = self.start + started, self.start + after
        self.post(
            "checkouts/update",
            bodies.checkout(basket, self.who, created=created, updated=updated, marketing=marketing),
            after,
        )

    def completes_checkout(self, basket: Basket, after: timedelta, started: timedelta, *, marketing: bool) -> None:
        """`checkouts/update` with `completed_at`, which Shopify posts beside `orders/create`."""
        created, at = self.start + started, self.start + after
        body = bodies.checkout(basket, self.who, created=created, updated=at, marketing=marketing)
        self.post("checkouts/update", bodies.completed(body, at), after)

    def orders(
        self,
        basket: Basket,
        after: timedelta,
        *,
        topic: str = "orders/create",
        placed: timedelta | None = None,
        guest: bool = False,
        phone: bool = False,
        **state: Any,
    ) -> None:
        """An `orders/…` webhook `after` the start; `placed` is when the order was placed, if that was earlier."""
        at = self.start + after
        since = self.start + (after if placed is None else placed)
        now = OrderState(updated=at, **state)
        self.post(topic, bodies.order(basket, self.who, since, now, phone=phone, guest=guest), after)

    def is_shipped(self, basket: Basket, after: timedelta) -> None:
        """`fulfillments/create`."""
        at = self.start + after
        self.post("fulfillments/create", bodies.fulfilment(basket, self.who, at, at, None), after)

    def is_delivered(self, basket: Basket, after: timedelta, shipped: timedelta) -> None:
        """`fulfillments/update` with the shipment status `delivered`."""
        created, at = self.start + shipped, self.start + after
        self.post("fulfillments/update", bodies.fulfilment(basket, self.who, created, at, "delivered"), after)

    def is_refunded(self, basket: Basket, after: timedelta) -> None:
        """`refunds/create` of the whole order."""
        self.post("refunds/create", bodies.refund(basket, self.start + after), after)

    def withdraws_consent(self, after: timedelta) -> None:
        """`customers_email_marketing_consent/update` with the state `unsubscribed`."""
        body = bodies.email_consent(self.who, self.start + after, "unsubscribed")
        self.post("customers_email_marketing_consent/update", body, after)

    def post(self, topic: str, body: Mapping[str, Any], after: timedelta) -> None:
        """Any webhook `after` the start."""
        at = self.start + after
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        self.webhooks.append(
            Webhook(
                at=at,
                topic=topic,
                webhook_id=self._uuid(),
                event_id=self._uuid(),
                triggered_at=at,
                body=raw,
            )
        )

    def delays_last(self, delay: timedelta) -> None:
        """The shop posts the last webhook only `delay` after its event: others may overtake it."""
        self.webhooks[-1] = _later(self.webhooks[-1], delay)

    def repeats_each(self, times: int) -> None:
        """The shop delivers each webhook so far `times` times, a minute apart, with the same webhook id."""
        first = list(self.webhooks)
        for webhook in first:
            for again in range(1, times):
                self.webhooks.append(_later(webhook, timedelta(minutes=again)))

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _later(webhook: Webhook, delay: timedelta) -> Webhook:
    return msgspec.structs.replace(webhook, at=webhook.at + delay)
