"""The sample shop on BigCommerce: webhooks that only name what has changed, and the API that has it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from relevo_cli.sample_shop.bodies import CURRENCY, STOREFRONT
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Entry, Order, OrderEvent, Output, Place, Post
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import Shopper
from relevo_ingest.connectors.bigcommerce.api import TOKEN
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.connections import ShopConnection
from relevo_sandbox.shops.resources import Resources

_TOKEN = "casa-lumen-access-token"  # noqa: S105  # the sample shop's own
_NAMING = "id:in"


class BigCommerceDay:
    """BigCommerce: what a webhook names is fetched by the process that polls."""

    name = "bigcommerce"
    title = "BigCommerce"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "webhooks only name what has changed: Relevo reads it from the store's API, which runs here",
        "carts: of checkouts BigCommerce tells nothing",
        "consent: a subscription is to BigCommerce's newsletter alone; the shop's own event (POST /events/SHOP) has it",
        "deliveries: BigCommerce does not know when a parcel arrives, so nobody is told",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the secret of its webhooks, a token for its own events, and the token of its API."""
        connection = ShopConnection(
            shop=shop.shop,
            platform=self.name,
            base_url=api,
            credentials={TOKEN: Secret(_TOKEN)},
            connected_at=now,
        )
        return Place(shop=wire.with_token(wire.with_secret(shop)), connection=connection)

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        profile = Profile(dialect=_Dialect(shop), flows=self.flows)
        return scenarios.played(profile, seed=seed, shoppers=shoppers, begins=begins)

    def server(self) -> "_Store":
        """The store's API."""
        return _Store(_TOKEN, naming=_NAMING)


class _Store(Resources):
    def settings(self, address: str) -> Mapping[str, str]:
        """Nothing: the address is kept with the shop."""
        del address
        return {}

    def put(self, entry: Entry) -> None:
        """The API has it from now on; `None` is what is not there any more."""
        self.things[entry.resource] = entry.value

    def unread(self) -> None:
        """Webhooks say when to ask: the kept ones are the backlog of ingest."""


class _Dialect:
    def __init__(self, shop: str) -> None:
        self._shop = shop

    def account(self, account: Account) -> Iterator[Output]:
        """The account, and its subscription to the newsletter."""
        at, who = account.opened, account.who
        yield _entry(f"/v3/customers?{_NAMING}={who.customer_id}", {"data": [_customer(who, at)], "meta": {}}, at)
        yield self._webhook("store/customer/created", {"type": "customer", "id": who.customer_id}, at)
        if account.agrees:
            yield from self.consent(account, at)

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        """Somebody subscribed, or left: then the API does not have them. Beside it, consent to all marketing."""
        yield wire.consent_event(self._shop, account, at)
        number = account.who.number + 1
        there = {"data": _subscriber(account, at), "meta": {}} if account.agrees else None
        yield _entry(f"/v3/customers/subscribers/{number}", there, at)
        scope = "store/subscriber/created" if account.agrees else "store/subscriber/deleted"
        yield self._webhook(scope, {"type": "subscriber", "id": number}, at)

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        """The cart, which the API has as a whole."""
        number = wire.named("cart", cart.basket.token)
        yield _entry(f"/v3/carts/{number}", {"data": _cart(cart, number, at), "meta": {}}, at)
        scope = "store/cart/created" if at == cart.filled else "store/cart/updated"
        yield self._webhook(scope, {"type": "cart", "id": number}, at)

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """The order with its lines and addresses; what is beside it has a webhook of its own."""
        number = order.basket.number
        path = f"/v2/orders/{number}"
        yield _entry(path, _order(order, at), at)
        yield _entry(f"{path}/products", _lines(order), at)
        yield _entry(f"{path}/shipping_addresses", [_delivery_address(order)], at)
        yield _entry(f"{path}/coupons", [], at)
        named: Json = {"type": "order", "id": number}
        if event == "shipped":
            yield _entry(f"{path}/shipments/{number}", _shipment(order, at), at)
            shipment = {"type": "shipment", "id": number, "orderId": number}
            yield self._webhook("store/shipment/created", shipment, at)
        if event == "refunded":
            refund = f"/v3/orders/payment_actions/refunds/{number}"
            yield _entry(refund, {"data": _refund(order, at), "meta": {}}, at)
            refunded = {**named, "refund": {"refund_id": number}}
            yield self._webhook("store/order/refund/created", refunded, at)
        yield self._webhook("store/order/created" if event == "placed" else "store/order/updated", named, at)

    def _webhook(self, scope: str, named: Json, at: datetime) -> Post:
        seconds = int(at.timestamp())
        body = wire.encoded(
            {
                "scope": scope,
                "store_id": "1025646",
                "data": named,
                "hash": hashlib.sha1(f"{scope} {named['id']}".encode(), usedforsecurity=False).hexdigest(),
                "created_at": seconds,
                "producer": "stores/casalumen",
            }
        )
        headers = {"Content-Type": "application/json", "X-Relevo-Secret": wire.SECRET}
        return Post(at=at, name=scope, path=f"/hooks/{self._shop}/bigcommerce", headers=headers, body=body)


