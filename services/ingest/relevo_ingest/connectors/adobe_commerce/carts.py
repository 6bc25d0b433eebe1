"""Carts (quotes). One that was ordered is not active any more and is not told: its order is."""

from relevo_contracts.payloads import Buyer, CartUpdated
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import VALUE, Message, ident, is_true, own_id, saved_at
from relevo_ingest.connectors.adobe_commerce.shapes import CartShape, OfCartShape, SaleShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.states import Entity

_NOTHING_NEW = "the cart is as it was known already"


def saved(message: Message, shop: ShopContext) -> Reading:
    """`observer.sales_quote_save_after`."""
    return _changed(message, message.value(CartShape), shop)


def product_added(message: Message, shop: ShopContext) -> Reading:
    """`observer.checkout_cart_product_add_after`, with the cart inside."""
    shape = message.value(OfCartShape).quote
    if shape is None:
        return NoEvent("the event has no cart: subscribe to its fields (`quote.entity_id`, …)")
    return _changed(message, shape, shop)


def _changed(message: Message, shape: CartShape, shop: ShopContext) -> Reading:
    if shape.is_active is not None and not is_true(shape.is_active):
        return NoEvent("the cart is not active any more: it was ordered")
    token = own_id(shape) or fields.first(ident(line.quote_id) for line in shape.items or [])
    currency = shape.quote_currency_code or (shape.currency.quote_currency_code if shape.currency else None)
    prices = parts.Prices(SaleShape(order_currency_code=currency), shop)
    account = "" if is_true(shape.customer_is_guest) else ident(shape.customer_id)
    email = normalise.email(shape.customer_email)
    payload = CartUpdated(
        customer=Buyer(id=account) if account else Buyer(email=email, guest=bool(email)),
        cart_token=fields.required(token, f"{VALUE}.entity_id"),
        items=parts.items(shape.items, prices),
        total=fields.optional_money(shape.grand_total, prices.currency, f"{VALUE}.grand_total"),
        store=message.store,
    )
    at = saved_at(shape, message)
    draft = Draft(type="cart.updated", payload=payload, subject=person(payload), at=at)
    return if_changed(Entity("cart", payload.cart_token), draft, _NOTHING_NEW)
