"""How many messages somebody gets: who has the places under the caps, who gives way, and what was sent already. Pure.

Whoever calls this holds the person's places, so that nobody else gives one away meanwhile.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy.model import Cap, Policy
from relevo_contracts.policy.verdicts import Later, Skip

_MOMENT = timedelta(minutes=1)
"""Who gives way looks again so long after the other is due."""


class Given(Struct, frozen=True, kw_only=True):
    """A place that is taken: a message that was sent at `at`, or is being sent. `content` is `content_of` it."""

    id: str
    at: datetime
    purpose: str
    channel: str
    content: bytes = b""


class Attempted(Struct, frozen=True, kw_only=True):
    """A message that may go out now but for the caps."""

    id: str
    purpose: str
    channel: str
    priority: int
    since: datetime
    limits: tuple[Cap, ...] = ()
    content: bytes = b""
    once_within: timedelta | None = None


class Competitor(Struct, frozen=True, kw_only=True):
    """Another message that waits for the same person, `due` then. `what` names it to people."""

    id: str
    purpose: str
    channel: str
    priority: int
    due: datetime
    what: str


class Allotment(Struct, frozen=True, kw_only=True):
    """Whether a message has its places; else what becomes of it instead."""

    instead: Skip | Later | None = None


GRANTED = Allotment()


def attempted(policy: Policy, delivery: SendDelivery, since: datetime) -> Attempted | None:
    """The message as the caps see it; `None` if nothing limits it."""
    limits = policy.limits(delivery.topic, delivery.purpose, delivery.channel)
    within = policy.once_within(delivery.topic, delivery.purpose)
    if not limits and within is None:
        return None
    return Attempted(
        id=delivery.id,
        purpose=delivery.topic or delivery.purpose,
        channel=delivery.channel,
        priority=policy.priority(delivery.topic, delivery.purpose, delivery.workflow),
        since=since,
        limits=limits,
        content=content_of(delivery) if within is not None else b"",
        once_within=within,
    )


def competitor(policy: Policy, delivery: SendDelivery, due: datetime) -> Competitor | None:
    """A message that waits, as the caps see it; `None` if it takes no place."""
    if policy.purpose(delivery.topic, delivery.purpose).kind == "transactional":
        return None
    return Competitor(
        id=delivery.id,
        purpose=delivery.topic or delivery.purpose,
        channel=delivery.channel,
        priority=policy.priority(delivery.topic, delivery.purpose, delivery.workflow),
        due=due,
        what=f"'{delivery.step}' of {delivery.workflow}",
    )


def content_of(delivery: SendDelivery) -> bytes:
    """What a message says: the same template of the same workflow, filled with the same values, says the same."""
    said = msgspec.json.encode((delivery.workflow, delivery.template, delivery.context), order="deterministic")
    return hashlib.blake2b(said, digest_size=16).digest()


def allot(
    wanted: Iterable[Attempted], given: Iterable[Given], competitors: Iterable[Competitor], now: datetime
) -> dict[str, Allotment]:
    """Who of `wanted`, all for one person, has the places that are left by `given`, and what becomes of the others.

    The higher priority first, then who waits for longer. A message gives way to `competitors` of a higher priority; one
    that has its places already keeps them.
    """
    wanted = sorted(wanted, key=lambda one: (-one.priority, one.since, one.id))
    taken = list(given)
    mine, asking = {one.id for one in taken}, {one.id for one in wanted}
    rivals = [one for one in competitors if one.id not in asking]
    found: dict[str, Allotment] = {}
    for one in wanted:
        instead = None if one.id in mine else _repeated(one, taken, now) or _over(one, taken, rivals, now)
        found[one.id] = Allotment(instead=instead) if instead else GRANTED
        if instead is None and one.id not in mine:
            taken.append(Given(id=one.id, at=now, purpose=one.purpose, channel=one.channel, content=one.content))
        elif isinstance(instead, Later):
            what = "a message that waits as well"
            rival = Competitor(
                id=one.id, purpose=one.purpose, channel=one.channel, priority=one.priority, due=instead.at, what=what
            )
            rivals.append(rival)
    return found


def _repeated(one: Attempted, taken: Sequence[Given], now: datetime) -> Skip | None:
    if one.once_within is None:
        return None
    since = now - one.once_within
    before = [each.at for each in taken if each.content == one.content and each.at > since]
    if not before:
        return None
    return Skip("repeated", f"the same was sent to this person on {max(before):%Y-%m-%d %H:%M} UTC")


def _over(one: Attempted, taken: Sequence[Given], rivals: Sequence[Competitor], now: datetime) -> Later | None:
    """When to look again if one of the caps leaves no place; the latest of them."""
    over = [found for cap in one.limits if (found := _over_cap(one, cap, taken, rivals, now))]
    return max(over, key=lambda each: each.at, default=None)


def _over_cap(
    one: Attempted, cap: Cap, taken: Sequence[Given], rivals: Sequence[Competitor], now: datetime
) -> Later | None:
    sent = sorted(each.at for each in taken if cap.counts(each.purpose, each.channel) and each.at > now - cap.per)
    if len(sent) >= cap.most:
        return Later(sent[len(sent) - cap.most] + cap.per, f"{_in_words(cap)}, and {len(sent)} went out", "capped")
    first = [each for each in rivals if each.priority > one.priority and cap.counts(each.purpose, each.channel)]
    if len(sent) + len(first) < cap.most:
        return None
    before = min(first, key=lambda each: (each.due, each.id))
    reason = f"gives way to {before.what} (priority {before.priority} over {one.priority}): {_in_words(cap)}"
    return Later(max(before.due, now) + _MOMENT, reason, "capped")


def _in_words(cap: Cap) -> str:
    what = f" of {', '.join(cap.purposes)}" if cap.purposes else ""
    how = f" by {' and '.join(cap.channels)}" if cap.channels else ""
    return f"at most {cap.most} message{'s' if cap.most > 1 else ''}{what}{how} in {_length(cap.per)}"


def _length(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
