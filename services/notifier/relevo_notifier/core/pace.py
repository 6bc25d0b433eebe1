"""How fast messages go to a provider, or to a destination, that failed or asked for less. Pure: `now` is an argument.

It is left alone for a pause; one message tries it; and then ever more go, so that what has gathered comes back as no
flood. Each pause in a row is twice as long.
"""

from datetime import datetime, timedelta

from msgspec import Struct, structs

from relevo_notifier.core.breaker import CLOSED, Circuit, CircuitRules, admit, record

_FREE_AFTER = 12
"""Doublings, after which everything goes again."""
_AT_FIRST = 8
"""Messages in the first of them."""


class PaceRules(Struct, frozen=True):
    """`circuit` says when failures are too many, and the first pause; no pause is longer than `longest`. What goes
    doubles every `step`. All durations are clock time.
    """

    circuit: CircuitRules = CircuitRules()
    longest: timedelta = timedelta(minutes=2)
    step: timedelta = timedelta(seconds=5)


class Pace(Struct, frozen=True):
    """Where it stands. `pauses`: so many in a row, since `away_since`. `since`: when it began to go again, and `begun`:
    how many since then.
    """

    circuit: Circuit = CLOSED
    pauses: int = 0
    since: datetime | None = None
    begun: int = 0
    away_since: datetime | None = None


FREE = Pace()


def allowed(pace: Pace, now: datetime, rules: PaceRules) -> int | None:
    """How many may begin at `now`; `None`: as many as there are."""
    if pace.circuit.state(now) != "closed":
        return 1 if admit(pace.circuit, now, rules.circuit)[1] is None else 0
    if pace.since is None or now - pace.since >= _FREE_AFTER * rules.step:
        return None
    doublings = max(0.0, (now - pace.since) / rules.step)
    return max(0, int(1 + _AT_FIRST * (2**doublings - 1)) - pace.begun)


def begin(pace: Pace, messages: int, now: datetime, rules: PaceRules) -> Pace:
    """So many begin, which were allowed."""
    if not messages:
        return pace
    if pace.circuit.state(now) != "closed":
        return structs.replace(pace, circuit=admit(pace.circuit, now, rules.circuit)[0])
    if pace.since is None:
        return pace
    if now - pace.since >= _FREE_AFTER * rules.step:
        return Pace(pace.circuit)
    return structs.replace(pace, begun=pace.begun + messages)


def withdrawn(pace: Pace) -> Pace:
    """What was to try it was not handed over after all: another may."""
    return structs.replace(pace, circuit=structs.replace(pace.circuit, trial_until=None))


def ended(pace: Pace, well: bool, now: datetime, rules: PaceRules) -> Pace:
    """A message was handed over, or could not be."""
    before = pace.circuit.state(now)
    if before == "open" or (well and before == "closed" and not pace.circuit.recent):
        return pace  # nothing to remember: what goes well is counted beside failures only
    circuit = record(pace.circuit, well, now, rules.circuit)
    if circuit.open_until is not None:
        return _paused(pace, rules.circuit.pause, now, rules)
    if before == "half_open":
        return Pace(circuit, pace.pauses, since=now)
    return structs.replace(pace, circuit=circuit)


def slowed(pace: Pace, wait: timedelta, now: datetime, rules: PaceRules) -> Pace:
    """It asked for less, and to be left alone for `wait` (none: it did not say for how long)."""
    if pace.circuit.state(now) == "open":
        return pace  # it was handed over before
    return _paused(pace, wait or rules.circuit.pause, now, rules, at_least=wait)


def until(pace: Pace, now: datetime, rules: PaceRules) -> datetime:
    """When to ask again, of one that allows none now."""
    times = (pace.circuit.open_until, pace.circuit.trial_until)
    return max([now + rules.step, *(at for at in times if at is not None and at > now)])


def _paused(
    pace: Pace, first: timedelta, now: datetime, rules: PaceRules, *, at_least: timedelta = timedelta(0)
) -> Pace:
    went_for_long = pace.since is not None and now - pace.since > 2 * rules.step
    pauses = 0 if went_for_long else pace.pauses
    pause = max(min(first * 2 ** min(pauses, 16), rules.longest), at_least)
    return Pace(Circuit(open_until=now + pause), pauses + 1, away_since=pace.away_since or now)
