"""The contact policy of a shop: that of the library with the shop's own limits, and its tests."""

from datetime import UTC, datetime, timedelta

from relevo_cli.shop_repository.choices import Limits
from relevo_cli.shop_repository.languages import dumped, yaml

_NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
_MINUTE = "%Y-%m-%d %H:%M"
_WEEK = 7
_PATIENT = "not_after: 9d, expect: put_off"
"""Its news lasts until there is a place."""


def with_limits(policy: str, limits: Limits) -> str:
    """The text of policy.yaml with these limits; as it is if they are those that it has."""
    if limits == Limits():
        return policy
    document = yaml().load(policy)
    begin, end = limits.quiet
    document["quiet_hours"][0]["from"] = begin
    document["quiet_hours"][0]["until"] = end
    document["caps"][0]["most"] = limits.a_day
    document["caps"][1]["most"] = limits.a_week
    return dumped(document)


def policy_tests(limits: Limits) -> str:
    """Tests of the limits: what is sent, what waits and until when."""
    at = _at(_by_day(limits))
    cases = [
        f"  - {{name: nobody agreed, at: {at}, consents: {{}}, expect: {{skipped: no_consent}}}}",
        f"  - {{name: unsubscribed, at: {at}, unsubscribed: -1d, expect: {{skipped: unsubscribed}}}}",
        *_of_hours(limits),
        *_of_day(limits),
        *_of_week(limits),
    ]
    head = (
        "# What the policy says to one message each; `relevo test` runs them.\n"
        "given: {zone: Europe/Madrid, consents: {marketing: granted}}\n"
    )
    return head + "tests:\n" + "\n".join(cases) + "\n"


def _of_hours(limits: Limits) -> list[str]:
    begin = _clock(limits.quiet[0])
    end = _clock(limits.quiet[1])
    end += timedelta(days=end <= begin)
    late = f"expect: {{put_off: quiet_hours, until: {_at(end)}}}"
    return [
        f"  - {{name: in the hours for it, at: {_at(end)}, expect: sent}}",
        f"  - {{name: in the quiet hours, at: {_at(begin)}, {late}}}",
        f"  - {{name: a receipt in the quiet hours, at: {_at(begin)}, purpose: transactional, expect: sent}}",
    ]


def _of_day(limits: Limits) -> list[str]:
    at = _by_day(limits)
    before = [f"{{at: -{number + 1}m}}" for number in range(limits.a_day)]
    return [
        f"  - {{name: the last of a day, at: {_at(at)}, before: [{', '.join(before[1:])}], expect: sent}}",
        f"  - {{name: one too many for a day, at: {_at(at)}, before: [{', '.join(before)}], {_PATIENT}}}",
    ]


def _of_week(limits: Limits) -> list[str]:
    """Messages as the day's limit lets them be, until the week is full; nothing where the days alone fill it."""
    days = -(-limits.a_week // limits.a_day)
    before = [f"{{at: -{1 + number // limits.a_day}d}}" for number in range(limits.a_week)]
    case = f"name: one too many for a week, at: {_at(_by_day(limits))}, before: [{', '.join(before)}], {_PATIENT}"
    return [f"  - {{{case}}}"] if days < _WEEK else []


def _by_day(limits: Limits) -> datetime:
    """The minute before the quiet hours begin."""
    return _clock(limits.quiet[0]) - timedelta(minutes=1)


def _clock(time_of_day: str) -> datetime:
    hour, _, minute = time_of_day.partition(":")
    return _NOON.replace(hour=int(hour), minute=int(minute))


def _at(moment: datetime) -> str:
    return moment.strftime(_MINUTE)
