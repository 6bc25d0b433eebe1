"""What Odoo's answers mean. Sources: as in `requests`; an error has a name, a message, and a trace (not read)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.parts import Money
from relevo_contracts.systems.erp import Credit, CreditCheck, ErpOrder, GoodsLine, StockMove
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, Declined, NotThere, succeeded

Record = Mapping[str, Any]


class Loaded(Struct, frozen=True):
    """What came of an import: ids, or what stood in its way."""

    messages: list[dict[str, Any]]
    ids: list[int] | bool = False


def records(reply: Replied, access: Access) -> list[dict[str, Any]]:
    """What was found."""
    return msgspec.convert(done(reply, access), list[dict[str, Any]])


def first(reply: Replied, access: Access, missing: str) -> dict[str, Any]:
    """The first that was found. Raises `NotThere` if there is none."""
    found = records(reply, access)
    if not found:
        raise NotThere(missing)
    return found[0]


def done(reply: Replied, access: Access) -> Any:
    """What a method returned."""
    return succeeded(reply, access, _words(reply))


def loaded(reply: Replied, access: Access) -> int:
    """The id of the record that was made. Raises `Declined` with what stood in the way."""
    found = msgspec.convert(done(reply, access), Loaded)
    if not isinstance(found.ids, list) or not found.ids:
        words = "; ".join(str(one.get("message", "")) for one in found.messages)
        raise Declined(f"{access.name} refused: {words}")
    return found.ids[0]


def articles(reply: Replied, access: Access, items: Sequence[GoodsLine]) -> dict[str, int]:
    """The ids of articles by their SKUs. Raises `NotThere` for those that Odoo has not."""
    found = {str(one["default_code"]): int(one["id"]) for one in records(reply, access)}
    missing = sorted({line.sku for line in items} - found.keys())
    if missing:
        raise NotThere(f"{access.name} has no article {', '.join(missing)} (internal reference)")
    return found


def order(record: Record, access: Access) -> ErpOrder:
    """A purchase order or an offer."""
    path = record.get("access_url")
    return ErpOrder(
        order_id=str(record["id"]),
        number=str(record["name"]),
        status=str(record["state"]),
        total=money(record["amount_total"], record["currency_id"]),
        url=f"{access.base_url}{path}" if isinstance(path, str) and path.startswith("/") else "",
    )


def move(record: Record) -> StockMove:
    """A booking."""
    return StockMove(move_id=str(record["id"]), number=str(record["name"]), status=str(record["state"]))


def credit(found: Sequence[Record], given: CreditCheck) -> Credit:
    """Whether what is owed and the amount stay within the limit. Raises `Declined` for another currency."""
    if not found:
        return Credit(known=False)
    partner = found[0]
    owed = money(partner["credit"], partner["currency_id"])
    if owed.currency != given.amount.currency:
        raise Declined(f"the books are in {owed.currency}: ask for an amount in it, not in {given.amount.currency}")
    limit = float(partner["credit_limit"]) if partner["use_partner_credit_limit"] else None
    approved = limit is None or float(partner["credit"]) + float(given.amount.amount) <= limit
    kept = money(limit, partner["currency_id"]) if limit is not None else None
    return Credit(known=True, approved=approved, limit=kept, outstanding=owed)


def money(amount: Any, currency: Any) -> Money:
    """An amount; Odoo gives a currency as its id and its code."""
    return msgspec.convert({"amount": f"{float(amount):.2f}", "currency": str(currency[1])}, Money)


def _words(reply: Replied) -> str:
    message = reply.body.get("message") if isinstance(reply.body, Mapping) else None
    return " ".join(message.split()) if isinstance(message, str) else ""
