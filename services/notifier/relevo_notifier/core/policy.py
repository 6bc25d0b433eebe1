"""Whether a delivery may go out now, and what follows from a provider's answer. Pure: `now` is an argument."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, TypeAlias

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.messages import SendDelivery
from relevo_contracts.zones import zone_of

_ORDINARY = re.compile(r"(?=.{1,64}\Z)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
"""What most people have before the @, which is valid whatever follows."""


class MaySend(Struct, frozen=True):
    """It may go out, to `address` in the form that providers take."""

    address: str


class Skip(Struct, frozen=True):
    """It will not go out. `rule` names why for programs, `reason` says it to people."""

    rule: Literal["late", "no_address", "bad_address", "suppressed", "unsubscribed", "no_consent", "redacted"]
    reason: str


class Later(Struct, frozen=True):
    """Not now: look at it again at `at`."""

    at: datetime
    reason: str


Verdict: TypeAlias = MaySend | Skip | Later


class QuietHours(Struct, frozen=True):
    """The hours of the recipient's day in which marketing is not sent; `start` may lie after `end` (over midnight)."""

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> "QuietHours | None":
        """Of `21:00-08:00`; `None` for empty text."""
        start, _, end = text.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end)) if text else None

    def ends(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours around `now` end; `None` if it is not quiet."""
        local = now.astimezone(zone)
        clock = local.time()
        over_midnight = self.start > self.end
        quiet = (clock >= self.start or clock < self.end) if over_midnight else self.start <= clock < self.end
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, zone).astimezone(UTC)


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
) -> Verdict:
    """Whether `delivery` may go to `contact` at `now`.

    `contact` is all that is known of the person by now, not when it was decided. `suppressed` are the addresses that
    are never written to, `unsubscribed` those that get no marketing unless the contact agreed after the given instant.
    `redacted_at` is when the person was erased: what was decided, or is known, from before then is void. `zone` is the
    shop's, for people whose own is not known.
    """
    if redacted_at is not None and _precedes_redaction(delivery, redacted_at):
        return Skip("redacted", REDACTED)
    if now > delivery.not_after:
        return Skip("late", f"too late: it was good until {delivery.not_after:%Y-%m-%d %H:%M} UTC")
    verdict = _address(delivery.channel, contact)
    if isinstance(verdict, Skip):
        return verdict
    if verdict.address in suppressed:
        return Skip("suppressed", f"{_NOUN[delivery.channel]} is on the suppression list")
    if delivery.purpose == "transactional":
        return verdict
    return (
        _consented(delivery, contact)
        or _opted_out(delivery, contact, unsubscribed or {})
        or _quiet(contact, now, quiet, zone)
        or verdict
    )


REDACTED = "the customer's data were erased after this was decided"


def _precedes_redaction(delivery: SendDelivery, redacted_at: datetime) -> bool:
    snapshot = delivery.recipient.updated_at
    return delivery.decided_at <= redacted_at or (snapshot is not None and snapshot <= redacted_at)


def _opted_out(delivery: SendDelivery, contact: Contact, unsubscribed: Mapping[str, datetime]) -> Skip | None:
    since = unsubscribed.get(contact.email if delivery.channel == "email" else contact.phone)
    agreed = contact.consent(delivery.channel).at
    if since is None or (agreed is not None and agreed > since):
        return None
    return Skip("unsubscribed", f"{_NOUN[delivery.channel]} was unsubscribed on {since:%Y-%m-%d %H:%M} UTC")


_NOUN = {"email": "the e-mail address", "sms": "the phone number"}


def _address(channel: Channel, contact: Contact) -> MaySend | Skip:
    raw = contact.email if channel == "email" else contact.phone
    if not raw:
        return Skip("no_address", f"{_NOUN[channel]} is not known")
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


def _consented(delivery: SendDelivery, contact: Contact) -> Skip | None:
    consent = contact.consent(delivery.channel)
    if consent.state == "granted":
        return None
    since = f" since {consent.at:%Y-%m-%d %H:%M} UTC" if consent.at else ""
    return Skip("no_consent", f"no consent to marketing by {delivery.channel}: it is {consent.state}{since}")


def _quiet(contact: Contact, now: datetime, quiet: QuietHours | None, zone: str) -> Later | None:
    if quiet is None:
        return None
    ends = quiet.ends(now, zone_of(contact.timezone, zone))
    return Later(ends, "quiet hours of the recipient") if ends else None


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
