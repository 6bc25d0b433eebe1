"""A captured body with its signature can't become another event; every recorded body is evidence of its own topic."""

import json
from pathlib import Path
from typing import Any

import pytest

from relevo_ingest.connectors.shopify import topics
from relevo_ingest.connectors.shopify.evidence import EVIDENCE, MARKS, mismatch
from relevo_ingest.core.drafts import ShopContext
from tests.ingest.webhooks import FIXTURES, SHOP, fixture, topic_of

EVERY = sorted(FIXTURES.glob("*.json"))
FILES = [file for file in EVERY if topic_of(file) in topics.READERS]
MYSHOPIFY = ShopContext(shop="tea", domain="example-teas.myshopify.com")
OWN = ShopContext(shop="tea", domain="tea.example.com")
SAME_BODY = {
    frozenset(pair)
    for pair in [
        ("carts/create", "carts/update"),
        ("checkouts/create", "checkouts/update"),
        ("inventory_levels/connect", "inventory_levels/update"),
        ("products/create", "products/update"),
        ("customer.tags_added", "customer.tags_removed"),
        ("returns/approve", "returns/process"),
        ("returns/close", "returns/process"),
        ("returns/approve", "returns/reopen"),
        ("returns/process", "returns/reopen"),
        ("disputes/create", "disputes/update"),
        ("orders/delete", "products/delete"),
        ("draft_orders/delete", "orders/delete"),
        ("draft_orders/delete", "products/delete"),
        ("draft_orders/create", "draft_orders/update"),
    ]
}
"""Topics whose bodies can't be told apart, and whose events do no harm for each other."""
STATE_OF_AN_ORDER = {f"orders/{name}" for name in ("create", "updated", "fulfilled", "partially_fulfilled")}
STATE_OF_A_CUSTOMER = {f"customers/{name}" for name in ("create", "update", "enable", "disable")}
STATE_OF_A_CONTRACT = {"subscription_contracts/create", "subscription_contracts/update"}


def test_every_kind_of_body_is_known() -> None:
    assert {known.family for known in EVIDENCE.values()} == set(MARKS) - {"segment"}


def test_every_topic_that_is_read_has_evidence() -> None:
    assert set(EVIDENCE) == set(topics.READERS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_body_is_evidence_of_its_own_topic(file: Path) -> None:
    assert mismatch(topic_of(file), json.loads(file.read_text()), SHOP) is None


@pytest.mark.parametrize("claimed", sorted(topics.READERS))
def test_no_other_body_passes_for_a_topic(claimed: str) -> None:
    passed = [
        own
        for own in map(topic_of, EVERY)
        if own != claimed
        and mismatch(claimed, fixture(own), SHOP) is None
        and frozenset((own, claimed)) not in SAME_BODY
        # The state of an order, a customer or a contract as it is now: no news that did not happen.
        and not (claimed in STATE_OF_AN_ORDER and own.startswith("orders/"))
        and not (claimed in STATE_OF_A_CUSTOMER and own.startswith(("customers/", "customers_marketing")))
        and not (claimed in STATE_OF_A_CONTRACT and own.startswith("subscription_contracts/"))
        and not (own in STATE_OF_A_CONTRACT | {"subscription_contracts/activate"} and claimed.endswith("/activate"))
        and not (claimed == "orders/paid" and fixture(own).get("financial_status") in ("paid", "partially_refunded"))
        and not (claimed.startswith("fulfillments/") and own.startswith("fulfillments/"))
        and not (claimed.startswith("variants/") and own == "variants/in_stock")
        and not (claimed.endswith("/challenged") and own.startswith("subscription_billing_attempts/"))
        and not (claimed.endswith("attempts/success") and own.endswith("/challenged"))
    ]
    assert passed == []


@pytest.mark.parametrize(
    ("claimed", "own", "told"),
    [
        ("orders/cancelled", "orders/create", "'cancelled_at'"),
        ("customers/redact", "orders/create", "'shop_domain'"),
        ("shop/redact", "orders/create", "'shop_id'"),
        ("app/uninstalled", "orders/create", "'myshopify_domain'"),
        ("shop/redact", "customers/redact", "'customer'"),
        ("customers/redact", "customers/data_request", "'orders_to_redact'"),
        ("customers/delete", "customers/update", "never has 'email'"),
        ("variants/in_stock", "variants/out_of_stock", "'inventory_quantity'"),
        ("returns/approve", "returns/request", "'status' is open"),
        ("subscription_contracts/cancel", "subscription_contracts/update", "'status' is cancelled"),
        ("refunds/create", "fulfillments/create", "'refund_line_items'"),
        ("orders/create", "checkouts/create", "'abandoned_checkout_url'"),
    ],
)
def test_the_reason_names_the_field(claimed: str, own: str, told: str) -> None:
    assert told in (mismatch(claimed, fixture(own), SHOP) or "")


@pytest.mark.parametrize("claimed", sorted(topics.READERS))
@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "name": "One order", "query": "orders = 1", "creationDate": "2026-01-01T00:00:00Z"},
    ],
    ids=["segment"],
)  # fmt: skip
def test_a_body_of_which_nothing_is_read_passes_for_nothing(claimed: str, body: dict[str, Any]) -> None:
    assert mismatch(claimed, body, SHOP) is not None


def test_an_order_that_was_not_paid_can_not_be_told_as_paid() -> None:
    unpaid = fixture("orders/create") | {"financial_status": "pending"}
    assert "'financial_status' is paid" in (mismatch("orders/paid", unpaid, SHOP) or "")
    assert "'financial_status' has a value" in (mismatch("orders/paid", {"id": 1, "name": "#1"}, SHOP) or "")


def test_a_test_order_may_be_in_any_state() -> None:
    sample = fixture("orders/create") | {"test": True, "financial_status": "voided", "cancelled_at": None}
    assert mismatch("orders/paid", sample, SHOP) is None
    assert mismatch("orders/cancelled", sample, SHOP) is None
    assert mismatch("customers/redact", sample, SHOP) is not None


@pytest.mark.parametrize(
    ("shop", "body", "sender", "fits"),
    [
        (SHOP, {"shop_domain": "other.myshopify.com"}, "", True),  # registered without a domain
        (MYSHOPIFY, {"shop_domain": "example-teas.myshopify.com"}, "", True),
        (MYSHOPIFY, {"shop_domain": "Example-Teas.MyShopify.com"}, "", True),
        (MYSHOPIFY, {"shop_domain": "other.myshopify.com"}, "", False),
        (MYSHOPIFY, {"shop_domain": None}, "other.myshopify.com", False),
        (MYSHOPIFY, {}, "example-teas.myshopify.com", True),
        (MYSHOPIFY, {"domain": "tea.example.com", "myshopify_domain": "example-teas.myshopify.com"}, "", True),
        (OWN, {"domain": "tea.example.com", "myshopify_domain": "x.myshopify.com"}, "x.myshopify.com", True),
        (OWN, {"domain": "cups.example.com", "myshopify_domain": "x.myshopify.com"}, "", False),
        (OWN, {"shop_domain": "x.myshopify.com"}, "x.myshopify.com", True),  # not to be compared
    ],
)
def test_a_body_of_another_shop(shop: ShopContext, body: dict[str, Any], sender: str, fits: bool) -> None:
    assert (mismatch("themes/publish", body, shop, sender) is None) == fits
