"""What may never happen to a customer, whatever they do in a year: each rule finds what breaks it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.year.shop_year import Message, Year

_ZONE = ZoneInfo("Europe/Madrid")
_DAY = timedelta(days=1)
_CAPS = ((2, _DAY), (5, 7 * _DAY))
"""Those of policy.yaml, said once more: the test must not go by what it tests."""
_BEGIN, _END = 8, 21
_COME_BACK = ("abandoned-cart", "win-back", "sunset", "browse-reminder", "welcome")
"""What asks somebody to buy, or to say that they are still there."""
_LAPSED = ("win-back", "sunset")
_CALM = timedelta(days=60)
"""So long after an order nobody is asked where they have been."""

Span = tuple[datetime, datetime]
Rule = Callable[[Year], Iterator[str]]


def over_the_caps(year: Year) -> Iterator[str]:
    """More marketing in a sliding window than the caps."""
    sent = [one for one in year.messages if one.marketing]
    for most, window in _CAPS:
        for first, last in zip(sent, sent[most:], strict=False):
            if last.sent - first.sent < window:
                yield f"{_named(last)} is one more than {most} in {window.days} days"


def without_consent(year: Year) -> Iterator[str]:
    """Marketing outside of the times in which the customer agreed to it."""
    spans = _consented(year)
    for one in year.messages:
        if one.marketing and not _within(one.sent, spans):
            yield f"{_named(one)} without consent"


def codes_without_consent(year: Year) -> Iterator[str]:
    """A code of the marketing taken for somebody who does not want it."""
    spans = _consented(year)
    yield from (f"a code at {at}" for at in year.coupons if not _within(at, spans))


def in_quiet_hours(year: Year) -> Iterator[str]:
    """Marketing at night."""
    yield from (
        f"{_named(one)} at night"
        for one in year.messages
        if one.marketing and not _BEGIN <= one.sent.astimezone(_ZONE).hour < _END
    )


def soon_after_an_order(year: Year) -> Iterator[str]:
    """Asked where they have been, although they have ordered lately."""
    orders = [one.at for one in year.life.of("order.placed")]
    for one in _of(year, *_LAPSED):
        if any(at <= one.decided < at + _CALM for at in orders):
            yield f"{_named(one)} soon after an order"


def come_back_while_a_parcel_is_under_way(year: Year) -> Iterator[str]:
    """Asked to buy between the order and the parcel, unless they have filled a cart since, or look around again."""
    wishes = [one.at for one in year.life.of("cart.updated", "page.viewed")]
    for begin, end in _deliveries(year):
        for one in _of(year, *_COME_BACK):
            if begin <= one.decided < end and not any(begin < at <= one.decided for at in wishes):
                yield f"{_named(one)} between an order and its parcel"


def after_its_run(year: Year) -> Iterator[str]:
    """Marketing that its run asked for, which has ended before its last step since, or by its goal."""
    for one in year.messages:
        ended = year.cut_short.get(one.run)
        if one.marketing and ended is not None and one.sent > ended:
            yield f"{_named(one)} after its run, which ended {ended:%Y-%m-%d %H:%M}"


def held_back_past_an_order(year: Year) -> Iterator[str]:
    """Asked to buy after an order, though before it the mail was already decided, and held back by the policy."""
    orders = [one.at for one in year.life.of("order.placed")]
    yield from (
        f"{_named(one)} decided before an order, sent after it"
        for one in _of(year, *_COME_BACK)
        if any(one.decided < at <= one.sent for at in orders)
    )


def two_voices_for_one_cart(year: Year) -> Iterator[str]:
    """A word about what they looked at while they are being written to about a cart."""
    for cart in _series(year, "abandoned-cart"):
        yield from (f"{_named(one)} within a series about a cart" for one in _of(year, "browse-reminder")
                    if _within(one.sent, [cart]))  # fmt: skip


def win_back_and_sunset_at_once(year: Year) -> Iterator[str]:
    """Won back and said goodbye to at the same time."""
    for lapse in _series(year, "win-back"):
        yield from (f"{_named(one)} within a win-back" for one in _of(year, "sunset") if _within(one.sent, [lapse]))


def not_once(year: Year) -> Iterator[str]:
    """A message that belongs to an order, parcel, refund or return, and did not come exactly once."""
    for event, (workflow, *templates) in _ONCE.items():
        wanted = sum(1 for _ in year.life.of(event))
        got = sum(1 for one in year.messages if one.workflow == workflow and one.template in templates)
        if got != wanted:
            yield f"{got} of {workflow}/{' or '.join(templates)} for {wanted} of {event}"


_ONCE = {
    "order.placed": ("order-status", "confirmation"),
    "order.cancelled": ("order-status", "cancelled"),
    "refund.created": ("order-status", "refunded"),
    "shipment.created": ("shipping", "shipped"),
    "return.requested": ("return", "received", "keep-it", "hygiene"),
}
"""By event: the workflow, and the templates one of which answers it."""


def without_end(year: Year) -> Iterator[str]:
    """A run that never ends."""
    yield from (f"{run.workflow} is still at {run.step}" for run in year.runs if run.ended_at is None)


RULES: tuple[Rule, ...] = (
    over_the_caps,
    without_consent,
    codes_without_consent,
    in_quiet_hours,
    soon_after_an_order,
    come_back_while_a_parcel_is_under_way,
    two_voices_for_one_cart,
    win_back_and_sunset_at_once,
    not_once,
    without_end,
    after_its_run,
    held_back_past_an_order,
)


def broken(year: Year) -> list[str]:
    """Everything that a customer's year breaks, with whose it is."""
    return [f"{year.life.email}: {rule.__name__}: {found}" for rule in RULES for found in rule(year)]


def _of(year: Year, *workflows: str) -> Iterator[Message]:
    return (one for one in year.messages if one.workflow in workflows)


def _series(year: Year, workflow: str) -> list[Span]:
    """From the first message of each run to its last."""
    runs: dict[str, list[datetime]] = {}
    for one in _of(year, workflow):
        runs.setdefault(one.run, []).append(one.sent)
    return [(min(sent), max(sent)) for sent in runs.values()]


def _consented(year: Year) -> list[Span]:
    """When the customer had agreed, by what they said themselves and by what ended it."""
    spans: list[Span] = []
    since: datetime | None = None
    said = [(one.at, one.data["state"] == "granted") for one in year.life.of("consent.changed")]
    for at, agreed in sorted([*said, *((at, False) for at in year.withdrawn)]):
        if agreed:
            since = since or at
        elif since is not None:
            spans.append((since, at))
            since = None
    return [*spans, (since, datetime.max.replace(tzinfo=_ZONE))] if since is not None else spans


def _deliveries(year: Year) -> Iterator[Span]:
    """From each order to its parcel; two weeks where none is reported."""
    arrived = {one.data["order_id"]: one.at for one in year.life.of("shipment.delivered", "order.cancelled")}
    for one in year.life.of("order.placed"):
        yield one.at, arrived.get(one.data["order_id"], one.at + 14 * _DAY)


def _within(at: datetime, spans: list[Span]) -> bool:
    return any(begin <= at <= end for begin, end in spans)


def _named(one: Message) -> str:
    return f"{one.workflow}/{one.template} of {one.sent:%Y-%m-%d %H:%M}"
