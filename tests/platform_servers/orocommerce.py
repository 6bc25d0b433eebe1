"""A shop of OroCommerce: its sign-in, its resources, its webhooks."""

import json as text
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

CREDENTIALS = {"client_id": "the-application", "client_secret": "its-secret"}
TOKEN = "a-token-of-an-hour"


class OroCommerceServer(PlatformServer):
    """`things` are JSON:API documents by their paths. Without a token nothing is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.things: dict[str, Any] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}

    async def answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path == "/oauth2-token":
            given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            right = given == {"grant_type": "client_credentials", **CREDENTIALS}
            return json({"access_token": TOKEN, "expires_in": 3600} if right else {"error": "invalid_client"},
                        200 if right else 401)  # fmt: skip
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json({"errors": [{"status": "401"}]}, 401)
        if path.startswith("/admin/api/webhooks"):
            return self._webhook(request, body)
        return json(self.things[path]) if path in self.things else json({"errors": [{"status": "404"}]}, 404)

    def _webhook(self, request: Request, body: bytes) -> Response:
        match request.method:
            case "GET":
                return json({"data": list(self.webhooks.values())})
            case "POST":
                data = text.loads(body)["data"]
                del data["attributes"]["secret"]
                made = {"type": "webhooks", "id": f"w-{len(self.webhooks) + 1}", **data}
                self.webhooks[made["id"]] = made
                return json({"data": made}, 201)
            case _:
                del self.webhooks[request.url.path.rpartition("/")[2]]
                return Response(status_code=204)
