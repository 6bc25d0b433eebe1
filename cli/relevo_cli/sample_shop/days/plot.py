"""One shopper's day in no platform's words; the platform's dialect says what is told of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from random import Random

import msgspec
from msgspec import Struct

from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.bodies import Basket
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Dialect, Order, OrderEvent, Output, Post
from relevo_cli.sample_shop.expectations import Expectations
from relevo_cli.sample_shop.people import Shopper


class Profile(Struct, frozen=True, kw_only=True):
    """How a platform tells: its dialect, which flows run, its own events.

    `reports` are the events of an order that not every platform has.
    """

    dialect: Dialect
    flows: Sequence[str]
    reports: Collection[str] = ()


class Plot(Expectations):
    """Collects what is told, and the expected messages, of one shopper who arrives at the instant `start`."""

    def __init__(self, scenario: str, who: Shopper, start: datetime, random: Random, profile: Profile) -> None:
        super().__init__(scenario, who, start)
        self.outputs: list[Output] = []
        self._random = random
        self._dialect = profile.dialect
        self._profile = profile
        self._baskets = 0

    def reports(self, event: OrderEvent) -> bool:
        """Whether the platform reports this event, which not every platform does."""
        return event in self._profile.reports

    def basket(self) -> Basket:
        """A new basket of one to three lines, with a number of its own."""
        self._baskets += 1
        products = self._random.sample(bodies.PRODUCTS, self._random.randint(1, 3))
        lines = tuple((product, self._random.randint(1, 2)) for product in products)
        number = 10_000 + self.who.number * 10 + self._baskets
        return Basket(number=number, token=f"{self._random.getrandbits(64):016x}", lines=lines)

    def opens_account(self, *, agrees: bool = False) -> Account:
        """At the start; with the box for marketing ticked, or not."""
        account = Account(who=self.who, opened=self.start, agrees=agrees)
        self.outputs += self._dialect.account(account)
        return account

    def withdraws(self, account: Account, after: timedelta) -> None:
        """Takes back the consent to marketing."""
        at = self.start + after
        self.outputs += self._dialect.consent(msgspec.structs.replace(account, agrees=False), at)

    def fills_cart(self, basket: Basket, after: timedelta, *, known: bool = True) -> Cart:
        """`known=False` is a visitor of whom the shop knows no address."""
        at = self.start + after
        cart = Cart(basket=basket, who=self.who if known else None, filled=at)
        self.outputs += self._dialect.cart(cart, at)
        return cart

    def changes_cart(self, cart: Cart, after: timedelta) -> None:
        """Takes one more of the first product."""
        (product, quantity), *others = cart.basket.lines
        basket = msgspec.structs.replace(cart.basket, lines=((product, quantity + 1), *others))
        self.outputs += self._dialect.cart(msgspec.structs.replace(cart, basket=basket), self.start + after)

    def orders(self, basket: Basket, after: timedelta, *, guest: bool = False, phone: bool = False) -> Order:
        """Places an order, not paid yet."""
        at = self.start + after
        order = Order(basket=basket, who=self.who, guest=guest, phone=phone, placed=at)
        self.outputs += self._dialect.order(order, "placed", at)
        return order

    def happens(self, order: Order, event: OrderEvent, after: timedelta) -> Order:
        """Something happens to an order."""
        at = self.start + after
        changed = order.after(event, at)
        self.outputs += self._dialect.order(changed, event, at)
        return changed

    def comes_twice(self) -> None:
        """Whatever was posted so far is posted once more, a minute later, as after an answer that got lost."""
        posts = [one for one in self.outputs if isinstance(one, Post)]
        self.outputs += [msgspec.structs.replace(one, at=one.at + timedelta(minutes=1)) for one in posts]
