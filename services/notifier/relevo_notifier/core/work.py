"""A delivery on its way through the notifier, and what is written down when an attempt ends."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from relevo_contracts.contact import Contact, merge
from relevo_contracts.messages import SendDelivery

State = Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]


class Work(Struct, frozen=True, kw_only=True):
    """A delivery that this instance holds until `lease` (clock time).

    `attempts` counts the one at hand; `doubts` are earlier ones of which nobody knows how they ended, and `doubtful`
    says that the last one was such. `known` is what the notifier itself knows of the person, `suppressed` which of the
    addresses are never written to.
    """

    delivery: SendDelivery
    lease: datetime
    attempts: int = 0
    doubts: int = 0
    doubtful: bool = False
    accepted_at: datetime
    known: Contact | None = None
    suppressed: frozenset[str] = frozenset()

    @property
    def ref(self) -> tuple[str, str]:
        """The primary key of its row."""
        return self.delivery.shop, self.delivery.id

    @property
    def address(self) -> str:
        """The address in the engine's snapshot of the contact."""
        return self.delivery.recipient.email if self.delivery.channel == "email" else self.delivery.recipient.phone

    def contact(self) -> Contact:
        """All that is known of the person: the engine's snapshot and the own projection, the newer of each field."""
        return self.delivery.recipient if self.known is None else merge(self.known, self.delivery.recipient)


class Settled(Struct, frozen=True, kw_only=True):
    """What became of an attempt: the row's new state, and the report if it is final.

    `wake_at` is the next look at a delivery that is not final. `suppress` is an address never to write to again.
    """

    work: Work
    state: State
    reason: str = ""
    provider_id: str = ""
    outcome: bytes | None = None
    wake_at: datetime | None = None
    suppress: str = ""