def _entry(path: str, value: object, at: datetime) -> Entry:
    return Entry(at=at, resource=path, number="", value=value)


def _mail_time(at: datetime) -> str:
    """As orders have it: RFC 5322, in UTC."""
    return format_datetime(at.astimezone(UTC))


def _offset_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _customer(who: Shopper, at: datetime) -> Json:
    return {
        "id": who.customer_id,
        "email": who.email,
        "first_name": who.first_name,
        "last_name": who.last_name,
        "company": "",
        "phone": "",
        "notes": "",
        "customer_group_id": 0,
        "date_created": wire.utc(at),
        "date_modified": wire.utc(at),
        "addresses": [],
    }


def _subscriber(account: Account, at: datetime) -> Json:
    who = account.who
    return {
        "id": who.number + 1,
        "email": who.email,
        "first_name": who.first_name,
        "last_name": who.last_name,
        "source": "storefront",
        "order_id": None,
        "channel_id": 1,
        "date_created": _offset_time(at),
        "date_modified": _offset_time(at),
    }


def _cart(cart: Cart, number: str, at: datetime) -> Json:
    basket, who = cart.basket, cart.who
    lines = [
        {
            "id": wire.named("line", basket.token, n),
            "variant_id": product.product_id + 400,
            "product_id": product.product_id,
            "sku": product.sku,
            "name": product.title,
            "url": f"{STOREFRONT}/products/{product.sku.lower()}",
            "quantity": quantity,
            "image_url": f"{STOREFRONT}/images/{product.sku.lower()}.jpg",
            "list_price": float(product.price),
            "sale_price": float(product.price),
            "extended_sale_price": float(product.price * quantity),
        }
        for n, (product, quantity) in enumerate(basket.lines)
    ]
    return {
        "id": number,
        "customer_id": who.customer_id if who else 0,
        "channel_id": 1,
        "email": who.email if who else "",
        "currency": {"code": CURRENCY},
        "base_amount": float(basket.subtotal),
        "discount_amount": 0,
        "cart_amount": float(basket.subtotal),
        "line_items": {"physical_items": lines, "digital_items": [], "gift_certificates": [], "custom_items": []},
        "created_time": _offset_time(cart.filled),
        "updated_time": _offset_time(at),
        "redirect_urls": {"cart_url": f"{STOREFRONT}/cart.php?action=load&id={number}"},
    }


