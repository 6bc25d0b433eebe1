"""A shop of WooCommerce, as its REST API v3 shows it. Times are naive UTC in `…_gmt`, as it writes them."""

import asyncio
from base64 import b64encode
from datetime import datetime
from typing import Any

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relevo_ingest.core.signature import hmac_base64
from tests.platform_servers.server import PlatformServer, json

KEY, SECRET = "ck_of_the_tests", "cs_of_the_tests"
API = "/wp-json/wc/v3/"
BY_MODIFIED = ("orders", "products")
"""What can be asked by the time of its last change; customers can't."""


class WooCommerceServer(PlatformServer):
    """Holds records by resource, and webhooks; pings what is registered, and delivers when a test says so."""

    def __init__(self, *, may_write: bool = True, pinging: bool = True) -> None:
        super().__init__()
        self.records: dict[str, list[dict[str, Any]]] = {"customers": [], "orders": [], "products": []}
        self.webhooks: dict[int, dict[str, Any]] = {}
        self.codes: list[dict[str, Any]] = []
        self.pings: list[int] = []
        self.may_write = may_write
        self.pinging = pinging
        self.without_topics: tuple[str, ...] = ("subscription.",)
        self._next = 1

    async def answer(self, request: Request, body: bytes) -> Response:
        """What WooCommerce says, or one of its errors."""
        if request.headers.get("authorization") != "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode():
            return error("woocommerce_rest_authentication_error", "Consumer key is invalid.", 401)
        path = request.url.path
        if not path.startswith(API):
            return error("rest_no_route", "No route was found matching the URL and request method.", 404)
        resource, _, number = path.removeprefix(API).partition("/")
        if resource == "webhooks":
            return await self._webhooks(request, number, body)
        if resource == "coupons":
            return self._coupons(request, body)
        if resource not in self.records or request.method != "GET":
            return error("rest_no_route", "No route was found matching the URL and request method.", 404)
        return self._list(resource, dict(request.query_params))

    def change(self, resource: str, number: int, at: datetime, **values: Any) -> dict[str, Any]:
        """Make a record, or change it."""
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S")
        known = next((one for one in self.records[resource] if one["id"] == number), None)
        if known is None:
            known = {"id": number, "date_created_gmt": stamp}
            self.records[resource].append(known)
        known.update(values, date_modified_gmt=stamp)
        return known

    async def deliver(self, topic: str, record: dict[str, Any]) -> list[httpx.Response]:
        """Send a record to what is registered for its topic and active."""
        content = msgspec.json.encode(record)
        there = [one for one in self.webhooks.values() if one["topic"] == topic and one["status"] == "active"]
        async with httpx.AsyncClient() as client:
            return [
                await client.post(
                    one["delivery_url"],
                    content=content,
                    headers={
                        "x-wc-webhook-topic": topic,
                        "x-wc-webhook-source": f"{self.url}/",
                        "x-wc-webhook-signature": hmac_base64(one["secret"], content),
                        "content-type": "application/json",
                    },
                )
                for one in there
            ]

    def _list(self, resource: str, query: dict[str, str]) -> Response:
        found = sorted(self.records[resource], key=lambda one: int(one["id"]))
        if resource in BY_MODIFIED:
            after, before = query.get("modified_after", ""), query.get("modified_before", "~")
            assert "dates_are_gmt" in query or after == ""
            found = [one for one in found if naive(after) < one["date_modified_gmt"] < naive(before)]
            if query.get("orderby") == "modified":
                found.sort(key=lambda one: str(one["date_modified_gmt"]))
        elif query.get("orderby") == "modified":
            return error("rest_invalid_param", "Invalid parameter(s): orderby", 400)
        if query.get("order", "desc") == "desc":
            found.reverse()
        size = int(query.get("per_page", "10"))
        begin = int(query["offset"]) if "offset" in query else size * (int(query.get("page", "1")) - 1)
        pages = -(-len(found) // size)
        return json(found[begin : begin + size], x_wp_total=str(len(found)), x_wp_totalpages=str(pages))

    def _coupons(self, request: Request, body: bytes) -> Response:
        if request.method == "GET":
            wanted = request.query_params.get("code", "").lower()
            return json([one for one in self.codes if one["code"] == wanted])
        if not self.may_write:
            return error("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources.", 401)
        made = msgspec.json.decode(body)
        made["code"] = made["code"].lower()  # as `wc_format_coupon_code` does
        if any(one["code"] == made["code"] for one in self.codes):
            return error("woocommerce_rest_coupon_code_already_exists", "The coupon code already exists", 400)
        self.codes.append(made)
        return json({"id": len(self.codes), **made}, 201)

    async def _webhooks(self, request: Request, number: str, body: bytes) -> Response:
        if request.method == "GET":
            return json([_shown(one) for one in self.webhooks.values()])
        if not self.may_write:
            return error("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources.", 401)
        if request.method == "DELETE":
            found = self.webhooks.pop(int(number), None)
            return error("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404) if found is None else json({})
        wanted = msgspec.json.decode(body)
        if wanted["topic"].startswith(self.without_topics):
            return error("woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic must be valid.", 400)
        self._next += 1
        made = {"status": "active", **wanted, "id": self._next}
        self.webhooks[self._next] = made
        if self.pinging:
            await self._ping(made)
        return json(_shown(made), 201)

    async def _ping(self, webhook: dict[str, Any]) -> None:
        """As WooCommerce does it: a form with the id; what comes of it changes nothing."""
        self.pings.append(webhook["id"])
        async with httpx.AsyncClient(timeout=5) as client:
            try:
                await client.post(webhook["delivery_url"], data={"webhook_id": webhook["id"]})
            except httpx.HTTPError:
                await asyncio.sleep(0)


def error(code: str, message: str, status: int) -> Response:
    """How WordPress tells an error."""
    return json({"code": code, "message": message, "data": {"status": status}}, status)


def naive(text: str) -> str:
    """A time of a query as records have it: without its zone."""
    return text.removesuffix("Z").removesuffix("+00:00")[:19] if text != "~" else text


def _shown(webhook: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in webhook.items() if name != "secret"}
