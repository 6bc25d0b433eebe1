"""Marketing consent: its own topics, and what older API versions still say inside a customer."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from relevo_contracts.payloads import Buyer, ConsentChanged
from relevo_ingest.connectors.shopify import parts
from relevo_ingest.connectors.shopify.shapes import ConsentShape, CustomerShape
from relevo_ingest.core import fields
from relevo_ingest.core.aliases import person
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.fields import Id, Text
from relevo_ingest.core.normalise import email, phone
from relevo_ingest.core.times import to_utc

Channel = Literal["email", "sms"]
State = Literal["granted", "withdrawn", "pending"]

# `not_subscribed`, `invalid` and `redacted` forbid marketing as `unsubscribed` does: read with care, they withdraw.
_STATES: dict[str, State] = {
    "subscribed": "granted",
    "pending": "pending",
    "unsubscribed": "withdrawn",
    "not_subscribed": "withdrawn",
    "invalid": "withdrawn",
    "redacted": "withdrawn",
}


class EmailConsentShape(Struct, frozen=True, kw_only=True):
    """The body of `customers_email_marketing_consent/update`."""

    customer_id: Id = None
    email_address: Text = None
    email_marketing_consent: ConsentShape | None = None


class SmsConsentShape(Struct, frozen=True, kw_only=True):
    """The body of `customers_marketing_consent/update`, which is about SMS."""

    id: Id = None
    customer_id: Id = None
    phone: Text = None
    sms_marketing_consent: ConsentShape | None = None


def email_consent(body: bytes, shop: ShopContext) -> Reading:
    """`customers_email_marketing_consent/update`."""
    del shop
    shape = decode(body, EmailConsentShape)
    who = Buyer(id=parts.required(shape.customer_id, "customer_id"), email=email(shape.email_address))
    return _statement(who, "email", shape.email_marketing_consent)


def sms_consent(body: bytes, shop: ShopContext) -> Reading:
    """`customers_marketing_consent/update`."""
    shape = decode(body, SmsConsentShape)
    who = Buyer(id=parts.required(shape.customer_id or shape.id, "id"), phone=phone(shape.phone, shop.region))
    return _statement(who, "sms", shape.sms_marketing_consent)


def inside_customer(customer: CustomerShape, who: Buyer) -> list[Draft]:
    """The statements inside a customer that carry their own time; undated ones prove nothing and are left out."""
    email_shape = customer.email_marketing_consent or _accepts_marketing(customer)
    found: list[tuple[Channel, ConsentShape | None]] = [("email", email_shape), ("sms", customer.sms_marketing_consent)]
    drafts = []
    for channel, shape in found:
        state = _STATES.get(fields.word(shape.state)) if shape else None
        if shape and state and shape.consent_updated_at:
            drafts.append(_draft(who, channel, shape, state, shape.consent_updated_at))
    return drafts


def withdrawn(who: Buyer, channel: Channel, at: datetime | None, source: str) -> Draft:
    """A withdrawal that follows from something else (the customer was deleted)."""
    payload = ConsentChanged(customer=who, channel=channel, state="withdrawn", source=source)
    about = f"{who.id}:{channel}"
    return Draft(type="consent.changed", payload=payload, subject=person(payload), at=at, about=about)


def _accepts_marketing(customer: CustomerShape) -> ConsentShape | None:
    """How API versions before 2022-04 say it."""
    if customer.accepts_marketing is None:
        return None
    state = "subscribed" if customer.accepts_marketing else "unsubscribed"
    return ConsentShape(state=state, consent_updated_at=customer.accepts_marketing_updated_at)


def _statement(who: Buyer, channel: Channel, shape: ConsentShape | None) -> Reading:
    state = fields.word(shape.state) if shape else ""
    if shape is None or state not in _STATES:
        return NoEvent(f"the {channel} consent has the state {state or 'null'!r}, which says nothing")
    return [_draft(who, channel, shape, _STATES[state], shape.consent_updated_at)]


def _draft(who: Buyer, channel: Channel, shape: ConsentShape, state: State, at: datetime | None) -> Draft:
    payload = ConsentChanged(
        customer=who,
        channel=channel,
        state=state,
        double_opt_in=fields.word(shape.opt_in_level) == "confirmed_opt_in",
        source="shopify",
    )
    # A customer and the consent's own topic tell the same statement, with the time of the statement itself.
    own_id = f"consent.changed:{channel}:{who.id}:{state}:{to_utc(at).isoformat()}" if at and who.id else ""
    return Draft(
        type="consent.changed",
        payload=payload,
        subject=person(payload),
        at=at,
        id=own_id,
        about=f"{who.id}:{channel}",
    )
