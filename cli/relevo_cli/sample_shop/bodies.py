"""The bodies of the sample shop's webhooks, with the fields and habits of Shopify's own.

Habits kept on purpose: money is text, ids are large numbers, times carry the shop's offset, a checkout's locale is
often null, a customer object has no consent, a fulfilment has the order's e-mail but no customer, and a refund has
nothing but the order's id.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from relevo_cli.sample_shop.people import Shopper

SHOP_ZONE = ZoneInfo("Europe/Madrid")
CURRENCY = "EUR"
STOREFRONT = "https://casa-lumen.example.com"

Body = dict[str, Any]


class Product(Struct, frozen=True):
    """Something that the sample shop sells."""

    product_id: int
    title: str
    variant: str
    price: Decimal
    sku: str


class Basket(Struct, frozen=True, kw_only=True):
    """What a shopper is about to buy: one checkout, and the order that it may become."""

    number: int
    token: str
    lines: tuple[tuple[Product, int], ...]

    @property
    def subtotal(self) -> Decimal:
        """The sum of the lines."""
        return sum((product.price * quantity for product, quantity in self.lines), Decimal(0))

    @property
    def shipping(self) -> Decimal:
        """4.90 below 60.00, free above."""
        return Decimal("4.90") if self.subtotal < 60 else Decimal("0.00")

    @property
    def order_id(self) -> int:
        """The order that this basket becomes if it is bought."""
        return 5_820_982_000_000 + self.number


PRODUCTS = (
    Product(8_101_001, "Stoneware mug", "Sand", Decimal("18.00"), "MUG-SAND"),
    Product(8_101_002, "Linen table runner", "Olive", Decimal("34.50"), "RUN-OLIVE"),
    Product(8_101_003, "Brass reading lamp", "Brushed", Decimal("129.00"), "LAMP-BRASS"),
    Product(8_101_004, "Beeswax candle", "Large", Decimal("12.90"), "CANDLE-L"),
    Product(8_101_005, "Hand-thrown serving bowl", "Cobalt", Decimal("58.00"), "BOWL-COBALT"),
    Product(8_101_006, "Wool throw", "Rust", Decimal("89.00"), "THROW-RUST"),
)


def checkout(
    basket: Basket, who: Shopper | None, *, created: datetime, updated: datetime, marketing: bool, guest: bool = False
) -> Body:
    """`checkouts/create` and `checkouts/update` before it is completed; `who` is None before an e-mail is typed in."""
    return {
        "id": 3_981_820_000_000 + basket.number,
        "token": basket.token,
        "cart_token": f"cart-{basket.token}",
        "email": who.email if who else None,
        "gateway": None,
        "buyer_accepts_marketing": marketing,
        "buyer_accepts_sms_marketing": False,
        "sms_marketing_phone": None,
        "created_at": shop_time(created),
        "updated_at": shop_time(updated),
        "completed_at": None,
        "closed_at": None,
        "currency": CURRENCY,
        "presentment_currency": CURRENCY,
        "phone": None,
        "customer_locale": who.home.locale if who else None,
        "line_items": [_checkout_line(product, quantity) for product, quantity in basket.lines],
        "name": f"#{basket.number}",
        "abandoned_checkout_url": f"{STOREFRONT}/checkouts/{basket.token}/recover",
        "discount_codes": [],
        "source_name": "web",
        "subtotal_price": text(basket.subtotal),
        "total_line_items_price": text(basket.subtotal),
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_price": text(basket.subtotal + basket.shipping),
        "shipping_address": _address(who, phone=False) if who else None,
        **({"customer": customer(who)} if who and not guest else {}),
    }


def completed(body: Body, at: datetime) -> Body:
    """The last `checkouts/update` of a checkout that became an order."""
    return {**body, "completed_at": shop_time(at), "updated_at": shop_time(at)}


def customer(who: Shopper) -> Body:
    """The customer object inside other bodies: since 2025 without consent, tags and totals."""
    return {
        "id": who.customer_id,
        "email": who.email,
        "first_name": who.first_name,
        "last_name": who.last_name,
        "state": "enabled",
        "verified_email": True,
        "phone": None,
        "currency": CURRENCY,
        "admin_graphql_api_id": f"gid://shopify/Customer/{who.customer_id}",
        "default_address": _address(who, phone=False),
    }


class OrderState(Struct, frozen=True, kw_only=True):
    """What differs between the webhooks of one order."""

    updated: datetime
    financial: str = "pending"
    fulfilment: str | None = None
    cancelled: datetime | None = None


def order(basket: Basket, who: Shopper, placed: datetime, state: OrderState, *, phone: bool, guest: bool) -> Body:
    """`orders/*`: the whole order as it is now."""
    return {
        "id": basket.order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{basket.order_id}",
        "name": f"#{basket.number}",
        "number": basket.number,
        "order_number": basket.number,
        "buyer_accepts_marketing": False,
        "cancel_reason": "customer" if state.cancelled else None,
        "cancelled_at": shop_time(state.cancelled) if state.cancelled else None,
        "cart_token": f"cart-{basket.token}",
        "checkout_token": basket.token,
        "confirmed": True,
        "contact_email": who.email,
        "email": who.email,
        "phone": who.phone if phone else None,
        "created_at": shop_time(placed),
        "processed_at": shop_time(placed),
        "updated_at": shop_time(state.updated),
        "currency": CURRENCY,
        "customer_locale": who.home.locale,
        "financial_status": state.financial,
        "fulfillment_status": state.fulfilment,
        "order_status_url": f"{STOREFRONT}/orders/{basket.token}/status",
        "discount_codes": [],
        "subtotal_price": text(basket.subtotal),
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_shipping_price_set": _money_set(basket.shipping),
        "total_price": text(basket.subtotal + basket.shipping),
        "tags": "",
        "test": False,
        "line_items": [_order_line(product, quantity) for product, quantity in basket.lines],
        "shipping_address": _address(who, phone=phone),
        "billing_address": _address(who, phone=phone),
        "customer": None if guest else customer(who),
        "fulfillments": [],
        "refunds": [],
    }


def fulfilment(basket: Basket, who: Shopper, created: datetime, updated: datetime, shipment_status: str | None) -> Body:
    """`fulfillments/create` and `/update`: it names the order and its e-mail, but no customer."""
    tracking = f"LX{basket.number:08d}ES"
    return {
        "id": 4_255_058_000_000 + basket.number,
        "order_id": basket.order_id,
        "name": f"#{basket.number}.1",
        "status": "success",
        "service": "manual",
        "email": who.email,
        "created_at": shop_time(created),
        "updated_at": shop_time(updated),
        "shipment_status": shipment_status,
        "tracking_company": "Correo Express",
        "tracking_number": tracking,
        "tracking_numbers": [tracking],
        "tracking_url": f"https://track.example.com/{tracking}",
        "tracking_urls": [f"https://track.example.com/{tracking}"],
        "destination": _address(who, phone=False),
        "line_items": [_order_line(product, quantity) for product, quantity in basket.lines],
    }


def refund(basket: Basket, at: datetime) -> Body:
    """`refunds/create` of the whole order: of the buyer it says nothing but the order's id."""
    amount = text(basket.subtotal)
    return {
        "id": 8_900_881_000_000 + basket.number,
        "order_id": basket.order_id,
        "created_at": shop_time(at),
        "processed_at": shop_time(at),
        "note": "Arrived damaged",
        "restock": False,
        "refund_line_items": [
            {
                "id": 9_665_503_000_000 + line["id"],
                "line_item_id": line["id"],
                "quantity": line["quantity"],
                "subtotal": float(Decimal(line["price"]) * line["quantity"]),
                "line_item": line,
            }
            for line in (_order_line(product, quantity) for product, quantity in basket.lines)
        ],
        "transactions": [
            {
                "id": 3_890_148_000_000 + basket.number,
                "amount": amount,
                "currency": CURRENCY,
                "kind": "refund",
                "status": "success",
            }
        ],
    }


