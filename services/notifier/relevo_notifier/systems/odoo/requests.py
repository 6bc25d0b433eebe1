"""What Odoo is asked. Sources: its documentation, "External JSON-2 API"; its source of `load` (odoo/orm/models.py) and
of the models purchase.order, sale.order, stock.picking, stock.move and res.partner.

A record is made by `load`, the import of Odoo's own screens: in one transaction, known by an external id, which the
database has once. Its `origin` has our reference behind the shop's own, which later attempts ask for first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from relevo_contracts.systems.erp import GoodsLine
from relevo_notifier.core.systems import Access, Ask

Row = Mapping[str, Any]


def search(model: str, domain: Sequence[Any], fields: Sequence[str], access: Access, limit: int = 1) -> Ask:
    """Records and some of their fields."""
    return call(model, "search_read", access, domain=list(domain), fields=list(fields), limit=limit)


def load(model: str, rows: Sequence[Row], access: Access) -> Ask:
    """Make a record, or find the one of the same external id. Rows after the first are lines of it."""
    fields = list(dict.fromkeys(name for row in rows for name in row))
    return call(model, "load", access, fields=fields, data=[[row.get(name, "") for name in fields] for row in rows])


def call(
    model: str, method: str, access: Access, *, ids: Sequence[int] = (), context: Row | None = None, **arguments: Any
) -> Ask:
    """A method of a model, with its arguments by name."""
    body: dict[str, Any] = dict(arguments)
    if ids:
        body["ids"] = list(ids)
    if context:
        body["context"] = dict(context)
    headers = {"Authorization": f"bearer {access.credentials['api_key']}"}
    if access.settings.get("database"):
        headers["X-Odoo-Database"] = access.settings["database"]
    return Ask(method="POST", path=f"/json/2/{model}/{method}", headers=headers, body=body)


def partner(text: str) -> list[Any]:
    """Whoever is known by this reference, name or address."""
    return ["|", "|", ["ref", "=", text], ["name", "=", text], ["email", "=ilike", _literally(text)]]


def customer(email: str, vat_number: str) -> list[Any]:
    """Whoever is known by this address or VAT number."""
    known = [["email", "=ilike", _literally(email)]] if email else []
    known += [["vat", "=ilike", _literally(vat_number)]] if vat_number else []
    return ["|"] * (len(known) - 1) + known


def _literally(text: str) -> str:
    """Text as `=ilike` finds it alone: to a pattern, `_` is any character and `%` any text (Odoo's `escape_psql`)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def lines(prefix: str, items: Sequence[GoodsLine], articles: Mapping[str, int], reference: str) -> list[dict[str, Any]]:
    """The rows of lines: each has an external id too, so that a second import adds none."""
    return [
        {f"{prefix}/id": f"__import__.{reference}-{number}", f"{prefix}/product_id/.id": articles[line.sku]}
        for number, line in enumerate(items, 1)
    ]


def with_head(head: Row, rows: Sequence[Row]) -> list[Row]:
    """The record's own fields, which stand in its first row alone."""
    return [{**head, **rows[0]}, *rows[1:]]
