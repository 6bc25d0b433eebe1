"""What Shippo's answers mean. Sources: as in `requests`: Shipment, Rate, Transaction and Track of its SDK."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.parts import Money
from relevo_contracts.systems.carrier import CarrierLabel, CarrierRate, CarrierRates, CarrierTrack, TrackStatus
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, Declined, Later, succeeded

_STATUS: Mapping[str, TrackStatus] = {
    "PRE_TRANSIT": "announced",
    "TRANSIT": "on_the_way",
    "DELIVERED": "delivered",
    "RETURNED": "returned",
    "FAILURE": "failed",
}
_WAITING = ("WAITING", "QUEUED")
_BOUGHT = ("SUCCESS", *_WAITING)


class ServiceLevel(Struct, frozen=True):
    """How a carrier calls an offer."""

    name: str = ""


class Rate(Struct, frozen=True):
    """An offer."""

    object_id: str
    amount: str
    currency: str
    provider: str
    servicelevel: ServiceLevel = ServiceLevel()
    estimated_days: int | None = None


class Shipment(Struct, frozen=True):
    """A parcel with its offers; `messages` say why a carrier has none."""

    rates: list[Rate]
    messages: list[dict[str, Any]] = []


class Transaction(Struct, frozen=True):
    """A label, or why there is none."""

    object_id: str
    status: str
    label_url: str | None = None
    tracking_number: str | None = None
    tracking_url_provider: str | None = None
    messages: list[dict[str, Any]] | None = None


class Transactions(Struct, frozen=True):
    """Labels."""

    results: list[Transaction]


class Scan(Struct, frozen=True):
    """What a carrier said last."""

    status: str
    status_details: str = ""
    status_date: datetime | None = None
    location: dict[str, str | None] | None = None


class Track(Struct, frozen=True):
    """A parcel on its way; nothing was said yet where `tracking_status` is missing."""

    tracking_number: str
    tracking_status: Scan | None = None
    eta: datetime | None = None


class CarrierAccounts(Struct, frozen=True):
    """The carriers of an account."""

    results: list[dict[str, Any]]


def rates(reply: Replied, access: Access) -> CarrierRates:
    """The offers, the cheapest first."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Shipment)
    offers = sorted(map(_offer, found.rates), key=lambda one: float(one.price.amount))
    if not offers:
        why = "; ".join(filter(None, (one.get("text") for one in found.messages)))
        raise Declined(f"no carrier makes an offer{f': {why}' if why else ''}")
    timed = [one for one in offers if one.days]
    fastest = min(timed, key=lambda one: one.days) if timed else None
    return CarrierRates(rates=offers, cheapest=offers[0], fastest=fastest)


def label(reply: Replied, access: Access) -> CarrierLabel:
    """The label that was bought."""
    return _label(msgspec.convert(succeeded(reply, access, _words(reply)), Transaction))


def bought(reply: Replied, access: Access) -> CarrierLabel | None:
    """The label of an offer, if it was bought already."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Transactions).results
    kept = next((one for one in found if one.status in _BOUGHT), None)
    return _label(kept) if kept is not None else None


def track(reply: Replied, access: Access) -> CarrierTrack:
    """Where a parcel is."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Track, strict=False)
    scan = found.tracking_status
    if scan is None:
        return CarrierTrack(status="unknown", estimated_at=_aware(found.eta))
    place = ", ".join(filter(None, ((scan.location or {}).get(name) for name in ("city", "state", "country"))))
    return CarrierTrack(
        status=_STATUS.get(scan.status, "unknown"),
        details=scan.status_details,
        location=place,
        at=_aware(scan.status_date),
        estimated_at=_aware(found.eta),
    )


def account(reply: Replied, access: Access) -> str:
    """How many carriers there are."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), CarrierAccounts).results
    return f"{len(found)} carrier accounts"


def _offer(rate: Rate) -> CarrierRate:
    return CarrierRate(
        rate_id=rate.object_id,
        carrier=rate.provider,
        service=rate.servicelevel.name,
        price=msgspec.convert({"amount": rate.amount, "currency": rate.currency}, Money),
        days=rate.estimated_days or 0,
    )


def _label(found: Transaction) -> CarrierLabel:
    if found.status in _WAITING:
        raise Later("Shippo is still making the label", 5.0)
    if found.status != "SUCCESS" or not found.label_url:
        why = "; ".join(filter(None, (one.get("text") for one in found.messages or ())))
        raise Declined(f"Shippo made no label ({found.status}){f': {why}' if why else ''}")
    return CarrierLabel(
        label_id=found.object_id,
        label_url=found.label_url,
        tracking_number=found.tracking_number or "",
        tracking_url=found.tracking_url_provider or "",
    )


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else None


def _words(reply: Replied) -> str:
    """What Shippo says of a refusal, whose form differs: `detail`, or words about each field."""
    return "; ".join(_texts("", reply.body))[:200]


def _texts(at: str, body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield f"{at}: {body}" if at not in ("", "detail", "__all__") else body
    elif isinstance(body, list):
        for one in body:
            yield from _texts(at, one)
    elif isinstance(body, Mapping):
        for name, one in body.items():
            yield from _texts(name if name not in ("__all__", "detail") else at, one)
