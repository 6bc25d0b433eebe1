"""The tables `notifier.inbound` and `notifier.last_message`, and withdrawals by number in `notifier.unsubscribed`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from relevo_contracts.consents import MAIL_STOP, STOP
from relevo_contracts.contact import Channel
from relevo_contracts.messages import SendDelivery
from relevo_contracts.sending import Sent
from relevo_notifier.adapters import last_surveys
from relevo_notifier.core.inbound import Heard, Inbound, KeywordReply, LastMessage
from relevo_notifier.core.work import Settled
from relevo_runtime.number_owners import key_of_mailbox, key_of_number
from relevo_runtime.postgres import Connection, Pool, Statements
from relevo_runtime.storable import storable_text

STATEMENTS = Statements.load("relevo_notifier.adapters", "inbound.sql")
_DAY = timedelta(days=1)
_LONGEST_ID = 300


class InboundTable:
    """The port `InboundStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self, channel: Channel, address: str) -> AsyncIterator["InboundRows"]:
        """All or nothing of what is done with it; messages from one address wait for each other."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(STATEMENTS["lock"], channel, address)
            yield InboundRows(connection, channel, address)

    async def lift(self, heard: Heard) -> None:
        """Commit that the withdrawals by STOP that `heard` lifts are over."""
        named = heard.shop, heard.inbound.channel, heard.address, STOP
        await self._pool.execute(STATEMENTS["lift"], *named, list(heard.stops))

    async def claim_answers(self, now: datetime, limit: int) -> list[KeywordReply]:
        """Commit that up to `limit` answers that are due are given, once at most, and give up those that are late."""
        await self._pool.execute(STATEMENTS["give_up_answers"], now)
        return [KeywordReply(*row) for row in await self._pool.fetch(STATEMENTS["claim_answers"], now, limit)]

    async def answer_later(self, answer: KeywordReply, within: timedelta) -> None:
        """Commit that an answer was certainly not given, and may be, so long after the message."""
        named = answer.shop, answer.provider, answer.message_id
        await self._pool.execute(STATEMENTS["answer_later"], *named, within)


class InboundRows:
    """The port `InboundMessages`: what is known of an address, inside of one transaction."""

    def __init__(self, connection: Connection, channel: Channel, address: str) -> None:
        self._connection = connection
        self._named = channel, address

    async def last_messages(self) -> dict[str, LastMessage]:
        """The last message to the address of each shop that wrote there, the newest first."""
        rows = await self._connection.fetch(STATEMENTS["last_messages"], *self._named)
        return {row["shop"]: LastMessage(*row[1:]) for row in rows}

    async def answered_mails(self, references: Sequence[str]) -> dict[str, LastMessage]:
        """Of each shop the first of these mails of ours that is kept, in their order."""
        named = [bytes.fromhex(one) for one in references]
        rows = await self._connection.fetch(STATEMENTS["answered_mails"], named)
        return {row["shop"]: LastMessage(*row[1:]) for row in reversed(rows)}

    async def known(self, provider: str, inbound: Inbound, shops: Sequence[str]) -> list[Heard]:
        """The message as it was kept when it came before; none if it is new."""
        rows = await self._connection.fetch(
            STATEMENTS["known"], provider, storable_text(inbound.message_id)[:_LONGEST_ID], list(shops)
        )
        return [
            Heard(
                inbound=inbound,
                shop=row["shop"],
                address=self._named[1],
                key=row["key"],
                owner=row["owner"],
                is_new=row["is_new"],
                command=row["keyword"] or None,
                at=row["at"],
                told=row["told"],
            )
            for row in rows
        ]

    async def owner(self, shop: str) -> tuple[str, bool]:
        """The key of whoever has the number or the address, and whether nobody had it before."""
        channel, address = self._named
        key_of = key_of_mailbox if channel == "email" else key_of_number
        return await key_of(self._connection, shop, address)

    async def counts(self, shop: str, now: datetime) -> tuple[int, int]:
        """How many messages came from the address within a day, and how many of them were answered."""
        row = await self._connection.fetchrow(STATEMENTS["counts"], shop, *self._named, now - _DAY)
        return (row["received"], row["answered"]) if row is not None else (0, 0)

    async def withdraw(self, shops: Sequence[str], now: datetime) -> set[str]:
        """No marketing of these shops goes to the address from now on. Returns those for which that is new."""
        source = MAIL_STOP if self._named[0] == "email" else STOP
        rows = await self._connection.fetch(STATEMENTS["withdraw"], list(shops), *self._named, now, source)
        return {row["shop"] for row in rows}

    async def asked(self, shop: str) -> Sent | None:
        """Which message to the address asked a survey last; `None`: none did."""
        return await last_surveys.asked(self._connection, shop, *self._named)

    async def stops(self, shop: str) -> tuple[datetime, ...]:
        """The withdrawals by STOP that hold."""
        return tuple(row["at"] for row in await self._connection.fetch(STATEMENTS["stops"], shop, *self._named, STOP))

    async def locale(self, shop: str, key: str) -> str:
        """In which language somebody is written to; empty if that is not known."""
        return await self._connection.fetchval(STATEMENTS["locale"], shop, key) or ""

    async def keep(self, provider: str, heard: Heard, answer: str, answer_by: datetime | None) -> None:
        """Keep a message, and what is answered until when."""
        await self._connection.execute(
            STATEMENTS["keep"],
            *(heard.shop, provider, storable_text(heard.inbound.message_id)[:_LONGEST_ID]),
            *(*self._named, storable_text(heard.inbound.own)[:100]),
            *(heard.key, heard.owner, heard.is_new, heard.command or "", heard.at, heard.told),
            *(storable_text(answer), answer_by),
        )


def last_messages(settled: Sequence[Settled]) -> tuple[list[Any], ...]:
    """Which texts went to whom, or may have, as columns: whose answer a text from there is. Not of the staff's."""
    texts = [one for one in settled if one.recipient and _may_be_answered(one.work.delivery)]
    deliveries = [one.work.delivery for one in texts]
    return (
        *([d.shop for d in deliveries], [d.channel for d in deliveries], [one.recipient for one in texts]),
        *([d.key for d in deliveries], [d.id for d in deliveries], [d.workflow for d in deliveries]),
        *([d.step for d in deliveries], [one.work.accepted_at for one in texts], [d.hops for d in deliveries]),
    )


def _may_be_answered(delivery: SendDelivery) -> bool:
    return delivery.channel in ("sms", "whatsapp") and delivery.to != "staff"
