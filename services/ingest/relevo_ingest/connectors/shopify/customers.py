"""`customers/*`, `customer.tags_*`, `customers/purchasing_summary`: what the shop knows of a person.

Two topics that tell one statement of consent, or one change by the platform's own number, make one event.
"""

from msgspec import Struct

from relevo_contracts.payloads import Buyer, CustomerChanged, CustomerMerged
from relevo_ingest.connectors.shopify import consents, parts
from relevo_ingest.connectors.shopify.shapes import CustomerShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.fields import Amount, Id, Quantity, Text, Time
from relevo_ingest.core.money import money
from relevo_ingest.core.own_fields import with_own_fields


class TagsShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of `customer.tags_added` and `customer.tags_removed`: what was added or removed, not all tags."""

    customer_id: Id = None
    tags: list[str] = []
    occurred_at: Time = None


class MergeShape(Struct, frozen=True, kw_only=True):
    """The body of `customers/merge`, which comes for each step of a merger."""

    admin_graphql_api_customer_kept_id: Id = None
    admin_graphql_api_customer_deleted_id: Id = None
    status: Text = None


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
    who = _with_id(parts.customer(customer, shop), customer)
    payload = CustomerChanged(customer=who, attributes={"state": "deleted"})
    own_id = f"customer.deleted:{who.id}"
    changed = Draft(type="customer.deleted", payload=payload, subject=person(payload), id=own_id)
    source = "shopify customers/delete"
    return [changed, *(consents.withdrawn(payload.customer, channel, None, source) for channel in ("email", "sms"))]


def merged(body: bytes, shop: ShopContext) -> Reading:
    """`customers/merge`: two customers of the shop are one from now on, once the merger is completed."""
    del shop
    shape = decode(body, MergeShape)
    status = (shape.status or "").lower()
    if status != "completed":
        return NoEvent(f"customers/merge: the merger is {status[:30] or 'not completed'}, so both customers are there")
    kept = parts.required(shape.admin_graphql_api_customer_kept_id, "admin_graphql_api_customer_kept_id")
    gone = parts.required(shape.admin_graphql_api_customer_deleted_id, "admin_graphql_api_customer_deleted_id")
    if kept == gone:
        return NoEvent("customers/merge: the customer that was kept and the one that was deleted are the same")
    payload = CustomerMerged(customer=Buyer(id=kept), merged=[Buyer(id=gone)])
    own_id = f"customer.merged:{kept}:{gone}"
    return [Draft(type="customer.merged", payload=payload, subject=person(payload), id=own_id)]


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
    about = f"{payload.customer.id}:summary"
    return [Draft(type="customer.updated", payload=payload, subject=person(payload), at=shape.occurred_at, about=about)]


def _drafts(event_type: str, customer: CustomerShape, shop: ShopContext, at: Time) -> Reading:
    who = _with_id(parts.customer(customer, shop), customer)
    currency = parts.currency_of(shop, customer.currency)
    payload = CustomerChanged(
        customer=who,
        tags=parts.tags(customer.tags),
        orders_count=customer.orders_count,
        total_spent=fields.optional_money(customer.total_spent, currency, "total_spent"),
        attributes={"state": normalise.text(customer.state, 50)} if customer.state else {},
    )
    payload = with_own_fields(
        payload, {f"{one.namespace}.{one.key}": one.value for one in customer.metafields}, shop.own_fields
    )
    own_id = f"{event_type}:{who.id}" if event_type == "customer.created" else ""
    changed = Draft(
        type=event_type,
        payload=payload,
        subject=person(payload),
        at=at,
        id=own_id,
        about=who.id,
    )
    return [changed, *consents.inside_customer(customer, who)]


def _with_id(who: Buyer, customer: CustomerShape) -> Buyer:
    parts.required(customer.id, "id")
    return who


def _tags(shape: TagsShape, *, added: list[str], removed: list[str]) -> Reading:
    payload = CustomerChanged(
        customer=Buyer(id=parts.required(shape.customer_id, "customerId")), tags_added=added, tags_removed=removed
    )
    about = f"{payload.customer.id}:{'added' if added else 'removed'}"
    return [Draft(type="customer.updated", payload=payload, subject=person(payload), at=shape.occurred_at, about=about)]
