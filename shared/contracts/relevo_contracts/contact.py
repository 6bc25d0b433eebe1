"""What is known of how a person may be reached, and how an event changes it.

Consent belongs to the address or number that gave it: a person who changes the address has to agree anew, and a box
ticked for a friend's address says nothing of the person's own. What belongs to one order only (`EventContact`) never
becomes the person's.

The engine and the notifier each keep this projection of the events; the newest statement wins, so that
the order in which two projections learn of it does not matter.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.consents import UNKNOWN as _UNKNOWN
from relevo_contracts.consents import Consent, lift, newer, withdrawals
from relevo_contracts.payloads import Buyer, ConsentChanged, EventContact, Instant, Payload

Channel = Literal["email", "sms"]

KEPT_CONSENTS = 40
"""So many statements about other addresses and numbers are kept of a person. One that is dropped is unknown again."""


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a person may be reached. Empty text means "not known".

    `email_consent` and `sms_consent` are those of `email` and `phone`; as long as there is none, they wait for the
    first. `consents` has those of other addresses and numbers (`email:friend@example.com`, `sms:+12025550123`), which
    count once one of them becomes the person's own; `email:` and `sms:` are the newest withdrawal that named no
    address, and holds for all. `customer_id` is the shop's id of the person, empty for a guest.

    `topics` has what was said about purposes other than marketing (`email/newsletter:ana@example.com`), of each channel
    and address; without an address it is a withdrawal that holds for all. `bought_at` is the first order known, by
    which an address was got in a sale. `preferred` is the channel that the person wants first, said at `preferred_at`.
    """

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
    customer_id: str = ""
    consents: dict[str, Consent] = {}
    topics: dict[str, Consent] = {}
    bought_at: Instant | None = None
    preferred: Literal["", "email", "sms"] = ""
    preferred_at: Instant | None = None

    def consent(self, channel: Channel) -> Consent:
        """The newest consent statement for the person's own address on `channel`."""
        return self.email_consent if channel == "email" else self.sms_consent

    def address(self, channel: Channel) -> str:
        """The person's own address or number on `channel`."""
        return self.email if channel == "email" else self.phone

    def topic_consent(self, channel: Channel, topic: str) -> Consent:
        """The newest statement about a purpose other than marketing, for the person's own address on `channel`."""
        if not self.topics:
            return _UNKNOWN
        name = f"{channel}/{topic}:"
        mine, everywhere = self.topics.get(name + self.address(channel)), self.topics.get(name)
        return newer(mine or _UNKNOWN, everywhere or _UNKNOWN)


_CHANNELS: tuple[Channel, ...] = ("email", "sms")
_ADDRESS_FIELD: dict[Channel, str] = {"email": "email", "sms": "phone"}
_BOX: dict[Channel, str] = {"email": "email_marketing", "sms": "sms_marketing"}
_SALE = "OrderChanged"
"""The payload of an order: an address that came with one was got in a sale (Directive 2002/58/EC, Art. 13(2))."""
_TEXT_FIELDS = frozenset(("email", "phone", "first_name", "last_name", "locale", "timezone", "country"))


def apply_event(contact: Contact, payload: Payload, at: datetime) -> Contact:
    """The contact after an event that happened at `at`. Returns `contact` itself if nothing changed."""
    buyer: Buyer | None = getattr(payload, "customer", None)
    if buyer is None:
        return contact
    if isinstance(payload, ConsentChanged):
        if payload.channel not in _CHANNELS:
            return contact  # says nothing of what is sent so far
        if payload.preferred:
            contact = _with_preferred(contact, payload.channel, at)
        if payload.topic or payload.purpose != "marketing":
            return _with_topic(contact, payload, payload.channel, at)
        updated = apply_buyer(contact, msgspec.to_builtins(buyer), at, "ConsentChanged")
        if payload.state == "restored":
            return _restored(updated, payload.channel, payload.undoes) if payload.undoes else updated
        address = buyer.email if payload.channel == "email" else buyer.phone
        return _with_consent(
            updated, payload.channel, address, Consent(state=payload.state, at=at, source=payload.source)
        )
    given: EventContact | None = getattr(payload, "contact", None)
    contact_data = msgspec.to_builtins(given) if given is not None else None
    return apply_buyer(contact, msgspec.to_builtins(buyer), at, type(payload).__name__, contact_data)


