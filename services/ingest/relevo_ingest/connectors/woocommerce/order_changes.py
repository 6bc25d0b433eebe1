"""What has happened to an order between two of its states."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import OrderChanged, PaymentChanged, RefundCreated, ShipmentChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.order_payload import (
    CANCELLED,
    COLLECTED,
    FAILED,
    ON_DELIVERY,
    KnownWooOrder,
    known_order,
    refunds_of,
)
from relevo_ingest.connectors.woocommerce.shapes import OrderShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.drafts import Draft
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import State, StateView

_STATUSES = ("status", "payment_status", "fulfilment_status")
_COMPLETED = "completed"


class OrderNow(Struct, frozen=True, kw_only=True):
    """An order as a webhook tells it. `modified` is the shop's time of this state."""

    shape: OrderShape
    payload: OrderChanged
    currency: str
    modified: datetime | None

    @property
    def known(self) -> KnownOrder:
        """As it is kept."""
        return known_order(self.shape, self.payload)

    def placed(self, *, late: bool) -> Draft:
        """`order.placed`, when the buyer ordered; if that is `late`, since the payment was awaited, when it came."""
        since = self.payload.paid_at or self.modified if late else None
        return self._once("order.placed", since or self.payload.placed_at or self.modified)

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`: each entity once, however often it is told. Empty: since it was placed."""
        old = _read(before)
        if self.payload.paid_at is not None and not old.paid:
            yield self._once("order.paid", self.payload.paid_at)
        if self.payload.status == CANCELLED and before.get("status") != CANCELLED:
            yield self._once("order.cancelled", self.modified)
        if self.payload.status == _COMPLETED and before.get("status") != _COMPLETED:
            yield from self._shipped()
        yield from self._refunds(old.refunds)

    def status_change(self, before: State, *, certain: bool = False) -> Iterator[Draft]:
        """`order.status_changed`, if a status is another than it was; or if it is `certain` that it was."""
        old = {name: normalise.text(str(before.get(name, ""))) for name in _STATUSES}
        if certain or any(old[name] != getattr(self.payload, name) for name in _STATUSES):
            payload = structs.replace(self.payload, **{f"previous_{name}": value for name, value in old.items()})
            yield self.known.draft("order.status_changed", payload, self.modified)

    def payment_failed(self, seen: StateView, *, is_new: bool) -> Iterator[Draft]:
        """`payment.failed`, each time the order comes to `failed`: by an update, or before it was heard of at all.

        An update of an order that nobody heard of tells nothing; its `order.created`, if that comes later, does.
        """
        if self.payload.status != FAILED:
            return
        had_failed = seen.before is not None and seen.before.get("status") == FAILED
        if seen.before is None or (had_failed and not seen.fresh):
            if not is_new:
                return
        elif had_failed or not seen.fresh:
            return
        order = self.payload
        payload = PaymentChanged(
            customer=order.customer,
            order_id=order.order_id,
            order_number=order.number,
            status=order.status,
            method=order.payment_method,
            method_title=order.payment_method_title,
            total=order.total,
            contact=order.contact,
            retry_url=order.status_url,
        )
        at = f":{self.modified:%Y%m%dT%H%M%SZ}" if self.modified else ""
        yield self.known.draft("payment.failed", payload, self.modified, id=f"payment.failed:{order.order_id}{at}")

    def _once(self, event_type: str, at: datetime | None) -> Draft:
        return self.known.draft(event_type, self.payload, at, id=f"{event_type}:{self.payload.order_id}")

    def _shipped(self) -> Iterator[Draft]:
        """A completed order was sent, as WooCommerce's own e-mail for it says; one that is collected can be fetched.

        One that is paid on delivery has arrived: completing it is what pays it (class-wc-gateway-cod.php).
        """
        methods = self.shape.shipping_lines or []
        if not methods:
            return  # nothing of it is sent: downloads, services
        collected = any(one.method_id in COLLECTED for one in methods)
        order = self.payload
        arrived = not collected and order.payment_method == ON_DELIVERY and order.paid_at is not None
        at = order.completed_at or self.modified
        payload = ShipmentChanged(
            customer=order.customer,
            shipment_id=order.order_id,
            order_id=order.order_id,
            order_number=order.number,
            status=order.status,
            kind="pickup" if collected else "parcel",
            items=order.items,
            address=order.shipping_address,
            contact=order.contact,
            shipped_at=None if collected or arrived else at,
            delivered_at=at if arrived else None,
        )
        event_type = "shipment.updated" if collected else "shipment.delivered" if arrived else "shipment.created"
        yield self.known.draft(event_type, payload, at, id=f"{event_type}:{order.order_id}")

    def _refunds(self, before: tuple[str, ...]) -> Iterator[Draft]:
        for n, one in enumerate(refunds_of(self.shape)):
            refund_id = parts.ident(one.id)
            total = fields.optional_money(one.total, self.currency, f"refunds[{n}].total", absolute=True)
            if refund_id in before or not fields.is_positive(total):
                continue  # it was told, or no money went back
            payload = RefundCreated(
                customer=self.payload.customer,
                refund_id=refund_id,
                order_id=self.payload.order_id,
                order_number=self.payload.number,
                total=total,
                reason=normalise.text(one.reason),
                payment_method=self.payload.payment_method,
                contact=self.payload.contact,
            )
            yield self.known.draft("refund.created", payload, self.modified, id=f"refund.created:{refund_id}")


def _read(state: State) -> KnownWooOrder:
    """The known order; one that was kept in another form is not known."""
    try:
        return msgspec.convert(state, KnownWooOrder)
    except msgspec.ValidationError:
        return KnownWooOrder()