def email_consent(who: Shopper, at: datetime, state: str) -> Body:
    """`customers_email_marketing_consent/update`."""
    return {
        "customer_id": who.customer_id,
        "email_address": who.email,
        "email_marketing_consent": {
            "state": state,
            "opt_in_level": "single_opt_in",
            "consent_updated_at": shop_time(at),
        },
    }


def shop_time(at: datetime) -> str:
    """An instant as Shopify writes it: RFC 3339 with the offset of the shop's zone."""
    return at.astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def text(amount: Decimal) -> str:
    """Money as text with two decimals."""
    return f"{amount:.2f}"


def _money_set(amount: Decimal) -> Body:
    money = {"amount": text(amount), "currency_code": CURRENCY}
    return {"shop_money": money, "presentment_money": money}


def _checkout_line(product: Product, quantity: int) -> Body:
    line = _order_line(product, quantity)
    return {
        **line,
        "presentment_title": product.title,
        "presentment_variant_title": product.variant,
        "variant_price": text(product.price),
        "line_price": text(product.price * quantity),
    }


def _order_line(product: Product, quantity: int) -> Body:
    return {
        "id": 8_665_503_000_000 + product.product_id,
        "product_id": product.product_id,
        "variant_id": 40_000_000_000 + product.product_id,
        "title": product.title,
        "variant_title": product.variant,
        "name": f"{product.title} - {product.variant}",
        "sku": product.sku,
        "quantity": quantity,
        "price": text(product.price),
        "price_set": _money_set(product.price),
        "requires_shipping": True,
        "taxable": True,
        "gift_card": False,
        "vendor": "Casa Lumen",
        "properties": [],
    }


def _address(who: Shopper, *, phone: bool) -> Body:
    return {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "name": who.name,
        "address1": who.home.street,
        "address2": None,
        "company": None,
        "city": who.home.city,
        "zip": who.home.postcode,
        "province": None,
        "country": who.home.country_name,
        "country_code": who.home.country,
        "phone": who.phone if phone else None,
    }
