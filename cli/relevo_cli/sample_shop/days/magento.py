"""The sample shop on Magento Open Source, whose REST API is asked what changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from relevo_cli.sample_shop.bodies import CURRENCY, STOREFRONT
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Entry, Order, OrderEvent, Output, Place
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import HOMES, Shopper
from relevo_ingest.connectors.commerce_api import TOKEN
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.connections import ShopConnection
from relevo_sandbox.shops.magento import STORES, Magento

_TOKEN = "casa-lumen-integration-token"  # noqa: S105  # the sample shop's own
_STORES = {home.locale: n for n, home in enumerate(HOMES, 1)}
"""A store view for each language."""


class MagentoDay:
    """Magento Open Source: what changes is read from the REST API, as rows."""

    name = "magento"
    title = "Magento Open Source"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "it sends no webhooks; Relevo asks the shop's REST API, which runs here, what changed",
        "carts: one with an address to be billed at is a checkout; its total is not told",
        "deliveries: Magento does not know when a parcel arrives, so nobody is told",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the token of its REST API."""
        connection = ShopConnection(
            shop=shop.shop, platform=self.name, base_url=api, credentials={TOKEN: Secret(_TOKEN)}, connected_at=now
        )
        return Place(shop=wire.with_secret(shop), connection=connection)

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        del shop
        profile = Profile(dialect=_Dialect(), flows=self.flows)
        return scenarios.played(profile, seed=seed, shoppers=shoppers, begins=begins)

    def server(self) -> "_RestApi":
        """The shop's REST API."""
        return _RestApi()


class _RestApi(Magento):
    def __init__(self) -> None:
        super().__init__(_TOKEN)
        self.has(STORES, [_store(locale, number) for locale, number in _STORES.items()])
        self.has("/customerGroups/search", [{"id": 0, "code": "NOT LOGGED IN"}, {"id": 1, "code": "General"}])

    def settings(self, address: str) -> Mapping[str, str]:
        """Nothing: the address is kept with the shop."""
        del address
        return {}

    def put(self, entry: Entry) -> None:
        """The row is so from now on."""
        self.change(entry.resource, entry.number, entry.value, entry.at)


class _Dialect:
    def account(self, account: Account) -> Iterator[Output]:
        """A customer, subscribed to the newsletter or not."""
        yield self._row(
            "/customers/search", account.who.customer_id, _customer(account, account.opened), account.opened
        )

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        """The same customer."""
        yield self._row("/customers/search", account.who.customer_id, _customer(account, at), at)

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        """The cart; of somebody who is known, with the address that they typed in."""
        yield self._row("/carts/search", cart.basket.number, _cart(cart, at), at)

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """The order, and the record of what has happened to it."""
        number = order.basket.number
        yield self._row("/orders", number, _order(order, at), at)
        if event == "paid":
            yield self._row("/invoices", number, _invoice(order, at), at)
        if event == "shipped":
            yield self._row("/shipments", number, _shipment(order, at), at)
        if event == "refunded":
            yield self._row("/creditmemos", number, _credit_memo(order, at), at)

    def _row(self, path: str, number: int, row: Json, at: datetime) -> Entry:
        return Entry(at=at, resource=path, number=str(number), value=row)


def _stamps(made: datetime, at: datetime) -> Json:
    return {"created_at": wire.utc_without_zone(made, " "), "updated_at": wire.utc_without_zone(at, " ")}


def _store(locale: str, number: int) -> Json:
    return {
        "id": number,
        "code": locale[:2],
        "website_id": 1,
        "locale": locale.replace("-", "_"),
        "base_currency_code": CURRENCY,
        "base_url": f"{STOREFRONT}/",
        "base_media_url": f"{STOREFRONT}/media/",
    }


def _customer(account: Account, at: datetime) -> Json:
    who = account.who
    return {
        "id": who.customer_id,
        "group_id": 1,
        **_stamps(account.opened, at),
        "email": who.email,
        "firstname": who.first_name,
        "lastname": who.last_name,
        "store_id": _STORES[who.home.locale],
        "website_id": 1,
        "addresses": [],
        "extension_attributes": {"is_subscribed": account.agrees},
    }


def _cart(cart: Cart, at: datetime) -> Json:
    basket, who = cart.basket, cart.who
    items = [
        {
            "item_id": basket.number * 10 + n,
            "sku": product.sku,
            "qty": quantity,
            "name": product.title,
            "price": float(product.price),
            "product_type": "simple",
            "quote_id": str(basket.number),
        }
        for n, (product, quantity) in enumerate(basket.lines)
    ]
    customer: Json = {"email": None, "firstname": None, "lastname": None}
    if who is not None:
        customer = {"id": who.customer_id, "email": who.email, "firstname": who.first_name, "lastname": who.last_name}
    return {
        "id": basket.number,
        "store_id": _STORES[who.home.locale] if who else 1,
        "is_active": True,
        "customer_is_guest": who is None,
        **_stamps(cart.filled, at),
        "items": items,
        "customer": customer,
        **({"billing_address": {"id": basket.number, **_address(who, phone=False)}} if who else {}),
        "currency": {"quote_currency_code": CURRENCY},
    }


