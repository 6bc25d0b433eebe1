"""What must have arrived against what did: pure, and it counts only what the mail and SMS sinks hold."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from datetime import datetime

from msgspec import Struct

from relevo_cli.sample_shop.story import Expected

Kind = tuple[str, str, str, str]


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


class Verdict(Struct, frozen=True, kw_only=True):
    """`lost`: expected and not there. `duplicates`: there again. `unexpected`: nobody should have got it.

    `early`: decided before its time. `in_doubt`: missing or there twice, and the outcome said that it cannot be known.
    """

    emails: int
    sms: int
    lost: tuple[Expected, ...]
    duplicates: tuple[Arrived, ...]
    unexpected: tuple[Arrived, ...]
    early: tuple[Arrived, ...]
    in_doubt: int

    @property
    def good(self) -> bool:
        """Every expected message arrived, once and not early, and nothing else did."""
        return not (self.lost or self.duplicates or self.unexpected or self.early)


def judge(expected: Sequence[Expected], arrived: Sequence[Arrived], doubted: Set[Kind] = frozenset()) -> Verdict:
    """Compare. `doubted` are the kinds (channel, recipient, workflow, template) whose outcome said "in doubt"."""
    wanted = Counter(kind_of(message) for message in expected)
    surplus = _surplus(wanted, arrived)
    missing = _missing(expected, arrived)
    unexpected = tuple(message for message in arrived if kind_of(message) not in wanted)
    doubtful = [kind for kind in (*map(kind_of, missing), *map(kind_of, surplus)) if kind in doubted]
    return Verdict(
        emails=sum(message.channel == "email" for message in arrived),
        sms=sum(message.channel == "sms" for message in arrived),
        lost=tuple(message for message in missing if kind_of(message) not in doubted),
        duplicates=tuple(message for message in surplus if kind_of(message) not in doubted),
        unexpected=unexpected,
        early=tuple(_early(expected, arrived)),
        in_doubt=len(doubtful),
    )


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
