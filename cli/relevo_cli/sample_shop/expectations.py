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


_DAY = (time(9), time(20))
"""When the shop writes about carts: the window of that flow, in the shop's zone since no shopper's is known."""


class Expectations:
    """The expected messages of one shopper, who arrives at the instant `start`."""

    def __init__(self, scenario: str, who: Shopper, start: datetime) -> None:
        self.scenario = scenario
        self.who = who
        self.start = start
        self.expected: list[Expected] = []

    def by_day(self, after: timedelta) -> timedelta:
        """`after` the start if the shop writes about carts then, else when it begins to again."""
        opens, closes = _DAY
        at = (self.start + after).astimezone(bodies.SHOP_ZONE)
        if opens <= at.time() < closes:
            return after
        day = at.date() + timedelta(days=at.time() >= closes)
        return datetime.combine(day, opens, bodies.SHOP_ZONE) - self.start

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
