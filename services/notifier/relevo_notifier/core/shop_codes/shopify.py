"""Codes at Shopify: a discount of one use each, by the GraphQL Admin API.

Source: shopify.dev, Admin GraphQL 2026-01: `codeDiscountNodeByCode`, `discountCodeBasicCreate`,
`discountCodeFreeShippingCreate`, `DiscountUserError`; rate limits (`THROTTLED` in a 200).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from relevo_notifier.core.replies import Replied
from relevo_notifier.core.shop_codes.exchange import Preparing, ShopApi, ShopRequest, field, not_understood, told
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule

_PATH = "/admin/api/2026-01/graphql.json"
_ASK = "query ($code: String!) { codeDiscountNodeByCode(code: $code) { id } }"
_BASIC = """mutation ($discount: DiscountCodeBasicInput!) {
  made: discountCodeBasicCreate(basicCodeDiscount: $discount) { codeDiscountNode { id } userErrors { message code } }
}"""
_FREE_SHIPPING = """mutation ($discount: DiscountCodeFreeShippingInput!) {
  made: discountCodeFreeShippingCreate(freeShippingCodeDiscount: $discount) {
    codeDiscountNode { id } userErrors { message code }
  }
}"""
_MEANT = {
    401: "the access token is wrong, or the app was uninstalled",
    403: "give the app the scopes read_discounts and write_discounts, and install it again",
}
_THROTTLED = "THROTTLED"
_PAUSE = 2.0
"""Wall seconds: what a code costs is there again by then, at 50 points a second and more."""


class ShopifyCodes:
    """Makes discounts."""

    def opened(self, api: ShopApi) -> Mapping[str, str]:
        """The app's access token."""
        return {"X-Shopify-Access-Token": api.credentials["access_token"]}

    def problem(self, rule: CouponRule) -> str:
        """Shopify has no cart price rules by number."""
        return "Shopify has no rules: say --percent, --amount or --free-shipping" if rule.rule else ""

    def ask(self, wanted: CodeWanted) -> ShopRequest:
        """By its code, whatever the case."""
        return _graphql(_ASK, {"code": wanted.code})

    def has(self, reply: Replied) -> bool:
        """Whether there is a discount with the code."""
        return field(reply.body, "data", "codeDiscountNodeByCode") is not None

    def create(self, wanted: CodeWanted) -> Preparing:
        """A discount for the customer, where the shop knows them; else for whoever has the code."""
        yield from ()
        query = _FREE_SHIPPING if wanted.rule.free_shipping else _BASIC
        return _graphql(query, {"discount": _discount(wanted)})

    def made(self, reply: Replied) -> bool:
        """The discount has an id."""
        return field(reply.body, "data", "made", "codeDiscountNode", "id") is not None

    def read(self, reply: Replied) -> Replied:
        """GraphQL tells errors in a 200."""
        if reply.status != 200:
            return told(reply, _text(field(reply.body, "errors")), _MEANT)
        errors = field(reply.body, "errors") or field(reply.body, "data", "made", "userErrors")
        if isinstance(errors, list) and errors:
            if any(field(one, "extensions", "code") == _THROTTLED for one in errors):
                return Replied(429, None, reply.wait or _PAUSE)
            said = "; ".join(_text(field(one, "message")) for one in errors)
            return told(reply, said or "an error without words", {200: "it makes no such discount"})
        return reply if isinstance(field(reply.body, "data"), dict) else not_understood(reply)


def _graphql(query: str, variables: Mapping[str, Any]) -> ShopRequest:
    content = msgspec.json.encode({"query": query, "variables": variables})
    return ShopRequest(method="POST", path=_PATH, content=content)


def _discount(wanted: CodeWanted) -> dict[str, Any]:
    rule, account = wanted.rule, wanted.account
    whose: dict[str, Any] = {"customers": {"add": [f"gid://shopify/Customer/{account}"]}} if account else {"all": "ALL"}
    made: dict[str, Any] = {
        "title": wanted.title,
        "code": wanted.code,
        "startsAt": wanted.begins_at.isoformat(),
        "endsAt": wanted.ends_at.isoformat() if wanted.ends_at else None,
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": whose,
    }
    if rule.minimum is not None:
        made["minimumRequirement"] = {"subtotal": {"greaterThanOrEqualToSubtotal": rule.minimum.amount}}
    if rule.free_shipping:
        return {**made, "destination": {"all": True}}
    off: dict[str, Any] = {"percentage": float(Decimal(rule.percent) / 100)} if rule.percent else {}
    if rule.amount is not None:
        off = {"discountAmount": {"amount": rule.amount.amount, "appliesOnEachItem": False}}
    return {**made, "customerGets": {"value": off, "items": {"all": True}}}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
