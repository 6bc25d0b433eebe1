"""The hosts that are called: how many calls each has under way, and its circuit. In memory, each instance its own."""

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from relevo_notifier.core.breaker import CLOSED, Circuit, CircuitRules, admit, idle, record
from relevo_notifier.core.calls import CallWork
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)
_MANY = 1000


class HostBusy(Exception):  # noqa: N818 - it is a state, nothing went wrong
    """A host can't be called now; ask again at `at`."""

    def __init__(self, reason: str, at: datetime) -> None:
        super().__init__(reason)
        self.at = at


class HostLimiter:
    """At most `most` calls to one host are under way at once. `pause` is how soon a busy host is looked at again."""

    def __init__(self, rules: CircuitRules, most: int, pause: timedelta, metrics: Metrics) -> None:
        self._rules = rules
        self._most = most
        self._pause = pause
        self._under_way: Counter[str] = Counter()
        self._circuits: dict[str, Circuit] = {}
        self._opened = metrics.circuits_opened

    def pick(self, held: deque[CallWork], most: int, place_of: Callable[[CallWork], str]) -> list[CallWork]:
        """Up to `most` calls whose hosts have room, the oldest first; a slow host does not hold up the others."""
        taken: list[CallWork] = []
        left: list[CallWork] = []
        wanted = self._under_way.copy()
        while held and len(taken) < most:
            work = held.popleft()
            place = place_of(work)
            if place and wanted[place] >= self._most:
                left.append(work)
                continue
            wanted[place] += 1
            taken.append(work)
        held.extendleft(reversed(left))
        return taken

    def enter(self, place: str, now: datetime) -> None:
        """A call to `place` begins. Raises `HostBusy` if it may not."""
        if self._under_way[place] >= self._most:
            raise HostBusy(f"{self._most} calls to {place} are under way", now + self._pause)
        circuit, at = admit(self._circuits.get(place, CLOSED), now, self._rules)
        if at is not None:
            raise HostBusy(f"{place} failed too often, it is left alone for a while", at)
        self._circuits[place] = circuit
        self._under_way[place] += 1

    def leave(self, place: str, well: bool, now: datetime) -> None:
        """A call to `place` has ended."""
        self._under_way[place] -= 1
        before = self._circuits.get(place, CLOSED)
        after = self._circuits[place] = record(before, well, now, self._rules)
        if before.state(now) != after.state(now):
            _log.warning("circuit", host=place, state=after.state(now))
            if after.open_until is not None:
                self._opened.inc()
        if len(self._circuits) > _MANY:
            self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Hosts may be named by anybody: what has nothing to tell is not kept."""
        self._under_way = +self._under_way
        self._circuits = {
            place: circuit for place, circuit in self._circuits.items() if not idle(circuit, now, self._rules)
        }