def _order(order: Order, at: datetime) -> Json:
    basket, who = order.basket, order.who
    total, state = float(basket.subtotal + basket.shipping), _state(order)
    address = _address(who, phone=order.phone)
    paid = {"total_paid": total, "total_due": 0} if order.paid else {"total_due": total}
    return {
        "entity_id": basket.number,
        "increment_id": str(basket.number),
        "state": state,
        "status": "pending" if state == "new" else state,
        "store_id": _STORES[who.home.locale],
        "quote_id": basket.number,
        **({} if order.guest else {"customer_id": who.customer_id}),
        "customer_email": who.email,
        "customer_firstname": who.first_name,
        "customer_lastname": who.last_name,
        "customer_is_guest": int(order.guest),
        "order_currency_code": CURRENCY,
        "base_currency_code": CURRENCY,
        "grand_total": total,
        "base_grand_total": total,
        "subtotal": float(basket.subtotal),
        "subtotal_incl_tax": float(basket.subtotal),
        "discount_amount": 0,
        "shipping_amount": float(basket.shipping),
        "shipping_incl_tax": float(basket.shipping),
        "tax_amount": 0,
        **paid,
        **({"total_refunded": total} if order.refunded else {}),
        "shipping_description": "Correo Express",
        **_stamps(order.placed, at),
        "items": _lines(order),
        "billing_address": {"address_type": "billing", "entity_id": basket.number, **address},
        "payment": {"method": "banktransfer"},
        "extension_attributes": {
            "shipping_assignments": [{"shipping": {"address": {"address_type": "shipping", **address}}}]
        },
    }


def _state(order: Order) -> str:
    if order.cancelled or order.refunded:
        return "canceled" if order.cancelled else "closed"
    return "complete" if order.shipped else "processing" if order.paid else "new"


def _lines(order: Order) -> list[Json]:
    return [
        {
            "item_id": order.basket.number * 10 + n,
            "order_id": order.basket.number,
            "product_id": product.product_id,
            "product_type": "simple",
            "sku": product.sku,
            "name": product.title,
            "qty_ordered": quantity,
            "qty_shipped": quantity if order.shipped else 0,
            "qty_refunded": quantity if order.refunded else 0,
            "price": float(product.price),
            "price_incl_tax": float(product.price),
            "row_total_incl_tax": float(product.price * quantity),
            "discount_amount": 0,
            "tax_amount": 0,
            "is_virtual": 0,
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _parts(order: Order) -> list[Json]:
    """The lines of an invoice or a credit memo."""
    return [
        {
            "entity_id": order.basket.number * 10 + n,
            "parent_id": order.basket.number,
            "order_item_id": order.basket.number * 10 + n,
            "product_id": product.product_id,
            "sku": product.sku,
            "name": product.title,
            "qty": quantity,
            "price_incl_tax": float(product.price),
            "row_total_incl_tax": float(product.price * quantity),
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _record(order: Order, at: datetime) -> Json:
    """What every record of an order says."""
    number = order.basket.number
    named = {"entity_id": number, "increment_id": str(number), "order_id": number}
    return {**named, "store_id": _STORES[order.who.home.locale], **_stamps(at, at)}


def _invoice(order: Order, at: datetime) -> Json:
    total = float(order.basket.subtotal + order.basket.shipping)
    money = {"order_currency_code": CURRENCY, "grand_total": total}
    return {**_record(order, at), "state": 2, **money, "items": _parts(order)}


def _credit_memo(order: Order, at: datetime) -> Json:
    shipping = {"shipping_incl_tax": float(order.basket.shipping), "adjustment_negative": 0}
    return {**_invoice(order, at), **shipping}


def _shipment(order: Order, at: datetime) -> Json:
    number = order.basket.number
    track = {
        "entity_id": number,
        "order_id": number,
        "parent_id": number,
        "track_number": f"LX{number:08d}ES",
        "title": "Correo Express",
        "carrier_code": "custom",
    }
    items = [{name: value for name, value in one.items() if not name.endswith("_tax")} for one in _parts(order)]
    return {**_record(order, at), "tracks": [track], "items": items}


def _address(who: Shopper, *, phone: bool) -> Json:
    return {
        "city": who.home.city,
        "country_id": who.home.country,
        "email": who.email,
        "firstname": who.first_name,
        "lastname": who.last_name,
        "postcode": who.home.postcode,
        "region": None,
        "street": [who.home.street],
        "telephone": who.phone if phone else "",
    }
