"""The recorded day: every shopper's story on one time line. The same seed gives the same bytes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct

from relevo_cli.sample_shop.expectations import Expected
from relevo_cli.sample_shop.people import Shopper, shopper
from relevo_cli.sample_shop.scenarios import SCENARIOS, Scenario
from relevo_cli.sample_shop.story import Story
from relevo_cli.sample_shop.webhooks import Webhook

SHOP = "casa-lumen"
DOMAIN = "casa-lumen.example.com"
SHOPPERS = 150
OPENS = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
"""When the recording begins: a Tuesday morning in Europe."""
ARRIVALS = timedelta(hours=15)
"""Shoppers arrive from the start of the recording until this much later."""


class Recording(Struct, frozen=True, kw_only=True):
    """What the shop posts, in order of time, and what must arrive."""

    begins: datetime
    webhooks: tuple[Webhook, ...]
    expected: tuple[Expected, ...]
    shoppers: tuple[Shopper, ...]

    @property
    def ends(self) -> datetime:
        """When the last webhook is posted or the last message is due."""
        posted = [webhook.at for webhook in self.webhooks]
        due = [message.not_before for message in self.expected]
        return max([self.begins, *posted, *due])


def record(seed: int = 1, shoppers: int = SHOPPERS, begins: datetime = OPENS) -> Recording:
    """A day with `shoppers` shoppers (1 to 800). With 19 or more, every scenario happens at least once."""
    if not 1 <= shoppers <= 800:
        raise ValueError(f"the sample shop has 1 to 800 shoppers, not {shoppers}")
    stories = [_story(seed, number, begins) for number in range(shoppers)]
    webhooks = sorted((hook for story in stories for hook in story.webhooks), key=lambda hook: hook.at)
    return Recording(
        begins=begins,
        webhooks=tuple(webhooks),
        expected=tuple(message for story in stories for message in story.expected),
        shoppers=tuple(story.who for story in stories),
    )


def _story(seed: int, number: int, begins: datetime) -> Story:
    random = Random(f"{seed}/{number}")
    scenario = _scenario(number, random)
    # Whole seconds: Shopify's own times have no fractions.
    start = begins + timedelta(seconds=random.randint(0, int(ARRIVALS.total_seconds())))
    story = Story(scenario.__name__, shopper(number, random), start, random)
    scenario(story)
    return story


def _scenario(number: int, random: Random) -> Scenario:
    scenarios: Sequence[Scenario] = [scenario for scenario, _ in SCENARIOS]
    if number < len(scenarios):
        return scenarios[number]
    return random.choices(scenarios, weights=[weight for _, weight in SCENARIOS])[0]
