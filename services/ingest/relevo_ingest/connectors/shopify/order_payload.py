"""An order as Shopify writes it, and as the canonical order: current lines and amounts, its own contact, its flags."""

import re
from datetime import datetime, timedelta

from msgspec import Struct

from relevo_contracts.payloads import EventContact, Money, OrderChanged
from relevo_ingest.connectors.shopify import lines, parts, refunds
from relevo_ingest.connectors.shopify.shapes import (
    AddressShape,
    CodeShape,
    CompanyShape,
    CustomerShape,
    LineShape,
    MoneySetShape,
    PropertyShape,
    RefundShape,
    ShippingLineShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.fields import Amount, Id, Number, Text, Time
from relevo_ingest.core.known_orders import KnownOrder

_FRESH = timedelta(days=1)
_LONG_BEFORE = timedelta(days=2)  # a till that was offline hands its sales in later than that only by mistake
_IMPORTS = re.compile(
    r"(?:^|[^a-z])(?:import(?:s|ed|er)?|migration|migrate|matrixify|excelify|transporter|litextension|cart2cart)(?:$|[^a-z])"
)


class ScheduleShape(Struct, frozen=True, kw_only=True):
    """When an order with payment terms is due."""

    due_at: Time = None


class TermsShape(Struct, frozen=True, kw_only=True):
    """Payment terms: `Net 30`."""

    payment_terms_name: Text = None
    payment_schedules: list[ScheduleShape] | None = None


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order. 2026-04 has no `checkout_id`: the token ties it to its checkout."""

    id: Id = None
    name: Text = None
    email: Text = None
    contact_email: Text = None
    phone: Text = None
    customer_locale: Text = None
    currency: Text = None
    test: bool | None = None
    source_name: Text = None
    total_price: Amount = None
    total_price_set: MoneySetShape | None = None
    current_total_price: Amount = None
    current_total_price_set: MoneySetShape | None = None
    subtotal_price: Amount = None
    subtotal_price_set: MoneySetShape | None = None
    current_subtotal_price: Amount = None
    current_subtotal_price_set: MoneySetShape | None = None
    total_discounts: Amount = None
    total_discounts_set: MoneySetShape | None = None
    current_total_discounts: Amount = None
    current_total_discounts_set: MoneySetShape | None = None
    total_tax: Amount = None
    total_tax_set: MoneySetShape | None = None
    current_total_tax: Amount = None
    current_total_tax_set: MoneySetShape | None = None
    total_shipping_price_set: MoneySetShape | None = None
    current_shipping_price_set: MoneySetShape | None = None
    total_outstanding: Amount = None
    total_weight: Number | float | None = None
    taxes_included: bool | None = None
    financial_status: Text = None
    fulfillment_status: Text = None
    cancel_reason: Text = None
    checkout_token: Text = None
    cart_token: Text = None
    order_status_url: Text = None
    buyer_accepts_marketing: bool | None = None
    created_at: Time = None
    processed_at: Time = None
    updated_at: Time = None
    cancelled_at: Time = None
    closed_at: Time = None
    tags: str | list[str] | None = None
    note: Text = None
    note_attributes: list[PropertyShape] | None = None
    po_number: Text = None
    payment_gateway_names: list[str] | None = None
    payment_terms: TermsShape | None = None
    discount_codes: list[CodeShape] | None = None
    line_items: list[LineShape] | None = None
    shipping_lines: list[ShippingLineShape] | None = None
    refunds: list[RefundShape] | None = None
    customer: CustomerShape | None = None
    company: CompanyShape | None = None
    shipping_address: AddressShape | None = None
    billing_address: AddressShape | None = None


def payload_of(order: OrderShape, shop: ShopContext, *, ticked: bool) -> OrderChanged:
    """The canonical order. `ticked`: the topic is the first of the order, where the box at checkout is news."""
    currency = currency_of(order, shop)
    contact = _contact(order, shop, _accepts_marketing(order) if ticked else None)
    original = parts.amount(order.total_price_set, order.total_price, currency, "total_price")
    total = parts.amount(order.current_total_price_set, order.current_total_price, currency, "current_total_price")
    total = total or original
    shipping = order.current_shipping_price_set or order.total_shipping_price_set
    due = fields.optional_money(order.total_outstanding, currency, "total_outstanding")
    terms = order.payment_terms or TermsShape()
    gateways = [name for name in (normalise.text(one, 100) for one in order.payment_gateway_names or []) if name]
    return OrderChanged(
        customer=parts.buyer(order.customer, contact, shop, order.customer_locale, company=order.company),
        contact=contact,
        order_id=parts.required(order.id, "id"),
        number=normalise.text(order.name, 100),
        status=_status(order),
        payment_status=normalise.text(order.financial_status, 50),
        fulfilment_status=normalise.text(order.fulfillment_status, 50),
        checkout_token=parts.ident(order.checkout_token),
        cart_token=parts.ident(order.cart_token),
        items=lines.items(order.line_items, currency),
        total=total,
        original_total=original,
        buyer_total=parts.buyers_amount(order.current_total_price_set or order.total_price_set, total, "total_price"),
        subtotal=_current(order, "subtotal_price", currency),
        discount=_current(order, "total_discounts", currency),
        tax=_current(order, "total_tax", currency),
        shipping=parts.amount(shipping, None, currency, "total_shipping_price"),
        due=due,
        paid=fields.difference(total, due),
        refunded=refunds.paid_back_in_all(order.refunds or [], currency),
        taxes_included=bool(order.taxes_included),
        payment_method=", ".join(gateways),
        discount_codes=parts.codes(order.discount_codes),
        shipping_address=parts.address(order.shipping_address, shop),
        billing_address=parts.address(order.billing_address, shop),
        shipping_method=fields.first(normalise.text(one.title, 200) for one in order.shipping_lines or []),
        note=normalise.text(order.note),
        attributes=parts.attributes(order.note_attributes),
        po_number=normalise.text(order.po_number, 100),
        weight_kg=parts.kilograms(order.total_weight),
        channel=normalise.text(order.source_name, 100),
        status_url=normalise.text(order.order_status_url),
        tags=parts.tags(order.tags) or [],
        test=bool(order.test),
        cancel_reason=normalise.text(order.cancel_reason, 100) if order.cancelled_at else "",
        placed_at=fields.utc((order.processed_at if imported_at(order) else None) or order.created_at),
        cancelled_at=fields.utc(order.cancelled_at),
        completed_at=fields.utc(order.closed_at),
        payment_term=normalise.text(terms.payment_terms_name, 100),
        due_at=fields.utc(next((one.due_at for one in terms.payment_schedules or [] if one.due_at), None)),
    )


def known_order(order: OrderShape, payload: OrderChanged) -> KnownOrder:
    """What is kept of the order, for messages that name it only."""
    ways = {fields.first([one.delivery_category or ""]) for one in order.shipping_lines or []}
    return KnownOrder(
        number=payload.number,
        customer_id=payload.customer.id,
        guest=payload.customer.guest,
        contact=_kept(payload.contact),
        currency=payload.total.currency if payload.total else "",
        total=payload.total,
        test=payload.test,
        pickup="pickup" in ways,
        imported_at=imported_at(order),
        status=payload.status,
        payment_status=payload.payment_status,
        fulfilment_status=payload.fulfilment_status,
    )


def currency_of(order: OrderShape, shop: ShopContext) -> str:
    """The currency that the order's amounts are in: its own word, then that of an amount, at last the shop's."""
    return parts.currency_of(
        shop, order.currency, parts.currency_in(order.total_price_set), parts.currency_in(order.current_total_price_set)
    )


def imported_at(order: OrderShape) -> datetime | None:
    """When an import wrote the order; `None` for one that a buyer placed when Shopify got to know of it."""
    if order.created_at is None:
        return None
    long_ago = order.processed_at is not None and order.created_at - order.processed_at > _LONG_BEFORE
    by_an_import = _IMPORTS.search((order.source_name or "").lower()) is not None
    return fields.utc(order.created_at) if long_ago or by_an_import else None


def _current(order: OrderShape, name: str, currency: str) -> Money | None:
    """An amount of the order as it is now; where the payload has none, as it was ordered."""
    for field in (f"current_{name}", name):
        found = parts.amount(getattr(order, f"{field}_set"), getattr(order, field), currency, field)
        if found is not None:
            return found
    return None


def _contact(order: OrderShape, shop: ShopContext, accepts_marketing: bool | None) -> EventContact | None:
    """Where the order's news goes: the address and number that were given with the order itself."""
    payer = order.billing_address or AddressShape()
    country = normalise.country(payer.country_code)
    return fields.contact_of(
        EventContact(
            email=fields.first(map(normalise.email, (order.contact_email, order.email))),
            phone=normalise.phone(order.phone, country or shop.region),
            first_name=normalise.text(payer.first_name, 200),
            last_name=normalise.text(payer.last_name, 200),
            company=normalise.text(payer.company, 200),
            locale=normalise.locale(order.customer_locale),
            email_marketing=accepts_marketing,
        )
    )


def _kept(contact: EventContact | None) -> EventContact | None:
    """The contact without the boxes: a box is ticked once."""
    if contact is None:
        return None
    plain = {name: getattr(contact, name) for name in contact.__struct_fields__ if not name.endswith("_marketing")}
    return EventContact(**plain)


def _accepts_marketing(order: OrderShape) -> bool | None:
    """The box that was ticked at checkout, as a statement of now.

    Every later webhook repeats the flag, and by then the customer may have unsubscribed.
    """
    if order.updated_at and order.created_at and abs(order.updated_at - order.created_at) > _FRESH:
        return None
    return None if imported_at(order) else order.buyer_accepts_marketing


def _status(order: OrderShape) -> str:
    if order.cancelled_at:
        return "cancelled"
    return "closed" if order.closed_at else "open"
