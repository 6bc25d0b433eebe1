"""`customers/*`, `customer.tags_*`, `customers/purchasing_summary`: what the shop knows of a person."""

from msgspec import Struct

from relevo_contracts.payloads import Buyer, CustomerChanged
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.money import money
from relevo_ingest.core.shopify import consents, parts
from relevo_ingest.core.shopify.shapes import Amount, CustomerShape, Id, Quantity, Text, Time


class TagsShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of `customer.tags_added` and `customer.tags_removed`: what was added or removed, not all tags."""

    customer_id: Id = None
    tags: list[str] = []
    occurred_at: Time = None


class SpentShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """An amount in GraphQL's writing."""

    amount: Amount = None
    currency_code: Text = None


class SummaryShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of `customers/purchasing_summary`."""

    customer_id: Id = None
    number_of_orders: Quantity | None = None
    amount_spent: SpentShape | None = None
    occurred_at: Time = None


def created(body: bytes, shop: ShopContext) -> Reading:
    """`customers/create`."""
    customer = decode(body, CustomerShape)
    return _drafts("customer.created", customer, shop, customer.created_at or customer.updated_at)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`customers/update`, `customers/enable`, `customers/disable`."""
    customer = decode(body, CustomerShape)
    return _drafts("customer.updated", customer, shop, customer.updated_at)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`customers/delete`: with the customer the shop's proof of consent is gone, so both channels are withdrawn.

    Erasure is another matter and has its own topic, `customers/redact`.
    """
    customer = decode(body, CustomerShape)
    who = parts.buyer(shop, customer=customer)
    payload = CustomerChanged(customer=_with_id(who, customer), attributes={"state": "deleted"})
    changed = Draft(type="customer.updated", payload=payload, subject=person(payload))
    source = "shopify customers/delete"
    return [changed, *(consents.withdrawn(payload.customer, channel, None, source) for channel in ("email", "sms"))]


def tags_added(body: bytes, shop: ShopContext) -> Reading:
    """`customer.tags_added`."""
    del shop
    shape = decode(body, TagsShape)
    return _tags(shape, added=parts.tags(shape.tags) or [], removed=[])


def tags_removed(body: bytes, shop: ShopContext) -> Reading:
    """`customer.tags_removed`."""
    del shop
    shape = decode(body, TagsShape)
    return _tags(shape, added=[], removed=parts.tags(shape.tags) or [])


def purchasing_summary(body: bytes, shop: ShopContext) -> Reading:
    """`customers/purchasing_summary`: the totals, which left the customer's own payload in 2025-01."""
    shape = decode(body, SummaryShape)
    spent = shape.amount_spent or SpentShape()
    payload = CustomerChanged(
        customer=Buyer(id=parts.required(shape.customer_id, "customerId")),
        orders_count=shape.number_of_orders,
        total_spent=money(spent.amount, parts.currency_of(shop, spent.currency_code) or "?", "amountSpent.amount"),
    )
    return [Draft(type="customer.updated", payload=payload, subject=person(payload), at=shape.occurred_at)]


def _drafts(event_type: str, customer: CustomerShape, shop: ShopContext, at: Time) -> Reading:
    who = _with_id(parts.buyer(shop, customer=customer, phones=_address_phone(customer)), customer)
    currency = parts.currency_of(shop, customer.currency)
    payload = CustomerChanged(
        customer=who,
        tags=parts.tags(customer.tags),
        orders_count=customer.orders_count,
        total_spent=parts.optional_money(customer.total_spent, currency, "total_spent"),
        attributes={"state": normalise.text(customer.state, 50)} if customer.state else {},
    )
    changed = Draft(type=event_type, payload=payload, subject=person(payload), at=at)
    return [changed, *consents.inside_customer(customer, who)]


def _address_phone(customer: CustomerShape) -> tuple[Text, ...]:
    """The customer's own number, then that of the address."""
    return (customer.phone, customer.default_address.phone if customer.default_address else None)


def _with_id(who: Buyer, customer: CustomerShape) -> Buyer:
    parts.required(customer.id, "id")
    return who


def _tags(shape: TagsShape, *, added: list[str], removed: list[str]) -> Reading:
    payload = CustomerChanged(
        customer=Buyer(id=parts.required(shape.customer_id, "customerId")), tags_added=added, tags_removed=removed
    )
    return [Draft(type="customer.updated", payload=payload, subject=person(payload), at=shape.occurred_at)]
