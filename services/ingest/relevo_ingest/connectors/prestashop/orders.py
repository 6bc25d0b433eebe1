"""`order`, `order_slip`, `order_return`: what is bought, given back and sent back."""

from datetime import datetime

from msgspec import structs

from relevo_contracts.payloads import Buyer, Item, OrderChanged, RefundCreated, ReturnChanged, ShipmentChanged, Track
from relevo_ingest.connectors.prestashop import parts
from relevo_ingest.connectors.prestashop.parts import Lookup, Meaning
from relevo_ingest.connectors.prestashop.shapes import (
    CarriedShape,
    CartRuleShape,
    OrderCartRuleShape,
    OrderShape,
    ReturnShape,
    RowShape,
    SlipShape,
)
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.drafts import Conclusion, Pending, Reading
from relevo_ingest.core.notes import cut
from relevo_ingest.core.order_changes import OrderNow
from relevo_ingest.core.shop_events import Shop
from relevo_ingest.core.states import StateViews

_LINES = 500
_CODES = 50
_RETURNS = {
    "1": "return.requested",
    "2": "return.approved",
    "3": "return.received",
    "4": "return.declined",
    "5": "return.closed",
}
"""The states of returns, which PrestaShop installs with these ids. Source: install/data/xml/order_return_state.xml."""


def order(shape: OrderShape, shop: Shop) -> Reading:
    """What changed of an order: its state says whether it is paid, sent, cancelled."""
    lookup = Lookup(shop)
    meaning = lookup.state(shape.current_state, shape.id_lang)
    payload = _payload(shape, shop, lookup, meaning)
    now = OrderNow(
        payload=payload,
        modified=lookup.time(shape.date_upd, "date_upd"),
        paid=meaning.paid,
        cancelled=meaning.cancelled,
        delivered=meaning.delivered,
        shipment=_shipment(shape, shop, lookup, payload) if meaning.shipped else None,
    )
    return now.reading()


def slip(shape: SlipShape, shop: Shop) -> Reading:
    """A credit slip: money, or a voucher, went back."""
    lookup = Lookup(shop)
    slip_id = fields.required(parts.ident(shape.id), "id")
    order_id = fields.required(parts.ident(shape.id_order), "id_order")
    at = lookup.time(shape.date_add, "date_add")

    def conclude(views: StateViews) -> Conclusion:
        known = known_orders.of(views, order_id)
        currency = known.currency or lookup.currency()
        goods = lookup.money(shape.total_products_tax_incl, currency, "total_products_tax_incl")
        goods = goods or lookup.money(shape.amount, currency, "amount")
        shipping = lookup.money(shape.total_shipping_tax_incl, currency, "total_shipping_tax_incl")
        shipping = shipping or lookup.money(shape.shipping_cost_amount, currency, "shipping_cost_amount")
        payload = RefundCreated(
            customer=known.buyer() if known.customer_id or known.guest else _account(shape.id_customer, lookup),
            refund_id=slip_id,
            order_id=order_id,
            order_number=known.number,
            total=fields.total_of([goods, shipping]),
            shipping=shipping if fields.is_positive(shipping) else None,
            contact=known.contact,
        )
        return [known.draft("refund.created", payload, at, id=f"refund.created:{slip_id}")]

    return Pending(conclude=conclude, looks=(known_orders.order(order_id),))


def returned(shape: ReturnShape, shop: Shop) -> Reading:
    """A return: each of its states once."""
    lookup = Lookup(shop)
    return_id = fields.required(parts.ident(shape.id), "id")
    order_id = fields.required(parts.ident(shape.id_order), "id_order")
    event_type = _RETURNS.get(parts.ident(shape.state), "return.requested")
    at = lookup.time(shape.date_upd or shape.date_add, "date_upd")

    def conclude(views: StateViews) -> Conclusion:
        known = known_orders.of(views, order_id)
        payload = ReturnChanged(
            customer=known.buyer() if known.customer_id or known.guest else _account(shape.id_customer, lookup),
            return_id=return_id,
            order_id=order_id,
            order_number=known.number,
            status=event_type.partition(".")[2],
            reason=fields.plain_text(shape.question),
            contact=known.contact,
        )
        return [known.draft(event_type, payload, at, id=f"{event_type}:{return_id}")]

    return Pending(conclude=conclude, looks=(known_orders.order(order_id),))


def _account(customer_id: fields.Id, lookup: Lookup) -> Buyer:
    return parts.buyer(lookup.customer(customer_id), customer_id, lookup)


