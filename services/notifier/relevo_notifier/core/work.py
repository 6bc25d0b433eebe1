"""Work on its way through the notifier, and what is written down when an attempt at a delivery ends.

Deliveries and calls go the same way: taken over from Kafka, held, begun, ended, reported. What that way needs to know
of them are the protocols here.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct, structs

from relevo_contracts.contact import Channel, Contact, merge, with_withdrawals
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Allotment
from relevo_contracts.sending import Sent

C = TypeVar("C", bound="Command")
W = TypeVar("W", bound="Workable")


class Command(Protocol):
    """What the engine asked for: `SendDelivery` or `CallHttp`. `id` is the effect key."""

    @property
    def id(self) -> str:
        """The effect key."""
        ...

    @property
    def shop(self) -> str:
        """The shop."""
        ...

    @property
    def key(self) -> str:
        """The customer."""
        ...

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def traceparent(self) -> str:
        """The context of its trace; empty: it is in none."""
        ...


class Workable(Protocol):
    """A command that this instance holds until `lease`; `attempts` and `doubtful` as in `Work`."""

    @property
    def command(self) -> Command:
        """What was asked for."""
        ...

    @property
    def channel(self) -> str:
        """Its way out."""
        ...

    @property
    def lease(self) -> datetime:
        """Until when it is held, in clock time."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was begun, the attempt at hand included."""
        ...

    @property
    def doubtful(self) -> bool:
        """Whether nobody knows how the last attempt ended."""
        ...

    @property
    def urgent(self) -> bool:
        """Whether it passes before others that are held."""
        ...

    @property
    def ref(self) -> tuple[str, str]:
        """The primary key of its row."""
        ...


class Result(Protocol):
    """How an attempt ended: the row's new state, and the report if that is final."""

    @property
    def work(self) -> Workable:
        """What was attempted."""
        ...

    @property
    def state(self) -> str:
        """The row's new state."""
        ...

    @property
    def reason(self) -> str:
        """Why, for people."""
        ...

    @property
    def outcome(self) -> bytes | None:
        """The report, if the state is final."""
        ...


class Incoming(Struct, Generic[C], frozen=True):
    """A command as it came: its bytes, whether it is begun at once, and until when it is held."""

    command: C
    body: bytes
    begun: bool
    wake_at: datetime


NEVER = datetime.max.replace(tzinfo=UTC)
"""When the next is due where there is none."""


class Due(Struct, Generic[W], frozen=True):
    """What somebody has to look at: to do, in doubt (both held until the lease), to report, and what nobody can read.

    `unreadable` are shop, id and why. `next_at` is when the next one is due, `NEVER` if none is open; `None`: this look
    did not tell.
    """

    queued: list[W]
    doubtful: list[W]
    unreported: list[tuple[str, str, bytes]]
    unreadable: list[tuple[str, str, str]] = []
    next_at: datetime | None = None

    def __len__(self) -> int:
        return len(self.queued) + len(self.doubtful) + len(self.unreported) + len(self.unreadable)


State = Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]


class Refusals(Struct, frozen=True):
    """Which addresses of a person are never written to on a channel, and which get no marketing since when."""

    suppressed: frozenset[str] = frozenset()
    unsubscribed: dict[str, datetime] = {}


class Work(Struct, frozen=True, kw_only=True, dict=True):
    """A delivery that this instance holds until `lease` (clock time).

    `attempts` counts the one at hand; `doubts` are earlier ones of which nobody knows how they ended, and `doubtful`
    says that the last one was such, `tried_by` with which provider. `known` is what the notifier itself knows of the
    person, `suppressed` which of the addresses are never written to, and `unsubscribed` which get no marketing since
    when: on its channel, and in `others` on those that it may take instead. `redacted_at` is when the person was erased
    last. All of that was asked for at `asked_at`, in seconds of the event loop's clock. `allotment` is what the caps of
    the contact policy said, of a delivery that they concern; `destination` is the one by which limits count it.
    `reached` are the marks of devices that have it already. `recalled` is why its run has ended before its time.
    """

    delivery: SendDelivery
    lease: datetime
    attempts: int = 0
    doubts: int = 0
    doubtful: bool = False
    tried_by: str = ""
    accepted_at: datetime
    known: Contact | None = None
    suppressed: frozenset[str] = frozenset()
    unsubscribed: dict[str, datetime] = {}
    redacted_at: datetime | None = None
    asked_at: float = 0.0
    allotment: Allotment | None = None
    others: dict[Channel, Refusals] = {}
    destination: str = ""
    reached: frozenset[str] = frozenset()
    recalled: str = ""

    @property
    def command(self) -> SendDelivery:
        """The delivery."""
        return self.delivery

    @property
    def channel(self) -> str:
        """The channel."""
        return self.delivery.channel

    @property
    def ref(self) -> tuple[str, str]:
        """The primary key of its row."""
        return self.delivery.shop, self.delivery.id

    @property
    def urgent(self) -> bool:
        """Transactional messages pass before others."""
        return self.delivery.purpose == "transactional"

    @property
    def address(self) -> str:
        """The address in the engine's snapshot of the contact."""
        return self.delivery.recipient.address(self.delivery.channel)

    def contact(self) -> Contact:
        """Whom it goes to, as known by now.

        The customer is the engine's snapshot and the own projection, the newer of each field. The contact of an event
        is exactly what the event gave, whatever else is known of the customer, but for what was withdrawn of it; one
        of the staff is as it was given.
        """
        return self._contact

    @cached_property
    def _contact(self) -> Contact:
        if self.known is None or self.delivery.to == "staff":
            return self.delivery.recipient
        if self.delivery.to == "contact":
            return with_withdrawals(self.delivery.recipient, self.known)
        return merge(self.known, self.delivery.recipient)

    def is_own(self, address: str) -> bool:
        """Whether an address is the customer's own; that of an event is anybody's, unless it is known as theirs."""
        if self.delivery.to != "contact":
            return True
        known = self.known.address(self.delivery.channel) if self.known is not None else ""
        return bool(address) and known.lower() == address.lower()


def by_way(work: Work, channel: Channel) -> Work:
    """The same work with its message by another of its channels."""
    refusals = work.others.get(channel, Refusals(work.suppressed, work.unsubscribed))
    return structs.replace(
        work,
        delivery=by(work.delivery, channel),
        suppressed=refusals.suppressed,
        unsubscribed=refusals.unsubscribed,
    )


def by(delivery: SendDelivery, channel: Channel) -> SendDelivery:
    """The same message by another of its channels; as it is if it has but one."""
    if channel == delivery.channel or channel not in delivery.templates:
        return delivery
    return structs.replace(delivery, channel=channel, template=delivery.templates[channel])


class Settled(Struct, frozen=True, kw_only=True):
    """What became of an attempt: the row's new state, and the report if it is final.

    `wake_at` is the next look at a delivery that is not final. `suppress` is an address never to write to again.
    `counts` is false if nothing was attempted: what only waited must not use up the attempts. `recipient` is whom it
    was handed over for, or may have been: an address or a number. `gone` are devices never to write to again, `reached`
    marks of those that have it. With a `channel` it goes on in the queue of
    that one's `provider`. `findable`: its provider can be asked for it by what it says, so its name there is its own.
    `asked` is which message it is, if it asks a survey.
    """

    work: Work
    state: State
    reason: str = ""
    provider_id: str = ""
    outcome: bytes | None = None
    wake_at: datetime | None = None
    suppress: str = ""
    counts: bool = True
    recipient: str = ""
    gone: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    channel: Channel | None = None
    provider: str = ""
    findable: bool = False
    asked: Sent | None = None
