"""The Admin API of Shopify: what opens it, what its errors mean.

Records are read by REST, since a webhook's body is the resource as REST gives it, and one reader reads both. Webhooks
are registered by GraphQL, which alone has all topics. Source: shopify.dev, "Admin API": access, rate limits, errors.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    failed_status,
)

TOKEN, SECRET = "access_token", "client_secret"
_MEANT = {
    401: "the access token is wrong, or the app was uninstalled",
    402: "the shop is frozen: its bill at Shopify is not paid",
    403: "the app may not do this: give it the scope in its settings, and install it again",
    404: "there is no such shop, or nothing of this name in its API: is the address SHOP.myshopify.com?",
    423: "Shopify has locked the shop",
}
_THROTTLED = "THROTTLED"


class Cost(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a GraphQL query costs of what the shop still has."""

    requested_query_cost: float = 0.0
    throttle_status: dict[str, float] = {}


class Extensions(Struct, frozen=True):
    """What GraphQL says beside the data."""

    code: str = ""
    cost: Cost | None = None


class GraphqlError(Struct, frozen=True):
    """An error of a query as a whole, or of one input (`userErrors`)."""

    message: str = ""
    extensions: Extensions | None = None


class AnswerShape(Struct, frozen=True):
    """What every answer may have: REST tells errors by a text or an object, GraphQL by a list, in a 200."""

    errors: Any = None
    data: dict[str, Any] | None = None
    extensions: Extensions | None = None


class ShopifyApi:
    """What is asked of a shop at Shopify."""

    credentials: Mapping[str, str] = {
        TOKEN: "Admin API access token of your app (shpat_…): Settings, Apps, Develop apps, your app, API credentials",
        SECRET: "API secret key of the same app (shpss_…), with which Shopify signs its webhooks",
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With the app's access token."""
        del now
        given = {"x-shopify-access-token": connection.credentials[TOKEN]}
        return structs.replace(request, headers={**request.headers, **given})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: its status, or errors in a 200."""
        told = _answer(response.body)
        failed = failed_status(response)
        if failed is not None:
            meant = _MEANT.get(response.status, "")
            reason = "; ".join(filter(None, (f"HTTP {response.status}: {meant}".rstrip(": "), _text(told.errors))))
            return structs.replace(failed, reason=reason)
        errors = list(_errors(told))
        if not errors:
            return None
        throttled = any(one.extensions and one.extensions.code == _THROTTLED for one in errors)
        reason = "; ".join(one.message[:200] for one in errors[:3]) or "an error without words"
        return ApiFailure(reason, permanent=not throttled, retry_after=_pause(told) if throttled else None)


def _answer(body: bytes) -> AnswerShape:
    try:
        return msgspec.json.decode(body, type=AnswerShape)
    except msgspec.DecodeError:
        return AnswerShape()


def _errors(answer: AnswerShape) -> Iterator[GraphqlError]:
    yield from _converted(answer.errors)
    for made in (answer.data or {}).values():
        if isinstance(made, dict):
            yield from _converted(made.get("userErrors"))


def _converted(errors: Any) -> list[GraphqlError]:
    if not errors:
        return []
    try:
        return msgspec.convert(errors, list[GraphqlError])
    except msgspec.ValidationError:
        return [GraphqlError(_text(errors))]


def _text(errors: Any) -> str:
    if not errors:
        return ""
    return errors[:200] if isinstance(errors, str) else msgspec.json.encode(errors).decode()[:200]


def _pause(answer: AnswerShape) -> timedelta:
    """How long until the query can be paid, by what the shop has of its allowance and how fast that grows."""
    cost = answer.extensions.cost if answer.extensions else None
    status = cost.throttle_status if cost else {}
    missing = (cost.requested_query_cost if cost else 0.0) - status.get("currentlyAvailable", 0.0)
    return timedelta(seconds=min(max(missing / (status.get("restoreRate") or 50.0), 1.0), 60.0))