def _order(order: Order, at: datetime) -> Json:
    basket, who = order.basket, order.who
    status, label = _status(order)
    subtotal, shipping = f"{basket.subtotal:.4f}", f"{basket.shipping:.4f}"
    total = f"{basket.subtotal + basket.shipping:.4f}"
    return {
        "id": basket.number,
        "customer_id": 0 if order.guest else who.customer_id,
        "date_created": _mail_time(order.placed),
        "date_modified": _mail_time(at),
        "date_shipped": _mail_time(order.shipped) if order.shipped else "",
        "status_id": status,
        "status": label,
        "subtotal_ex_tax": subtotal,
        "subtotal_inc_tax": subtotal,
        "base_shipping_cost": shipping,
        "shipping_cost_ex_tax": shipping,
        "shipping_cost_inc_tax": shipping,
        "total_ex_tax": total,
        "total_inc_tax": total,
        "total_tax": "0.0000",
        "is_tax_inclusive_pricing": True,
        "items_total": sum(quantity for _, quantity in basket.lines),
        "items_shipped": sum(quantity for _, quantity in basket.lines) if order.shipped else 0,
        "payment_method": "Bank Deposit",
        "payment_status": "refunded" if order.refunded else "captured" if order.paid else "",
        "refunded_amount": total if order.refunded else "0.0000",
        "currency_code": CURRENCY,
        "default_currency_code": CURRENCY,
        "customer_message": "",
        "discount_amount": "0.0000",
        "coupon_discount": "0.0000",
        "cart_id": wire.named("cart", basket.token),
        "billing_address": _address(order),
        "order_source": "www",
        "channel_id": 1,
        "custom_status": label,
        "customer_locale": who.home.locale,
    }


def _status(order: Order) -> tuple[int, str]:
    if order.cancelled:
        return 5, "Cancelled"
    if order.refunded:
        return 4, "Refunded"
    if order.shipped:
        return 2, "Shipped"
    return (11, "Awaiting Fulfillment") if order.paid else (7, "Awaiting Payment")


def _lines(order: Order) -> list[Json]:
    number = order.basket.number
    return [
        {
            "id": number * 10 + n,
            "order_id": number,
            "product_id": product.product_id,
            "variant_id": product.product_id + 400,
            "order_address_id": number,
            "name": product.title,
            "sku": product.sku,
            "type": "physical",
            "price_ex_tax": f"{product.price:.4f}",
            "price_inc_tax": f"{product.price:.4f}",
            "total_ex_tax": f"{product.price * quantity:.4f}",
            "total_inc_tax": f"{product.price * quantity:.4f}",
            "total_tax": "0.0000",
            "quantity": quantity,
            "quantity_shipped": quantity if order.shipped else 0,
            "quantity_refunded": quantity if order.refunded else 0,
            "brand": "Casa Lumen",
            "product_options": [],
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _address(order: Order) -> Json:
    who = order.who
    return {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "company": "",
        "street_1": who.home.street,
        "street_2": "",
        "city": who.home.city,
        "state": "",
        "zip": who.home.postcode,
        "country": who.home.country_name,
        "country_iso2": who.home.country,
        "phone": who.phone if order.phone else "",
        "email": who.email,
    }


def _delivery_address(order: Order) -> Json:
    number = order.basket.number
    return {"id": number, "order_id": number, **_address(order), "shipping_method": "Correo Express"}


def _shipment(order: Order, at: datetime) -> Json:
    number = order.basket.number
    tracking = f"LX{number:08d}ES"
    return {
        "id": number,
        "order_id": number,
        "customer_id": 0 if order.guest else order.who.customer_id,
        "order_address_id": number,
        "date_created": _mail_time(at),
        "tracking_number": tracking,
        "shipping_method": "Correo Express",
        "comments": "",
        "shipping_provider": "",
        "tracking_carrier": "",
        "tracking_link": f"https://track.example.com/{tracking}",
        "shipping_address": _address(order),
        "items": [
            {"order_product_id": number * 10 + n, "product_id": product.product_id, "quantity": quantity}
            for n, (product, quantity) in enumerate(order.basket.lines)
        ],
        "shipping_provider_display_name": "Correo Express",
    }


def _refund(order: Order, at: datetime) -> Json:
    basket = order.basket
    total = float(basket.subtotal + basket.shipping)
    return {
        "id": basket.number,
        "order_id": basket.number,
        "user_id": 1,
        "created": _offset_time(at),
        "reason": "Arrived damaged",
        "total_amount": total,
        "total_tax": 0,
        "items": [
            {
                "item_type": "PRODUCT",
                "item_id": basket.number * 10 + n,
                "reason": "Arrived damaged",
                "quantity": quantity,
                "requested_amount": float(product.price * quantity),
            }
            for n, (product, quantity) in enumerate(basket.lines)
        ],
        "payments": [{"id": 1, "provider_id": "custom", "amount": total, "offline": False}],
    }
