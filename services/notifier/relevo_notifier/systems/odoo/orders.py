"""Orders at suppliers, offers to customers, and what a customer is good for, in Odoo."""

import hashlib
from collections.abc import Sequence
from typing import Any

from relevo_contracts.systems.erp import CreatePurchaseOrder, CreateQuote, Credit, CreditCheck, ErpOrder, GoodsLine
from relevo_notifier.core.systems import Conversation, Declined, SystemCall, tagged
from relevo_notifier.systems.odoo import replies, requests
from relevo_notifier.systems.odoo.stock import articles_of

PURCHASE, SALE, PARTNER = "purchase.order", "sale.order", "res.partner"
_FIELDS = ("name", "state", "amount_total", "currency_id", "access_url")
_CREDIT = ("credit", "credit_limit", "use_partner_credit_limit", "currency_id")


def create_purchase_order(given: CreatePurchaseOrder, call: SystemCall) -> Conversation[ErpOrder]:
    """Asks first for the order of an earlier attempt; one that is confirmed already stays so."""
    access = call.access
    known = yield from _known(PURCHASE, given.reference, call)
    order_id = int(known["id"]) if known is not None else (yield from _purchase(given, call))
    if given.confirm and (known is None or known["state"] in ("draft", "sent")):
        replies.done((yield requests.call(PURCHASE, "button_confirm", access, ids=[order_id])), access)
    return (yield from _read(PURCHASE, order_id, call))


def create_quote(given: CreateQuote, call: SystemCall) -> Conversation[ErpOrder]:
    """Asks first for the offer of an earlier attempt; whoever is not known yet is added."""
    access = call.access
    known = yield from _known(SALE, given.reference, call)
    order_id = int(known["id"]) if known is not None else (yield from _sale(given, call))
    if known is None or known["state"] == "draft":
        replies.done((yield requests.call(SALE, "action_quotation_sent", access, ids=[order_id])), access)
    return (yield from _read(SALE, order_id, call))


def credit_check(given: CreditCheck, call: SystemCall) -> Conversation[Credit]:
    """Reads what a customer owes, and their limit."""
    domain = requests.customer(given.email, given.vat_number)
    if not domain:
        raise Declined("it is not said who: give `email` or `vat_number`")
    found = replies.records((yield requests.search(PARTNER, domain, _CREDIT, call.access)), call.access)
    return replies.credit(found, given)


def _purchase(given: CreatePurchaseOrder, call: SystemCall) -> Conversation[int]:
    access = call.access
    asked = yield requests.search(PARTNER, requests.partner(given.supplier), ("id",), access)
    supplier = replies.first(asked, access, f"{access.name} has no supplier {given.supplier}")["id"]
    articles = yield from articles_of(given.items, call)
    rows = requests.lines("order_line", given.items, articles, call.reference)
    for row, line, price in zip(rows, given.items, _prices(given.items), strict=True):
        row |= {"order_line/product_qty": line.quantity, **price}
        if given.expected_on:
            row["order_line/date_planned"] = f"{given.expected_on} 12:00:00"
    return (yield from _made(PURCHASE, {"partner_id/.id": supplier}, rows, given.reference, call))


def _sale(given: CreateQuote, call: SystemCall) -> Conversation[int]:
    items = list(given.items)
    if given.delivery is not None and float(given.delivery.amount):
        sku = call.access.settings.get("delivery_sku", "")
        if not sku:
            raise Declined("delivery has no article: add the setting delivery_sku to Odoo")
        items.append(GoodsLine(sku=sku, quantity=1, price=given.delivery))
    customer = yield from _customer(given, call)
    articles = yield from articles_of(items, call)
    rows = requests.lines("order_line", items, articles, call.reference)
    for number, (row, line, price) in enumerate(zip(rows, items, _prices(items), strict=True)):
        row |= {"order_line/product_uom_qty": line.quantity, **price}
        if given.discount_percent and number < len(given.items):  # none on what is charged for delivery
            row["order_line/discount"] = given.discount_percent
    head: dict[str, Any] = {"partner_id/.id": customer}
    if given.valid_until:
        head["validity_date"] = given.valid_until
    return (yield from _made(SALE, head, rows, given.reference, call))


def _customer(given: CreateQuote, call: SystemCall) -> Conversation[int]:
    """Whoever has the address; else a new contact, whose external id is made of it."""
    access = call.access
    domain = requests.customer(given.email, given.vat_number)
    found = replies.records((yield requests.search(PARTNER, domain, ("id",), access)), access)
    if found:
        return int(found[0]["id"])
    digest = hashlib.sha256(given.email.lower().encode()).hexdigest()[:32]
    row = {"id": f"__import__.relevo-person-{digest}", "name": given.name or given.company or given.email}
    row |= {"email": given.email, "company_name": given.company, "vat": given.vat_number}
    return replies.loaded((yield requests.load(PARTNER, [row], access)), access)


def _made(
    model: str, head: dict[str, Any], rows: list[dict[str, Any]], own: str, call: SystemCall
) -> Conversation[int]:
    whole = {"id": f"__import__.{call.reference}", "origin": tagged(own, call.reference), **head}
    return replies.loaded((yield requests.load(model, requests.with_head(whole, rows), call.access)), call.access)


def _known(model: str, own: str, call: SystemCall) -> Conversation[dict[str, Any] | None]:
    """What an earlier attempt made."""
    if not call.repeated:
        return None
    domain = [["origin", "=", tagged(own, call.reference)]]
    found = replies.records((yield requests.search(model, domain, _FIELDS, call.access)), call.access)
    return found[0] if found else None


def _read(model: str, order_id: int, call: SystemCall) -> Conversation[ErpOrder]:
    asked = yield requests.search(model, [["id", "=", order_id]], _FIELDS, call.access)
    return replies.order(replies.first(asked, call.access, "the order is gone"), call.access)


def _prices(items: Sequence[GoodsLine]) -> list[dict[str, Any]]:
    """The prices of lines; without any, Odoo has its own. An import can't leave out that of one line."""
    priced = [line.price for line in items if line.price is not None]
    if not priced:
        return [{} for _ in items]
    if len(priced) < len(items):
        raise Declined("some lines have a price and some have none: give all of them one, delivery too, or none")
    return [{"order_line/price_unit": float(price.amount)} for price in priced]
