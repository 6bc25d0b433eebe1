"""A HubSpot account: people by their addresses, deals by a property of ours, which is not there at first.

From its OpenAPI documents (contacts, deals and properties v3): BatchInputSimplePublicObjectBatchInputUpsert,
BatchResponseSimplePublicUpsertObject, PropertyCreate, Error.
"""

import json as text
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

TOKEN = "pat-eu1-the-token"
CREDENTIALS = {"token": TOKEN}
_AT = "2026-03-05T12:00:00.000Z"
_STAGES = ("appointmentscheduled", "qualifiedtobuy")


class HubSpotServer(PlatformServer):
    """`records` are by object and the value of their unique property, `properties` those that were made."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, dict[str, Any]]] = {"contacts": {}, "deals": {}}
        self.unique = {"contacts": {"email"}, "deals": set[str]()}
        self.associations: set[tuple[str, str]] = set()

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error("Authentication credentials not found.", "INVALID_AUTHENTICATION", 401)
        path, given = request.url.path, text.loads(body) if body else {}
        if path == "/account-info/v3/details":
            return json({"portalId": 62515, "timeZone": "Europe/Madrid", "companyCurrency": "EUR"})
        if path.startswith("/crm/v3/properties/deals"):
            return self._property(request, given)
        if path.startswith("/crm/v4/objects/deals/"):
            _, _, _, _, _, deal, _, _, _, contact = path.split("/")
            self.associations.add((deal, contact))
            return json({"status": "COMPLETE", "results": [], "startedAt": _AT, "completedAt": _AT})
        return self._upsert(path.split("/")[4], given["inputs"][0])

    def _property(self, request: Request, given: dict[str, Any]) -> Response:
        if request.method == "POST":
            if given["name"] in self.unique["deals"]:
                return _error(f"A property named '{given['name']}' already exists", "OBJECT_ALREADY_EXISTS", 409)
            assert given["hasUniqueValue"]
            self.unique["deals"].add(given["name"])
            return json({**given, "createdAt": _AT}, 201)
        name = request.url.path.rpartition("/")[2]
        if name not in self.unique["deals"]:
            return _error(f"Property {name} not found", "OBJECT_NOT_FOUND", 404)
        return json({"name": name, "hasUniqueValue": True})

    def _upsert(self, objects: str, one: dict[str, Any]) -> Response:
        if one["idProperty"] not in self.unique[objects]:
            words = f'Property "{one["idProperty"]}" does not exist'
            details = [{"message": words, "code": "PROPERTY_DOESNT_EXIST", "in": "idProperty"}]
            return _error("Property values were not valid", "VALIDATION_ERROR", 400, errors=details)
        if objects == "contacts" and "@" not in one["id"]:
            details = [{"message": f"Email address {one['id']} is invalid", "code": "INVALID_EMAIL"}]
            return _error("Property values were not valid", "VALIDATION_ERROR", 400, errors=details)
        if objects == "deals" and one["properties"]["dealstage"] not in _STAGES:
            words = f"{one['properties']['dealstage']} is not a valid pipeline stage ID"
            return _error(words, "VALIDATION_ERROR", 400)
        kept = self.records[objects]
        new = one["id"] not in kept
        record = kept.setdefault(one["id"], {"id": str(512 + len(kept)), "properties": {}})
        record["properties"] |= one["properties"]
        result = {**record, "new": new, "archived": False, "createdAt": _AT, "updatedAt": _AT}
        return json({"status": "COMPLETE", "results": [result], "startedAt": _AT, "completedAt": _AT})


def _error(message: str, category: str, status: int, **more: Any) -> Response:
    correlation = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
    body = {"status": "error", "message": message, "category": category, "correlationId": correlation, **more}
    return json(body, status)
