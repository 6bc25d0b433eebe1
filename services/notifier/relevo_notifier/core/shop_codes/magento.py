"""Codes in Magento: coupons of a cart price rule that says what they are good for.

Source: AdobeDocs/commerce-webapi, "Coupons" (`/V1/coupons`, `/V1/coupons/search`, `/V1/salesRules/{ruleId}`);
magento/magento2, SalesRule/Model/CouponRepository.php: uses and end of a coupon are its rule's, and a rule that
generates coupons takes those of the type that is generated.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from relevo_notifier.core.replies import Replied
from relevo_notifier.core.shop_codes.exchange import Preparing, ShopApi, ShopRequest, field, not_understood, told
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule

_V1 = "/rest/V1"
_GENERATED = 1
_UNIT = timedelta(days=1)
_ALLOW = "give the integration the resource Marketing, Promotions, Cart Price Rules"
_MEANT = {401: f"the token is wrong, or {_ALLOW}", 403: _ALLOW, 404: "there is no such rule, or no REST API"}


class MagentoCodes:
    """Makes coupons of rules."""

    def opened(self, api: ShopApi) -> Mapping[str, str]:
        """The token of an integration."""
        return {"Authorization": f"Bearer {api.credentials['token']}"}

    def problem(self, rule: CouponRule) -> str:
        """The rule has to be named: Magento has no coupon without one."""
        return "" if rule.rule else "Magento makes coupons of a cart price rule: name it with --rule"

    def ask(self, wanted: CodeWanted) -> ShopRequest:
        """By its code."""
        place = "searchCriteria[filter_groups][0][filters][0]"
        query = {f"{place}[field]": "code", f"{place}[value]": wanted.code, f"{place}[condition_type]": "eq"}
        query["searchCriteria[pageSize]"] = "1"
        return ShopRequest(path=f"{_V1}/coupons/search", query=query)

    def has(self, reply: Replied) -> bool:
        """Whether the search found one; where it finds nothing, `items` may be null."""
        return bool(field(reply.body, "items"))

    def create(self, wanted: CodeWanted) -> Preparing:
        """A coupon of the rule, if that gives coupons of one use for long enough."""
        number = wanted.rule.rule
        rule = self.read((yield ShopRequest(path=f"{_V1}/salesRules/{number}")))
        if rule.error or rule.later:
            return rule
        if problem := _unfit(rule.body, wanted):
            return Replied(422, error=f"the cart price rule {number} {problem}")
        coupon = {"rule_id": number, "code": wanted.code, "type": _GENERATED, "is_primary": False, "times_used": 0}
        limits = {"usage_limit": 1, "usage_per_customer": 1}
        content = msgspec.json.encode({"coupon": {**coupon, **limits}})
        return ShopRequest(method="POST", path=f"{_V1}/coupons", content=content)

    def made(self, reply: Replied) -> bool:
        """The coupon has an id."""
        return field(reply.body, "coupon_id") is not None

    def read(self, reply: Replied) -> Replied:
        """Magento tells errors as a message with its parameters."""
        said = field(reply.body, "message")
        read = told(reply, said if isinstance(said, str) else "", _MEANT)
        return read if read.error or read.later or isinstance(reply.body, dict) else not_understood(reply)


def _unfit(rule: Any, wanted: CodeWanted) -> str:
    """Why a rule gives no code of one use that is valid for long enough; empty if it does."""
    if field(rule, "is_active") is not True:
        return "is not active"
    if field(rule, "use_auto_generation") is not True:
        return "has one code for all: set Coupon to Specific Coupon, and tick Use Auto Generation"
    if str(field(rule, "uses_per_coupon")) != "1":
        return "lets a coupon be used more than once: set Uses per Coupon to 1"
    try:
        last = date.fromisoformat(str(field(rule, "to_date") or "9999-12-30")[:10])
    except ValueError:
        return "has an end that is not a date"
    # The end of the rule is a day of the shop, whose zone is not known here.
    if wanted.ends_at is not None and wanted.ends_at.date() + _UNIT > last:
        return f"ends on {last}, before the code would"
    return ""
