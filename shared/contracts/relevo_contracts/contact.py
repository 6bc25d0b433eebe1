"""What is known of how a person may be reached, and how an event changes it.

The engine and the notifier each keep this projection of the events; the newest statement wins, so that
the order in which two projections learn of it does not matter.
"""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import Buyer, ConsentChanged, Instant, Payload

Channel = Literal["email", "sms"]
ConsentState = Literal["granted", "withdrawn", "pending", "unknown"]


class Consent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest statement about one channel, with the time and the source that prove it."""

    state: ConsentState = "unknown"
    at: Instant | None = None
    source: str = ""


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a person may be reached. Empty text means "not known"."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    timezone: str = ""
    country: str = ""
    email_consent: Consent = Consent()
    sms_consent: Consent = Consent()
    updated_at: Instant | None = None

    def consent(self, channel: Channel) -> Consent:
        """The newest consent statement for `channel`."""
        return self.email_consent if channel == "email" else self.sms_consent


_TEXT_FIELDS = frozenset(("email", "phone", "first_name", "last_name", "locale", "timezone", "country"))


def newer(old: Consent, new: Consent) -> Consent:
    """The newer of two statements; at the same instant a withdrawal wins (the careful reading)."""
    if new.at is None:
        return old
    if old.at is None or new.at > old.at:
        return new
    if new.at == old.at and new.state == "withdrawn":
        return new
    return old


def apply_event(contact: Contact, payload: Payload, at: datetime) -> Contact:
    """The contact after an event that happened at `at`. Returns `contact` itself if nothing changed."""
    buyer: Buyer | None = getattr(payload, "customer", None)
    if buyer is None:
        return contact
    changes: dict[str, object] = {}
    fresh = contact.updated_at is None or at >= contact.updated_at
    for field, value in msgspec.to_builtins(buyer).items():  # what it says: empty text and `None` are left out
        if field in _TEXT_FIELDS:
            known = getattr(contact, field)
            if value != known and (fresh or not known):
                changes[field] = value
    if isinstance(payload, ConsentChanged) or _grants(contact, buyer):
        changes.update(_consents(contact, buyer, payload, at))
    if not changes:
        return contact
    if fresh:
        changes["updated_at"] = at
    return msgspec.structs.replace(contact, **changes)


def merge(mine: Contact, other: Contact) -> Contact:
    """Two projections of one person as one: newer text wins, then the newer consent of each channel."""
    old, new = (mine, other) if (mine.updated_at or _NEVER) <= (other.updated_at or _NEVER) else (other, mine)
    text = {field: getattr(new, field) or getattr(old, field) for field in _TEXT_FIELDS}
    return Contact(
        **text,
        email_consent=newer(mine.email_consent, other.email_consent),
        sms_consent=newer(mine.sms_consent, other.sms_consent),
        updated_at=new.updated_at,
    )


_NEVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


def _grants(contact: Contact, buyer: Buyer) -> bool:
    """Whether a box is ticked that was not granted before."""
    email, sms = contact.email_consent.state, contact.sms_consent.state
    return bool((buyer.email_marketing and email != "granted") or (buyer.sms_marketing and sms != "granted"))


def _consents(contact: Contact, buyer: Buyer, payload: Payload, at: datetime) -> dict[str, Consent]:
    said: dict[str, Consent] = {}
    for channel, flag in (("email", buyer.email_marketing), ("sms", buyer.sms_marketing)):
        if flag:
            # A false flag on an order means "box not ticked now", which withdraws nothing that was granted before.
            said[f"{channel}_consent"] = Consent(state="granted", at=at, source=type(payload).__name__)
    if isinstance(payload, ConsentChanged):
        said[f"{payload.channel}_consent"] = Consent(state=payload.state, at=at, source=payload.source)
    changed = {name: newer(getattr(contact, name), consent) for name, consent in said.items()}
    return {
        name: consent
        for name, consent in changed.items()
        if consent != getattr(contact, name)
        and (consent.state != getattr(contact, name).state or isinstance(payload, ConsentChanged))
    }
