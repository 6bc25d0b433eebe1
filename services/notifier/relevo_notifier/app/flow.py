"""How fast messages go over one provider: by its limits, which all instances share, and at the pace that each finds."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from relevo_notifier.core.limits import DAY, Limit
from relevo_notifier.core.pace import FREE, Pace, PaceRules, allowed, begin, ended, slowed, until, withdrawn
from relevo_notifier.core.provider_results import ProviderResult, TryLater, Unknown
from relevo_notifier.core.turns import Denied, Subqueue
from relevo_notifier.core.work import Work
from relevo_runtime.clock import Clock

_log = structlog.get_logger(__name__)
_MANY = 1000
_A_MOMENT = timedelta(seconds=1)


class FlowRules(Struct, frozen=True):
    """`provider` and `destination` say how each is left alone; after `relieved_after` others take over what waits for
    a provider, where there is a rule for it. Durations are clock time.
    """

    provider: PaceRules = PaceRules()
    destination: PaceRules = PaceRules()
    relieved_after: timedelta = timedelta(minutes=1)


class Flow:
    """Of one provider, which goes by `name`."""

    def __init__(self, name: str, limits: Sequence[Limit], rules: FlowRules, clock: Clock) -> None:
        self.name = name
        self.limits = limits
        self._rules = rules
        self._clock = clock
        self._pace = FREE
        self._places: dict[str, Pace] = {}
        self._back: list[Subqueue] = []
        self._over: frozenset[tuple[str, str, str]] = frozenset()
        self._denied = False
        self._told: datetime | None = None
        self.why = ""

    def is_free(self, now: datetime) -> bool:
        """Whether messages may go as they come, and as many as there are."""
        return not self.limits and (self._pace is FREE or allowed(self._pace, now, self._rules.provider) is None)

    def is_shut(self, now: datetime) -> bool:
        """Whether none goes: what is held as well."""
        return self._pace is not FREE and self._pace.circuit.state(now) == "open"

    def news(self, now: datetime) -> str:
        """Why nothing goes for now, once for each pause; empty: that was said, or is not so."""
        again = self._pace.circuit.open_until
        if again == self._told:
            return ""
        self._told = again
        if again is None:
            return ""
        self.why = f"{self.name} takes nothing for now: it is tried again at {again:%H:%M:%S} UTC"
        return self.why

    def kept_back_by(self, now: datetime) -> str:
        """What keeps messages back: `provider` (it is down, or coming back), `rate` (a limit); empty: nothing does."""
        if self._pace is not FREE and allowed(self._pace, now, self._rules.provider) is not None:
            return "provider"
        return "rate" if self._denied else ""

    def room(self, wanted: int, now: datetime) -> int:
        """How many of `wanted` messages may be claimed."""
        most = None if self._pace is FREE else allowed(self._pace, now, self._rules.provider)
        return wanted if most is None else min(wanted, most)

    def paces(self, now: datetime) -> Mapping[str, int]:
        """How many may go to the destinations that asked for less."""
        found = {place: allowed(pace, now, self._rules.destination) for place, pace in self._places.items()}
        return {place: most for place, most in found.items() if most is not None}

    def take_back(self) -> list[Subqueue]:
        """What was claimed and not handed over since the last call: it counts under no limit."""
        back, self._back = self._back, []
        return back

    def claimed(self, messages: int, now: datetime) -> None:
        """So many were claimed."""
        self._pace = begin(self._pace, messages, now, self._rules.provider)

    def denied(self, denied: Sequence[Denied], now: datetime) -> None:
        """These subqueues have something that limits keep back, and no others."""
        self._over = frozenset(_stream(one.subqueue) for one in denied if one.limit.per == DAY)
        self._denied = bool(denied)
        if denied:
            self.why = denied[0].limit.in_words(now)

    def is_relieved(self, now: datetime) -> bool:
        """Whether another provider may take something that waits for this one."""
        return bool(self._over) or self._is_down(now)

    def relieved(self, subqueue: Subqueue, now: datetime) -> bool:
        """Whether another provider may take what waits in a subqueue: this one certainly does not take it for now."""
        return _stream(subqueue) in self._over or self._is_down(now)

    def enter(self, place: str, key: str, now: datetime) -> tuple[str, datetime] | None:
        """A message begins to go to `place`; or why it may not, and when to ask again."""
        pace = self._places.get(place)
        if pace is None:
            return None
        rules = self._rules.destination
        if allowed(pace, now, rules) == 0:
            reason = f"rate: {place} asked for less, it is left alone for a while"
            return reason, until(pace, now, rules) + _spread(key, rules)
        self._places[place] = begin(pace, 1, now, rules)
        return None

    def ended(self, place: str, answer: ProviderResult, now: datetime) -> None:
        """What came of a message that was handed over, or could not be."""
        before, concern = self._pace, answer.concern if isinstance(answer, TryLater) else "message"
        wait = self._clock.span(timedelta(seconds=answer.wait)) if isinstance(answer, TryLater) else timedelta(0)
        if concern == "rate":
            self._pace = slowed(before, max(wait, self._clock.span(_A_MOMENT)), now, self._rules.provider)
        else:
            well = concern != "provider" and not isinstance(answer, Unknown)
            self._pace = ended(before, well, now, self._rules.provider)
        if concern == "destination" and place:
            pace = slowed(self._places.get(place, FREE), wait, now, self._rules.destination)
            self._places[place] = pace
            _log.warning("slowed_down", provider=self.name, destination=place, until=str(pace.circuit.open_until))
        elif place in self._places:
            self._well_at(place, now)
        if self._pace.circuit.open_until not in (None, before.circuit.open_until):
            _log.warning("left_alone", provider=self.name, until=str(self._pace.circuit.open_until))

    def passed_by(self, work: Work, now: datetime) -> None:
        """`work` was claimed, and not handed over."""
        if self.limits:
            delivery = work.delivery
            self._back.append(Subqueue(delivery.purpose, work.destination, delivery.shop, now))
        if self._pace.circuit.trial_until is not None:
            self._pace = withdrawn(self._pace)

    def _is_down(self, now: datetime) -> bool:
        since = self._pace.away_since
        return since is not None and now - since >= self._rules.relieved_after

    def _well_at(self, place: str, now: datetime) -> None:
        pace = self._places[place] = ended(self._places[place], True, now, self._rules.destination)
        if pace.since is not None and allowed(pace, now, self._rules.destination) is None:
            del self._places[place]
        if len(self._places) > _MANY:
            oldest = min(self._places, key=lambda name: self._places[name].circuit.open_until or now)
            del self._places[oldest]


def _stream(subqueue: Subqueue) -> tuple[str, str, str]:
    return subqueue.shop, subqueue.purpose, subqueue.destination


def _spread(key: str, rules: PaceRules) -> timedelta:
    """So that what was put off together does not return together."""
    digest = hashlib.blake2b(key.encode(), digest_size=4).digest()
    return rules.step * 6 * (int.from_bytes(digest, "big") / 2**32)
