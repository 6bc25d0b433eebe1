"""A shop at Shopify, as its Admin API shows it: webhooks by GraphQL, records by REST."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relevo_ingest.connectors.shopify.signature import sign_shopify
from tests.platform_servers.server import PlatformServer, json

TOKEN, SECRET = "shpat_of_the_tests", "shpss_of_the_tests"
_SCOPE = "This action requires merchant approval for {} scope."


class ShopifyServer(PlatformServer):
    """Holds records by resource, and subscriptions. `scopes_without` names what the app may not read or subscribe."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, list[dict[str, Any]]] = {"customers": [], "orders": [], "products": []}
        self.subscriptions: dict[str, dict[str, str]] = {}
        self.forbidden: tuple[str, ...] = ("SUBSCRIPTION_", "DISPUTES_")
        self.page_size = 250
        self.codes: list[dict[str, Any]] = []
        self._next = 1

    async def answer(self, request: Request, body: bytes) -> Response:
        """What Shopify says, or one of its errors."""
        if request.headers.get("x-shopify-access-token") != TOKEN:
            text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return json({"errors": text}, 401)
        _, admin, api, _, name = request.url.path.split("/", 4)
        if (admin, api) != ("admin", "api"):
            return json({"errors": "Not Found"}, 404)
        if name == "graphql.json":
            wanted = msgspec.json.decode(body)
            return json({"data": self._graphql(wanted["query"], wanted["variables"])})
        resource = name.removesuffix(".json")
        if resource in self.forbidden:
            return json({"errors": _SCOPE.format(f"read_{resource}")}, 403)
        if resource not in self.records:
            return json({"errors": "Not Found"}, 404)
        return self._list(resource, dict(request.query_params))

    def change(self, resource: str, number: int, at: datetime, **values: Any) -> dict[str, Any]:
        """Make a record, or change it."""
        known = next((one for one in self.records[resource] if one["id"] == number), None)
        if known is None:
            known = {"id": number, "created_at": at.isoformat()}
            self.records[resource].append(known)
        known.update(values, updated_at=at.isoformat())
        return known

    async def deliver(self, topic: str, record: dict[str, Any], delivery: str = "d-1") -> list[httpx.Response]:
        """Send a record to what is subscribed to its topic (`orders/create`)."""
        content = msgspec.json.encode(record)
        enum = topic.replace("/", "_").replace(".", "_").upper()
        headers = {
            "x-shopify-topic": topic,
            "x-shopify-webhook-id": delivery,
            "x-shopify-hmac-sha256": sign_shopify(SECRET, content),
            "content-type": "application/json",
        }
        async with httpx.AsyncClient() as client:
            return [
                await client.post(one["uri"], content=content, headers=headers)
                for one in self.subscriptions.values()
                if one["topic"] == enum
            ]

    def _graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if "webhookSubscriptionCreate" in query:
            return {"webhookSubscriptionCreate": self._create(variables)}
        if "webhookSubscriptionDelete" in query:
            gone = self.subscriptions.pop(variables["id"], None)
            errors = [] if gone else [{"field": ["id"], "message": "Webhook subscription does not exist"}]
            return {"webhookSubscriptionDelete": {"deletedWebhookSubscriptionId": gone and gone["id"]} | _user(errors)}
        if "codeDiscountNodeByCode" in query:
            return {"codeDiscountNodeByCode": self._discount(variables["code"])}
        if "discountCode" in query:
            return {"made": self._make(variables["discount"])}
        nodes = list(self.subscriptions.values())
        begin = int(variables.get("after") or 0)
        shown = nodes[begin : begin + 100]
        page = {"hasNextPage": begin + 100 < len(nodes), "endCursor": str(begin + len(shown))}
        return {"webhookSubscriptions": {"nodes": shown, "pageInfo": page}}

    def _discount(self, code: str) -> dict[str, str] | None:
        there = any(one["code"].lower() == code.lower() for one in self.codes)
        return {"id": "gid://shopify/DiscountCodeNode/1"} if there else None

    def _make(self, wanted: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in ("title", "code", "context", "startsAt") if not wanted.get(name)]
        if missing:
            errors = [{"message": f"{name} can't be blank", "code": "BLANK"} for name in missing]
            return {"codeDiscountNode": None, **_user(errors)}
        if self._discount(wanted["code"]):
            taken = {"message": "Code must be unique. Please try a different code.", "code": "TAKEN"}
            return {"codeDiscountNode": None, **_user([taken])}
        self.codes.append(wanted)
        return {"codeDiscountNode": {"id": f"gid://shopify/DiscountCodeNode/{len(self.codes)}"}, **_user([])}

    def _create(self, variables: dict[str, Any]) -> dict[str, Any]:
        topic, uri = variables["topic"], variables["webhook"]["uri"]
        errors = list(self._wrong(topic, uri))
        if errors:
            return {"webhookSubscription": None, **_user(errors)}
        self._next += 1
        made = {"id": f"gid://shopify/WebhookSubscription/{self._next}", "topic": topic, "uri": uri}
        self.subscriptions[made["id"]] = made
        return {"webhookSubscription": made, **_user([])}

    def _wrong(self, topic: str, uri: str) -> Iterator[dict[str, Any]]:
        if topic.startswith(self.forbidden):
            yield {"message": "You cannot create a webhook subscription with the specified topic"}
        if any(one["topic"] == topic and one["uri"] == uri for one in self.subscriptions.values()):
            yield {"message": "Address for this topic has already been taken"}

    def _list(self, resource: str, query: dict[str, str]) -> Response:
        position: tuple[datetime, int] | None = None
        if "page_info" in query:
            at, own, since, until = query["page_info"].split("~")
            position = datetime.fromisoformat(at), int(own)
        else:
            since, until = query.get("updated_at_min", ""), query.get("updated_at_max", "")
        found = [one for one in self.records[resource] if _within(one["updated_at"], since, until)]
        found = sorted((one for one in found if position is None or _place(one) > position), key=_place)
        size = min(int(query.get("limit", "50")), self.page_size)
        headers = {}
        if size < len(found):
            last = found[size - 1]
            behind = quote(f"{last['updated_at']}~{last['id']}~{since}~{until}")
            address = f"{self.url}/admin/api/any/{resource}.json?limit={size}&page_info={behind}"
            headers["link"] = f'<{address}>; rel="next"'
        return json({resource: found[:size]}, 200, **headers)


def _place(record: dict[str, Any]) -> tuple[datetime, int]:
    return datetime.fromisoformat(record["updated_at"]), int(record["id"])


def _within(at: str, since: str, until: str) -> bool:
    moment = datetime.fromisoformat(at)
    return (not since or datetime.fromisoformat(since) <= moment) and (
        not until or moment <= datetime.fromisoformat(until)
    )


def _user(errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"userErrors": errors}
