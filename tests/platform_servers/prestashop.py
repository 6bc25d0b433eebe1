"""A PrestaShop, as its web service shows it: lists by filter, sort, display and limit, in JSON, in local time.

Source: devdocs.prestashop-project.org, web service, advanced use. Where a list is empty it answers `[]` alone.
"""

import xml.etree.ElementTree as ElementTree
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from relevo_sandbox.shops.prestashop import ALL, displayed, listed
from tests.platform_servers.server import PlatformServer, json

KEY = "WEBSERVICEKEYOFTHETESTS"
ZONE = ZoneInfo("Europe/Paris")
_OBJECTS = {"order_slip": "order_slips"}


class PrestaShopServer(PlatformServer):
    """Holds rows by resource. `forbidden` are resources that the key may not read, `lacking` what its version lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[dict[str, Any]]] = {
            "configurations": [
                {"id": 1, "name": "PS_TIMEZONE", "value": "Europe/Paris"},
                {"id": 2, "name": "PS_OS_CANCELED", "value": "6"},
                {"id": 3, "name": "PS_OS_REFUND", "value": "7"},
                {"id": 4, "name": "PS_OS_DELIVERED", "value": "5"},
                {"id": 5, "name": "PS_CURRENCY_DEFAULT", "value": "1"},
                {"id": 6, "name": "PS_SHOP_NAME", "value": "of no interest"},
            ],
            "currencies": [{"id": 1, "iso_code": "EUR", "name": "Euro"}],
            "languages": [{"id": 1, "iso_code": "fr", "locale": "fr-FR", "name": "Français"}],
            "countries": [{"id": 8, "iso_code": "FR", "name": "France"}],
            "groups": [{"id": 3, "name": [{"id": "1", "value": "Client"}]}],
            "carriers": [{"id": 2, "name": "La Poste", "url": "https://track.example/@"}],
            "categories": [{"id": 4, "name": [{"id": "1", "value": "Thés"}]}],
            "order_states": [
                state(1, "En attente de virement", "bankwire"),
                state(2, "Paiement accepté", "payment", paid=1),
                state(4, "Expédié", "shipped", paid=1, shipped=1, delivery=1),
                state(5, "Livré", "", paid=1, shipped=1, delivery=1),
                state(6, "Annulé", "order_canceled"),
                state(12, "Emballage cadeau", "", paid=1, delivery=1),
            ],
        }
        self.forbidden: set[str] = set()
        self.lacking: dict[str, set[str]] = {}
        self.before_page: Callable[[str], None] = lambda resource: None

    async def answer(self, request: Request, body: bytes) -> Response:
        """What PrestaShop says, or one of its errors."""
        if request.headers.get("authorization") != "Basic " + b64encode(f"{KEY}:".encode()).decode():
            return json({"errors": [{"code": 17, "message": "Invalid authentication key format"}]}, 401)
        resource = request.url.path.removeprefix("/api/")
        if resource in self.forbidden:
            return json({"errors": [{"code": 26, "message": f'Resource of type "{resource}" is not allowed'}]}, 401)
        if request.method == "POST" and resource == "cart_rules":
            return self._make(body)
        assert not body
        query = dict(request.query_params)
        shown = query.get("display", "full").strip("[]").split(",")
        if missing := self.lacking.get(resource, set()).intersection(shown):
            return json({"errors": [{"code": 35, "message": f'Unable to display this field "{missing.pop()}"'}]}, 400)
        self.before_page(resource)
        found = listed(self.rows.get(resource, []), query)
        rows = [displayed(row, query.get("display", ALL)) for row in found]
        return json({_OBJECTS.get(resource, resource): rows} if rows else [])

    @property
    def codes(self) -> list[dict[str, Any]]:
        """The cart rules."""
        return self.rows.setdefault("cart_rules", [])

    def _make(self, body: bytes) -> Response:
        """As the service reads XML; CartRule requires its dates and a name."""
        cart_rule = ElementTree.fromstring(body)[0]
        made: dict[str, Any] = {one.tag: one.text or "" for one in cart_rule if not len(one)}
        made["name"] = [{"id": one.get("id"), "value": one.text} for one in cart_rule.iterfind("name/language")]
        missing = [name for name in ("date_from", "date_to", "name") if not made.get(name)]
        if cart_rule.tag != "cart_rule" or missing:
            message = f"Property {' '.join(missing)} is required"
            return json({"errors": [{"code": 85, "message": message}]}, 400)
        self.codes.append({"id": len(self.codes) + 1, **made})
        return json({"cart_rule": self.codes[-1]}, 201)

    def change(self, resource: str, number: int, at: datetime, **values: Any) -> dict[str, Any]:
        """Make a row, or change it."""
        stamp = local(at)
        rows = self.rows.setdefault(resource, [])
        known = next((row for row in rows if row["id"] == number), None)
        if known is None:
            known = {"id": number, "date_add": stamp}
            rows.append(known)
        known.update(values, date_upd=stamp)
        return known


def local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def state(number: int, name: str, template: str, **flags: int) -> dict[str, Any]:
    named = {"name": [{"id": "1", "value": name}], "template": [{"id": "1", "value": template}]}
    return {"id": number, **named, **dict.fromkeys(("paid", "shipped", "delivery"), "0"), **flags}
