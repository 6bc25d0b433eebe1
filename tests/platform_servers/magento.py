"""A Magento, as its REST API shows it: searches by criteria, in UTC without a zone.

Source: AdobeDocs/commerce-webapi, "Search using REST endpoints". Where nothing is found `items` may be null.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relevo_sandbox.shops.magento import filters_of, searched
from tests.ingest.test_magento import event_of
from tests.platform_servers.server import PlatformServer, json

TOKEN = "token-of-the-integration"


class MagentoServer(PlatformServer):
    """Holds rows by path below `/rest/V1`. `forbidden` are paths that the token may not read."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[dict[str, Any]]] = {
            "/customerGroups/search": [{"id": 0, "code": "NOT LOGGED IN"}, {"id": 1, "code": "General"}],
            "/categories/list": [{"id": 4, "name": "Accessoires"}],
            "/inventory/source-items": [{"sku": "BELL", "source_code": "default", "quantity": 12, "status": 1}],
        }
        self.stores = event_of("order")["data"]["related"]["storeConfigs"]
        self.forbidden: set[str] = set()
        self.rule: dict[str, Any] = {
            "rule_id": 7,
            "is_active": True,
            "coupon_type": "SPECIFIC_COUPON",
            "use_auto_generation": True,
            "uses_per_coupon": 1,
        }
        self.codes: list[dict[str, Any]] = []
        self.before_page: Callable[[str], None] = lambda path: None

    async def answer(self, request: Request, body: bytes) -> Response:
        """What Magento says, or one of its errors."""
        path = request.url.path.removeprefix("/rest/V1")
        if request.headers.get("authorization") != f"Bearer {TOKEN}" or path in self.forbidden:
            parameters = {"resources": "Magento_Sales::actions_view"}
            return json(
                {"message": "The consumer isn't authorized to access %resources.", "parameters": parameters}, 401
            )
        if path.startswith(("/coupons", "/salesRules/")):
            return self._coupons(request, path, body)
        assert not body
        if path == "/store/storeConfigs":
            return json(self.stores)
        self.before_page(path)
        query = dict(request.query_params)
        rows = searched(self.rows.get(path, []), filters_of(query), query)
        return json({"items": rows or None, "search_criteria": {}, "total_count": len(rows)})

    def _coupons(self, request: Request, path: str, body: bytes) -> Response:
        if path == f"/salesRules/{self.rule['rule_id']}":
            return json(self.rule)
        if path == "/coupons/search":
            query = dict(request.query_params)
            rows = searched(self.codes, filters_of(query), query)
            return json({"items": rows or None, "search_criteria": {}, "total_count": len(rows)})
        if path != "/coupons":
            return json({"message": "No such entity with id = %1", "parameters": [path.rpartition("/")[2]]}, 404)
        made = msgspec.json.decode(body)["coupon"]
        if any(one["code"] == made["code"] for one in self.codes):
            return json({"message": "Coupon with the same code already exists."}, 400)
        self.codes.append(made)
        return json({"coupon_id": len(self.codes), **made})

    def change(self, path: str, number: int, at: datetime, **values: Any) -> dict[str, Any]:
        """Make a row, or change it."""
        stamp = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        name = "id" if path.startswith(("/customers", "/products", "/carts")) else "entity_id"
        rows = self.rows.setdefault(path, [])
        known = next((row for row in rows if row[name] == number), None)
        if known is None:
            known = {name: number, "created_at": stamp}
            rows.append(known)
        known.update(values, updated_at=stamp)
        return known