def apply_buyer(
    contact: Contact, buyer: Mapping[str, Any], at: datetime, source: str, given: Mapping[str, Any] | None = None
) -> Contact:
    """The contact after a payload of the type `source` told of a `Buyer` at `at`; `contact` itself if nothing changed.

    `buyer` is a valid `Buyer` as it travels, `given` the event's `EventContact`: where the buyer only repeats that
    (see `repeats_contact`), it says nothing of the person.
    """
    if not repeats_contact(contact, buyer, given):
        contact = _with_profile(contact, buyer, at)
        contact = _with_checkbox_consents(contact, buyer, at, source, own=True)
    if source == _SALE and (contact.bought_at is None or at < contact.bought_at):
        contact = msgspec.structs.replace(contact, bought_at=at)
    return _with_checkbox_consents(contact, given, at, source, own=False) if given else contact


def repeats_contact(contact: Contact, buyer: Mapping[str, Any], given: object) -> bool:
    """Whether `buyer` is but the contact `given` with an event: its person has an id, and it names none."""
    return given is not None and bool(contact.customer_id) and not buyer.get("id")


def _with_profile(contact: Contact, buyer: Mapping[str, Any], at: datetime) -> Contact:
    """The contact with the newest of what the shop says of the person."""
    changes: dict[str, Any] = {}
    fresh = contact.updated_at is None or at >= contact.updated_at
    for field, value in buyer.items():
        if value and field in _TEXT_FIELDS:  # empty text and `None` say nothing
            known = getattr(contact, field)
            if value != known and (fresh or not known):
                changes[field] = value
    customer_id = buyer.get("id")
    if customer_id and customer_id != contact.customer_id and (fresh or not contact.customer_id):
        changes["customer_id"] = customer_id
    if not changes:
        return contact
    if fresh:
        changes["updated_at"] = at
    for channel in _CHANNELS:
        if _ADDRESS_FIELD[channel] in changes:
            contact = _at_address(contact, channel, changes[_ADDRESS_FIELD[channel]])
    return msgspec.structs.replace(contact, **changes)


def _with_checkbox_consents(
    contact: Contact, whose: Mapping[str, Any], at: datetime, source: str, *, own: bool
) -> Contact:
    """The contact with the consents that ticked boxes grant anew, each to the address beside it.

    A box that is not ticked withdraws nothing, and one ticked again proves nothing newer. A box beside no address is
    for the person's own, if it is the person's own (`own`), and for nothing otherwise.
    """
    for channel in _CHANNELS:
        if not whose.get(_BOX[channel]):
            continue
        address = whose.get(_ADDRESS_FIELD[channel]) or ""
        if address or own:
            known = statements(contact, channel).get(address or contact.address(channel), _UNKNOWN)
            if known.state != "granted":
                contact = _with_consent(contact, channel, address, Consent(state="granted", at=at, source=source))
    return contact


def _with_consent(contact: Contact, channel: Channel, address: str, consent: Consent) -> Contact:
    """The contact after a statement about an address; about none: all are withdrawn, or the own one is granted."""
    own = contact.address(channel)
    about = address if address or consent.state == "withdrawn" else own
    if own and about == own and not contact.consents and contact.consent(channel) == _UNKNOWN:
        return _with_own(contact, channel, consent)  # the first that is known of most people
    known = statements(contact, channel)
    after = {**known, about: newer(known.get(about, _UNKNOWN), consent)}
    return contact if after == known else _with_statements(contact, channel, own, after)


def _with_preferred(contact: Contact, channel: Channel, at: datetime) -> Contact:
    """The contact of somebody who wants this channel first; the newest wish counts, at one instant e-mail."""
    known = contact.preferred_at
    if known is not None and (known > at or (known == at and contact.preferred == "email")):
        return contact
    return msgspec.structs.replace(contact, preferred=channel, preferred_at=at)


def _with_topic(contact: Contact, said: ConsentChanged, channel: Channel, at: datetime) -> Contact:
    """The contact after a statement about a purpose other than marketing.

    One that names no address is about the own one; a withdrawal then is about all. Consent for no address that is known
    counts for none.
    """
    prefix = f"{channel}/{said.topic or said.purpose}:"
    if said.state == "restored":
        mine = {name: one for name, one in contact.topics.items() if name.startswith(prefix)}
        after = {name: lift(one, said.undoes) for name, one in mine.items()} if said.undoes is not None else mine
        return contact if after == mine else msgspec.structs.replace(contact, topics={**contact.topics, **after})
    given = said.customer.email if channel == "email" else said.customer.phone
    address = given or ("" if said.state == "withdrawn" else contact.address(channel))
    if not address and said.state != "withdrawn":
        return contact
    known = contact.topics.get(prefix + address, _UNKNOWN)
    consent = newer(known, Consent(state=said.state, at=at, source=said.source))
    if consent == known:
        return contact
    return msgspec.structs.replace(contact, topics=_newest({**contact.topics, prefix + address: consent}))


