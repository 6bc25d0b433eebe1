"""What happens in the sample shop: one function a scenario, and what its shopper must get.

The shop's flows, as its owner would say them. Abandoned cart: four hours after a checkout that was not bought, but by
day, a reminder, and in the three days after it four mails more (three for whoever has bought before), to those who
agreed to marketing; buying ends it, changing the checkout before the reminder starts the four hours anew. Order status:
a confirmation of each order, an e-mail when it is cancelled or refunded, and by day an e-mail (and an SMS where there
is a telephone number) when it ships and an e-mail when it is delivered.

Steps that compete (a reminder and the purchase that makes it needless) are hours apart, so that the replay tells the
truth at any speed that the machine keeps up with.
"""

from collections.abc import Callable
from datetime import timedelta

from relevo_cli.sample_shop.expectations import PARCELS
from relevo_cli.sample_shop.story import Story

ORDER, PARCEL = "order-status", "shipping"
NOW = timedelta(0)
REMINDER = timedelta(hours=4)

Scenario = Callable[[Story], None]


def minutes(count: int) -> timedelta:
    """`count` minutes."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """`count` hours."""
    return timedelta(hours=count)


def abandons_first_checkout(story: Story) -> None:
    """A new shopper who agreed to marketing leaves a full checkout behind."""
    story.starts_checkout(story.basket(), NOW, marketing=True)
    story.is_reminded(REMINDER, first=True)


def abandons_without_consent(story: Story) -> None:
    """The box for marketing was not ticked: no mail at all."""
    story.starts_checkout(story.basket(), NOW, marketing=False)


def returning_customer_abandons(story: Story) -> None:
    """Someone who ordered two hours before leaves a second checkout behind: no first-order discount."""
    story.orders(story.basket(), NOW)
    story.expects(ORDER, "confirmation", NOW)
    story.starts_checkout(story.basket(), hours(2), marketing=True)
    story.is_reminded(hours(2) + REMINDER, first=False)


def buys_after_reminder(story: Story) -> None:
    """The reminder works: no other mail."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=True)
    reminder = story.is_reminded(REMINDER, first=True, stays_away=False)
    bought = reminder + hours(8)
    story.orders(basket, bought)
    story.completes_checkout(basket, bought, NOW, marketing=True)
    story.expects(ORDER, "confirmation", bought)


def changes_the_checkout(story: Story) -> None:
    """An update after an hour and a half starts the four hours anew."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=True)
    story.changes_checkout(basket, hours(1.5), NOW, marketing=True)
    story.is_reminded(hours(1.5) + REMINDER, first=True)


def buys_directly(story: Story) -> None:
    """From checkout to a paid order within ten minutes: a confirmation and nothing else."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=True)
    story.orders(basket, minutes(9))
    story.completes_checkout(basket, minutes(9), NOW, marketing=True)
    story.orders(basket, minutes(10), topic="orders/paid", placed=minutes(9), financial="paid")
    story.expects(ORDER, "confirmation", minutes(9))


def guest_abandons(story: Story) -> None:
    """A guest, known by nothing but the e-mail address of the checkout."""
    story.starts_checkout(story.basket(), NOW, marketing=True, guest=True)
    story.is_reminded(REMINDER, first=True)


