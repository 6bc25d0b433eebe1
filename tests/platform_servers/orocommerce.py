"""A shop of OroCommerce: its sign-in, its resources, its webhooks."""

import json as text
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

CREDENTIALS = {"client_id": "the-application", "client_secret": "its-secret"}
TOKEN = "a-token-of-an-hour"
FIXTURES = Path(__file__).parents[1] / "ingest" / "fixtures" / "orocommerce"
LISTS = {
    "/admin/api/customers": "customer",
    "/admin/api/customerusers": "customeruser",
    "/admin/api/products": "product",
    "/admin/api/orders": "order",
}
BY_TIME = ("customer", "product", "order")


class OroCommerceServer(PlatformServer):
    """`things` are JSON:API documents by their paths. Without a token nothing is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.things: dict[str, Any] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self._ids = count(1)
        self.records: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS.values()}
        self.before_page: Callable[[], None] = lambda: None
        self.refused: tuple[str, ...] = ()

    async def answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path == "/oauth2-token":
            given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            right = given == {"grant_type": "client_credentials", **CREDENTIALS}
            return json({"access_token": TOKEN, "expires_in": 3600} if right else {"error": "invalid_client"},
                        200 if right else 401)  # fmt: skip
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json({"errors": [{"status": "401"}]}, 401)
        if path.startswith("/admin/api/webhooks") and "webhooks" in self.refused:
            return json({"errors": [{"status": "403", "title": "access denied exception"}]}, 403)
        if path.startswith("/admin/api/webhooks"):
            return self._webhook(request, body)
        if path in LISTS:
            if LISTS[path] in self.refused:
                return json({"errors": [{"status": "403", "title": "access denied exception"}]}, 403)
            self.before_page()
            return self._list(LISTS[path], dict(request.query_params))
        return json(self.things[path]) if path in self.things else json({"errors": [{"status": "404"}]}, 404)

    def change(self, kind: str, number: int, at: datetime, **attributes: Any) -> dict[str, Any]:
        """Make a resource of the kind of a fixture, or change it."""
        stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        known = next((one for one in self.records[kind] if one["id"] == str(number)), None)
        if known is None:
            topic = text.loads((FIXTURES / f"{kind}.created.json").read_text())
            known = topic["eventData"]["data"] | {"id": str(number)}
            known["attributes"] |= {"createdAt": stamp}
            self.records[kind].append(known)
        known["attributes"].update(attributes, updatedAt=stamp)
        return known

    def _list(self, kind: str, query: dict[str, str]) -> Response:
        found = sorted(self.records[kind], key=lambda one: int(one["id"]))
        for name, value in query.items():
            if name.startswith("filter[updatedAt]"):
                if kind not in BY_TIME:
                    return json({"errors": [{"status": "400", "title": "filter constraint"}]}, 400)
                after = name.endswith("[gte]")
                found = [one for one in found if (one["attributes"]["updatedAt"] >= value) is after]
        found = [one for one in found if int(one["id"]) > int(query.get("filter[id][gt]", 0))]
        rows = found[: int(query["page[size]"])]
        came = text.loads((FIXTURES / f"{kind}.created.json").read_text())["eventData"].get("included", [])
        other = {"type": "addresses", "id": "of-another", "attributes": {"phone": "not theirs"}}
        return json({"data": rows, "included": [*came, other]}, x_include_total_count=str(len(found)))

    def _webhook(self, request: Request, body: bytes) -> Response:
        match request.method:
            case "GET":
                return json({"data": list(self.webhooks.values())})
            case "POST":
                data = text.loads(body)["data"]
                del data["attributes"]["secret"]
                made = {"type": "webhooks", "id": f"w-{next(self._ids)}", **data}
                self.webhooks[made["id"]] = made
                return json({"data": made}, 201)
            case _:
                del self.webhooks[request.url.path.rpartition("/")[2]]
                return Response(status_code=204)
