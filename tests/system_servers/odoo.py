"""The database of a company in Odoo 19, as far as JSON-2 shows it.

From its documentation ("External JSON-2 API": the address, the headers, the form of errors) and its source: `load` with
external ids that the database has once, `search_read`, what buttons of orders and transfers do.
"""

import json as text
import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

KEY = "6578616d706c65206a736f6e20617069206b6579"
CREDENTIALS = {"api_key": KEY}
SETTINGS = {"database": "mycompany", "delivery_sku": "DELIVERY"}
_EUR = [126, "EUR"]
_LINES = {"purchase.order": "order_line", "sale.order": "order_line", "stock.picking": "move_ids"}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, wanted: have == wanted,
    "!=": lambda have, wanted: have != wanted,
    "in": lambda have, wanted: have in wanted,
    "not in": lambda have, wanted: have not in wanted,
    "=ilike": lambda have, wanted: re.fullmatch(_pattern(wanted), str(have), re.IGNORECASE | re.DOTALL) is not None,
}


class OdooServer(PlatformServer):
    """`tables` are records by model, `external` the external ids."""

    def __init__(self) -> None:
        super().__init__()
        partner = {"ref": False, "credit": 120.0, "credit_limit": 500.0, "use_partner_credit_limit": True}
        self.external: dict[str, int] = {}
        self.tables: dict[str, list[dict[str, Any]]] = {
            "res.company": [{"id": 1, "name": "My Company"}],
            "res.partner": [
                {**partner, "id": 14, "name": "Azure Interior", "email": "azure@example.com", "currency_id": _EUR},
                {**partner, "id": 15, "name": "Ana", "email": "ana@example.com", "currency_id": _EUR},
            ],
            "product.product": [
                {"id": 30 + n, "default_code": code} for n, code in enumerate(("MUG-1", "POT-2", "DELIVERY"))
            ],
            "stock.location": [
                {"id": 5, "complete_name": "Partners/Customers", "usage": "customer"},
                {"id": 8, "complete_name": "WH/Stock", "usage": "internal"},
                {"id": 9, "complete_name": "WH2/Stock", "usage": "internal"},
            ],
            "stock.picking.type": [{"id": 1, "code": "incoming"}, {"id": 3, "code": "internal"}],
            "purchase.order": [],
            "sale.order": [],
            "stock.picking": [],
            "stock.move": [],
        }

    def add_purchase(self) -> None:
        """A confirmed order of two articles, which are awaited."""
        picking = {"id": 12, "name": "WH/IN/00012", "state": "assigned", "origin": "P00007"}
        self.tables["stock.picking"].append(picking)
        for n, product in enumerate((30, 31)):
            self.tables["stock.move"].append(
                {
                    "id": 40 + n,
                    "picking_id": 12,
                    "product_id": [product, "x"],
                    "product_uom_qty": 5,
                    "state": "assigned",
                }
            )
        order = {"id": 7, "name": "P00007", "state": "purchase", "amount_total": 9.0, "currency_id": _EUR}
        self.tables["purchase.order"].append({**order, "picking_ids": [12], "origin": ""})

    def booked(self) -> int:
        """How many transfers are booked."""
        return sum(one["state"] == "done" for one in self.tables["stock.picking"])

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("authorization") != f"bearer {KEY}":
            return _error("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
        assert request.headers["x-odoo-database"] == "mycompany"
        _, _, _, model, method = request.url.path.split("/")
        given = text.loads(body)
        if method == "search_read":
            return json(self._search(model, given))
        if method == "load":
            return json(self._load(model, given["fields"], given["data"]))
        return self._button(model, method, given)

    def _search(self, model: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        found = [one for one in self.tables[model] if _fits(one, given["domain"])]
        return [{name: one.get(name, False) for name in ("id", *given["fields"])} for one in found[: given["limit"]]]

    def _load(self, model: str, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
        rows = [dict(zip(fields, row, strict=True)) for row in data]
        head, external = rows[0], rows[0]["id"]
        if external in self.external:
            return {"ids": [self.external[external]], "messages": [], "nextrow": 0}
        if model == "res.partner" and "@" not in head["email"]:
            return {"ids": False, "messages": [{"type": "error", "message": "Invalid email address"}], "nextrow": 0}
        number = 7 + len(self.tables[model])
        record = {name.partition("/")[0]: value for name, value in head.items() if "/" not in name or "/.id" in name}
        record |= {
            "id": number,
            "state": "draft",
            "currency_id": _EUR,
            "name": head.get("name") or _name(model, number),
        }
        lines = _LINES.get(model, "")
        if lines:
            record["amount_total"] = sum(_amount(row) for row in rows)
            record["access_url"] = f"/my/orders/{number}"
        for row in rows if model == "stock.picking" else ():
            move = {"id": 40 + len(self.tables["stock.move"]), "picking_id": number, "state": "draft"}
            move |= {
                "product_id": [row["move_ids/product_id/.id"], "x"],
                "product_uom_qty": row["move_ids/product_uom_qty"],
            }
            self.tables["stock.move"].append(move)
        self.tables[model].append(record)
        self.external[external] = number
        return {"ids": [number], "messages": [], "nextrow": 0}

    def _button(self, model: str, method: str, given: dict[str, Any]) -> Response:
        [one] = [record for record in self.tables[model] if record["id"] in given["ids"]]
        if method == "write":
            one |= given["vals"]
            return json(True)
        if method == "button_validate":
            return self._validate(one, given)
        one["state"] = {"button_confirm": "purchase", "action_quotation_sent": "sent", "action_confirm": "assigned"}[
            method
        ]
        return json(True)

    def _validate(self, picking: dict[str, Any], given: dict[str, Any]) -> Response:
        moves = [one for one in self.tables["stock.move"] if one["picking_id"] == picking["id"]]
        if not any(one.get("picked") for one in moves):
            return _error(
                "odoo.exceptions.UserError", "You cannot validate a transfer if no quantities are reserved.", 422
            )
        rest = [one for one in moves if one["quantity"] < one["product_uom_qty"]]
        if rest:
            assert given["context"]["skip_backorder"]
            number = picking["id"] + 100
            self.tables["stock.picking"].append({**picking, "id": number, "state": "assigned"})
            self.tables["stock.move"] += [{**one, "id": one["id"] + 100, "picking_id": number} for one in rest]
            for order in self.tables["purchase.order"]:
                order["picking_ids"].append(number)
        picking["state"] = "done"
        return json(True)


def _pattern(like: str) -> str:
    """A pattern of SQL's LIKE as a regular expression."""
    parts = re.findall(r"\\.|.", like, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(one, re.escape(one[-1])) for one in parts)


def _fits(record: dict[str, Any], domain: Sequence[Any]) -> bool:
    """Whether a record fits a domain: conditions in prefix notation, of which all must hold where nothing is said."""
    rest = list(domain)

    def one() -> bool:
        part = rest.pop(0)
        if part == "|":
            first, second = one(), one()
            return first or second
        name, operator, wanted = part
        have = record.get(name, False)
        return _TESTS[operator](have[0] if isinstance(have, list) and name != "picking_ids" else have, wanted)

    results = []
    while rest:
        results.append(one())
    return all(results)


def _name(model: str, number: int) -> str:
    return {"purchase.order": f"P{number:05}", "sale.order": f"S{number:05}"}.get(model, f"WH/IN/{number:05}")


def _amount(row: dict[str, Any]) -> float:
    quantity = row.get("order_line/product_qty") or row.get("order_line/product_uom_qty") or 0
    discount = float(row.get("order_line/discount") or 0)
    return float(quantity) * float(row.get("order_line/price_unit") or 10) * (1 - discount / 100)


def _error(name: str, message: str, status: int) -> Response:
    return json(
        {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback …"}, status
    )
