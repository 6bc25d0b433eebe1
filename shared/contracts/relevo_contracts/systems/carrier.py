"""The port `carrier`: parcels, what they cost, their labels, and where they are."""

from typing import Literal

from msgspec import Struct

from relevo_contracts.parts import Address, Instant, Money
from relevo_contracts.systems.operation import Operation, Text

TrackStatus = Literal["unknown", "announced", "on_the_way", "delivered", "returned", "failed"]


class Rates(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it costs to send a parcel. `sender` is the warehouse; without one that of the system's settings.

    Lengths are in centimetres; without them those of the settings. `return_label`: the label brings the parcel of
    `recipient`, the customer, back to `sender`. `email` is where the carrier may write to.
    """

    recipient: Address
    weight_kg: float
    sender: Address | None = None
    email: str = ""
    length_cm: float = 0.0
    width_cm: float = 0.0
    height_cm: float = 0.0
    return_label: bool = False
    reference: str = ""


class CarrierRate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One offer. `days` is how long it is expected to take, 0 if nobody says."""

    rate_id: str
    carrier: str
    service: str
    price: Money
    days: int = 0


class CarrierRates(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All offers, the cheapest first; and the fastest of those that say how long they take."""

    rates: list[CarrierRate]
    cheapest: CarrierRate | None = None
    fastest: CarrierRate | None = None


class BuyLabel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The label of an offer, bought once."""

    rate_id: Text


class CarrierLabel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A label, paid for. `label_url` is a document to be printed."""

    label_id: str
    label_url: str
    tracking_number: str = ""
    tracking_url: str = ""


class TrackParcel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a parcel is. `carrier` is its token at the system, such as `usps`."""

    carrier: Text
    tracking_number: Text


class CarrierTrack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the carrier knows of a parcel."""

    status: TrackStatus
    details: str = ""
    location: str = ""
    at: Instant | None = None
    estimated_at: Instant | None = None


_CHEAP = CarrierRate(
    rate_id="cf6fea899f1848b494d9568e8266e076",
    carrier="USPS",
    service="Priority Mail",
    days=2,
    price=Money("5.50", "USD"),
)

OPERATIONS = (
    Operation(
        name="carrier.rates",
        summary="asks what it costs to send a parcel",
        given=Rates,
        answer=CarrierRates,
        example=CarrierRates(rates=[_CHEAP], cheapest=_CHEAP, fastest=_CHEAP),
    ),
    Operation(
        name="carrier.buy_label",
        summary="buys the label of an offer",
        given=BuyLabel,
        answer=CarrierLabel,
        example=CarrierLabel(
            label_id="915d94940ea54c3a80cbfa328722f5a1",
            label_url="https://deliver.goshippo.com/915d94940ea54c3a80cbfa328722f5a1.pdf",
            tracking_number="92701901755477000000000011",
            tracking_url="https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=92701901755477000000000011",
        ),
    ),
    Operation(
        name="carrier.track",
        summary="asks where a parcel is",
        given=TrackParcel,
        answer=CarrierTrack,
        example=CarrierTrack(status="on_the_way", details="Your shipment has departed from the origin."),
    ),
)
