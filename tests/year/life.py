"""What a customer does in a year, from a seed: visits, carts, orders, parcels, returns, consent, a birthday."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from msgspec import Struct

from relevo_contracts.keys import product_key

BEGINNING = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAYS = 365
END = BEGINNING + timedelta(days=DAYS)
_CATALOGUE = (("tea", "Green tea", "12.00"), ("mug", "Stoneware mug", "24.50"), ("pot", "Teapot", "42.00"))
_DAY = timedelta(days=1)


class Happening(Struct, frozen=True):
    """An event of the shop. `key` is the customer's where it is empty."""

    at: datetime
    event: str
    data: dict[str, Any]
    key: str = ""


class Life(Struct, frozen=True):
    """A customer's year: what happened, in order."""

    number: int
    happenings: list[Happening]

    @property
    def email(self) -> str:
        return f"customer-{self.number}@example.com"

    def of(self, *events: str) -> Iterator[Happening]:
        """What happened of these types."""
        return (one for one in self.happenings if one.event in events)


def life(seed: int, number: int) -> Life:
    """The year of a customer: the same for the same seed and number."""
    return Life(number, sorted(_Living(Random(f"{seed}/{number}"), number).year(), key=lambda one: one.at))


class _Living:
    def __init__(self, random: Random, number: int) -> None:
        self.random = random
        self.email = f"customer-{number}@example.com"
        self.locale = random.choice(("en-GB", "es-ES", "it-IT"))
        self.customer = number
        self.orders = 0

    def year(self) -> Iterator[Happening]:
        known_from = BEGINNING + self._days(0, 60)
        yield self._known(known_from)
        yield from self._consent(known_from)
        yield from self._visits(known_from)
        yield from self._wishes(known_from)

    @property
    def _number(self) -> str:
        """The newest order: in the shop nobody else's has this number."""
        return f"{self.customer}-{self.orders}"

    def _days(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=round(self.random.uniform(least, most) * 86_400))

    def _happens(self, share: float) -> bool:
        return self.random.random() < share

    def _event(self, at: datetime, event: str, **data: Any) -> Happening:
        return Happening(at, event, {"customer": {"email": self.email}, **data})

    def _known(self, at: datetime) -> Happening:
        person = {"email": self.email, "first_name": "Ana", "locale": self.locale, "timezone": "Europe/Madrid"}
        birthday = f"1985-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        more = {"birthday": birthday} if self._happens(0.6) else {}
        return Happening(at, "customer.created", {"customer": person, **more})

    def _consent(self, known: datetime) -> Iterator[Happening]:
        """Most agree, some of them later, some end it, a few agree anew."""
        at = known + (timedelta(seconds=1) if self._happens(0.6) else self._days(1, 90))
        state = "granted"
        for share in (0.8, 0.25, 0.3):
            if not self._happens(share) or at >= END:
                return
            yield self._event(at, "consent.changed", channel="email", state=state)
            at += self._days(20, 200)
            state = "withdrawn" if state == "granted" else "granted"

    def _visits(self, known: datetime) -> Iterator[Happening]:
        """Some come often, some seldom, some never again."""
        pace = self.random.choice((8, 20, 45, 120))
        leaves = known + self._days(30, 2 * DAYS)
        at = known + self._days(0, 3)
        while at < min(END, leaves):
            yield from self._visit(at)
            at += self._days(0.5, 2 * pace)

    def _visit(self, at: datetime) -> Iterator[Happening]:
        product = self.random.choice(_CATALOGUE)
        for look in range(self.random.randint(1, 4)):
            yield self._event(at + timedelta(minutes=35 * look), "page.viewed", title=product[1], product_id=product[0],
                              url=f"https://shop.example.com/{product[0]}")  # fmt: skip
        if self._happens(0.5):
            token = f"c-{self.customer}-{self.orders}-{at:%m%d}"
            at += timedelta(hours=3)
            yield self._event(at, "cart.updated", cart_token=token, items=[_line(product)], total=_euros(product[2]))
            if self._happens(0.2):
                yield self._event(at + self._days(0.05, 3), "cart.updated", cart_token=token, items=[])
            elif self._happens(0.55):
                yield from self._order(at + self._days(0.005, 1.5), product)

    def _order(self, at: datetime, product: tuple[str, str, str]) -> Iterator[Happening]:
        self.orders += 1
        named: dict[str, Any] = {
            "order_id": f"o-{self._number}",
            "items": [_line(product)],
            "total": _euros(product[2]),
        }
        order = {
            **named,
            "number": f"#{self._number}",
            "payment_status": "paid",
            "contact": {"email": self.email},
        }
        yield self._event(at, "order.placed", **order)
        if self._happens(0.06):
            cancelled = at + self._days(0.1, 0.8)
            yield self._event(cancelled, "order.cancelled", **order)
            yield self._refund(cancelled + self._days(0.5, 5), product)
            return
        parcel = {"order_id": named["order_id"], "order_number": order["number"], "shipment_id": f"s-{self._number}",
                  "kind": "parcel", "carrier": "Sample Post", "items": [_line(product)]}  # fmt: skip
        left = at + self._days(0.9, 2)
        yield self._event(left, "shipment.created", **parcel)
        arrived = left + self._days(1, 6)
        if self._happens(0.9):
            yield self._event(arrived, "shipment.delivered", **parcel, delivered_at=arrived.isoformat())
            if self._happens(0.1):
                yield from self._return(arrived + self._days(1, 12), product)

    def _return(self, at: datetime, product: tuple[str, str, str]) -> Iterator[Happening]:
        goes_back = {
            "order_id": f"o-{self._number}",
            "return_id": f"r-{self._number}",
            "items": [_line(product)],
        }
        yield self._event(at, "return.requested", **goes_back, reason="too small")
        yield self._refund(at + self._days(6, 12), product)
        yield self._event(at + self._days(13, 14), "return.closed", **goes_back)

    def _refund(self, at: datetime, product: tuple[str, str, str]) -> Happening:
        return self._event(at, "refund.created", order_id=f"o-{self._number}", refund_id=f"f-{self._number}",
                           total=_euros(product[2]))  # fmt: skip

    def _wishes(self, known: datetime) -> Iterator[Happening]:
        """An article that is put on the wishlist, is sold out, comes back and costs less."""
        if not self._happens(0.4):
            return
        product = self.random.choice(_CATALOGUE)
        at = known + self._days(5, 200)
        if self._happens(0.5):
            yield self._event(at, "wishlist.updated", added=[_line(product)])
        else:
            yield self._event(at, "back_in_stock.requested", product_id=product[0], title=product[1],
                              contact={"email": self.email, "locale": self.locale})  # fmt: skip
        at += self._days(3, 60)
        named = {"product_id": product[0], "variant_id": f"{product[0]}-1", "title": product[1]}
        yield Happening(at, "product.restocked", {**named, "in_stock": True, "available": 40}, product_key(product[0]))
        at += self._days(3, 60)
        price = {"price": _euros("9.00"), "previous_price": _euros(product[2])}
        yield Happening(at, "product.price_changed", {**named, **price}, product_key(product[0]))


def _line(product: tuple[str, str, str]) -> dict[str, Any]:
    return {"product_id": product[0], "variant_id": f"{product[0]}-1", "title": product[1], "quantity": 1,
            "price": _euros(product[2]), "url": f"https://shop.example.com/{product[0]}"}  # fmt: skip


def _euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}
