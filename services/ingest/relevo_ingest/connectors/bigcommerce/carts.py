"""`store/cart/…`: the whole cart each time. One that became an order or was deleted is not there any more."""

from datetime import datetime

from relevo_contracts.payloads import Buyer, CartUpdated, Item
from relevo_ingest.connectors.bigcommerce.message import Message, ident
from relevo_ingest.connectors.bigcommerce.shapes import CartItemShape, CartLinesShape, CartShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import Entity

_LINES = 500
_NOTHING_NEW = "the cart is as it was known already"


def changed(message: Message, shop: ShopContext) -> Reading:
    """`store/cart/created`, `/updated`, `/lineItem/…`, `/couponApplied`, `/abandoned`."""
    if not message.there("cart"):
        return NoEvent("the cart is not there any more: it was ordered or deleted meanwhile")
    shape = message.one("cart", CartShape)
    currency = normalise.text(shape.currency.code if shape.currency else None, 10) or shop.currency
    account, email = ident(shape.customer_id), normalise.email(shape.email)
    url = normalise.text(shape.redirect_urls.cart_url if shape.redirect_urls else None)
    payload = CartUpdated(
        customer=Buyer(id=account) if account else Buyer(email=email, guest=bool(email)),
        cart_token=fields.required(ident(shape.id), "cart.id"),
        items=_items(shape.line_items or CartLinesShape(), currency),
        total=fields.optional_money(shape.cart_amount, currency, "cart.cart_amount"),
        url=url,
        recover_url=url,  # it names the cart and has its key: it opens it on any device
        store=ident(shape.channel_id),
    )
    return _if_changed(payload, fields.utc(shape.updated_time) or message.at)


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`store/cart/deleted`: a cart with nothing in it."""
    del shop
    return _if_changed(CartUpdated(customer=Buyer(), cart_token=message.id), message.at)


def converted(message: Message, shop: ShopContext) -> Reading:
    """`store/cart/converted`: its order is told by `store/order/created`, with the cart's token."""
    del message, shop
    return NoEvent("the cart became an order, which is told by store/order/created")


def _if_changed(payload: CartUpdated, at: datetime | None) -> Reading:
    draft = Draft(type="cart.updated", payload=payload, subject=person(payload), at=at)
    return if_changed(Entity("cart", payload.cart_token), draft, _NOTHING_NEW)


def _items(lines: CartLinesShape, currency: str) -> list[Item]:
    listed = [*(lines.physical_items or []), *(lines.digital_items or []), *(lines.custom_items or [])]
    return [_item(one, currency, f"line_items[{n}]") for n, one in enumerate(cut(listed, _LINES, "line_items"))]


def _item(line: CartItemShape, currency: str, where: str) -> Item:
    price = line.sale_price if line.sale_price is not None else line.list_price
    return Item(
        title=fields.plain_text(line.name, 300),
        quantity=1 if line.quantity is None else line.quantity,
        product_id=ident(line.product_id),
        variant_id=ident(line.variant_id),
        sku=normalise.text(line.sku, 100),
        price=fields.optional_money(price, currency, f"{where}.sale_price"),
        url=normalise.text(line.url),
        image_url=normalise.text(line.image_url),
        line_id=ident(line.id),
        total=fields.optional_money(line.extended_sale_price, currency, f"{where}.extended_sale_price"),
    )
