"""Work on its way through the notifier, and what is written down when an attempt at a delivery ends.

Deliveries and calls go the same way: taken over from Kafka, held, begun, ended, reported. What that way needs to know
of them are the protocols here.
"""

from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct, structs

from relevo_contracts.contact import Channel, Contact, merge
from relevo_contracts.messages import SendDelivery
from relevo_contracts.policy import Allotment

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


class Due(Struct, Generic[W], frozen=True):
    """What somebody has to look at: to do, in doubt (both held until the lease), to report, and what nobody can read.

    `unreadable` are shop, id and why.
    """

    queued: list[W]
    doubtful: list[W]
    unreported: list[tuple[str, str, bytes]]
    unreadable: list[tuple[str, str, str]] = []

    def __len__(self) -> int:
        return len(self.queued) + len(self.doubtful) + len(self.unreported) + len(self.unreadable)


State = Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]


class Work(Struct, frozen=True, kw_only=True):
    """A delivery that this instance holds until `lease` (clock time).

    `attempts` counts the one at hand; `doubts` are earlier ones of which nobody knows how they ended, and `doubtful`
    says that the last one was such, `tried_by` with which provider. `known` is what the notifier itself knows of the
    person, `suppressed` which of the addresses are never written to, `unsubscribed` which get no marketing since when,
    and `redacted_at` when the person was erased last. `allotment` is what the caps of the contact policy said, of a
    delivery that they concern.
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
    allotment: Allotment | None = None

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
    def address(self) -> str:
        """The address in the engine's snapshot of the contact."""
        return self.delivery.recipient.address(self.delivery.channel)

    def contact(self) -> Contact:
        """Whom it goes to, as known by now.

        The customer is the engine's snapshot and the own projection, the newer of each field. The contact of an event
        is exactly what the event gave, whatever else is known of the customer.
        """
        if self.known is None or self.delivery.to == "contact":
            return self.delivery.recipient
        return merge(self.known, self.delivery.recipient)


def by(delivery: SendDelivery, channel: Channel) -> SendDelivery:
    """The same message by another of its channels; as it is if it has but one."""
    if channel == delivery.channel or channel not in delivery.templates:
        return delivery
    return structs.replace(delivery, channel=channel, template=delivery.templates[channel])


class Settled(Struct, frozen=True, kw_only=True):
    """What became of an attempt: the row's new state, and the report if it is final.

    `wake_at` is the next look at a delivery that is not final. `suppress` is an address never to write to again.
    `counts` is false if nothing was attempted: what only waited must not use up the attempts. `recipient` is whom it
    was handed over for, or may have been: an address or a number. With a `channel` it goes on in the queue of
    that one's `provider`.
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
    channel: Channel | None = None
    provider: str = ""
