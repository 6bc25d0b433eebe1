"""A PIM of Akeneo: tokens, and products.

From its documentation: "Authentication", "Troubleshooting" (the words about clients), and the product of the endpoints'
reference.
"""

import json as text
from base64 import b64encode
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

CREDENTIALS = {"client_id": "the_client", "secret": "the_secret", "username": "relevo_1234", "password": "the_password"}
SETTINGS = {"locale": "en_US", "channel": "ecommerce"}
UUID = "25566245-55c3-42ce-86d9-8610ac459fa8"
_BASIC = "Basic " + b64encode(b"the_client:the_secret").decode()
_TOKEN = "NzFiYTM4ZTEwMjcwZTcyZWIzZTA0NmY3NjE3MTIyMjM1Y2NlMmNlNWEyMTAzY2UzYmY0YWIxYmUzNTkyMDcyNQ"


def product(**changes: Any) -> dict[str, Any]:
    return {
        "uuid": UUID,
        "identifier": "top",
        "enabled": True,
        "family": "tshirt",
        "categories": ["summer_collection"],
        "groups": [],
        "parent": None,
        "values": {
            "name": [
                {"data": "Top", "locale": "en_US", "scope": None},
                {"data": "Débardeur", "locale": "fr_FR", "scope": None},
            ],
            "description": [
                {"data": "Summer top", "locale": "en_US", "scope": "ecommerce"},
                {"data": "Top", "locale": "en_US", "scope": "tablet"},
                {"data": "Débardeur pour l'été", "locale": "fr_FR", "scope": "ecommerce"},
            ],
            "price": [{"locale": None, "scope": None, "data": [{"amount": "15.5", "currency": "EUR"}]}],
            "color": [{"locale": None, "scope": None, "data": "black"}],
        },
        "created": "2016-06-23T18:24:44+02:00",
        "updated": "2016-06-25T17:56:12+02:00",
        **changes,
    }


class AkeneoServer(PlatformServer):
    """`products` are by their identifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.products = {"top": product(), "bare/1": product(identifier="bare/1", values=[], family=None)}

    async def answer(self, request: Request, body: bytes) -> Response:
        path = request.url.path
        if path == "/api/oauth/v1/token":
            return self._token(request, text.loads(body))
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            return json({"code": 401, "message": "Authentication is required"}, 401)
        if path == "/api/rest/v1/system-information":
            return json({"version": "7.0.55", "edition": "CE"})
        sku = path.removeprefix("/api/rest/v1/products/")
        if sku not in self.products:
            words = f'Product "{sku}" does not exist or you do not have permission to access it.'
            return json({"code": 404, "message": words}, 404)
        return json(self.products[sku])

    def _token(self, request: Request, given: dict[str, str]) -> Response:
        if request.headers.get("authorization") != _BASIC:
            words = 'Parameter "client_id" is missing or does not match any client, or secret is invalid'
            return json({"code": 422, "message": words}, 422)
        if (given["username"], given["password"]) != (CREDENTIALS["username"], CREDENTIALS["password"]):
            return json({"code": 422, "message": "No user found for the given username and password"}, 422)
        return json({"access_token": _TOKEN, "expires_in": 3600, "token_type": "bearer", "scope": None})
