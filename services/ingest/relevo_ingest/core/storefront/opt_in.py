"""Signing up for news in two steps: anybody can type an address, and only its owner can confirm that it was meant."""

from datetime import datetime, timedelta
from typing import Any, Literal, cast, get_args

from msgspec import Struct

from relevo_contracts.payloads import (
    Buyer,
    ConsentChanged,
    ConsentRequested,
    EventContact,
    Instant,
)
from relevo_ingest.core import normalise
from relevo_ingest.core.aliases import Alias, Kind, Person, alias
from relevo_ingest.core.drafts import Draft
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.storefront.batches import Hit
from relevo_ingest.core.storefront.values import Pages, contact

VALID_FOR = timedelta(days=7)
"""So long a sign-up can be confirmed."""
MOST_ASKED = 3
ASKED_WITHIN = timedelta(days=1)
"""So often in so long one address is asked: a stranger can't fill anybody's mailbox by a form."""
SOURCE = "double-opt-in"
Purpose = Literal["marketing", "newsletter", "product_news", "survey", "partners"]
State = Literal["asked", "confirmed", "declined"]
_WORDING_LIMIT = 2_000
_NAME_LIMIT = 100


class Details(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, where and how: the evidence of a consent, once it is given."""

    first_name: str = ""
    locale: str = ""
    purpose: Purpose = "marketing"
    form: str = ""
    form_url: str = ""
    wording: str = ""
    wording_version: str = ""
    list_id: str = ""


class Ask(Struct, frozen=True, kw_only=True):
    """Somebody typed `address` into a sign-up form. `visitor` is the browser, empty if it may not be remembered."""

    id: str
    address: str
    visitor: str
    details: Details
    at: datetime | None = None


class OptIn(Struct, frozen=True, kw_only=True):
    """A sign-up as it is stored. `address` is empty once its owner was erased; `visitor` is an alias, or empty."""

    shop: str
    id: str
    alias: str
    address: str | None
    visitor: str
    details: Details
    state: State
    asked_at: Instant
    asked_ip: str = ""
    ended_at: Instant | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to confirm it."""
        return now - self.asked_at > VALID_FOR

    @property
    def contact(self) -> EventContact:
        """Where the confirmation goes."""
        return EventContact(email=self.address or "", first_name=self.details.first_name, locale=self.details.locale)


def read_ask(hit: Hit, pages: Pages, request: str) -> Ask:
    """The sign-up that a hit asks for. Raises `InvalidPayload`: without an address, or for another channel."""
    typed = contact(hit.data, hit.locale)
    if typed is None:
        raise InvalidPayload("data.email", "is missing: it says who signs up")
    if hit.data.get("channel", "email") != "email":
        raise InvalidPayload("data.channel", "must be email: a page can't prove whose number it is")
    purpose = hit.data.get("purpose")
    details = Details(
        first_name=typed.first_name,
        locale=typed.locale,
        purpose=cast(Purpose, purpose) if purpose in get_args(Purpose) else "marketing",
        form=_text(hit.data.get("form"), _NAME_LIMIT),
        form_url=pages.looked_at(_text(hit.data.get("form_url"), _WORDING_LIMIT)),
        wording=_text(hit.data.get("wording"), _WORDING_LIMIT),
        wording_version=_text(hit.data.get("wording_version"), _NAME_LIMIT),
        list_id=_text(hit.data.get("list_id"), _NAME_LIMIT),
    )
    return Ask(id=request, address=typed.email, visitor=hit.visitor, details=details, at=hit.at)


def _text(value: Any, limit: int) -> str:
    return normalise.text(value, limit) if isinstance(value, str) else ""


def opt_in_of(ask: Ask, shop: str, received: datetime, ip_hash: str) -> OptIn:
    """The sign-up as it is stored when it was asked for at `received`."""
    visitor = alias(Kind.ANONYMOUS, ask.visitor).name if ask.visitor else ""
    return OptIn(
        shop=shop,
        id=ask.id,
        alias=alias(Kind.EMAIL, ask.address).name,
        address=ask.address,
        visitor=visitor,
        details=ask.details,
        state="asked",
        asked_at=received,
        asked_ip=ip_hash,
    )


def requested(one: OptIn, confirm_url: str, source: str) -> Draft:
    """The event that a sign-up waits for its owner's word, about the address and about nobody else."""
    payload = ConsentRequested(
        customer=Buyer(),
        request_id=one.id,
        contact=one.contact,
        purpose=one.details.purpose,
        confirm_url=confirm_url,
        expires_at=one.asked_at + VALID_FOR,
        form=one.details.form,
        form_url=one.details.form_url,
        wording=one.details.wording,
        wording_version=one.details.wording_version,
        list_id=one.details.list_id,
        ip_hash=one.asked_ip,
    )
    return Draft(
        type="consent.requested", payload=payload, subject=owner(one), at=one.asked_at, id=one.id, source=source
    )


def confirmed(one: OptIn, at: datetime, ip_hash: str, source: str) -> Draft:
    """The consent of the address's owner, with its evidence: one event, however often it is told."""
    payload = ConsentChanged(
        customer=Buyer(email=one.address or ""),
        channel="email",
        state="granted",
        purpose=one.details.purpose,
        double_opt_in=True,
        source=SOURCE,
        wording=one.details.wording,
        wording_version=one.details.wording_version,
        form=one.details.form,
        form_url=one.details.form_url,
        list_id=one.details.list_id,
        ip_hash=ip_hash,
        requested_at=one.asked_at,
    )
    return Draft(
        type="consent.changed", payload=payload, subject=owner(one), at=at, id=f"{one.id}:confirmed", source=source
    )


def owner(one: OptIn) -> Person:
    """The person who has the address."""
    return Person((Alias(Kind.EMAIL, one.alias),))
