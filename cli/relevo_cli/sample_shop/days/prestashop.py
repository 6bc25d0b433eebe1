"""The sample shop on PrestaShop, whose web service is asked what changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from relevo_cli.sample_shop.bodies import PRODUCTS, SHOP_ZONE, Product
from relevo_cli.sample_shop.days import scenarios, wire
from relevo_cli.sample_shop.days.plot import Profile
from relevo_cli.sample_shop.days.shop_events import Account, Cart, Day, Entry, Order, OrderEvent, Output, Place
from relevo_cli.sample_shop.days.wire import Json
from relevo_cli.sample_shop.people import HOMES, Shopper
from relevo_ingest.connectors.prestashop.api import KEY
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.connections import ShopConnection
from relevo_sandbox.shops.prestashop import PrestaShop

_KEY = "CASALUMENWEBSERVICEKEY"
_NEVER = "0000-00-00 00:00:00"
_LONG_AGO = "2025-11-03 10:00:00"
_ASKED = ("customers", "carts", "orders", "order_slip")
_LANGUAGES = {home.locale: n for n, home in enumerate(HOMES, 1)}
_COUNTRIES = {home.country: n for n, home in enumerate(HOMES, 101)}
_AWAITED, _PAID, _SHIPPED, _DELIVERED, _CANCELLED, _REFUNDED = 1, 2, 4, 5, 6, 7


class PrestaShopDay:
    """PrestaShop: what changes is read from the web service, as rows."""

    name = "prestashop"
    title = "PrestaShop"
    shoppers = 26
    flows: Sequence[str] = scenarios.FLOWS
    remarks: Sequence[str] = (
        "it sends no webhooks; Relevo asks the shop's web service, which runs here, what changed",
        "carts: the web service has them without prices; of checkouts there is nothing",
    )

    def place(self, shop: Shop, api: str, now: datetime) -> Place:
        """With the key of its web service."""
        connection = ShopConnection(
            shop=shop.shop, platform=self.name, base_url=api, credentials={KEY: Secret(_KEY)}, connected_at=now
        )
        return Place(shop=wire.with_secret(shop), connection=connection)

    def day(self, shop: str, seed: int, shoppers: int, begins: datetime) -> Day:
        """The day."""
        del shop
        profile = Profile(dialect=_Dialect(), flows=self.flows, reports=(scenarios.DELIVERED,))
        return scenarios.played(profile, seed=seed, shoppers=shoppers, begins=begins)

    def server(self) -> "_WebService":
        """The shop's web service."""
        return _WebService()


class _WebService(PrestaShop):
    def __init__(self) -> None:
        super().__init__(_KEY)
        for name, rows in _settings().items():
            self.has(name, rows)

    def settings(self, address: str) -> Mapping[str, str]:
        """Nothing: the address is kept with the shop."""
        del address
        return {}

    def put(self, entry: Entry) -> None:
        """The row is so from now on."""
        self.change(entry.resource, entry.number, entry.value, entry.at, asked=entry.resource in _ASKED)


class _Dialect:
    def account(self, account: Account) -> Iterator[Output]:
        """A customer, with the box for the newsletter."""
        yield _entry("customers", _customer(account.who, account.opened, account.opened, agrees=account.agrees))

    def consent(self, account: Account, at: datetime) -> Iterator[Output]:
        """The box of the same customer."""
        yield _entry("customers", _customer(account.who, account.opened, at, agrees=account.agrees))

    def cart(self, cart: Cart, at: datetime) -> Iterator[Output]:
        yield _entry("carts", _cart(cart, at))

    def order(self, order: Order, event: OrderEvent, at: datetime) -> Iterator[Output]:
        """The order in its new state; before it, what it refers to. A guest is a customer of this order alone."""
        if event == "placed":
            yield _entry("addresses", _address(order), at)
            if order.guest:
                yield _entry("customers", _customer(order.who, at, at, agrees=False, guest=True))
        yield _entry("order_carriers", _carrier(order), at)
        if event == "refunded":
            yield _entry("order_slip", _slip(order, at))
        yield _entry("orders", _order(order, at))


