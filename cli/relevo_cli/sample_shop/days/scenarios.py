"""What happens in the sample shop, whatever its platform: one function a scenario, and what its shopper must get.

The flows are those that `relevo_cli.sample_shop.scenarios` describes. What only some platforms can tell (that a parcel
was delivered) is expected of those alone. Steps that depend on each other are half an hour apart at least, so that the
replay tells the truth at any speed that the machine keeps up with.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from relevo_cli.sample_shop.days.plot import Plot, Profile
from relevo_cli.sample_shop.days.shop_events import Account, Day, OrderEvent
from relevo_cli.sample_shop.expectations import CART, PARCELS
from relevo_cli.sample_shop.people import shopper

ORDER, PARCEL = "order-status", "shipping"
FLOWS = (CART, ORDER, PARCEL)
REMINDER = timedelta(hours=4)
ARRIVALS = timedelta(hours=4)
"""Shoppers arrive from the beginning until this much later."""
DELIVERED: OrderEvent = "delivered"


Scenario = Callable[[Plot], None]


def hours(count: float) -> timedelta:
    """`count` hours."""
    return timedelta(hours=count)


def _agreed(plot: Plot) -> Account:
    return plot.opens_account(agrees=True)


def abandons_first_cart(plot: Plot) -> None:
    """A new customer who agreed to marketing leaves a full cart behind."""
    _agreed(plot)
    plot.fills_cart(plot.basket(), hours(1))
    plot.is_reminded(hours(1) + REMINDER, first=True)


def order_is_delivered(plot: Plot) -> None:
    """A customer's order: placed, paid, shipped, delivered."""
    plot.opens_account()
    order = plot.orders(plot.basket(), hours(1))
    plot.expects(ORDER, "confirmation", hours(1))
    order = plot.happens(order, "paid", hours(2))
    order = plot.happens(order, "shipped", hours(5))
    plot.expects(PARCEL, "shipped", plot.by_day(hours(5), PARCELS))
    if plot.reports(DELIVERED):
        plot.happens(order, "delivered", hours(24))
        plot.expects(PARCEL, "delivered", plot.by_day(hours(24), PARCELS))


def guest_with_telephone_buys(plot: Plot) -> None:
    """A guest who left a number: an SMS when the parcel leaves, at night the next morning."""
    order = plot.orders(plot.basket(), hours(0), guest=True, phone=True)
    plot.expects(ORDER, "confirmation", hours(0))
    order = plot.happens(order, "paid", hours(1))
    plot.happens(order, "shipped", hours(6))
    plot.expects(PARCEL, "shipped", plot.by_day(hours(6), PARCELS))
    plot.expects(PARCEL, "shipped-sms", plot.by_day(hours(6), PARCELS), channel="sms")


def buys_after_reminder(plot: Plot) -> None:
    """The reminder works: no other mail."""
    _agreed(plot)
    basket = plot.basket()
    plot.fills_cart(basket, hours(1))
    bought = plot.is_reminded(hours(1) + REMINDER, first=True, stays_away=False) + hours(8)
    plot.orders(basket, bought)
    plot.expects(ORDER, "confirmation", bought)


def returning_customer_abandons(plot: Plot) -> None:
    """Someone who has ordered before leaves another cart behind: no first-order discount."""
    _agreed(plot)
    plot.orders(plot.basket(), hours(1))
    plot.expects(ORDER, "confirmation", hours(1))
    plot.fills_cart(plot.basket(), hours(3))
    plot.is_reminded(hours(3) + REMINDER, first=False)


def changes_the_cart(plot: Plot) -> None:
    """A change after an hour and a half starts the four hours anew."""
    _agreed(plot)
    cart = plot.fills_cart(plot.basket(), hours(1))
    plot.changes_cart(cart, hours(2.5))
    plot.is_reminded(hours(2.5) + REMINDER, first=True)


