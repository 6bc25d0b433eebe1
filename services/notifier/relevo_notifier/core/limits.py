"""How many messages go out in a time: by provider, by shop and by destination, and while a sender is new. Pure.

A limit is a leaky bucket: what went out fills it, time empties it. One of a day is emptied at midnight UTC instead, so
that a day's quota may go at once and is never exceeded.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.core.destinations import OPERATORS

EACH = "*"
"""In place of a shop: each of them by itself."""
DAY = timedelta(days=1)
_PER = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "hour": timedelta(hours=1), "day": DAY}
_IN_WORDS = {
    timedelta(seconds=1): "a second",
    timedelta(minutes=1): "a minute",
    timedelta(hours=1): "an hour",
    DAY: "a day",
}
_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|min|hour|day)")
_PLAN = re.compile(r"(\d{4}-\d\d-\d\d)/([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
_SHAPE = "write PROVIDER=20/s, PROVIDER@DESTINATION=5/s, SHOP/PROVIDER=1000/day or */PROVIDER=1/s (s, min, hour, day)"
_PLAN_SHAPE = "write PROVIDER=DATE/FIRST/LAST, such as ses=2026-12-01/50/50000"
_TINY = 1e-9
_ENDLESS = 1e12


class WarmUp(Struct, frozen=True):
    """A sender that is new: `first` messages on the day `begins`, each day twice as many, until that is over `last`."""

    begins: date
    first: int
    last: int

    def most(self, day: date) -> int | None:
        """How many may go out on `day` (UTC); `None`: as many as there are."""
        days = (day - self.begins).days
        if days < 0:
            return self.first
        most: int = self.first * 2 ** min(days, 40)
        return most if most <= self.last else None


class Limit(Struct, frozen=True):
    """At most `most` messages in `per`, of a provider; of one shop, or of each, where `shop` says so; to `destination`
    if there is one. With a `plan` the number is that of the day.
    """

    provider: str
    most: int
    per: timedelta
    shop: str = ""
    destination: str = ""
    plan: WarmUp | None = None

    @property
    def name(self) -> str:
        """What tells the limits of a provider apart."""
        kind = "warm-up" if self.plan else _IN_WORDS[self.per]
        return f"{self.shop}/{self.destination}/{kind}"

    def concerns(self, shop: str, destination: str) -> bool:
        """Whether a message of `shop` to `destination` counts."""
        return self.shop in ("", EACH, shop) and self.destination in ("", destination)

    def bucket(self, shop: str) -> "BucketKey":
        """The bucket in which a message of `shop` counts."""
        return shop if self.shop == EACH else self.shop, self.name

    def free(self, bucket: "Bucket | None", now: datetime) -> int:
        """How many messages may go out at `now`."""
        size = self._size(now)
        level = 0.0 if bucket is None else self._level(bucket, now)
        return max(0, int(size - level + _TINY))

    def filled(self, bucket: "Bucket | None", messages: int, now: datetime) -> "Bucket":
        """The bucket after so many messages went out; fewer than none were given back."""
        level = 0.0 if bucket is None else self._level(bucket, now)
        return Bucket(max(0.0, level + messages), now if bucket is None else max(now, bucket.at))

    def in_words(self, now: datetime) -> str:
        """For people."""
        whose = {"": "", EACH: " of each shop"}.get(self.shop, f" of {self.shop}")
        where = f" to {self.destination}" if self.destination else ""
        if self.plan is not None:
            most = self.plan.most(now.astimezone(UTC).date())
            return f"rate: {self.provider} is warmed up, at most {most} messages{whose}{where} today"
        what = "message" if self.most == 1 else "messages"
        return f"rate: at most {self.most} {what}{whose}{where} {_IN_WORDS[self.per]} by {self.provider}"

    def _size(self, now: datetime) -> float:
        if self.plan is not None:
            most = self.plan.most(now.astimezone(UTC).date())
            return _ENDLESS if most is None else most
        if self.per == DAY:
            return self.most
        # What may go at once is what goes in a second: those who wait are looked at that often.
        return max(1.0, self.most * min(1.0, 1.0 / self.per.total_seconds()))

    def _level(self, bucket: "Bucket", now: datetime) -> float:
        if self.per == DAY:
            return bucket.level if bucket.at.astimezone(UTC).date() >= now.astimezone(UTC).date() else 0.0
        leaked = max(0.0, (now - bucket.at) / self.per) * self.most
        return max(0.0, bucket.level - leaked)


BucketKey = tuple[str, str]
"""A shop (empty: all of them) and the name of a limit."""


class Bucket(Struct, frozen=True):
    """How full a bucket was at an instant, in messages."""

    level: float
    at: datetime


class Limits(Struct, frozen=True):
    """All limits, by provider."""

    of: Mapping[str, tuple[Limit, ...]] = {}

    @classmethod
    def parse(cls, rates: str, plans: str, channels: Mapping[str, Channel]) -> "Limits":
        """From `ses=14/s, smtp@google=5/s, */twilio@+1=1/s` and `ses=2026-12-01/50/50000`.

        `channels` has every provider. Raises `ValueError`, which says what is wrong and what would be right.
        """
        found: dict[tuple[str, str], Limit] = {}
        for part in _parts(rates):
            limit = _rate(part, channels)
            found[limit.provider, limit.name] = limit
        for part in _parts(plans):
            limit = _plan(part, channels)
            found[limit.provider, limit.name] = limit
        providers = dict.fromkeys(limit.provider for limit in found.values())
        return cls({name: tuple(one for one in found.values() if one.provider == name) for name in providers})

    def destinations(self) -> Collection[str]:
        """The domains and prefixes that limits name."""
        return {limit.destination for limits in self.of.values() for limit in limits if limit.destination}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _rate(part: str, channels: Mapping[str, Channel]) -> Limit:
    left, _, rate = (piece.strip() for piece in part.partition("="))
    provider, shop, destination = _subject(part, left, channels, _SHAPE)
    match = _RATE.fullmatch(rate)
    if match is None:
        raise ValueError(f"{part!r}: {rate!r} is not a rate: {_SHAPE}")
    return Limit(provider, int(match[1]), _PER[match[2]], shop, destination)


def _plan(part: str, channels: Mapping[str, Channel]) -> Limit:
    left, _, plan = (piece.strip() for piece in part.partition("="))
    provider, shop, destination = _subject(part, left, channels, _PLAN_SHAPE)
    match = _PLAN.fullmatch(plan)
    try:
        begins = date.fromisoformat(match[1]) if match else None
    except ValueError:
        begins = None
    if match is None or begins is None:
        raise ValueError(f"{part!r}: {plan!r} is not a plan: {_PLAN_SHAPE}")
    first, last = int(match[2]), int(match[3])
    if first > last:
        raise ValueError(f"{part!r}: it begins with more than it ends with: {_PLAN_SHAPE}")
    return Limit(provider, first, DAY, shop, destination, WarmUp(begins, first, last))


def _subject(part: str, left: str, channels: Mapping[str, Channel], shape: str) -> tuple[str, str, str]:
    """The provider, the shop and the destination."""
    shop, slash, rest = left.rpartition("/")
    provider, at, destination = rest.partition("@")
    if provider not in channels:
        raise ValueError(f"{part!r} does not begin with a provider, one of {', '.join(channels)}: {shape}")
    if (slash and not shop.strip()) or (at and not destination):
        raise ValueError(f"{part!r} leaves out the shop or the destination: {shape}")
    if destination:
        _check_destination(part, destination, channels[provider])
    return provider, shop.strip(), destination.lower()


def _check_destination(part: str, destination: str, channel: Channel) -> None:
    if channel == "email":
        domain = destination.lower()
        operator = next((name for name, domains in OPERATORS.items() if domain in domains), "")
        if operator:
            raise ValueError(f"{part!r}: {destination} is one of the domains of {operator}: write @{operator}")
        if domain not in OPERATORS and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
            raise ValueError(
                f"{part!r}: {destination!r} is not a domain (example.com), nor one of {', '.join(OPERATORS)}"
            )
    elif not re.fullmatch(r"\+[1-9][0-9]{0,14}", destination):
        raise ValueError(f"{part!r}: {destination!r} is not the beginning of a number, such as +1 or +3460")
