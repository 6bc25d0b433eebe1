"""`order`, `shipment`, `invoice`, `creditmemo`: what is bought, sent, billed and given back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from relevo_contracts.payloads import (
    Buyer,
    EventContact,
    InvoiceChanged,
    Item,
    OrderChanged,
    RefundCreated,
    ShipmentChanged,
    Track,
)
from relevo_ingest.connectors.magento import parts
from relevo_ingest.connectors.magento.parts import Lookup, amount
from relevo_ingest.connectors.magento.shapes import (
    AddressShape,
    CreditMemoShape,
    InvoiceShape,
    OrderItemShape,
    OrderShape,
    ShipmentShape,
    TrackShape,
)
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.drafts import Conclusion, NoEvent, Pending, Reading
from relevo_ingest.core.notes import cut
from relevo_ingest.core.order_changes import OrderNow
from relevo_ingest.core.shop_events import Shop
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_LINES = 500
_OPEN, _DONE, _CANCELLED = "1", "2", "3"
_VIRTUAL = ("virtual", "downloadable")


def order(shape: OrderShape, shop: Shop) -> Reading:
    """What changed of an order: by its state and by what is paid of it. Parcels are records of their own."""
    lookup = Lookup(shop)
    return OrderNow(
        payload=_payload(shape, lookup),
        modified=fields.utc_without_zone(shape.updated_at, "updated_at"),
        paid=_is_paid(shape),
        cancelled=fields.word(shape.state) == "canceled",
    ).reading()


def shipment(shape: ShipmentShape, shop: Shop) -> Reading:
    """A shipment: created once; told again if it gets other tracking numbers."""
    lookup = Lookup(shop)
    own = fields.required(parts.ident(shape.entity_id), "entity_id")
    order_id = fields.required(parts.ident(shape.order_id), "order_id")
    entity, order_entity = Entity("shipment", own), known_orders.order(order_id)
    created = fields.utc_without_zone(shape.created_at, "created_at")
    modified = fields.utc_without_zone(shape.updated_at, "updated_at") or created
    tracks = [_track(one) for one in cut(shape.tracks or [], 100, "tracks") if one.track_number]
    state: dict[str, Any] = {"tracks": [one.number for one in tracks]}

    def conclude(views: StateViews) -> Conclusion:
        known, seen = known_orders.of(views, order_id), views.get(entity, UNKNOWN)
        first = tracks[0] if tracks else Track()
        payload = ShipmentChanged(
            customer=known.buyer(),
            shipment_id=own,
            order_id=order_id,
            order_number=known.number,
            status="shipped",
            carrier=first.carrier,
            tracking_number=first.number,
            items=parts.items(shape.items, lookup, ""),
            contact=known.contact,
            kind="parcel",
            tracks=tracks,
            shipped_at=created,
            store=fields.ident(shape.store_id),
        )
        if seen.before is None:
            return [known.draft("shipment.created", payload, created, id=f"shipment.created:{own}")]
        if seen.fresh and seen.before.get("tracks") != state["tracks"]:
            return [known.draft("shipment.updated", payload, modified)]
        return NoEvent("nothing of the shipment changed that there is an event for")

    observed = Observation(entity=entity, state=state, at=modified)
    return Pending(conclude=conclude, observed=(observed,), looks=(order_entity,))


def credit_memo(shape: CreditMemoShape, shop: Shop) -> Reading:
    """A credit memo: money went back. One that is open or was cancelled gave nothing back."""
    lookup = Lookup(shop)
    own = fields.required(parts.ident(shape.entity_id), "entity_id")
    order_id = fields.required(parts.ident(shape.order_id), "order_id")
    if parts.ident(shape.state) in (_OPEN, _CANCELLED):
        return NoEvent("the credit memo is open or was cancelled: no money went back")

    def conclude(views: StateViews) -> Conclusion:
        known = known_orders.of(views, order_id)
        currency = lookup.currency(shape.order_currency_code, known.currency)
        fee = lookup.money(shape.adjustment_negative, currency, "adjustment_negative")
        payload = RefundCreated(
            customer=known.buyer(),
            refund_id=own,
            order_id=order_id,
            order_number=known.number,
            total=lookup.money(shape.grand_total, currency, "grand_total"),
            shipping=lookup.money(shape.shipping_incl_tax, currency, "shipping_incl_tax"),
            fee=fee if fields.is_positive(fee) else None,
            items=parts.items(shape.items, lookup, currency),
            contact=known.contact,
            store=fields.ident(shape.store_id),
        )
        at = fields.utc_without_zone(shape.created_at, "created_at")
        return [known.draft("refund.created", payload, at, id=f"refund.created:{own}")]

    return Pending(conclude=conclude, looks=(known_orders.order(order_id),))


def invoice(shape: InvoiceShape, shop: Shop) -> Reading:
    """An invoice: created, paid, cancelled, once each."""
    lookup = Lookup(shop)
    own = fields.required(parts.ident(shape.entity_id), "entity_id")
    order_id = fields.required(parts.ident(shape.order_id), "order_id")
    entity, state = Entity("invoice", own), parts.ident(shape.state)
    created = fields.utc_without_zone(shape.created_at, "created_at")
    modified = fields.utc_without_zone(shape.updated_at, "updated_at") or created

    def conclude(views: StateViews) -> Conclusion:
        known, seen = known_orders.of(views, order_id), views.get(entity, UNKNOWN)
        currency = lookup.currency(shape.order_currency_code, known.currency)
        payload = InvoiceChanged(
            customer=known.buyer(),
            invoice_id=own,
            order_id=order_id,
            order_number=known.number,
            number=normalise.text(shape.increment_id, 100),
            status={_OPEN: "open", _DONE: "paid", _CANCELLED: "cancelled"}.get(state, ""),
            contact=known.contact,
            items=parts.items(shape.items, lookup, currency),
            total=lookup.money(shape.grand_total, currency, "grand_total"),
            store=fields.ident(shape.store_id),
        )
        happened: list[tuple[str, datetime | None]] = [] if seen.before else [("invoice.created", created)]
        told = {_DONE: "invoice.paid", _CANCELLED: "invoice.cancelled"}.get(state)
        if told and (seen.before is None or (seen.fresh and seen.before.get("state") != state)):
            happened.append((told, modified))
        drafts = [known.draft(name, payload, at, id=f"{name}:{own}") for name, at in happened]
        return drafts or NoEvent("nothing of the invoice changed that there is an event for")

    observed = Observation(entity=entity, state={"state": state}, at=modified)
    return Pending(conclude=conclude, observed=(observed,), looks=(known_orders.order(order_id),))


def _is_paid(shape: OrderShape) -> bool:
    return amount(shape.total_paid) > 0 and _due(shape) <= 0


def _due(shape: OrderShape) -> Decimal:
    """What is still to be paid. Magento reckons it so (Sales, Model/Order, `getTotalDue`) where it is not told."""
    if shape.total_due is not None:
        return amount(shape.total_due)
    return max(amount(shape.grand_total) - amount(shape.total_paid), Decimal(0))


def _payment_status(shape: OrderShape) -> str:
    refunded, paid = amount(shape.total_refunded), amount(shape.total_paid)
    if refunded > 0:
        return "refunded" if refunded >= paid else "partially_refunded"
    if _is_paid(shape):
        return "paid"
    return "partially_paid" if paid > 0 else "pending"


def _fulfilment_status(lines: list[OrderItemShape]) -> str:
    sent = [line for line in lines if line.product_type not in _VIRTUAL and not parts.is_set(line.is_virtual)]
    shipped = [line.qty_shipped or 0 for line in sent]
    if not any(shipped):
        return ""
    return (
        "fulfilled" if all(n >= (line.qty_ordered or 0) for n, line in zip(shipped, sent, strict=True)) else "partial"
    )


def _contact(shape: OrderShape, lookup: Lookup) -> EventContact | None:
    payer = shape.billing_address or parts.NOWHERE
    return fields.contact_of(
        EventContact(
            email=normalise.email(shape.customer_email or payer.email),
            phone=parts.phone_of(payer, lookup),
            first_name=normalise.text(shape.customer_firstname or payer.firstname, 200),
            last_name=normalise.text(shape.customer_lastname or payer.lastname, 200),
            company=normalise.text(payer.company, 200),
            locale=lookup.locale(shape.store_id),
        )
    )


def _buyer(shape: OrderShape, reached: EventContact | None) -> Buyer:
    account = parts.ident(shape.customer_id)
    if account and not parts.is_set(shape.customer_is_guest):
        return Buyer(id=account)
    if reached is None:
        return Buyer()
    return Buyer(
        email=reached.email,
        phone=reached.phone,
        first_name=reached.first_name,
        last_name=reached.last_name,
        locale=reached.locale,
        guest=True,
    )


def _payload(shape: OrderShape, lookup: Lookup) -> OrderChanged:
    reached, currency = _contact(shape, lookup), lookup.currency(shape.order_currency_code)
    lines = [line for line in shape.items or [] if not parts.ident(line.parent_item_id)]
    discount = lookup.money(shape.discount_amount, currency, "discount_amount")
    refunded = lookup.money(shape.total_refunded, currency, "total_refunded")
    payment, code = shape.payment, normalise.text(shape.coupon_code, 255)
    subtotal = shape.subtotal if shape.subtotal_incl_tax is None else shape.subtotal_incl_tax
    shipping = shape.shipping_amount if shape.shipping_incl_tax is None else shape.shipping_incl_tax
    original = lookup.money(shape.grand_total, currency, "grand_total")
    return OrderChanged(
        customer=_buyer(shape, reached),
        contact=reached,
        order_id=fields.required(parts.ident(shape.entity_id), "entity_id"),
        number=normalise.text(shape.increment_id, 100),
        status=fields.word(shape.status or shape.state),
        payment_status=_payment_status(shape),
        fulfilment_status=_fulfilment_status(lines),
        cart_token=parts.ident(shape.quote_id),
        items=_items(lines, lookup, currency),
        total=fields.difference(original, refunded) if fields.is_positive(refunded) else original,
        original_total=original,
        subtotal=lookup.money(subtotal, currency, "subtotal"),
        discount=discount if fields.is_positive(discount) else None,
        shipping=lookup.money(shipping, currency, "shipping_amount"),
        tax=lookup.money(shape.tax_amount, currency, "tax_amount"),
        paid=lookup.money(shape.total_paid, currency, "total_paid"),
        due=lookup.money(shape.total_due, currency, "total_due"),
        refunded=refunded if fields.is_positive(refunded) else None,
        taxes_included=shape.subtotal_incl_tax is not None,
        payment_method=normalise.text(payment.method, 100) if payment else "",
        discount_codes=[code] if code else [],
        shipping_address=parts.address(_recipient(shape), lookup),
        billing_address=parts.address(shape.billing_address, lookup),
        shipping_method=fields.plain_text(shape.shipping_description, 200),
        note=normalise.text(shape.customer_note),
        store=fields.ident(shape.store_id),
        placed_at=fields.utc_without_zone(shape.created_at, "created_at"),
    )


def _recipient(shape: OrderShape) -> AddressShape | None:
    assigned = (shape.extension_attributes.shipping_assignments if shape.extension_attributes else None) or []
    return next((one.shipping.address for one in assigned if one.shipping and one.shipping.address), None)


def _items(lines: list[OrderItemShape], lookup: Lookup, currency: str) -> list[Item]:
    found = []
    for n, line in enumerate(cut(lines, _LINES, "items")):
        price = line.price if line.price_incl_tax is None else line.price_incl_tax
        discount = lookup.money(line.discount_amount, currency, f"items[{n}].discount_amount")
        tax = lookup.money(line.tax_amount, currency, f"items[{n}].tax_amount")
        found.append(
            Item(
                title=fields.plain_text(line.name, 300),
                quantity=1 if line.qty_ordered is None else parts.whole(line.qty_ordered),
                product_id=parts.ident(line.product_id),
                sku=normalise.text(line.sku, 100),
                line_id=parts.ident(line.item_id),
                price=lookup.money(price, currency, f"items[{n}].price"),
                discount=discount if fields.is_positive(discount) else None,
                tax=tax if fields.is_positive(tax) else None,
                total=lookup.money(line.row_total_incl_tax, currency, f"items[{n}].row_total_incl_tax"),
                quantity_shipped=None if line.qty_shipped is None else parts.whole(line.qty_shipped),
                quantity_refunded=None if line.qty_refunded is None else parts.whole(line.qty_refunded),
                requires_shipping=line.product_type not in _VIRTUAL,
            )
        )
    return found


def _track(one: TrackShape) -> Track:
    carrier = fields.plain_text(one.title, 200) or normalise.text(one.carrier_code, 100)
    return Track(number=normalise.text(one.track_number, 100), carrier=carrier)
