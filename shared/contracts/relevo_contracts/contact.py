"""What is known of how a person may be reached, and how an event changes it.

The engine and the notifier each keep this projection of the events; the newest statement wins, so that
the order in which two projections learn of it does not matter.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

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
    if isinstance(payload, ConsentChanged):
        if payload.channel not in ("email", "sms") or payload.purpose != "marketing":
            return contact  # says nothing of what is sent so far
        said = Consent(state=payload.state, at=at, source=payload.source)
        changes = _consents(contact, {f"{payload.channel}_consent": said})
    return apply_buyer(contact, msgspec.to_builtins(buyer), at, type(payload).__name__, changes)


def apply_buyer(
    contact: Contact, buyer: Mapping[str, Any], at: datetime, source: str, more: Mapping[str, object] | None = None
) -> Contact:
    """The contact after a payload of the type `source` told of a `Buyer` at `at`; `contact` itself if nothing changed.

    `buyer` is a valid `Buyer` as it travels; `more` are changes that are known already.
    """
    changes: dict[str, object] = {}
    fresh = contact.updated_at is None or at >= contact.updated_at
    for field, value in buyer.items():
        if value and field in _TEXT_FIELDS:  # empty text and `None` say nothing
            known = getattr(contact, field)
            if value != known and (fresh or not known):
                changes[field] = value
    if buyer.get("email_marketing") or buyer.get("sms_marketing"):
        changes.update(_ticked(contact, buyer, at, source))
    if more:
        changes.update(more)
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


def _ticked(contact: Contact, buyer: Mapping[str, Any], at: datetime, source: str) -> dict[str, object]:
    """The consents that ticked boxes grant anew.

    A box that is not ticked withdraws nothing, and one ticked again proves nothing newer.
    """
    boxes = {"email_consent": buyer.get("email_marketing"), "sms_consent": buyer.get("sms_marketing")}
    granted = Consent(state="granted", at=at, source=source)
    new = {name: granted for name, ticked in boxes.items() if ticked and getattr(contact, name).state != "granted"}
    return _consents(contact, new)


def _consents(contact: Contact, said: Mapping[str, Consent]) -> dict[str, object]:
    """Of what was said, what is newer than what is known."""
    changed = {name: newer(getattr(contact, name), consent) for name, consent in said.items()}
    return {name: consent for name, consent in changed.items() if consent != getattr(contact, name)}
