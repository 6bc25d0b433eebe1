"""What a shopper must get, as a person says it who knows the shop's flows: nothing of it is computed by them."""

from datetime import datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.people import Shopper


class Expected(Struct, frozen=True, kw_only=True):
    """A message that must reach `recipient` once, not before `not_before`."""

    channel: Literal["email", "sms"]
    recipient: str
    workflow: str
    template: str
    not_before: datetime
    scenario: str


CART = "abandoned-cart"
"""The workflow that writes about what was left behind, a cart or a checkout."""
Hours = tuple[time, time]
CARTS: Hours = (time(9), time(20))
PARCELS: Hours = (time(8), time(21))
"""When the shop writes about carts and about parcels: the windows of those flows, by the shop's clock."""


class Expectations:
    """The expected messages of one shopper, who arrives at the instant `start`."""

    def __init__(self, scenario: str, who: Shopper, start: datetime) -> None:
        self.scenario = scenario
        self.who = who
        self.start = start
        self.expected: list[Expected] = []

    def by_day(self, after: timedelta, hours: Hours = CARTS) -> timedelta:
        """`after` the start if it is within these hours then, else when they begin again."""
        opens, closes = hours
        at = (self.start + after).astimezone(bodies.SHOP_ZONE)
        if opens <= at.time() < closes:
            return after
        day = at.date() + timedelta(days=at.time() >= closes)
        return datetime.combine(day, opens, bodies.SHOP_ZONE) - self.start

    def is_reminded(self, after: timedelta, *, first: bool, stays_away: bool = True) -> timedelta:
        """Gets the reminder of what was left behind `after` the start, or when the day begins; returns when that is.

        Whoever `stays_away` gets the rest of the series: on a `first` order a discount a day later, then by day what
        others say, an offer of help and a last chance.
        """
        reminder = self.by_day(after)
        self.expects(CART, "reminder", reminder)
        if stays_away:
            a_day_later = reminder + timedelta(days=1)
            if first:
                self.expects(CART, "first-order-discount", a_day_later)
            others = self.by_day(a_day_later + timedelta(hours=5))
            self.expects(CART, "what-others-say", others)
            help_ = self.by_day(others + timedelta(hours=20))
            self.expects(CART, "help", help_)
            self.expects(CART, "last-chance", self.by_day(help_ + timedelta(hours=6)))
        return reminder

    def expects(
        self, workflow: str, template: str, after: timedelta, channel: Literal["email", "sms"] = "email"
    ) -> None:
        """The shopper must get `template` of `workflow` once, not before `after` the start."""
        self.expected.append(
            Expected(
                channel=channel,
                recipient=self.who.email if channel == "email" else self.who.phone,
                workflow=workflow,
                template=template,
                not_before=self.start + after,
                scenario=self.scenario,
            )
        )
