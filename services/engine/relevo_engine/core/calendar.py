"""The calendar of a shop: schedules at one time for all. Each has one timer, under the shop's own key. Pure."""

from datetime import datetime

from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import WakeUp
from relevo_contracts.zones import zone_of
from relevo_engine.core.fanout import Fanout
from relevo_runtime.outgoing import Timer
from relevo_workflow import CALENDAR_TIMERS, CalendarSpec, Shop, WorkflowIndex, next_occurrence


def is_entry(wakeup: WakeUp) -> bool:
    """Whether a wake-up is one of a shop's calendar."""
    return wakeup.key == SHOP_KEY and wakeup.name.startswith(f"{CALENDAR_TIMERS}/")


def wanted(deployment: WorkflowIndex, shop: Shop, now: datetime) -> list[Timer]:
    """The timers of the shop's calendar, each at its next time after `now`."""
    timers = (_timer(spec, shop, now) for spec in deployment.calendar)
    return [timer for timer in timers if timer is not None]


def find(deployment: WorkflowIndex, name: str) -> CalendarSpec | None:
    """The entry of that name; none if its workflow or its rule is gone."""
    return next((spec for spec in deployment.calendar if spec.name == name), None)


def fire(deployment: WorkflowIndex, shop: Shop, wakeup: WakeUp, now: datetime) -> tuple[Fanout, Timer | None] | None:
    """The fanout that a due entry begins, and its next timer; nothing if the entry is gone.

    After an outage an entry fires once, however often it was due: the next time is after `now`.
    """
    spec = find(deployment, wakeup.name)
    if spec is None:
        return None
    return Fanout(wakeup.shop, "start", spec.name, wakeup.due_at), _timer(spec, shop, max(now, wakeup.due_at))


def _timer(spec: CalendarSpec, shop: Shop, after: datetime) -> Timer | None:
    zone = zone_of(shop.timezone if spec.trigger.zone == "shop" else spec.trigger.zone)
    due = next_occurrence(spec.trigger.cron, spec.trigger.rrule, after, zone)
    return Timer(shop.id, SHOP_KEY, spec.name, due, name=spec.name) if due is not None else None
