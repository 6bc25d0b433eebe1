"""Codes in WooCommerce: a coupon of one use each, by the REST API v3.

Source: woocommerce-rest-api-docs, "Coupons"; class-wc-rest-coupons-v2-controller.php (`code` filters the list, a code
is there once); class-wc-data.php, `set_date_prop` (a time with its zone is that instant, and `…_gmt` is not set).
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from relevo_notifier.core.replies import Replied
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.core.shop_codes.exchange import Preparing, ShopApi, ShopRequest, field, not_understood, told
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule

_PATH = "/wp-json/wc/v3/coupons"
_MEANT = {401: "the consumer key is wrong, or may only read: make one with the permission Read/Write"}


class WooCommerceCodes:
    """Makes coupons."""

    def opened(self, api: ShopApi) -> Mapping[str, str]:
        """The consumer key, which WooCommerce takes by HTTPS only."""
        pair = api.credentials["consumer_key"], api.credentials["consumer_secret"]
        return {"Authorization": basic_auth(*pair)}

    def problem(self, rule: CouponRule) -> str:
        """WooCommerce has no cart price rules by number."""
        return "WooCommerce has no rules: say --percent, --amount or --free-shipping" if rule.rule else ""

    def ask(self, wanted: CodeWanted) -> ShopRequest:
        """By its code, whatever the case."""
        return ShopRequest(path=_PATH, query={"code": wanted.code})

    def has(self, reply: Replied) -> bool:
        """Whether the list has one."""
        return isinstance(reply.body, list) and bool(reply.body)

    def create(self, wanted: CodeWanted) -> Preparing:
        """A coupon for the customer's address, where it is known."""
        yield from ()
        return ShopRequest(method="POST", path=_PATH, content=msgspec.json.encode(_coupon(wanted)))

    def made(self, reply: Replied) -> bool:
        """The coupon has an id."""
        return field(reply.body, "id") is not None

    def read(self, reply: Replied) -> Replied:
        """WordPress tells errors as `code` and `message`; some plugins do so in a 200."""
        said = field(reply.body, "message") if field(reply.body, "code") and field(reply.body, "message") else ""
        read = told(reply, said if isinstance(said, str) else "", _MEANT)
        return read if read.error or read.later or isinstance(reply.body, list | dict) else not_understood(reply)


def _coupon(wanted: CodeWanted) -> dict[str, Any]:
    rule = wanted.rule
    made: dict[str, Any] = {
        "code": wanted.code,
        "description": wanted.title,
        "discount_type": "percent" if rule.percent else "fixed_cart",
        "amount": rule.percent or (rule.amount.amount if rule.amount else "0"),
        "free_shipping": rule.free_shipping,
        "usage_limit": 1,
        "usage_limit_per_user": 1,
    }
    if wanted.email:
        made["email_restrictions"] = [wanted.email]
    if wanted.ends_at is not None:
        made["date_expires"] = wanted.ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if rule.minimum is not None:
        made["minimum_amount"] = rule.minimum.amount
    return made