def guest_buys(story: Story) -> None:
    """A guest checkout that becomes an order, without a customer object."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=False, guest=True)
    story.orders(basket, minutes(5), guest=True)
    story.expects(ORDER, "confirmation", minutes(5))


def order_is_delivered(story: Story) -> None:
    """Placed, paid, shipped, delivered; no telephone number."""
    basket = story.basket()
    story.orders(basket, NOW)
    story.expects(ORDER, "confirmation", NOW)
    story.orders(basket, minutes(2), topic="orders/paid", placed=NOW, financial="paid")
    story.is_shipped(basket, hours(5))
    story.expects(PARCEL, "shipped", story.by_day(hours(5), PARCELS))
    story.is_delivered(basket, hours(24), hours(5))
    story.expects(PARCEL, "delivered", story.by_day(hours(24), PARCELS))


def order_with_telephone_is_delivered(story: Story) -> None:
    """The same with a telephone number: an SMS when it ships."""
    basket = story.basket()
    story.orders(basket, NOW, phone=True)
    story.expects(ORDER, "confirmation", NOW)
    story.orders(basket, minutes(3), topic="orders/paid", placed=NOW, phone=True, financial="paid")
    story.is_shipped(basket, hours(6))
    story.expects(PARCEL, "shipped", story.by_day(hours(6), PARCELS))
    story.expects(PARCEL, "shipped-sms", story.by_day(hours(6), PARCELS), channel="sms")
    story.is_delivered(basket, hours(26), hours(6))
    story.expects(PARCEL, "delivered", story.by_day(hours(26), PARCELS))


def order_is_cancelled(story: Story) -> None:
    """Cancelled two hours after it was placed."""
    basket = story.basket()
    story.orders(basket, NOW)
    story.expects(ORDER, "confirmation", NOW)
    story.orders(basket, hours(2), topic="orders/cancelled", placed=NOW, cancelled=story.start + hours(2))
    story.expects(ORDER, "cancelled", hours(2))


def order_is_refunded(story: Story) -> None:
    """Shipped, arrived damaged, refunded."""
    basket = story.basket()
    story.orders(basket, NOW, financial="paid")
    story.expects(ORDER, "confirmation", NOW)
    story.is_shipped(basket, hours(4))
    story.expects(PARCEL, "shipped", story.by_day(hours(4), PARCELS))
    story.is_refunded(basket, hours(20))
    story.expects(ORDER, "refunded", hours(20))


def webhooks_come_ten_times(story: Story) -> None:
    """Every webhook of an order is delivered ten times: one confirmation."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=True)
    story.orders(basket, minutes(15))
    story.completes_checkout(basket, minutes(15), NOW, marketing=True)
    story.repeats_each(10)
    story.expects(ORDER, "confirmation", minutes(15))


def abandoned_checkout_comes_twice(story: Story) -> None:
    """An abandoned checkout is delivered twice: one series."""
    story.starts_checkout(story.basket(), NOW, marketing=True)
    story.repeats_each(2)
    story.is_reminded(REMINDER, first=True)


def paid_overtakes_placed(story: Story) -> None:
    """`orders/paid` arrives before `orders/create`: still one confirmation."""
    basket = story.basket()
    story.orders(basket, minutes(1), topic="orders/paid", placed=NOW, financial="paid")
    story.orders(basket, NOW)
    story.delays_last(minutes(3))
    story.expects(ORDER, "confirmation", NOW)


def order_overtakes_checkout(story: Story) -> None:
    """The order arrives before the checkout that it came from: no reminder of what was bought."""
    basket = story.basket()
    story.starts_checkout(basket, NOW, marketing=True)
    story.delays_last(minutes(20))
    story.orders(basket, minutes(8))
    story.expects(ORDER, "confirmation", minutes(8))


def withdraws_consent(story: Story) -> None:
    """Consent is withdrawn after the reminder: nothing more is sent."""
    story.starts_checkout(story.basket(), NOW, marketing=True)
    reminder = story.is_reminded(REMINDER, first=True, stays_away=False)
    story.withdraws_consent(reminder + hours(18))


def leaves_no_address(story: Story) -> None:
    """A visitor who typed in neither an e-mail address nor a number: nobody to write to."""
    story.starts_checkout(story.basket(), NOW, marketing=False, known=False)


def shop_posts_other_things(story: Story) -> None:
    """Webhooks that no workflow knows: kept as unrecognised, no message."""
    theme = {"id": 828_155_753, "name": "Lumen", "role": "main", "updated_at": story.start.isoformat()}
    story.post("themes/publish", theme, NOW)
    story.post("collections/update", {"id": 408_372_092, "handle": "lamps", "title": "Lamps"}, minutes(30))


SCENARIOS: tuple[tuple[Scenario, int], ...] = (
    (abandons_first_checkout, 6),
    (order_with_telephone_is_delivered, 5),
    (buys_directly, 5),
    (order_is_delivered, 4),
    (returning_customer_abandons, 3),
    (buys_after_reminder, 3),
    (changes_the_checkout, 3),
    (abandons_without_consent, 2),
    (withdraws_consent, 2),
    (guest_abandons, 2),
    (guest_buys, 2),
    (order_is_cancelled, 2),
    (order_is_refunded, 2),
    (webhooks_come_ten_times, 1),
    (abandoned_checkout_comes_twice, 1),
    (paid_overtakes_placed, 1),
    (order_overtakes_checkout, 1),
    (leaves_no_address, 1),
    (shop_posts_other_things, 1),
)
"""Each scenario and how often it happens among the shoppers of a day."""