def _with_own(contact: Contact, channel: Channel, consent: Consent) -> Contact:
    if channel == "email":
        return msgspec.structs.replace(contact, email_consent=consent)
    return msgspec.structs.replace(contact, sms_consent=consent)


def _restored(contact: Contact, channel: Channel, undoes: datetime) -> Contact:
    """The contact without the withdrawal by link of that instant: what held before it holds again."""
    known = statements(contact, channel)
    after = {address: lift(one, undoes) for address, one in known.items()}
    return contact if after == known else _with_statements(contact, channel, contact.address(channel), after)


def statements(contact: Contact, channel: Channel) -> dict[str, Consent]:
    """The newest statement about each address on `channel`; about none in particular under empty text."""
    prefix = f"{channel}:"
    found: dict[str, Consent] = {}
    if contact.consents:
        found = {name[len(prefix) :]: consent for name, consent in contact.consents.items() if name.startswith(prefix)}
    own = contact.consent(channel)
    if own != _UNKNOWN:
        address = contact.address(channel)
        found[address] = newer(found.get(address, _UNKNOWN), own)
    return found


def _with_statements(contact: Contact, channel: Channel, own: str, consents: Mapping[str, Consent]) -> Contact:
    """The contact with these statements on `channel`, of which those about `own` are the person's own."""
    prefix = f"{channel}:"
    others = {name: one for name, one in contact.consents.items() if not name.startswith(prefix)}
    mine, everywhere = consents.get(own, _UNKNOWN), consents.get("", _UNKNOWN)
    if own:
        mine = newer(mine, everywhere)
    spread = withdrawals(everywhere)
    if spread != _UNKNOWN:
        consents = {address: newer(one, spread) for address, one in consents.items()}
        consents[""] = spread if own else everywhere
    elif own:  # it was meant for the first address that became known
        consents = {address: one for address, one in consents.items() if address}
    others |= {f"{prefix}{address}": one for address, one in consents.items() if address != own}
    fields: dict[str, Any] = {f"{channel}_consent": mine, "consents": _newest(others)}
    return msgspec.structs.replace(contact, **fields)


def _at_address(contact: Contact, channel: Channel, address: str) -> Contact:
    """The contact whose own address on `channel` is about to be `address`: each statement stays with its address."""
    known = statements(contact, channel)
    if not known:
        return contact
    return _with_statements(contact, channel, address, known)


def _newest(consents: dict[str, Consent]) -> dict[str, Consent]:
    if len(consents) <= KEPT_CONSENTS:
        return consents
    whole = {name: one for name, one in consents.items() if name.endswith(":")}
    rest = sorted(
        (one for one in consents.items() if one[0] not in whole), key=lambda one: (one[1].at or _NEVER, one[0])
    )
    return {**whole, **dict(rest[len(whole) - KEPT_CONSENTS :])}


def merge(mine: Contact, other: Contact) -> Contact:
    """Two projections of one person as one: newer text wins, then the newer consent of each address."""
    old, new = (mine, other) if (mine.updated_at or _NEVER) <= (other.updated_at or _NEVER) else (other, mine)
    return _joined(new, old)


def join(kept: Contact, other: Contact) -> Contact:
    """Two persons who turned out to be one: what is known of `kept` stays, `other` fills in and adds its consents."""
    joined = _joined(kept, other)
    at = max(kept.updated_at or _NEVER, other.updated_at or _NEVER)
    return msgspec.structs.replace(joined, updated_at=None if at == _NEVER else at)


def _joined(first: Contact, second: Contact) -> Contact:
    """The texts of `first`, or else those of `second`, and the newest statement about each address of both."""
    text = {field: getattr(first, field) or getattr(second, field) for field in (*_TEXT_FIELDS, "customer_id")}
    bought = [one.bought_at for one in (first, second) if one.bought_at is not None]
    joined = Contact(**text, updated_at=first.updated_at, bought_at=min(bought, default=None))
    for one in (first, second):
        if one.preferred and one.preferred_at is not None:
            joined = _with_preferred(joined, one.preferred, one.preferred_at)
    if first.topics or second.topics:
        topics = dict(first.topics)
        for name, consent in second.topics.items():
            topics[name] = newer(topics.get(name, _UNKNOWN), consent)
        joined = msgspec.structs.replace(joined, topics=_newest(topics))
    for channel in _CHANNELS:
        consents = statements(first, channel)
        for address, consent in statements(second, channel).items():
            consents[address] = newer(consents.get(address, _UNKNOWN), consent)
        if consents:
            joined = _with_statements(joined, channel, joined.address(channel), consents)
    return joined


_NEVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
