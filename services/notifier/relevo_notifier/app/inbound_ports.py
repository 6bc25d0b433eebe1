"""What taking in messages of people needs of the world: where they are kept, and whose the numbers are."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from relevo_contracts.contact import Channel
from relevo_contracts.sending import Sent
from relevo_contracts.surveys import Survey
from relevo_notifier.core.inbound import Heard, Inbound, KeywordReply, LastMessage
from relevo_runtime.catalog import Shop


class InboundMessages(Protocol):
    """What is known of an address, inside of one transaction."""

    async def last_messages(self) -> dict[str, LastMessage]:
        """The last message to the address of each shop that wrote there, the newest first."""
        ...

    async def answered_mails(self, references: Sequence[str], /) -> dict[str, LastMessage]:
        """Of each shop the first of these mails of ours (`core.mime.reference`) that is kept, in their order."""
        ...

    async def known(self, provider: str, inbound: Inbound, shops: Sequence[str], /) -> list[Heard]:
        """The message as it was kept when it came before; none if it is new."""
        ...

    async def owner(self, shop: str, /) -> tuple[str, bool]:
        """The key of whoever has the number or the address, and whether nobody had it before."""
        ...

    async def counts(self, shop: str, now: datetime, /) -> tuple[int, int]:
        """How many messages came from the address within a day, and how many of them were answered."""
        ...

    async def withdraw(self, shops: Sequence[str], now: datetime, /) -> set[str]:
        """No marketing of these shops goes to the address from now on. Returns those for which that is new."""
        ...

    async def asked(self, shop: str, /) -> Sent | None:
        """Which message to the address asked a survey last; `None`: none did."""
        ...

    async def stops(self, shop: str, /) -> tuple[datetime, ...]:
        """The withdrawals by STOP that hold."""
        ...

    async def locale(self, shop: str, key: str, /) -> str:
        """In which language somebody is written to; empty if that is not known."""
        ...

    async def keep(self, provider: str, heard: Heard, answer: str, answer_by: datetime | None, /) -> None:
        """Keep a message, and what is answered until when."""
        ...


class InboundStore(Protocol):
    """Where it is kept."""

    def transaction(self, channel: Channel, address: str, /) -> AbstractAsyncContextManager[InboundMessages]:
        """All or nothing of what is done with it; messages from one address wait for each other."""
        ...

    async def lift(self, heard: Heard, /) -> None:
        """Commit that the withdrawals by STOP that `heard` lifts are over."""
        ...

    async def claim_answers(self, now: datetime, limit: int, /) -> list[KeywordReply]:
        """Commit that up to `limit` answers that are due are given, once at most, and give up those that are late."""
        ...

    async def answer_later(self, answer: KeywordReply, within: timedelta, /) -> None:
        """Commit that an answer was certainly not given, and may be, so long after the message."""
        ...


class Surveys(Protocol):
    """What messages ask."""

    async def asked(self, sent: Sent, /) -> Survey | None:
        """The survey of a message; `None`: it asked none, or its version can't be read any more."""
        ...


class Numbers(Protocol):
    """Whose the numbers are."""

    async def refresh(self) -> None:
        """Follow what was changed in the catalog."""
        ...

    def shop(self, name: str, /) -> Shop | None:
        """A shop; `None`: there is none of this name."""
        ...

    def senders(self, number: str, /) -> list[str]:
        """The shops that send from this number (`core.inbound.number_of`)."""
        ...
