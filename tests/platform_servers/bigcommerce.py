"""A store of BigCommerce: what its API answers, and its webhooks."""

import json as text
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

ANSWERS = Path(__file__).parents[1] / "ingest" / "fixtures" / "bigcommerce" / "answers"
TOKEN = "the-access-token"


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

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("x-auth-token") != TOKEN:
            return json({"status": 401, "title": "You are not authorized"}, 401)
        path = request.url.path
        if path.startswith("/v3/hooks"):
            return self._hook(request, body)
        if path not in self.things:
            return json({"status": 404, "title": "Not found"}, 404)
        return json(self.things[path]) if self.things[path] != [] else Response(status_code=204)

    def _hook(self, request: Request, body: bytes) -> Response:
        match request.method:
            case "GET":
                return json({"data": list(self.hooks.values()), "meta": {}})
            case "POST":
                made = {"id": len(self.hooks) + 1, "is_active": True, **text.loads(body)}
                self.hooks[made["id"]] = made
                return json({"data": made, "meta": {}})
            case _:
                return json({"data": self.hooks.pop(int(request.url.path.rpartition("/")[2])), "meta": {}})
