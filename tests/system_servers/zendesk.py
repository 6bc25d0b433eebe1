"""A Zendesk account: tickets with their audits, and what it remembers of idempotency keys.

From its reference (developer.zendesk.com/api-reference/ticketing): "Tickets" (the fields of a ticket), "Ticket Audits"
(metadata, custom and system), "Idempotency" (the headers and both errors), "Status codes" (RecordInvalid …).
"""

import json as text
from base64 import b64encode
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

EMAIL, TOKEN = "agent@acme.example", "the-api-token"
CREDENTIALS = {"email": EMAIL, "token": TOKEN}
_AUTHORIZATION = "Basic " + b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
_AT = "2026-03-05T12:00:00Z"


class ZendeskServer(PlatformServer):
    """`tickets` are by number, `audits` the updates of each. `forget` empties what it remembers of keys."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.keys: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def forget(self) -> None:
        """Two hours pass."""
        self.keys.clear()

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("authorization") != _AUTHORIZATION:
            return json({"error": "Couldn't authenticate you"}, 401)
        path = request.url.path.removeprefix("/api/v2").removesuffix(".json")
        if path == "/users/me":
            return json({"user": {"id": 35436, "name": "Johnny Agent", "email": EMAIL, "role": "agent"}})
        if path == "/tickets":
            return self._create(request, body) if request.method == "POST" else self._list(request)
        _, _, number, *rest = path.split("/")
        ticket = self.tickets.get(int(number)) if number.isdigit() else None
        if ticket is None:
            return json({"error": "RecordNotFound", "description": "Not found"}, 404)
        if rest == ["audits"]:
            return json({"audits": self.audits[ticket["id"]][::-1], "meta": {"has_more": False}})
        return self._update(ticket, body) if request.method == "PUT" else json({"ticket": ticket})

    def _create(self, request: Request, body: bytes) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key in self.keys:
            before, ticket = self.keys[key]
            if before != body:
                words = "Request parameters don't match the given idempotency key"
                return json({"error": "IdempotentRequestError", "description": words}, 400)
            return json({"ticket": ticket}, 201, x_idempotency_lookup="hit")
        given = text.loads(body)["ticket"]
        if "@" not in given["requester"]["email"]:
            return _invalid("base", f"Requester: Email:  {given['requester']['email']} is not properly formatted")
        ticket = self._ticket(request, given)
        self.tickets[ticket["id"]] = ticket
        self.audits[ticket["id"]] = []
        self._audit(ticket, given)
        if key:
            self.keys[key] = (body, ticket)
        return json({"ticket": ticket, "audit": self.audits[ticket["id"]][-1]}, 201, x_idempotency_lookup="miss")

    def _ticket(self, request: Request, given: dict[str, Any]) -> dict[str, Any]:
        number = 35436 + len(self.tickets)
        return {
            "id": number,
            "url": f"{request.base_url}api/v2/tickets/{number}.json",
            "external_id": given.get("external_id"),
            "created_at": _AT,
            "updated_at": _AT,
            "type": None,
            "subject": given["subject"],
            "raw_subject": given["subject"],
            "description": given["comment"]["body"],
            "priority": given.get("priority"),
            "status": "new",
            "recipient": None,
            "requester_id": 20978392,
            "submitter_id": 76872,
            "assignee_id": None,
            "organization_id": None,
            "group_id": None,
            "tags": given.get("tags", []),
            "via": {"channel": "api"},
            "custom_fields": [],
            "satisfaction_rating": None,
        }

    def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("external_id")
        found = [one for one in self.tickets.values() if wanted is None or one["external_id"] == wanted]
        return json({"tickets": found, "next_page": None, "previous_page": None, "count": len(found)})

    def _update(self, ticket: dict[str, Any], body: bytes) -> Response:
        given = text.loads(body)["ticket"]
        if ticket["status"] == "closed":
            return _invalid("status", "Status: closed prevents ticket update")
        ticket["status"] = given.get("status", ticket["status"])
        self._audit(ticket, given)
        return json({"ticket": ticket, "audit": self.audits[ticket["id"]][-1]})

    def _audit(self, ticket: dict[str, Any], given: dict[str, Any]) -> None:
        listed = self.audits[ticket["id"]]
        comment = given.get("comment")
        events = [{"id": 1564245, "type": "Comment", "attachments": [], **comment}] if comment else []
        metadata = {"custom": given.get("metadata", {}), "system": {"ip_address": "184.106.40.75"}}
        listed.append(
            {
                "id": 2127301143 + len(listed),
                "ticket_id": ticket["id"],
                "created_at": _AT,
                "author_id": 35436,
                "metadata": metadata,
                "via": {"channel": "api"},
                "events": events,
            }
        )


def _invalid(field: str, words: str) -> Response:
    details = {field: [{"description": words}]}
    return json({"error": "RecordInvalid", "description": "Record validation errors", "details": details}, 422)
