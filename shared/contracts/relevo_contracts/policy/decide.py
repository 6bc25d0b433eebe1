"""Whether a message may go out now: the one decision at the moment of sending, by a shop's policy. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from relevo_contracts.consents import Consent
from relevo_contracts.contact import Channel, Contact, is_box
from relevo_contracts.policy.caps import Allotment
from relevo_contracts.policy.countries import LEGAL_HOURS, country_of, zones_of
from relevo_contracts.policy.hours import Quiet, QuietHours, quiet_until, spread
from relevo_contracts.policy.model import MARKETING, TRANSACTIONAL, Policy, Purpose
from relevo_contracts.policy.verdicts import Go, Later, Skip, Verdict
from relevo_contracts.zones import zone, zone_name, zone_of

NOUN: dict[Channel, str] = {
    "email": "the e-mail address",
    "sms": "the phone number",
    "whatsapp": "the phone number",
    "push": "a device",
}
_AGAIN = timedelta(minutes=1)


class Asked(Struct, frozen=True, kw_only=True):
    """One message to one address, and what is known by now.

    `topic` and `purpose` as in `SendDelivery`; `contact` is whom it goes to, `unsubscribed` since when the address gets
    no marketing, `shop_quiet` and `shop_zone` what the shop itself has. `country` is where the person is as far as one
    knows (ISO 3166). `allotment` is what `allot` said, for what has caps. `key` tells messages apart. `recalled` is why
    the run that asked for it has ended before its time, if it has.
    """

    policy: Policy
    channel: Channel
    purpose: str
    topic: str = ""
    key: str
    contact: Contact
    country: str = ""
    suppressed: bool = False
    unsubscribed: datetime | None = None
    shop_quiet: QuietHours | None = None
    shop_zone: str = "UTC"
    not_after: datetime
    allotment: Allotment | None = None
    recalled: str = ""

    @property
    def name(self) -> str:
        """The purpose by its name."""
        return self.topic or self.purpose


def decide(asked: Asked, now: datetime) -> Verdict:
    """Whether the message may go out at `now`, and if not, why, and when to ask again."""
    before_caps = decide_before_caps(asked, now)
    if not isinstance(before_caps, Go) or asked.policy.purpose(asked.topic, asked.purpose).kind == TRANSACTIONAL:
        return before_caps
    return _in_time(asked, _allotted(asked, now)) or Go()


def decide_before_caps(asked: Asked, now: datetime) -> Verdict:
    """The decision without caps and repetitions: whether it wants a place under them at all."""
    if now > asked.not_after:
        return Skip("late", f"too late: it was good until {asked.not_after:%Y-%m-%d %H:%M} UTC")
    if asked.recalled:
        return Skip("recalled", f"its run ended: {asked.recalled}")
    if asked.suppressed:
        return Skip("suppressed", f"{NOUN[asked.channel]} is on the suppression list")
    purpose = asked.policy.purpose(asked.topic, asked.purpose)
    if purpose.kind == TRANSACTIONAL:
        return Go()
    return refusal(asked) or _in_time(asked, _quiet(asked, now)) or Go()


def refusal(asked: Asked) -> Skip | None:
    """Why there is no consent to such a message as it stands; `None`: there is, or none is needed."""
    purpose = asked.policy.purpose(asked.topic, asked.purpose)
    if purpose.kind == TRANSACTIONAL:
        return None
    return _refused(asked, purpose) or _opted_out(asked)


def order_of(policy: Policy, contact: Contact, channels: Collection[Channel]) -> tuple[Channel, ...]:
    """The channels of a message in the order in which they are tried: the person's wish, then the policy's order."""
    order = dict.fromkeys((contact.preferred, *policy.preferred, *sorted(channels)))
    return tuple(one for one in order if one and one in channels)


def _refused(asked: Asked, purpose: Purpose) -> Skip | None:
    """Why the person's consent does not cover it."""
    general, own = asked.contact.consent(asked.channel), _own(asked)
    if _agreed(asked, purpose, general, own):
        return None
    if purpose.kind == "soft_opt_in" and "withdrawn" not in (own.state, general.state):
        if asked.contact.bought_at is not None:
            return None
        reason = f"no consent to {asked.name} by {asked.channel}, and no order by which the address was got"
        return Skip("no_consent", reason)
    told = general if own.state == "granted" else own
    since = f" since {told.at:%Y-%m-%d %H:%M} UTC" if told.at else ""
    return Skip("no_consent", f"no consent to {asked.name} by {asked.channel}: it is {told.state}{since}")