def _entry(resource: str, row: Json, at: datetime | None = None) -> Entry:
    """A row, which says itself when it changed unless `at` does."""
    changed = at or datetime.strptime(row["date_upd"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHOP_ZONE)
    return Entry(at=changed, resource=resource, number=str(row["id"]), value=row)


def _local(at: datetime | None) -> str:
    """An instant as PrestaShop has it: in the shop's zone, without saying so."""
    return at.astimezone(SHOP_ZONE).strftime("%Y-%m-%d %H:%M:%S") if at else _NEVER


def _customer(who: Shopper, opened: datetime, at: datetime, *, agrees: bool, guest: bool = False) -> Json:
    return {
        "id": who.number + 1,
        "id_lang": str(_LANGUAGES[who.home.locale]),
        "id_default_group": "2" if guest else "3",
        "email": who.email,
        "firstname": who.first_name,
        "lastname": who.last_name,
        "company": "",
        "siret": "",
        "birthday": "0000-00-00",
        "newsletter": "1" if agrees else "0",
        "newsletter_date_add": _local(opened) if agrees else _NEVER,
        "optin": "0",
        "is_guest": "1" if guest else "0",
        "deleted": "0",
        "date_add": _local(opened),
        "date_upd": _local(at),
    }


def _cart(cart: Cart, at: datetime) -> Json:
    rows = [
        {"id_product": str(_number(product)), "id_product_attribute": "0", "quantity": str(quantity)}
        for product, quantity in cart.basket.lines
    ]
    return {
        "id": cart.basket.number,
        "id_currency": "1",
        "id_customer": str(cart.who.number + 1) if cart.who else "0",
        "id_lang": str(_LANGUAGES[cart.who.home.locale]) if cart.who else "1",
        "id_shop": "1",
        "date_add": _local(cart.filled),
        "date_upd": _local(at),
        "associations": {"cart_rows": rows},
    }


def _order(order: Order, at: datetime) -> Json:
    basket, who = order.basket, order.who
    total = f"{basket.subtotal + basket.shipping:.6f}"
    return {
        "id": basket.number,
        "id_address_delivery": str(basket.number),
        "id_address_invoice": str(basket.number),
        "id_cart": str(basket.number),
        "id_currency": "1",
        "id_lang": str(_LANGUAGES[who.home.locale]),
        "id_customer": str(who.number + 1),
        "id_carrier": "2",
        "id_shop": "1",
        "current_state": str(_state(order)),
        "module": "ps_wirepayment",
        "payment": "Bank transfer",
        "invoice_number": str(basket.number) if order.paid else "0",
        "invoice_date": _local(order.paid),
        "delivery_date": _local(order.shipped),
        "shipping_number": "",
        "valid": "1" if order.paid else "0",
        "date_add": _local(order.placed),
        "date_upd": _local(at),
        "gift_message": "",
        "note": "",
        "total_discounts_tax_incl": "0.000000",
        "total_paid_tax_incl": total,
        "total_paid_tax_excl": total,
        "total_paid_real": total if order.paid else "0.000000",
        "total_products_wt": f"{basket.subtotal:.6f}",
        "total_shipping_tax_incl": f"{basket.shipping:.6f}",
        "total_wrapping_tax_incl": "0.000000",
        "reference": f"CASA{basket.number}",
        "associations": {"order_rows": _rows(order)},
    }


def _state(order: Order) -> int:
    if order.cancelled or order.refunded:
        return _CANCELLED if order.cancelled else _REFUNDED
    if order.shipped:
        return _DELIVERED if order.delivered else _SHIPPED
    return _PAID if order.paid else _AWAITED


def _rows(order: Order) -> list[Json]:
    return [
        {
            "id": str(order.basket.number * 10 + n),
            "product_id": str(_number(product)),
            "product_attribute_id": "0",
            "product_quantity": str(quantity),
            "product_name": product.title,
            "product_reference": product.sku,
            "product_price": f"{product.price:.6f}",
            "unit_price_tax_incl": f"{product.price:.6f}",
            "unit_price_tax_excl": f"{product.price:.6f}",
        }
        for n, (product, quantity) in enumerate(order.basket.lines)
    ]


def _carrier(order: Order) -> Json:
    number = order.basket.number
    return {
        "id": number,
        "id_order": str(number),
        "id_carrier": "2",
        "weight": "0.400000",
        "shipping_cost_tax_incl": f"{order.basket.shipping:.6f}",
        "tracking_number": f"LX{number:08d}ES" if order.shipped else "",
        "date_add": _local(order.placed),
    }


def _slip(order: Order, at: datetime) -> Json:
    basket = order.basket
    lines = [
        {
            "id": str(n + 1),
            "id_order_detail": str(basket.number * 10 + n),
            "product_quantity": str(quantity),
            "amount_tax_excl": f"{product.price * quantity:.6f}",
            "amount_tax_incl": f"{product.price * quantity:.6f}",
        }
        for n, (product, quantity) in enumerate(basket.lines)
    ]
    return {
        "id": basket.number,
        "id_customer": str(order.who.number + 1),
        "id_order": str(basket.number),
        "total_products_tax_incl": f"{basket.subtotal:.6f}",
        "total_shipping_tax_incl": f"{basket.shipping:.6f}",
        "amount": f"{basket.subtotal:.6f}",
        "shipping_cost": "1",
        "shipping_cost_amount": f"{basket.shipping:.6f}",
        "partial": "0",
        "date_add": _local(at),
        "date_upd": _local(at),
        "associations": {"order_slip_details": lines},
    }


def _address(order: Order) -> Json:
    who = order.who
    return {
        "id": order.basket.number,
        "id_country": str(_COUNTRIES[who.home.country]),
        "id_state": "0",
        "company": "",
        "firstname": who.first_name,
        "lastname": who.last_name,
        "vat_number": "",
        "address1": who.home.street,
        "address2": "",
        "postcode": who.home.postcode,
        "city": who.home.city,
        "phone": "",
        "phone_mobile": who.phone if order.phone else "",
    }


def _number(product: Product) -> int:
    return PRODUCTS.index(product) + 1


def _texts(value: str) -> list[Json]:
    return [{"id": str(number), "value": value} for number in _LANGUAGES.values()]


def _settings() -> dict[str, list[Json]]:
    """What was always there: the shop's settings, states, languages, products."""
    configured = {
        "PS_TIMEZONE": SHOP_ZONE.key,
        "PS_OS_CANCELED": str(_CANCELLED),
        "PS_OS_REFUND": str(_REFUNDED),
        "PS_OS_DELIVERED": str(_DELIVERED),
        "PS_CURRENCY_DEFAULT": "1",
        "PS_LANG_DEFAULT": "1",
    }
    return {
        "configurations": [
            {"id": n, "name": name, "value": value} for n, (name, value) in enumerate(configured.items(), 1)
        ],
        "currencies": [{"id": 1, "iso_code": "EUR"}],
        "languages": [{"id": n, "iso_code": code[:2], "locale": code} for code, n in _LANGUAGES.items()],
        "countries": [{"id": n, "iso_code": code} for code, n in _COUNTRIES.items()],
        "groups": [{"id": n, "name": _texts(name)} for n, name in ((2, "Guest"), (3, "Customer"))],
        "carriers": [{"id": 2, "name": "Correo Express", "url": "https://track.example.com/@"}],
        "products": [
            {
                "id": n,
                "reference": product.sku,
                "name": _texts(product.title),
                "date_add": _LONG_AGO,
                "date_upd": _LONG_AGO,
            }
            for n, product in enumerate(PRODUCTS, 1)
        ],
        "order_states": [
            _order_state(_AWAITED, "Awaiting bank wire payment", "bankwire"),
            _order_state(_PAID, "Payment accepted", "payment", paid="1"),
            _order_state(_SHIPPED, "Shipped", "shipped", paid="1", shipped="1", delivery="1"),
            _order_state(_DELIVERED, "Delivered", "", paid="1", shipped="1", delivery="1"),
            _order_state(_CANCELLED, "Canceled", "order_canceled"),
            _order_state(_REFUNDED, "Refunded", "refund"),
        ],
    }


def _order_state(number: int, name: str, template: str, **flags: str) -> Json:
    flagged = {"paid": "0", "shipped": "0", "delivery": "0", **flags}
    return {"id": number, "name": _texts(name), "template": _texts(template), **flagged}
