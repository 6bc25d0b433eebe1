"""What the use cases need of a provider, of a table of work, and of whoever makes the attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.core.mime import Letter
from relevo_notifier.core.provider_results import ProviderResult
from relevo_notifier.core.work import C, Due, Incoming, Result, W, Workable

W_contra = TypeVar("W_contra", bound=Workable, contravariant=True)
R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)
R_contra = TypeVar("R_contra", bound=Result, contravariant=True)


class Queue(Protocol[W]):
    """The open rows of a table, as a worker pool and its poll see them."""

    async def begin(self, works: Sequence[W], lease: datetime, tried: Sequence[datetime] = ()) -> list[W]:
        """Commit that these are begun, until `lease`. Returns those that still are the caller's.

        `tried` are the leases of earlier tries at the same of which nobody knows whether they were committed.
        """
        ...

    async def release(self, works: Sequence[W], now: datetime) -> None:
        """Give back what was held and not begun."""
        ...

    async def claim_due(self, now: datetime, lease: datetime, limit: int) -> Due[W]:
        """Claim up to `limit` rows that are due at `now`, until `lease`."""
        ...

    async def spoil(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """Commit that these rows (shop, id, why) are over: nobody can read them."""
        ...

    async def next_wake(self) -> datetime | None:
        """When the next row is due; `None`: there is none open."""
        ...


class Intake(Protocol[C, W]):
    """A table into which work is taken over."""

    async def accept(self, incoming: Sequence[Incoming[C]], now: datetime) -> list[W]:
        """Keep new commands; known ones are left alone. Returns the new ones, in order."""
        ...


class Rows(Queue[W], Intake[C, W], Protocol[C, W]):
    """A table, or the part of one, that work goes through."""


class Ledger(Protocol[R_contra]):
    """A table in which the end of attempts is written down."""

    async def settle(self, settled: Sequence[R_contra], now: datetime) -> set[tuple[str, str]]:
        """Commit what became of these attempts. Returns which of them were still the caller's."""
        ...

    async def reported(self, refs: Sequence[tuple[str, str]]) -> None:
        """Commit that Kafka has the outcomes of these."""
        ...


class Attempting(Protocol[W_contra, R_co]):
    """Whoever makes the attempts of a worker pool."""

    async def ready(self, work: W_contra, /) -> None:
        """Read what the attempt needs, before it begins; raises what is temporary, to be called again."""
        ...

    async def __call__(self, work: W_contra, /) -> R_co:
        """One attempt. What it raises was raised before anything went out."""
        ...

    def put_back(self, work: W_contra, now: datetime, /) -> R_co:
        """How work is settled that was begun and then not attempted: certainly nothing went out."""
        ...

    def failed(self, work: W_contra, why: str, now: datetime, /) -> R_co:
        """How work is settled of which nothing went out now, because something failed at it that will fail again."""
        ...


class Message(Struct, frozen=True):
    """A message ready for a provider: a mail, or the text of an SMS. `notes` say what was left out of it."""

    effect: str
    sender: str
    recipient: str
    content: Letter | str
    notes: tuple[str, ...] = ()

    @property
    def letter(self) -> Letter:
        """The mail. Raises `TypeError` if it is an SMS."""
        if isinstance(self.content, Letter):
            return self.content
        raise TypeError(f"{self.effect} is no mail")

    @property
    def text(self) -> str:
        """The text of the SMS. Raises `TypeError` if it is a mail."""
        if isinstance(self.content, str):
            return self.content
        raise TypeError(f"{self.effect} is no SMS")


class Provider(Protocol):
    """One way out. `slots` messages may be under way at once; `can_ask`: `find` can tell what became of a message."""

    channel: Channel
    slots: int
    can_ask: bool

    async def send(self, message: Message) -> ProviderResult:
        """Hand `message` over and say what came of it; never raises for what a provider or a network does."""
        ...

    async def find(self, message: Message, age: timedelta) -> str | None:
        """The provider's id of a message that may have been sent within `age` (wall time); `None` if it was not.

        Raises `OSError` if the provider can't be asked now.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
