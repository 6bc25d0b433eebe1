"""A store of BigCommerce: what its API answers, its lists, and its webhooks."""

import json as text
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

ANSWERS = Path(__file__).parents[1] / "ingest" / "fixtures" / "bigcommerce" / "answers"
TOKEN = "the-access-token"
LISTS = {
    "/v3/customers": "customers",
    "/v3/customers/subscribers": "subscribers",
    "/v3/catalog/products": "products",
    "/v2/orders": "orders",
}


def answer(name: str) -> Any:
    """What the API has, as the fixtures have it."""
    return text.loads((ANSWERS / f"{name}.json").read_text())


class BigCommerceServer(PlatformServer):
    """`things` are by their paths; what is not among them is not there. Empty lists of version 2 are 204."""

    def __init__(self) -> None:
        super().__init__()
        order = "/v2/orders/250"
        self.things: dict[str, Any] = {
            order: answer("order"),
            f"{order}/products": answer("products"),
            f"{order}/shipping_addresses": answer("shipping_addresses"),
            f"{order}/coupons": [],
            f"{order}/shipments/12": answer("shipment"),
            "/v3/orders/payment_actions/refunds/3": answer("refund"),
            "/v3/customers": answer("customer"),
            "/v3/customers/subscribers/5": answer("subscriber"),
            "/v3/catalog/products/205": answer("product"),
        }
        self.hooks: dict[int, dict[str, Any]] = {}
        self._ids = count(1)
        self.records: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS.values()}
        self.before_page: Callable[[], None] = lambda: None
        self.refused: tuple[str, ...] = ()

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("x-auth-token") != TOKEN:
            return json({"status": 401, "title": "You are not authorized"}, 401)
        path = request.url.path
        if path.startswith("/v3/hooks") and "hooks" in self.refused:
            return json({"status": 403, "title": "You don't have a required scope to access the endpoint"}, 403)
        if path.startswith("/v3/hooks"):
            return self._hook(request, body)
        if path in LISTS and "id:in" not in request.query_params:
            if LISTS[path] in self.refused:
                return json({"status": 403, "title": "You don't have a required scope to access the endpoint"}, 403)
            self.before_page()
            return self._list(LISTS[path], dict(request.query_params))
        if path not in self.things:
            return json({"status": 404, "title": "Not found"}, 404)
        return json(self.things[path]) if self.things[path] != [] else Response(status_code=204)

    def change(self, resource: str, number: int, at: datetime, **values: Any) -> dict[str, Any]:
        """Make a record, or change it. Orders have their times as e-mails do."""
        stamp = format_datetime(at) if resource == "orders" else at.strftime("%Y-%m-%dT%H:%M:%SZ")
        known = next((one for one in self.records[resource] if one["id"] == number), None)
        if known is None:
            known = {"id": number, "date_created": stamp}
            self.records[resource].append(known)
        known.update(values, date_modified=stamp)
        return known

    def _list(self, resource: str, query: dict[str, str]) -> Response:
        found = sorted(self.records[resource], key=lambda one: int(one["id"]))
        two = resource == "orders"
        since, until = (query.get(name) for name in (_SPAN_2 if two else _SPAN_3))
        found = [one for one in found if (since or "") <= _iso(one) <= (until or "~")]
        found = [one for one in found if int(query.get("min_id", 0)) <= one["id"] > int(query.get("id:greater", 0))]
        if "after" in query:
            found = [one for one in found if one["id"] > int(query["after"])]
        size = int(query["limit"])
        begin = size * (int(query.get("page", "1")) - 1)
        rows = found[begin : begin + size]
        if two:
            return json([_with_consignments(one, query) for one in rows]) if rows else Response(status_code=204)
        meta: dict[str, Any] = {"pagination": {"total": len(found), "total_pages": -(-len(found) // size)}}
        if resource == "customers" and rows:
            meta["cursor_pagination"] = {"end_cursor": str(rows[-1]["id"])}
        return json({"data": rows, "meta": meta})

    def _hook(self, request: Request, body: bytes) -> Response:
        match request.method:
            case "GET":
                return json({"data": list(self.hooks.values()), "meta": {}})
            case "POST":
                made = {"id": next(self._ids), "is_active": True, **text.loads(body)}
                self.hooks[made["id"]] = made
                return json({"data": made, "meta": {}})
            case _:
                return json({"data": self.hooks.pop(int(request.url.path.rpartition("/")[2])), "meta": {}})


_SPAN_2, _SPAN_3 = ("min_date_modified", "max_date_modified"), ("date_modified:min", "date_modified:max")


def _iso(record: dict[str, Any]) -> str:
    """When it changed, as queries have it."""
    at = str(record["date_modified"])
    return at if at[0].isdigit() else parsedate_to_datetime(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_consignments(order: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """An order as the list has it: lines and addresses come along if they are asked for."""
    if query.get("include") != "consignments.line_items" or query.get("consignment_structure") != "object":
        return order
    [place] = answer("shipping_addresses")
    shipping = [{**place, "line_items": answer("products")}]
    empty: dict[str, Any] = {"pickups": [], "downloads": [], "email": {"gift_certificates": []}}
    return {**order, "consignments": {**empty, "shipping": shipping}}
