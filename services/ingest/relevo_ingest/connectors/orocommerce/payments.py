"""`order.payment_status_updated`: a transaction of an order is complete, and what that makes of its payment.

Source: PaymentStatusWebhookNotifier in oroinc/orocommerce. The order itself is not in the message: its number, its
contact and who ordered are those of the last known state.
"""

from collections.abc import Iterator

from msgspec import Struct

from relevo_contracts.payloads import Money, OrderChanged, PaymentChanged, RefundCreated
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.shapes import PaymentShape
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.known_orders import KnownOrder
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

_STATUSES = {
    "full": "paid", "partially": "partially_paid", "refunded_partially": "partially_refunded", "declined": "failed",
}  # fmt: skip
"""OroCommerce's words that differ from those of other platforms. Source: PaymentStatuses.php."""
_TAKES = ("capture", "charge", "purchase")
_REFUND = "refund"
_NOTHING_NEW = "the payment of the order is as it was known already"


def payment_of(order_id: str) -> Entity:
    """The payment of an order as something that has a state: its times are not those of the order's own states."""
    return Entity("order_payment", order_id)


def status_in(views: StateViews, order_id: str) -> str:
    """The last known status of an order's payment; empty if nothing was told of it."""
    return normalise.text(str(views.get(payment_of(order_id), UNKNOWN).now.get("payment_status", "")), 100)


class PaymentNow(Struct, frozen=True, kw_only=True):
    """What a message says of the payment of an order."""

    order_id: str
    status: str
    label: str
    kind: str
    amount: Money | None
    paid: Money | None
    due: Money | None

    @property
    def state(self) -> State:
        """What is kept. `paid_amount` tells two payments with the same status apart."""
        return {"payment_status": self.status, "paid_amount": self.paid.amount if self.paid else ""}

    @property
    def mark(self) -> str:
        """What names this step of the payment: both messages about it say the same."""
        return f"{self.order_id}:{self.status}:{self.paid.amount if self.paid else ''}"


def updated(message: Message, shop: ShopContext) -> Reading:
    """`order.payment_status_updated`. A thin one was fetched as its order, which does not tell the payment."""
    if message.primary.attributes is None or "paymentStatus" not in message.primary.attributes:
        return NoEvent("the message names the order only; choose the format “Default (JSON:API)” for this topic")
    now = _payment(message, shop)
    entity, order = payment_of(now.order_id), known_orders.order(now.order_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        before = seen.before or {}
        if seen.before is not None and (not seen.fresh or all(before.get(k) == v for k, v in now.state.items())):
            return NoEvent(_NOTHING_NEW)
        return list(_drafts(now, known_orders.of(views, now.order_id), before, message))

    observed = Observation(entity=entity, state=now.state, at=message.at)
    return Pending(conclude=conclude, observed=(observed,), looks=(order,))


def _drafts(now: PaymentNow, order: KnownOrder, before: State, message: Message) -> Iterator[Draft]:
    payload = OrderChanged(
        customer=order.buyer(),
        order_id=now.order_id,
        number=order.number,
        contact=order.contact,
        total=order.total,
        status=order.status,
        payment_status=now.status,
        previous_payment_status=normalise.text(str(before.get("payment_status", "")), 100),
        fulfilment_status=order.fulfilment_status,
        status_label=now.label,
        paid=now.paid,
        due=now.due,
        paid_at=message.at if now.status == "paid" else None,
    )
    if now.kind in _TAKES and now.status != "failed":
        yield _payment_draft("payment.received", now, order, message)
    if now.status == "failed":
        yield _payment_draft("payment.failed", now, order, message)
    if now.status == "paid":
        yield order.draft("order.paid", payload, message.at, id=f"order.paid:{now.order_id}")
    if now.kind == _REFUND and fields.is_positive(now.amount):
        yield _refund(now, order, message)
    if payload.previous_payment_status != now.status:
        yield order.draft("order.status_changed", payload, message.at, id=f"order.payment_status:{now.mark}")


def _payment_draft(event_type: str, now: PaymentNow, order: KnownOrder, message: Message) -> Draft:
    payload = PaymentChanged(
        customer=order.buyer(),
        order_id=now.order_id,
        order_number=order.number,
        status=now.status,
        total=now.amount,
        due=now.due,
        contact=order.contact,
    )
    return order.draft(event_type, payload, message.at, id=f"{event_type}:{now.mark}")


def _refund(now: PaymentNow, order: KnownOrder, message: Message) -> Draft:
    payload = RefundCreated(
        customer=order.buyer(),
        refund_id=now.mark,
        order_id=now.order_id,
        order_number=order.number,
        total=now.amount,
        contact=order.contact,
    )
    return order.draft("refund.created", payload, message.at, id=f"refund.created:{now.mark}")


def _payment(message: Message, shop: ShopContext) -> PaymentNow:
    shape = message.primary.as_shape(PaymentShape)
    currency = normalise.text(shape.currency, 10) or shop.currency
    where = f"{message.primary.where}.attributes"
    status = fields.required(fields.word(shape.payment_status), f"{where}.paymentStatus")
    return PaymentNow(
        order_id=message.primary.id,
        status=_STATUSES.get(status, status),
        label=normalise.text(shape.payment_status_label, 100),
        kind=fields.word(shape.transaction_type),
        amount=fields.optional_money(shape.transaction_amount, currency, f"{where}.transactionAmount", absolute=True),
        paid=fields.optional_money(shape.amount_paid, currency, f"{where}.amountPaid", absolute=True),
        due=fields.optional_money(shape.amount_due, currency, f"{where}.amountDue", absolute=True),
    )
