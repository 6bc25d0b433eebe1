"""Whether a delivery may go out now, and what follows from a provider's answer. Pure: `now` is an argument.

What the notifier alone knows is here: addresses as providers take them, who was erased. The rest of the decision is
`relevo_contracts.policy`, which tests of workflows ask as well.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import (
    AS_BEFORE,
    NOUN,
    Allotment,
    Asked,
    Go,
    Later,
    Policy,
    QuietHours,
    Skip,
    decide,
    decide_before_caps,
)
from relevo_notifier.core.push import devices_of

_ORDINARY = re.compile(r"(?=.{1,64}\Z)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
"""What most people have before the @, which is valid whatever follows."""


class MaySend(Struct, frozen=True):
    """It may go out, to `address` in the form that providers take."""

    address: str


class ByChannel(Struct, frozen=True):
    """It is to go by another of its channels."""

    channel: Channel
    reason: str


Verdict: TypeAlias = MaySend | Skip | Later


def may_send(
    delivery: SendDelivery,
    contact: Contact,
    suppressed: frozenset[str],
    now: datetime,
    *,
    quiet: QuietHours | None = None,
    zone: str = "UTC",
    unsubscribed: Mapping[str, datetime] | None = None,
    redacted_at: datetime | None = None,
    policy: Policy = AS_BEFORE,
    allotment: Allotment | None = None,
    recalled: str = "",
    before_caps: bool = False,
) -> Verdict:
    """Whether `delivery` may go to `contact` at `now`.

    `contact` is all that is known of the person by now, not when it was decided. `suppressed` are the addresses that
    are never written to, `unsubscribed` those that get no marketing unless the contact agreed after the given instant.
    `redacted_at` is when the person was erased: what was decided, or is known, from before then is void. `zone` is the
    shop's, for people whose own is not known. `allotment` is what the caps of `policy` said; `before_caps` asks whether
    it may go out but for them. `recalled` is why its run has ended before its time.
    """
    if redacted_at is not None and _precedes_redaction(delivery, redacted_at):
        return Skip("redacted", REDACTED)
    if now > delivery.not_after:
        return Skip("late", f"too late: it was good until {delivery.not_after:%Y-%m-%d %H:%M} UTC")
    address = _address(delivery.channel, contact, suppressed)
    if isinstance(address, Skip):
        return address
    own = contact.address(delivery.channel)
    asked = Asked(
        policy=policy,
        channel=delivery.channel,
        purpose=delivery.purpose,
        topic=delivery.topic,
        key=delivery.id,
        contact=contact,
        country=_country(contact, address) if policy.version else "",
        suppressed=address.address in suppressed,
        unsubscribed=(unsubscribed or {}).get(own),
        shop_quiet=quiet,
        shop_zone=zone,
        not_after=delivery.not_after,
        allotment=allotment,
        recalled=recalled,
    )
    verdict = decide_before_caps(asked, now) if before_caps else decide(asked, now)
    return address if isinstance(verdict, Go) else verdict


def _country(contact: Contact, address: MaySend) -> str:
    """Where somebody is as far as one knows: the customer's country, else that of a phone number."""
    if contact.country or not address.address.startswith("+"):
        return contact.country
    return phonenumbers.region_code_for_number(phonenumbers.parse(address.address)) or ""


REDACTED = "the customer's data were erased after this was decided"


def _precedes_redaction(delivery: SendDelivery, redacted_at: datetime) -> bool:
    snapshot = delivery.recipient.updated_at
    return delivery.decided_at <= redacted_at or (snapshot is not None and snapshot <= redacted_at)


def _address(channel: Channel, contact: Contact, suppressed: Collection[str]) -> MaySend | Skip:
    if channel == "push":
        devices = devices_of(contact, suppressed)
        return MaySend(devices[0].endpoint) if devices else Skip("no_address", "no browser takes push messages")
    raw = contact.address(channel)
    if not raw:
        return Skip("no_address", f"{NOUN[channel]} is not known")
    return mail_address(raw) if channel == "email" else phone_number(raw, contact.country)


def mail_address(raw: str) -> MaySend | Skip:
    """The address in ASCII (international domains as punycode), or why it is not one."""
    local, _, domain = raw.partition("@")
    if _ORDINARY.fullmatch(local) and (written := _written(domain)):
        return MaySend(f"{local}@{written}")
    try:
        valid = validate_email(raw, check_deliverability=False)
    except EmailNotValidError as error:
        return Skip("bad_address", f"the e-mail address is not valid: {error}")
    if valid.ascii_email is None:
        return Skip(
            "bad_address", "the e-mail address has a part before the @ that needs SMTPUTF8, which few servers take"
        )
    return MaySend(valid.ascii_email)


@lru_cache(maxsize=4096)  # most recipients share a few domains
def _written(domain: str) -> str:
    """A domain as mail has it, in ASCII; empty if it is not valid, or too long for every part before the @."""
    try:
        return validate_email(f"{'a' * 64}@{domain}", check_deliverability=False).ascii_domain or ""
    except EmailNotValidError:
        return ""


def phone_number(raw: str, country: str) -> MaySend | Skip:
    """The number in E.164; a number without its country code is read as one of `country`."""
    try:
        number = phonenumbers.parse(raw, country or None)
    except phonenumbers.NumberParseException as error:
        return Skip("bad_address", f"the phone number is not valid: {error}")
    if not phonenumbers.is_possible_number(number):
        return Skip("bad_address", "the phone number is not valid: it has a wrong number of digits for its country")
    return MaySend(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class Retry(Struct, frozen=True):
    """How often and how soon a delivery is tried again. Durations are wall-clock time: they protect the provider.

    Pure, unlike `relevo_runtime.backoff`: the count is the row's, so that a pause outlives the process that began it.
    """

    attempts: int = 8
    first: timedelta = timedelta(seconds=30)
    factor: float = 4.0
    longest: timedelta = timedelta(hours=1)

    def wait(self, attempt: int, key: str, requested: float = 0.0) -> timedelta | None:
        """How long to wait after the failed `attempt` (from 1); `None`: that was the last one.

        The wait is spread by ±20 %, by a hash of `key`, so that what failed together does not return together.
        `requested` is what the provider asked for, in seconds.
        """
        if attempt >= self.attempts:
            return None
        plain = min(self.first.total_seconds() * self.factor ** (attempt - 1), self.longest.total_seconds())
        digest = hashlib.blake2b(f"{key}/{attempt}".encode(), digest_size=4).digest()
        spread = 0.8 + 0.4 * int.from_bytes(digest, "big") / 2**32
        return timedelta(seconds=max(plain * spread, requested))


Doubt: TypeAlias = Literal["ask", "again", "give_up"]


def in_doubt(delivery: SendDelivery, *, can_ask: bool, attempts: int, retry: Retry) -> Doubt:
    """What to do with a delivery that may have gone out or not.

    A provider that can tell is asked. Otherwise marketing goes out at most once; a transactional message goes again
    with the same Message-ID, since a receipt twice is better than none.
    """
    if attempts > retry.attempts:
        return "give_up"
    if can_ask:
        return "ask"
    return "give_up" if delivery.purpose == "marketing" else "again"
