"""What must have arrived against what did: pure, and it counts only what the mail and SMS sinks hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec import Struct

from relevo_cli.sample_shop.expectations import Expected

Kind = tuple[str, str, str, str]
"""Channel, recipient, workflow, template."""
MACHINE_DELAY = timedelta(hours=1)
"""Later than the clock lets anything be that keeps moving: the machine stood still, or a service was killed."""


class Arrived(Struct, frozen=True, kw_only=True):
    """A message at a sink. `workflow`, `template` and `decided_at` are those of the delivery with this `effect`."""

    number: int
    channel: str
    recipient: str
    effect: str
    workflow: str = ""
    template: str = ""
    subject: str = ""
    reason: str = ""
    decided_at: datetime | None = None


class Skip(Struct, frozen=True):
    """The notifier did not send a message, and says why. `at` is when it decided so."""

    at: datetime
    reason: str


class Overtaken(Struct, frozen=True):
    """An expected message that came to the notifier too late, and was rightly not sent any more."""

    message: Expected
    skip: Skip

    @property
    def late(self) -> timedelta:
        """How long after its time it was looked at."""
        return self.skip.at - self.message.not_before


class Verdict(Struct, frozen=True, kw_only=True):
    """`lost`: expected and not there. `duplicates`: there again. `unexpected`: nobody should have got it.

    `early`: decided before its time. `overtaken`: not sent, with a reason that only held since it was late, as on a
    machine that stood still: a withdrawal came first, or it was good no longer. `missing_in_doubt` and
    `twice_in_doubt`: missing or there again, and the outcome said that it cannot be known.
    """

    emails: int
    sms: int
    lost: tuple[Expected, ...]
    duplicates: tuple[Arrived, ...]
    unexpected: tuple[Arrived, ...]
    early: tuple[Arrived, ...]
    overtaken: tuple[Overtaken, ...] = ()
    missing_in_doubt: int = 0
    twice_in_doubt: int = 0

    @property
    def in_doubt(self) -> int:
        """Differences of which the outcomes said that they cannot be known."""
        return self.missing_in_doubt + self.twice_in_doubt

    @property
    def twice(self) -> int:
        """Messages that somebody got again, in doubt or not."""
        return len(self.duplicates) + self.twice_in_doubt

    @property
    def good(self) -> bool:
        """Every expected message arrived, once and not early, and nothing else did; what was in doubt was said."""
        return not (self.lost or self.duplicates or self.unexpected or self.early)


def judge(
    expected: Sequence[Expected],
    arrived: Sequence[Arrived],
    doubted: Set[Kind] = frozenset(),
    skips: Mapping[Kind, Skip] = MappingProxyType({}),
) -> Verdict:
    """Compare. `doubted` are the kinds whose outcome said "in doubt", `skips` those that were not sent, by kind."""
    wanted = Counter(kind_of(message) for message in expected)
    surplus = _surplus(wanted, arrived)
    missing = _missing(expected, arrived)
    overtaken = [Overtaken(one, skips[kind_of(one)]) for one in missing if _was_overtaken(one, skips)]
    unsure = [one for one in missing if kind_of(one) in doubted]
    excused = {id(one) for one in unsure} | {id(one.message) for one in overtaken}
    return Verdict(
        emails=sum(message.channel == "email" for message in arrived),
        sms=sum(message.channel == "sms" for message in arrived),
        lost=tuple(message for message in missing if id(message) not in excused),
        duplicates=tuple(message for message in surplus if kind_of(message) not in doubted),
        unexpected=tuple(message for message in arrived if kind_of(message) not in wanted),
        early=tuple(_early(expected, arrived)),
        overtaken=tuple(overtaken),
        missing_in_doubt=len(unsure),
        twice_in_doubt=sum(kind_of(message) in doubted for message in surplus),
    )


def _was_overtaken(message: Expected, skips: Mapping[Kind, Skip]) -> bool:
    skip = skips.get(kind_of(message))
    return skip is not None and skip.at - message.not_before > MACHINE_DELAY


def kind_of(message: Expected | Arrived) -> Kind:
    """What makes two messages the same to the person who gets them."""
    return message.channel, message.recipient, message.workflow, message.template


def missing(expected: Sequence[Expected], arrived: Sequence[Arrived]) -> int:
    """How many expected messages are not there yet."""
    return len(_missing(expected, arrived))


def _missing(expected: Iterable[Expected], arrived: Iterable[Arrived]) -> list[Expected]:
    there = Counter(kind_of(message) for message in arrived)
    lost = []
    for message in expected:
        if there[kind_of(message)] > 0:
            there[kind_of(message)] -= 1
        else:
            lost.append(message)
    return lost


def _surplus(wanted: Counter[Kind], arrived: Iterable[Arrived]) -> list[Arrived]:
    """Messages of an expected kind beyond the expected number."""
    there: Counter[Kind] = Counter()
    again = []
    for message in arrived:
        kind = kind_of(message)
        there[kind] += 1
        if 0 < wanted[kind] < there[kind]:
            again.append(message)
    return again


def _early(expected: Iterable[Expected], arrived: Iterable[Arrived]) -> list[Arrived]:
    first: dict[Kind, list[datetime]] = defaultdict(list)
    for message in expected:
        first[kind_of(message)].append(message.not_before)
    return [
        message
        for message in arrived
        if message.decided_at is not None
        and message.decided_at < min(first.get(kind_of(message), [message.decided_at]))
    ]
