"""Codes in PrestaShop: a cart rule of one use each, by the web service.

Source: devdocs.prestashop-project.org, web service: `cart_rules`, creating resources (XML in, JSON out by
`output_format`); PrestaShop, classes/CartRule.php: nothing keeps two rules from having one code.
"""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from relevo_contracts.payloads import Money
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.core.shop_codes.exchange import Preparing, ShopApi, ShopRequest, field, not_understood, told
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule

_PATH = "/api/cart_rules"
_JSON = {"output_format": "JSON"}
_DAY = timedelta(days=1)
_NO_END = timedelta(days=3650)
_RIGHTS = (
    "give the key the rights GET and POST on cart_rules, and GET on languages and currencies (Advanced Parameters,"
    " Webservice)"
)
_MEANT = {401: f"the key is wrong, or may not do this: {_RIGHTS}", 403: _RIGHTS, 405: _RIGHTS}


class PrestaShopCodes:
    """Makes cart rules."""

    def opened(self, api: ShopApi) -> Mapping[str, str]:
        """The key is the user, without a password."""
        return {"Authorization": basic_auth(api.credentials["key"], "")}

    def problem(self, rule: CouponRule) -> str:
        """PrestaShop has no rules to make codes of: each code is one."""
        return "PrestaShop has no rules: say --percent, --amount or --free-shipping" if rule.rule else ""

    def ask(self, wanted: CodeWanted) -> ShopRequest:
        """By its code."""
        return ShopRequest(path=_PATH, query={**_JSON, "filter[code]": f"[{wanted.code}]", "display": "[id,code]"})

    def has(self, reply: Replied) -> bool:
        """Whether the list has one; an empty list has no name."""
        return bool(field(reply.body, "cart_rules"))

    def create(self, wanted: CodeWanted) -> Preparing:
        """A cart rule with a name in each language, and the shop's numbers of its currencies."""
        languages = self.read((yield ShopRequest(path="/api/languages", query={**_JSON, "display": "[id]"})))
        if languages.error or languages.later:
            return languages
        currency = yield from self._currency(wanted.rule.amount or wanted.rule.minimum)
        if isinstance(currency, Replied):
            return currency
        ids = [int(one["id"]) for one in field(languages.body, "languages") or [] if str(field(one, "id")).isdigit()]
        content = _cart_rule(wanted, ids or [1], currency).encode()
        return ShopRequest(method="POST", path=_PATH, query=_JSON, content=content, media="application/xml")

    def _currency(self, money: Money | None) -> Generator[ShopRequest, Replied, int | Replied]:
        """The shop's number of a currency; 0 where no amount is said."""
        if money is None:
            return 0
        query = {**_JSON, "filter[iso_code]": f"[{money.currency}]", "display": "[id]"}
        found = self.read((yield ShopRequest(path="/api/currencies", query=query)))
        if found.error or found.later:
            return found
        number = str(field(found.body, "currencies", 0, "id"))
        return int(number) if number.isdigit() else Replied(422, error=f"the shop has no currency {money.currency}")

    def made(self, reply: Replied) -> bool:
        """The cart rule has an id."""
        return field(reply.body, "cart_rule", "id") is not None

    def read(self, reply: Replied) -> Replied:
        """PrestaShop tells errors as a list, also in a 200."""
        errors = field(reply.body, "errors")
        said = "; ".join(str(field(one, "message")) for one in errors) if isinstance(errors, list) else ""
        read = told(reply, said, _MEANT)
        return read if read.error or read.later or isinstance(reply.body, list | dict) else not_understood(reply)


def _cart_rule(wanted: CodeWanted, languages: list[int], currency: int) -> str:
    rule = wanted.rule
    fields = {
        "id_customer": wanted.account,
        "date_from": _local(wanted.begins_at - _DAY),
        "date_to": _local((wanted.ends_at or wanted.begins_at + _NO_END) + _DAY),
        "description": wanted.title,
        "quantity": 1,
        "quantity_per_user": 1,
        "priority": 1,
        "partial_use": 0,
        "code": wanted.code,
        "minimum_amount": rule.minimum.amount if rule.minimum else 0,
        "minimum_amount_tax": 1,
        "minimum_amount_currency": currency,
        "minimum_amount_shipping": 0,
        "free_shipping": int(rule.free_shipping),
        "reduction_percent": rule.percent or 0,
        "reduction_amount": rule.amount.amount if rule.amount else 0,
        "reduction_tax": 1,
        "reduction_currency": currency,
        "highlight": 0,
        "active": 1,
    }
    lines = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
    names = "".join(f'<language id="{number}">{escape(wanted.title)}</language>' for number in languages)
    return f"<prestashop><cart_rule>{lines}<name>{names}</name></cart_rule></prestashop>"


def _local(instant: datetime) -> str:
    """PrestaShop takes the shop's local time, whose zone is not known here: a day more at each end makes up for it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
