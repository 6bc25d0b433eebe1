"""What Kafka and a restored database tell of each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from relevo_contracts.messages import CallAnswered, DeliveryOutcome, SendDelivery


class Place(Struct, frozen=True, kw_only=True):
    """How far a group has read a partition.

    `committed` is what Kafka says, `taken` up to where the database has the effects of what is there. Of what comes
    after `taken`, `skipped` records stand before `committed`: they would never be read again. `unopened` ones can't be
    opened by anybody, wherever they stand: there is nothing in them to read again.
    """

    group: str
    topic: str
    partition: int
    begin: int
    end: int
    committed: int | None
    taken: int
    skipped: int = 0
    unopened: int = 0

    @property
    def starts(self) -> int:
        """Where the group goes on if nothing is done; what is out of reach begins with the oldest record."""
        if self.committed is None or not self.begin <= self.committed <= self.end:
            return self.begin
        return self.committed

    @property
    def is_ahead(self) -> bool:
        """The group would go on behind what the database has."""
        return self.skipped > 0

    @property
    def is_lost(self) -> bool:
        """Kafka does not know where the group was: it would begin anew with what the database had long ago."""
        return self.starts < self.taken and self.committed != self.starts

    @property
    def again(self) -> int:
        """How many records come a second time, without an effect."""
        return max(0, self.taken - self.starts)


class Unopened(Struct, frozen=True, kw_only=True):
    """Records of a shop whose keys are not there: of how many people."""

    records: int
    people: int


class Promised(Struct, frozen=True, kw_only=True):
    """A delivery that a notifier had taken over which the database does not know any more."""

    delivery: SendDelivery
    at: datetime


class Facts(Struct, frozen=True, kw_only=True):
    """All of it. The outcomes and answers are those that the tables don't have and Kafka has.

    `doubtful` were with a notifier when it ended, `waiting` had been for longer without an outcome, and `repaired` is
    what a repair has just made in doubt. `unheard` are outcomes that neither the engine has nor Kafka, `unheard_calls`
    how many answers are such. `ends` is when the last record was written after what the database has, `newest` when
    the database's last row was.
    """

    running: Mapping[str, int] = {}
    missing_topics: Sequence[str] = ()
    places: Sequence[Place] = ()
    contacts_from: Mapping[int, int] = {}
    unopened: Mapping[str, Unopened] = {}
    outcomes: Sequence[DeliveryOutcome] = ()
    answers: Sequence[CallAnswered] = ()
    doubtful: Sequence[Promised] = ()
    repaired: Sequence[Promised] = ()
    waiting: int = 0
    unheard: Sequence[DeliveryOutcome] = ()
    unheard_calls: int = 0
    erasures: int = 0
    unknown_versions: Sequence[str] = ()
    outbox: int = 0
    overdue: int = 0
    sending: int = 0
    newest: datetime | None = None
    ends: datetime | None = None
