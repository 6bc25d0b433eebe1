"""What Shippo is asked. Sources: the reference of its API (2018-02-08), as its official SDK has it: shipments,
transactions, tracking status; "Create a return shipment".
"""

from typing import Any
from urllib.parse import quote

from relevo_contracts.parts import Address
from relevo_contracts.systems.carrier import BuyLabel, Rates, TrackParcel
from relevo_notifier.core.systems import Access, Ask, Declined

_VERSION = "2018-02-08"


def shipment(given: Rates, access: Access, reference: str) -> Ask:
    """A parcel, whose offers come with it. Nothing is bought. Of a return, Shippo exchanges the two addresses."""
    body = {
        "address_from": _sender(given, access),
        "address_to": _address(given.recipient, given.email),
        "parcels": [_parcel(given, access)],
        "metadata": (given.reference or reference)[:100],
        "async": False,
    }
    if given.return_label:
        body["extra"] = {"is_return": True}
    return _ask("POST", "/shipments", access, body=body)


def label(given: BuyLabel, access: Access, reference: str) -> Ask:
    """A label, bought."""
    body = {"rate": given.rate_id, "label_file_type": "PDF", "async": False, "metadata": reference}
    return _ask("POST", "/transactions", access, body=body)


def labels_of(rate_id: str, access: Access) -> Ask:
    """The labels that were bought of an offer."""
    return _ask("GET", "/transactions", access, query={"rate": rate_id})


def track(given: TrackParcel, access: Access) -> Ask:
    """Where a parcel is."""
    return _ask("GET", f"/tracks/{quote(given.carrier, safe='')}/{quote(given.tracking_number, safe='')}", access)


def carrier_accounts(access: Access) -> Ask:
    """The carriers of an account."""
    return _ask("GET", "/carrier_accounts", access, query={"results": "100"})


def _sender(given: Rates, access: Access) -> Any:
    if given.sender is not None:
        return _address(given.sender, "")
    kept = access.settings.get("sender", "")
    if not kept:
        raise Declined("it is not said who sends: give `sender`, or add the setting sender to Shippo")
    return kept


def _address(address: Address, email: str) -> dict[str, str]:
    named = {
        "name": address.name or address.company,
        "company": address.company,
        "street1": address.line1,
        "street2": address.line2,
        "city": address.city,
        "state": address.region,
        "zip": address.postcode,
        "country": address.country,
        "phone": address.phone,
        "email": email,
    }
    return {name: text for name, text in named.items() if text}


def _parcel(given: Rates, access: Access) -> dict[str, str]:
    sides = [given.length_cm, given.width_cm, given.height_cm]
    if not all(sides):
        kept = access.settings.get("parcel", "").lower().replace(" ", "").split("x")
        sides = [float(one) for one in kept if _is_length(one)]
    if len(sides) != 3 or not all(sides):
        raise Declined("it is not said how large the parcel is: give its lengths, or add the setting parcel to Shippo")
    length, width, height = (f"{side:g}" for side in sides)
    measures = {"length": length, "width": width, "height": height, "distance_unit": "cm"}
    return {**measures, "weight": f"{given.weight_kg:g}", "mass_unit": "kg"}


def _is_length(text: str) -> bool:
    return text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit()


def _ask(method: str, path: str, access: Access, *, query: dict[str, str] | None = None, body: Any = None) -> Ask:
    headers = {"Authorization": f"ShippoToken {access.credentials['token']}", "Shippo-API-Version": _VERSION}
    return Ask(method=method, path=path, query=query or {}, headers=headers, body=body)
