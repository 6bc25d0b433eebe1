"""The sample shop on WooCommerce: its webhooks, beside the visits of its pages and its newsletter's own events."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from relevo_cli.sample_shop.bodies import CURRENCY, SHOP_ZONE, STOREFRONT, text
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Order, OrderEvent, Output, Place, Post
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import Shopper
from relevo_runtime.catalog import Shop

_API = f"{STOREFRONT}/wp-json/wc/v3"


class WooCommerceDay:
    """WooCommerce: webhooks have whole orders and accounts."""

    name = "woocommerce"
    title = "WooCommerce"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "carts: WooCommerce has no webhooks for them; the shop's pages tell of checkouts (POST /t/SHOP)",
        "consent: WooCommerce knows of none; the shop's newsletter posts it as an event of its own (POST /events/SHOP)",
        "deliveries: WooCommerce does not know when a parcel arrives, so nobody is told",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the secret of its webhooks, a token for its own events, and its pages."""
        del api, now
        made = wire.with_token(wire.with_secret(shop))
        return Place(shop=made, storefront=wire.storefront(made))

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        return scenarios.played(
            Profile(dialect=_Dialect(shop), flows=self.flows), seed=seed, shoppers=shoppers, begins=begins
        )

    def server(self) -> None:
        """Nothing is asked."""


class _Dialect:
    def __init__(self, shop: str) -> None:
        self._shop = shop

    def account(self, account: Account) -> Iterator[Output]:
        """`customer.created`; at the first page after it the customer is signed in."""
        at = account.opened
        yield self._webhook("customer.created", _customer(account.who, at), at)
        yield wire.signs_in(self._shop, account.who, at)
        if account.agrees:
            yield wire.consent_event(self._shop, account, at)

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        yield wire.consent_event(self._shop, account, at)

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        yield wire.checks_out(self._shop, cart, at)

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """`order.created`, and an `order.updated` for everything after it."""
        topic = "order.created" if event == "placed" else "order.updated"
        yield self._webhook(topic, _order(order, at), at)

    def _webhook(self, topic: str, value: Json, at: datetime) -> Post:
        body = wire.encoded(value)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/10.0.2 Hookshot (WordPress/6.8)",
            "X-WC-Webhook-Source": f"{STOREFRONT}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Signature": wire.hmac_base64(wire.SECRET, body),
        }
        return Post(at=at, name=topic, path=f"/hooks/{self._shop}/woocommerce", headers=headers, body=body)


def _customer(who: Shopper, at: datetime) -> Json:
    return {
        "id": who.customer_id,
        **_times("created", at),
        **_times("modified", at),
        "email": who.email,
        "first_name": who.first_name,
        "last_name": who.last_name,
        "role": "customer",
        "username": who.email.partition("@")[0],
        "billing": _address(who) | {"email": who.email, "phone": ""},
        "shipping": _address(who),
        "is_paying_customer": False,
        "avatar_url": "",
        "meta_data": [],
        "_links": _links("customers", who.customer_id),
    }


def _order(order: Order, at: datetime) -> Json:
    basket, who = order.basket, order.who
    number = basket.number
    return {
        "id": number,
        "parent_id": 0,
        "number": str(number),
        "order_key": f"wc_order_{basket.token}",
        "created_via": "checkout",
        "version": "10.0.2",
        "status": _status(order),
        "currency": CURRENCY,
        **_times("created", order.placed),
        **_times("modified", at),
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": text(basket.shipping),
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total": text(basket.subtotal + basket.shipping),
        "total_tax": "0.00",
        "prices_include_tax": False,
        "customer_id": 0 if order.guest else who.customer_id,
        "customer_note": "",
        "billing": _address(who) | {"email": who.email, "phone": who.phone if order.phone else ""},
        "shipping": _address(who),
        "payment_method": "bacs",
        "payment_method_title": "Direct bank transfer",
        "transaction_id": "",
        **_times("paid", order.paid),
        **_times("completed", order.shipped),
        "cart_hash": basket.token,
        "meta_data": [],
        "line_items": _lines(order),
        "tax_lines": [],
        "shipping_lines": [_shipping(order)],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": _refunds(order),
        "_links": _links("orders", number),
    }


def _status(order: Order) -> str:
    if order.refunded or order.cancelled:
        return "refunded" if order.refunded else "cancelled"
    if order.shipped:
        return "completed"
    return "processing" if order.paid else "on-hold"


def _lines(order: Order) -> list[Json]:
    return [
        {
            "id": order.basket.number * 10 + n,
            "name": product.title,
            "product_id": product.product_id,
            "variation_id": 0,
            "quantity": quantity,
            "tax_class": "",
            "subtotal": text(product.price * quantity),
            "subtotal_tax": "0.00",
            "total": text(product.price * quantity),
            "total_tax": "0.00",
            "taxes": [],
            "meta_data": [],
            "sku": product.sku,
            "price": float(product.price),
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _shipping(order: Order) -> Json:
    return {
        "id": order.basket.number * 10 + 9,
        "method_title": "Correo Express",
        "method_id": "flat_rate",
        "total": text(order.basket.shipping),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
    }


def _refunds(order: Order) -> list[Json]:
    if order.refunded is None:
        return []
    total = text(order.basket.subtotal + order.basket.shipping)
    return [{"id": order.basket.number + 500_000, "reason": "Arrived damaged", "total": f"-{total}"}]


def _times(name: str, at: datetime | None) -> Json:
    local = at.astimezone(SHOP_ZONE).strftime("%Y-%m-%dT%H:%M:%S") if at else None
    return {f"date_{name}": local, f"date_{name}_gmt": wire.utc_without_zone(at)}


def _address(who: Shopper) -> Json:
    return {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "company": "",
        "address_1": who.home.street,
        "address_2": "",
        "city": who.home.city,
        "state": "",
        "postcode": who.home.postcode,
        "country": who.home.country,
    }


def _links(resource: str, number: int) -> Json:
    return {"self": [{"href": f"{_API}/{resource}/{number}"}], "collection": [{"href": f"{_API}/{resource}"}]}
