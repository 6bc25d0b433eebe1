"""A Shippo account: shipments with offers, labels, and parcels on their way.

From the reference of its API (2018-02-08) as its official SDK has it: Shipment, Rate, Transaction, Track and
CarrierAccount, with the values of their examples.
"""

import json as text
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

TOKEN = "shippo_test_the_token"
CREDENTIALS = {"token": TOKEN}
LABEL = "https://shippo-delivery.s3.amazonaws.com/70ae8117ee1749e393f249d5b77c45e0.pdf"
RATE = "adcfdddf8ec64b84ad22772bce3ea37a"
_AT = "2026-03-05T12:00:00Z"


def rate(object_id: str, amount: str, days: int | None, provider: str, service: str) -> dict[str, Any]:
    return {
        "object_id": object_id,
        "object_created": _AT,
        "amount": amount,
        "currency": "USD",
        "amount_local": amount,
        "currency_local": "USD",
        "provider": provider,
        "servicelevel": {"name": service, "token": service.lower().replace(" ", "_"), "terms": ""},
        "estimated_days": days,
        "attributes": [],
        "messages": [],
        "test": True,
    }


class ShippoServer(PlatformServer):
    """`shipments` are what was described, `transactions` what was bought."""

    def __init__(self) -> None:
        super().__init__()
        self.shipments: list[dict[str, Any]] = []
        self.transactions: list[dict[str, Any]] = []
        self.status = "SUCCESS"

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.headers.get("authorization") != f"ShippoToken {TOKEN}":
            return json({"detail": "Invalid token"}, 401)
        path = request.url.path
        if path == "/carrier_accounts":
            return json({"next": None, "previous": None, "results": [{"carrier": "usps"}, {"carrier": "fedex"}]})
        if path == "/shipments":
            return self._shipment(text.loads(body))
        if path == "/transactions":
            return self._bought(request) if request.method == "GET" else self._buy(text.loads(body))
        return self._track(path)

    def _shipment(self, given: dict[str, Any]) -> Response:
        missing = [name for name in ("street1", "city", "zip", "country") if name not in given["address_to"]]
        if missing:
            return json({"address_to": [{missing[0]: ["This field is required."]}]}, 400)
        self.shipments.append(given)
        rates = [
            rate("ec9f0d3adc9441449c85d315f0997fd5", "24.30", 1, "FedEx", "Priority Overnight"),
            rate(RATE, "5.5", 2, "USPS", "Priority Mail"),
            rate("cf6fea899f1848b494d9568e8266e076", "9.1", None, "UPS", "Ground"),
        ]
        if given["address_to"]["country"] == "AQ":
            rates = []
        messages = [{"source": "UPS", "code": "", "text": "UPS does not serve this destination"}]
        return json(
            {
                "object_id": "5e40ead7cffe4cc1ad45108696162e42",
                "status": "SUCCESS",
                "rates": rates,
                "messages": messages,
            },
            201,
        )

    def _buy(self, given: dict[str, Any]) -> Response:
        if given["rate"] != RATE:
            return json({"detail": f"Rate with supplied object_id not found: {given['rate']}"}, 404)
        bought = self._transaction(given)
        self.transactions.append(bought)
        return json(bought, 201)

    def _transaction(self, given: dict[str, Any]) -> dict[str, Any]:
        done = self.status == "SUCCESS"
        return {
            "object_id": f"915d94940ea54c3a80cbfa328722f5a{len(self.transactions)}",
            "object_state": "VALID",
            "status": self.status,
            "rate": given["rate"],
            "metadata": given["metadata"],
            "tracking_number": "92701901755477000000000011" if done else "",
            "tracking_url_provider": "https://tools.usps.com/go/TrackConfirmAction.action" if done else "",
            "label_url": LABEL if done else "",
            "messages": [] if done else [{"source": "USPS", "code": "", "text": "The account has no postage"}],
            "test": True,
        }

    def _bought(self, request: Request) -> Response:
        wanted = request.query_params.get("rate")
        found = [one for one in self.transactions if one["rate"] == wanted]
        return json({"next": None, "previous": None, "results": found})

    def _track(self, path: str) -> Response:
        _, _, carrier, number = path.split("/")
        if carrier != "usps":
            return json({"detail": f"Carrier '{carrier}' is not supported"}, 404)
        status = {
            "object_created": _AT,
            "object_id": "6e9fa1ca3d6d4e2a",
            "object_updated": None,
            "status": "TRANSIT",
            "status_details": "Your shipment has departed from the origin.",
            "status_date": "2026-03-04T08:30:00Z",
            "location": {"city": "San Francisco", "state": "CA", "zip": "94103", "country": "US"},
        }
        return json(
            {
                "carrier": carrier,
                "tracking_number": number,
                "eta": "2026-03-06T00:00:00Z",
                "original_eta": None,
                "tracking_status": status if number != "new" else None,
                "tracking_history": [],
                "messages": [],
            }
        )
