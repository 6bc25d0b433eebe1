"""`subscription_contracts/*`, `subscription_billing_attempts/*`."""

from collections.abc import Callable

from msgspec import Struct

from relevo_contracts.payloads import Buyer, SubscriptionChanged
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.fields import Id, Quantity, Text, Time
from relevo_ingest.core.times import to_utc

_UNITS = {"day": "D", "week": "W", "month": "M", "year": "Y"}


class PolicyShape(Struct, frozen=True, kw_only=True):
    """How often it is billed."""

    interval: Text = None
    interval_count: Quantity | None = None


class ContractShape(Struct, frozen=True, kw_only=True):
    """A subscription contract."""

    id: Id = None
    admin_graphql_api_id: Text = None
    customer_id: Id = None
    origin_order_id: Id = None
    status: Text = None
    next_billing_date: Time = None
    billing_policy: PolicyShape | None = None


class AttemptShape(Struct, frozen=True, kw_only=True):
    """An attempt to bill a contract. It names no customer."""

    subscription_contract_id: Id = None
    order_id: Id = None
    error_code: Text = None
    error_message: Text = None


def contract(event_type: str) -> Callable[[bytes, ShopContext], Reading]:
    """The reader of a `subscription_contracts/*` topic whose event is `event_type`."""

    def read(body: bytes, shop: ShopContext) -> Reading:
        del shop
        shape = decode(body, ContractShape)
        payload = SubscriptionChanged(
            customer=Buyer(id=parts.ident(shape.customer_id)),
            subscription_id=parts.required(shape.id or shape.admin_graphql_api_id, "id"),
            status=normalise.text(shape.status, 50).lower(),
            interval=_interval(shape.billing_policy),
            order_id=parts.ident(shape.origin_order_id),
            next_billing_at=to_utc(shape.next_billing_date) if shape.next_billing_date else None,
        )
        own_id = f"{event_type}:{payload.subscription_id}" if event_type == "subscription.created" else ""
        return [
            Draft(
                type=event_type,
                payload=payload,
                subject=person(payload),
                id=own_id,
                about=f"{payload.subscription_id}:{payload.status}",
            )
        ]

    return read


def attempt(event_type: str, status: str) -> Callable[[bytes, ShopContext], Reading]:
    """The reader of a `subscription_billing_attempts/*` topic whose event is `event_type`."""

    def read(body: bytes, shop: ShopContext) -> Reading:
        del shop
        shape = decode(body, AttemptShape)
        payload = SubscriptionChanged(
            customer=Buyer(),
            subscription_id=parts.required(shape.subscription_contract_id, "subscription_contract_id"),
            status=normalise.text(shape.error_code, 100).lower() or status,
            order_id=parts.ident(shape.order_id),
            error=normalise.text(shape.error_message or shape.error_code, 500),
        )
        about = f"{payload.subscription_id}:{payload.order_id}"
        return [Draft(type=event_type, payload=payload, subject=person(payload), about=about)]

    return read


def _interval(policy: PolicyShape | None) -> str:
    """ISO 8601: `P4W` is every four weeks."""
    unit = _UNITS.get((policy.interval or "").lower()) if policy else None
    return f"P{policy.interval_count or 1}{unit}" if policy and unit else ""