def _own(asked: Asked) -> Consent:
    """What was said about this very purpose."""
    if asked.name == MARKETING or not asked.policy.version:
        return asked.contact.consent(asked.channel)
    return asked.contact.topic_consent(asked.channel, asked.name)


def _agreed(asked: Asked, purpose: Purpose, general: Consent, own: Consent) -> bool:
    """Whether there is consent: to this purpose, and marketing was not withdrawn since; or to one that covers it."""
    if own.state == "granted":
        return general.state != "withdrawn" or not _is_later(general, own)
    if own.state == "withdrawn" or not purpose.covered_by:
        return False
    if purpose.covered_by == MARKETING:
        return general.state == "granted"
    cover = asked.contact.topic_consent(asked.channel, purpose.covered_by)
    return cover.state == "granted" and (general.state != "withdrawn" or not _is_later(general, cover))


def _is_later(one: Consent, other: Consent) -> bool:
    return one.at is not None and (other.at is None or one.at > other.at)


def _opted_out(asked: Asked) -> Skip | None:
    since = asked.unsubscribed
    if since is None:
        return None
    said = [one for one in (asked.contact.consent(asked.channel), _own(asked)) if one.state == "granted"]
    if asked.channel == "sms":  # a box may be ticked for ever, and for a number of somebody else
        said = [one for one in said if not is_box(one)]
    if any(one.at is not None and one.at > since for one in said):
        return None
    return Skip("unsubscribed", f"{NOUN[asked.channel]} was unsubscribed on {since:%Y-%m-%d %H:%M} UTC")


def _quiet(asked: Asked, now: datetime) -> Later | None:
    quiet = _rules(asked)
    if not quiet:
        return None
    found = quiet_until(now, quiet, _zones(asked, now))
    return Later(spread(found[0], asked.policy.spread, asked.key), found[1]) if found else None


def _rules(asked: Asked) -> list[Quiet]:
    """All hours that are quiet for the message: of the shop, of its policy, of the country."""
    policy, quiet = asked.policy, []
    if asked.shop_quiet is not None:
        quiet.append(Quiet(asked.shop_quiet, (), "quiet hours of the recipient"))
    if not policy.version:
        return quiet
    country = (asked.country or country_of(zone_name(asked.contact.timezone))).upper()
    legal = LEGAL_HOURS.get(country, ()) if policy.legal_hours else ()
    for rule in (*policy.quiet, *policy.countries.get(country, legal)):
        if not rule.channels or asked.channel in rule.channels:
            why = "quiet hours of the recipient" + (f" ({rule.source})" if rule.source else "")
            quiet.append(Quiet(rule.hours, rule.days, why))
    return quiet


def _zones(asked: Asked, now: datetime) -> tuple[tzinfo, ...]:
    """The recipient's zone; every one that it may be, if only the country is known; else the shop's."""
    known = zone(asked.contact.timezone)
    if known is not None:
        return (known,)
    possible = zones_of(asked.country, now) if asked.policy.version else ()
    return possible or (zone_of(asked.shop_zone),)


def _allotted(asked: Asked, now: datetime) -> Skip | Later | None:
    if not asked.policy.concerns(asked.topic, asked.purpose, asked.channel):
        return None
    if asked.allotment is None:  # the policy is newer than the beginning of this attempt
        return Later(now + _AGAIN, "the policy has changed: it is asked for its place anew", "capped")
    instead = asked.allotment.instead
    if not isinstance(instead, Later):
        return instead
    return Later(spread(instead.at, asked.policy.spread, asked.key), instead.reason, instead.rule)


def _in_time(asked: Asked, verdict: Skip | Later | None) -> Skip | Later | None:
    """What is put off until it is too late will not go out: that is told at once."""
    if not isinstance(verdict, Later) or not asked.policy.version or verdict.at <= asked.not_after:
        return verdict
    until = f"until {verdict.at:%Y-%m-%d %H:%M} UTC, and it is good until {asked.not_after:%Y-%m-%d %H:%M}"
    return Skip(verdict.rule, f"{verdict.reason}: put off {until}")
