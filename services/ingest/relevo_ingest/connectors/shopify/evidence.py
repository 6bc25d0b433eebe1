"""What a body of each of Shopify's topics looks like: see `relevo_ingest.core.evidence`.

The rules ask for no more than every version of the API sends (Admin API 2024-10 to 2026-04).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.evidence import Evidence, also, foreign_marks, shape_mismatch, state_mismatch, with_status

MARKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cart": (),
        "checkout": ("abandoned_checkout_url",),
        "order": ("order_number", "financial_status", "order_status_url", "confirmation_number"),
        "edit": ("order_edit",),
        "fulfilment": ("tracking_number", "tracking_numbers", "tracking_company", "tracking_url", "shipment_status"),
        "carrier": ("fulfillment_id",),
        "refund": ("refund_line_items", "order_adjustments", "restock"),
        "return": ("return_line_items", "total_return_line_items"),
        "customer": ("verified_email", "orders_count", "tax_exemptions", "default_address", "addresses"),
        "consent": ("email_address",),
        "graphql": ("customerId",),
        "product": ("variants", "body_html", "product_type", "handle"),
        "variant": ("inventory_policy", "inventory_quantity", "old_inventory_quantity"),
        "level": ("available",),
        "contract": ("billing_policy", "delivery_policy", "origin_order_id"),
        "attempt": ("subscription_contract_id",),
        "shop": ("myshopify_domain", "shop_owner", "plan_name"),
        "redact": ("orders_to_redact",),
        "request": ("orders_requested", "data_request"),
        "leave": (),
        "deletion": (),
        "transaction": ("authorization", "payment_details", "total_unsettled_set"),
        "dispute": ("evidence_due_by", "network_reason_code"),
        "merge": ("admin_graphql_api_customer_kept_id",),
        "draft": ("invoice_url", "invoice_sent_at"),
        "segment": ("query", "creationDate", "lastEditDate"),
    }
)
"""Fields that only one kind of body has. Of segments nothing is read, but a shop signs them as well."""

_FOREIGN = foreign_marks(MARKS)
_ORDER = Evidence(
    family="order",
    has=("id",),
    one_of=("name", "order_number", "total_price", "financial_status"),
    never=("shop_domain", "order_id"),
)
_CHECKOUT = Evidence(family="checkout", has=("token",), one_of=("abandoned_checkout_url", "total_price"))
_CART = Evidence(family="cart", one_of=("token",), never=("email", "order_id", "shop_domain", "customer"))
_FULFILMENT = Evidence(
    family="fulfilment",
    has=("order_id",),
    one_of=("line_items", "name", "created_at", "service", "tracking_numbers", "tracking_number"),
    never=("transactions", "total_price", "error_code"),
)
_CARRIER = Evidence(family="carrier", has=("order_id", "status", "fulfillment_id"))
_REFUND = Evidence(
    family="refund", has=("order_id",), one_of=("refund_line_items", "transactions", "order_adjustments", "return")
)
_CUSTOMER = Evidence(
    family="customer",
    has=("id",),
    never=("shop_domain", "order_id", "order", "customer", "product_id", "token", "customer_id"),
)
_WHOLE_CUSTOMER = Evidence(
    family="customer",
    has=_CUSTOMER.has,
    never=_CUSTOMER.never,
    names=("created_at",),
    one_of=("email", "phone", "first_name", "last_name", "state", "created_at", "updated_at", "verified_email"),
)
_CONSENT = Evidence(family="consent", never=("state", "created_at"))
_LEVEL = Evidence(family="level", has=("inventory_item_id",), never=("product_id", "order_id"))
_VARIANT = Evidence(family="variant", has=("product_id",), never=("order_id", "line_items"))
_PRODUCT = Evidence(
    family="product", has=("id",), one_of=("variants", "title", "handle"), never=("order_id", "email", "product_id")
)
_RETURN = Evidence(family="return", one_of=("order", "order_id"), never=("transactions", "total_price", "destination"))
_CONTRACT = Evidence(
    family="contract", one_of=("id", "admin_graphql_api_id"), names=("customer_id",), never=("email", "order_id")
)
_ATTEMPT = Evidence(family="attempt", has=("subscription_contract_id",))
_DELETION = Evidence(
    family="deletion",
    has=("id",),
    never=(
        "name",
        *("order_id", "customer_id", "email", "phone", "title", "created_at", "updated_at", "admin_graphql_api_id"),
        "sms_marketing_consent",
    ),
)
_DRAFT = Evidence(family="draft", has=("id",), names=("status",), one_of=("invoice_url", "invoice_sent_at"))
_TRANSACTION = Evidence(family="transaction", has=("id", "order_id", "kind", "status"), never=("line_items", "type"))
_DISPUTE = Evidence(family="dispute", has=("id", "type", "status"), never=("kind", "line_items"))
_PAID = ("paid", "partially_refunded", "refunded")
_SENT = also(_ORDER, values={"fulfillment_status": ("fulfilled", "partial")}, given=("fulfillment_status",))


EVIDENCE: Mapping[str, Evidence] = MappingProxyType(
    {
        "carts/create": _CART,
        "carts/update": _CART,
        "checkouts/create": _CHECKOUT,
        "checkouts/update": _CHECKOUT,
        "orders/create": _ORDER,
        "orders/paid": also(_ORDER, values={"financial_status": _PAID}, given=("financial_status",)),
        "orders/cancelled": also(_ORDER, given=("cancelled_at",)),
        "orders/updated": _ORDER,
        "orders/fulfilled": _SENT,
        "orders/partially_fulfilled": _SENT,
        "orders/delete": _DELETION,
        "draft_orders/create": _DRAFT,
        "draft_orders/update": _DRAFT,
        "draft_orders/delete": _DELETION,
        "order_transactions/create": _TRANSACTION,
        "disputes/create": _DISPUTE,
        "disputes/update": _DISPUTE,
        "orders/edited": Evidence(family="edit", has=("order_edit",)),
        "fulfillments/create": _FULFILMENT,
        "fulfillments/update": _FULFILMENT,
        "fulfillment_events/create": _CARRIER,
        "customers/create": _WHOLE_CUSTOMER,
        "customers/update": _WHOLE_CUSTOMER,
        "customers/enable": _WHOLE_CUSTOMER,
        "customers/disable": _WHOLE_CUSTOMER,
        "customers/delete": also(
            _CUSTOMER,
            one_of=("addresses", "tax_exemptions", "admin_graphql_api_id"),
            never=("created_at", "state", "orders_count", "email"),
        ),
        "customers/merge": Evidence(
            family="merge",
            has=("admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id", "status"),
        ),
        "customer.tags_added": Evidence(family="graphql", has=("customerId",), names=("tags",)),
        "customer.tags_removed": Evidence(family="graphql", has=("customerId",), names=("tags",)),
        "customers/purchasing_summary": Evidence(family="graphql", has=("customerId",), never=("tags",)),
        "customers_email_marketing_consent/update": also(_CONSENT, has=("email_marketing_consent",)),
        "customers_marketing_consent/update": also(_CONSENT, has=("sms_marketing_consent",)),
        "refunds/create": _REFUND,
        "returns/request": with_status(_RETURN, "requested"),
        "returns/approve": with_status(_RETURN, "open"),
        "returns/decline": with_status(_RETURN, "declined"),
        "returns/process": with_status(_RETURN, "open", "closed"),
        "returns/close": with_status(_RETURN, "closed"),
        "returns/cancel": with_status(_RETURN, "canceled", "cancelled"),
        "returns/reopen": with_status(_RETURN, "open"),
        "inventory_levels/connect": _LEVEL,
        "inventory_levels/update": _LEVEL,
        "variants/in_stock": _VARIANT,
        "variants/out_of_stock": _VARIANT,
        "products/create": _PRODUCT,
        "products/update": _PRODUCT,
        "products/delete": _DELETION,
        "subscription_contracts/create": _CONTRACT,
        "subscription_contracts/update": _CONTRACT,
        "subscription_contracts/activate": with_status(_CONTRACT, "active"),
        "subscription_contracts/pause": with_status(_CONTRACT, "paused"),
        "subscription_contracts/expire": with_status(_CONTRACT, "expired"),
        "subscription_contracts/fail": with_status(_CONTRACT, "failed"),
        "subscription_contracts/cancel": with_status(_CONTRACT, "cancelled", "canceled"),
        "subscription_billing_attempts/success": also(
            _ATTEMPT, never=("error_code", "error_message"), given=("order_id",)
        ),
        "subscription_billing_attempts/failure": also(_ATTEMPT, one_of=("error_code", "error_message")),
        "subscription_billing_attempts/challenged": _ATTEMPT,
        "app/uninstalled": Evidence(family="shop", one_of=("myshopify_domain", "domain", "shop_owner", "plan_name")),
        "customers/data_request": Evidence(family="request", has=("shop_domain", "customer"), never=("id",)),
        "customers/redact": Evidence(
            family="redact", has=("shop_domain", "customer"), names=("orders_to_redact",), never=("id",)
        ),
        "shop/redact": Evidence(family="leave", has=("shop_id", "shop_domain"), never=("customer", "order_id", "id")),
    }
)
"""What a body of each topic looks like, by topic."""


def mismatch(topic: str, body: Mapping[str, Any], shop: ShopContext, sender: str = "") -> str | None:
    """Why `body` can't be one of `topic` from this shop; `None` if nothing speaks against it.

    `topic` is in lower case. `sender` is the domain that the sender names in its header. A test order may be in any
    state: Shopify sends one sample for all topics of orders, and tests reach no customer.
    """
    found = _other_shop(body, shop, sender)
    known = EVIDENCE.get(topic)
    if found or known is None:
        return found
    rehearsal = body.get("test") is True
    found = shape_mismatch(topic, known, _FOREIGN, body)
    return found or (None if rehearsal else state_mismatch(topic, known, body) or _stock(topic, body))


def _stock(topic: str, body: Mapping[str, Any]) -> str | None:
    """What was told as sold out can't be told again as back in stock."""
    quantity = body.get("inventory_quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        return None
    if topic == "variants/in_stock" and quantity <= 0:
        return f"in a body of {topic}, 'inventory_quantity' is above 0; here it is {quantity}"
    return None


def _other_shop(body: Mapping[str, Any], shop: ShopContext, sender: str) -> str | None:
    """Whether the body or its sender names another shop than the one whose address it was sent to."""
    registered = _domain(shop.domain)
    if not registered:
        return None
    named = [_domain(body.get(name)) for name in ("shop_domain", "myshopify_domain", "domain")]
    if registered in named:
        return None
    for domain in [*named, _domain(sender)]:
        # A shop has its own domain beside Shopify's: only two of one kind can be compared.
        if domain and domain != registered and domain.endswith(_PLATFORM) == registered.endswith(_PLATFORM):
            return f"it is from {domain[:100]}, and this address is {registered}'s"
    return None


_PLATFORM = ".myshopify.com"


def _domain(value: object) -> str:
    return value.strip().lower().rstrip("./") if isinstance(value, str) else ""
