"""A circuit breaker for each host: a system that is down is left alone for a while. Pure: `now` is an argument.

Closed: calls go. Open: none goes. Half-open, once the pause is over: one goes, and what becomes of it decides.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

CircuitState = Literal["closed", "open", "half_open"]
MOST_REMEMBERED = 100


class CircuitRules(Struct, frozen=True):
    """When a circuit opens: `failures` within `window`, if they are `share` of the calls in it or more.

    It stays open for `pause`. A trial call that was never heard of again counts for nothing after `trial`. All
    durations are clock time.
    """

    failures: int = 5
    share: float = 0.5
    window: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=30)
    trial: timedelta = timedelta(seconds=60)


class Circuit(Struct, frozen=True):
    """The circuit of one host. `recent`: when calls ended, the oldest first, and whether they went well."""

    recent: tuple[tuple[datetime, bool], ...] = ()
    open_until: datetime | None = None
    trial_until: datetime | None = None

    def state(self, now: datetime) -> CircuitState:
        """Where it stands at `now`."""
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half_open"


CLOSED = Circuit()


def admit(circuit: Circuit, now: datetime, rules: CircuitRules) -> tuple[Circuit, datetime | None]:
    """May a call go at `now`? The circuit afterwards, and `None` (it may) or when to ask again."""
    match circuit.state(now):
        case "closed":
            return circuit, None
        case "open":
            return circuit, circuit.open_until
        case "half_open":
            if circuit.trial_until is not None and now < circuit.trial_until:
                return circuit, circuit.trial_until
            return Circuit(open_until=circuit.open_until, trial_until=now + rules.trial), None


def record(circuit: Circuit, well: bool, now: datetime, rules: CircuitRules) -> Circuit:
    """The circuit after a call that ended at `now`. What ends while it is open began before, and does not count."""
    match circuit.state(now):
        case "open":
            return circuit
        case "half_open":
            return CLOSED if well else Circuit(open_until=now + rules.pause)
        case "closed":
            since = now - rules.window
            kept = tuple(one for one in circuit.recent if one[0] > since)
            recent = (*kept, (now, well))[-MOST_REMEMBERED:]
            failures = sum(not went_well for _, went_well in recent)
            if not well and failures >= rules.failures and failures >= rules.share * len(recent):
                return Circuit(open_until=now + rules.pause)
            return Circuit(recent)


def idle(circuit: Circuit, now: datetime, rules: CircuitRules) -> bool:
    """Whether there is nothing in it worth remembering."""
    return circuit.open_until is None and all(at <= now - rules.window for at, _ in circuit.recent)
