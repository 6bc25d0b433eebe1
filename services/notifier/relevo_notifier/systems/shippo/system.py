"""Shippo as a carrier."""

from relevo_contracts.systems.carrier import BuyLabel, CarrierLabel, CarrierRates, CarrierTrack, Rates, TrackParcel
from relevo_notifier.core.systems import Access, Conversation, System, SystemCall
from relevo_notifier.systems.shippo import replies, requests


def rates(given: Rates, call: SystemCall) -> Conversation[CarrierRates]:
    """Asks for offers; a parcel that is described twice costs nothing."""
    return replies.rates((yield requests.shipment(given, call.access, call.reference)), call.access)


def buy_label(given: BuyLabel, call: SystemCall) -> Conversation[CarrierLabel]:
    """Asks first whether the offer was bought already: Shippo knows no idempotency."""
    if call.repeated:
        known = replies.bought((yield requests.labels_of(given.rate_id, call.access)), call.access)
        if known is not None:
            return known
    return replies.label((yield requests.label(given, call.access, call.reference)), call.access)


def track(given: TrackParcel, call: SystemCall) -> Conversation[CarrierTrack]:
    """Asks where the parcel is."""
    return replies.track((yield requests.track(given, call.access)), call.access)


def probe(access: Access) -> Conversation[str]:
    """The carriers of the account."""
    return replies.account((yield requests.carrier_accounts(access)), access)


SHIPPO = System(
    name="shippo",
    title="Shippo",
    port="carrier",
    base_url="https://api.goshippo.com",
    credentials={"token": "Settings, API: the live token (the test token makes labels that are not valid)"},
    settings={
        "sender": "optional: the object id of the warehouse's address at Shippo, for steps that name no sender",
        "parcel": "optional: length x width x height in centimetres (30x20x10), for steps that give none",
    },
    operations={"rates": rates, "buy_label": buy_label, "track": track},
    probe=probe,
)