def buys_directly(plot: Plot) -> None:
    """From the cart to the order within the hour: a confirmation and nothing else."""
    _agreed(plot)
    basket = plot.basket()
    plot.fills_cart(basket, hours(1))
    order = plot.orders(basket, hours(1.6))
    plot.expects(ORDER, "confirmation", hours(1.6))
    plot.happens(order, "paid", hours(2.2))


def order_is_cancelled(plot: Plot) -> None:
    """Cancelled two hours after it was placed."""
    plot.opens_account()
    order = plot.orders(plot.basket(), hours(1))
    plot.expects(ORDER, "confirmation", hours(1))
    plot.happens(order, "cancelled", hours(3))
    plot.expects(ORDER, "cancelled", hours(3))


def order_is_refunded(plot: Plot) -> None:
    """Shipped, arrived damaged, refunded."""
    plot.opens_account()
    order = plot.orders(plot.basket(), hours(1))
    plot.expects(ORDER, "confirmation", hours(1))
    order = plot.happens(order, "paid", hours(1.5))
    order = plot.happens(order, "shipped", hours(4))
    plot.expects(PARCEL, "shipped", plot.by_day(hours(4), PARCELS))
    plot.happens(order, "refunded", hours(20))
    plot.expects(ORDER, "refunded", hours(20))


def withdraws_consent(plot: Plot) -> None:
    """Consent is withdrawn after the reminder: nothing more is sent."""
    account = _agreed(plot)
    plot.fills_cart(plot.basket(), hours(1))
    plot.withdraws(account, plot.is_reminded(hours(1) + REMINDER, first=True, stays_away=False) + hours(18))


def abandons_without_consent(plot: Plot) -> None:
    """The box for marketing was not ticked: no mail at all."""
    plot.opens_account()
    plot.fills_cart(plot.basket(), hours(1))


def visitor_abandons(plot: Plot) -> None:
    """Somebody of whom the shop knows no address: nobody to write to."""
    plot.fills_cart(plot.basket(), hours(0), known=False)


def everything_comes_twice(plot: Plot) -> None:
    """Every message of the shop is delivered twice: each mail once."""
    _agreed(plot)
    basket = plot.basket()
    plot.fills_cart(basket, hours(1))
    order = plot.orders(basket, hours(2))
    plot.expects(ORDER, "confirmation", hours(2))
    order = plot.happens(order, "paid", hours(2.5))
    plot.happens(order, "shipped", hours(5))
    plot.expects(PARCEL, "shipped", plot.by_day(hours(5), PARCELS))
    plot.comes_twice()


SCENARIOS: tuple[Scenario, ...] = (
    abandons_first_cart,
    order_is_delivered,
    guest_with_telephone_buys,
    buys_after_reminder,
    returning_customer_abandons,
    changes_the_cart,
    buys_directly,
    order_is_cancelled,
    order_is_refunded,
    withdraws_consent,
    abandons_without_consent,
    visitor_abandons,
    everything_comes_twice,
)
"""They take turns: with as many shoppers as there are scenarios, each happens once."""


def played(profile: Profile, *, seed: int, shoppers: int, begins: datetime) -> Day:
    """A day with `shoppers` shoppers, 1 to 800. The same arguments give the same bytes."""
    if not 1 <= shoppers <= 800:
        raise ValueError(f"the sample shop has 1 to 800 shoppers, not {shoppers}")
    plots = [_plot(profile, Random(f"{seed}/{number}"), number, begins) for number in range(shoppers)]
    return Day(
        begins=begins,
        outputs=tuple(sorted((one for plot in plots for one in plot.outputs), key=lambda one: one.at)),
        expected=tuple(message for plot in plots for message in plot.expected),
        shoppers=tuple(plot.who for plot in plots),
    )


def _plot(profile: Profile, random: Random, number: int, begins: datetime) -> Plot:
    scenario = SCENARIOS[number % len(SCENARIOS)]
    # Whole seconds: no platform's times have fractions that matter.
    start = begins + timedelta(seconds=random.randint(0, int(ARRIVALS.total_seconds())))
    plot = Plot(scenario.__name__, shopper(number, random), start, random, profile)
    scenario(plot)
    return plot