def _payload(shape: OrderShape, shop: Shop, lookup: Lookup, meaning: Meaning) -> OrderChanged:
    customer = lookup.customer(shape.id_customer)
    payer, recipient = lookup.address(shape.id_address_invoice), lookup.address(shape.id_address_delivery)
    currency = lookup.currency(shape.id_currency)
    total = lookup.money(shape.total_paid_tax_incl, currency, "total_paid_tax_incl")
    without_tax = lookup.money(shape.total_paid_tax_excl, currency, "total_paid_tax_excl")
    discount = lookup.money(shape.total_discounts_tax_incl, currency, "total_discounts_tax_incl")
    wrapping = lookup.money(shape.total_wrapping_tax_incl, currency, "total_wrapping_tax_incl")
    return OrderChanged(
        customer=parts.buyer(customer, shape.id_customer, lookup),
        contact=parts.contact(customer, payer, shape.id_lang, lookup),
        order_id=fields.required(parts.ident(shape.id), "id"),
        number=normalise.text(shape.reference, 100),
        status=meaning.status,
        status_label=meaning.label,
        payment_status="refunded" if meaning.refunded else "paid" if meaning.paid else "pending",
        fulfilment_status="delivered" if meaning.delivered else "fulfilled" if meaning.shipped else "",
        cart_token=parts.ident(shape.id_cart),
        items=_items(shape, lookup, currency),
        total=total,
        subtotal=lookup.money(shape.total_products_wt, currency, "total_products_wt"),
        discount=discount if fields.is_positive(discount) else None,
        shipping=lookup.money(shape.total_shipping_tax_incl, currency, "total_shipping_tax_incl"),
        tax=fields.difference(total, without_tax),
        fees=wrapping if fields.is_positive(wrapping) else None,
        paid=lookup.money(shape.total_paid_real, currency, "total_paid_real"),
        taxes_included=True,
        discount_codes=_codes(shape, shop),
        payment_method=normalise.text(shape.module, 100),
        payment_method_title=fields.plain_text(shape.payment, 200),
        shipping_address=parts.address(recipient, lookup),
        billing_address=parts.address(payer, lookup),
        shipping_method=lookup.text(lookup.named("carriers", shape.id_carrier).name, shape.id_lang, 200),
        note=normalise.text(shape.note),
        gift_message=normalise.text(shape.gift_message),
        invoice_number=parts.ident(shape.invoice_number),
        store=parts.ident(shape.id_shop),
        placed_at=lookup.time(shape.date_add, "date_add"),
        paid_at=lookup.time(shape.invoice_date, "invoice_date") if meaning.paid else None,
    )


def _codes(shape: OrderShape, shop: Shop) -> list[str]:
    """The codes of the cart rules that took something off the order."""
    order_id = parts.ident(shape.id)
    applied = [one for one in shop.rows("order_cart_rules", OrderCartRuleShape) if not parts.is_set(one.deleted)]
    used = {parts.ident(one.id_cart_rule) for one in applied if parts.ident(one.id_order) == order_id}
    rules = [one for one in shop.rows("cart_rules", CartRuleShape) if parts.ident(one.id) in used]
    codes = (normalise.text(one.code, 255) for one in cut(rules, _CODES, "cart_rules"))
    return list(dict.fromkeys(code for code in codes if code))


def _items(shape: OrderShape, lookup: Lookup, currency: str) -> list[Item]:
    rows = (shape.associations.order_rows if shape.associations else None) or []
    return [_item(row, lookup, currency, f"order_rows[{n}]") for n, row in enumerate(cut(rows, _LINES, "order_rows"))]


def _item(row: RowShape, lookup: Lookup, currency: str, where: str) -> Item:
    quantity = 1 if row.product_quantity is None else row.product_quantity
    given = row.unit_price_tax_incl if row.unit_price_tax_incl is not None else row.product_price
    price = lookup.money(given, currency, f"{where}.unit_price_tax_incl")
    return Item(
        title=fields.plain_text(row.product_name, 300),
        quantity=quantity,
        product_id=parts.ident(row.product_id),
        variant_id=parts.ident(row.product_attribute_id),
        sku=normalise.text(row.product_reference, 100),
        line_id=parts.ident(row.id),
        price=price,
    )


def _shipment(shape: OrderShape, shop: Shop, lookup: Lookup, order: OrderChanged) -> ShipmentChanged | None:
    """What left, with the numbers of its parcels; an order of downloads alone has no carrier."""
    carried = [one for one in shop.rows("order_carriers", CarriedShape) if parts.ident(one.id_order) == order.order_id]
    if not parts.ident(shape.id_carrier) and not carried:
        return None
    tracks = [_track(one, lookup, shape) for one in carried if one.tracking_number]
    if not tracks and shape.shipping_number:
        tracks = [Track(number=normalise.text(shape.shipping_number, 100), carrier=order.shipping_method)]
    found = ShipmentChanged(
        customer=order.customer,
        shipment_id=order.order_id,
        order_id=order.order_id,
        order_number=order.number,
        status=order.status,
        carrier=order.shipping_method,
        kind="parcel",
        items=order.items,
        address=order.shipping_address,
        contact=order.contact,
        tracks=tracks,
        shipped_at=_delivery_date(shape, lookup),
    )
    if not tracks:
        return found
    return structs.replace(found, tracking_number=tracks[0].number, tracking_url=tracks[0].url)


def _track(carried: CarriedShape, lookup: Lookup, shape: OrderShape) -> Track:
    carrier = lookup.named("carriers", carried.id_carrier)
    number = normalise.text(carried.tracking_number, 100)
    url = (carrier.url or "").replace("@", number)
    return Track(number=number, url=normalise.text(url), carrier=lookup.text(carrier.name, shape.id_lang, 200))


def _delivery_date(shape: OrderShape, lookup: Lookup) -> datetime | None:
    return lookup.time(shape.delivery_date, "delivery_date")
