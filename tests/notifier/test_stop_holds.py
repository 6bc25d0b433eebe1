"""Whatever happens in whatever order: after a STOP was acknowledged no marketing goes to the number by SMS.

Only START, or consent that is given anew, ends that. What workflows decide, what other events say and when the notifier
learns of it, does not.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from relevo_contracts.envelope import Event, event_data
from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, Payload
from relevo_notifier.adapters.contacts import ContactTables
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.app.update_contacts import update_contacts
from relevo_notifier.core.policy import MaySend, may_send
from relevo_notifier.core.work import Incoming
from relevo_runtime.clock import ManualClock
from relevo_runtime.number_owners import key_of_number
from relevo_runtime.postgres import Pool
from relevo_runtime.records import Record
from tests.notifier.inbound import LATER, OWN, Published, add_shop, hearing, said
from tests.notifier.support import customer, delivery

MINUTE = timedelta(minutes=1)
KINDS = ["stop", "start", "tick", "grant", "learn", "send", "send", "receipt", "help", "chat"]


class Story:
    """What happens to one number, and since when marketing must not go there."""

    def __init__(self, pool: Pool, number: int, chance: random.Random) -> None:
        self.phone = f"+1202555{number:04}"
        self.key = f"customer-{number}"
        self.clock = ManualClock(LATER)
        self.published = Published()
        self.learned = 0
        self.stopped = False
        self.certain = True
        self.consent = chance.choice(["granted", "unknown"])  # what the engine knew when it decided
        self._pool = pool
        self._chance = chance
        self._take = hearing(pool, self.published, self.clock)
        self._number = 0

    async def turn(self, kinds: Sequence[str]) -> None:
        """These happen at once, in an order that nobody knows."""
        self.clock.advance(MINUTE)
        told = {"stop", "start", "grant"} & set(kinds)
        self.certain = self.certain and not told & {"start", "grant"}
        await asyncio.gather(*(getattr(self, f"_{kind}")() for kind in kinds))
        if told:
            self.certain = len(told) == 1
            self.stopped = told == {"stop"}

    async def _stop(self) -> None:
        await self._say(self._chance.choice(["STOP", "stop.", "Please unsubscribe me", "BAJA"]))

    async def _start(self) -> None:
        await self._say("START")

    async def _help(self) -> None:
        await self._say("HELP")

    async def _chat(self) -> None:
        await self._say("stop by at 5?")

    async def _say(self, text: str) -> None:
        self._number += 1
        message = said(text, message_id=f"{self.phone}/{self._number}", address=self.phone, own=OWN)
        again = self._chance.choice([1, 1, 2])  # providers repeat themselves
        await asyncio.gather(*(self._take("plivo", [message]) for _ in range(again)))

    async def _tick(self) -> None:
        self._happened(
            "customer.updated", CustomerChanged(customer=Buyer(id="1", phone=self.phone, sms_marketing=True))
        )

    async def _grant(self) -> None:
        who = Buyer(phone=self.phone)
        self._happened("consent.changed", ConsentChanged(customer=who, channel="sms", state="granted", source="form"))
        await self._learn()

    def _happened(self, kind: str, payload: Payload) -> None:
        self._number += 1
        now = self.clock.now()
        self.published.events.append(
            Event(
                id=f"e{self._number}",
                source="shop",
                type=kind,
                time=now,
                shop="acme",
                key=self.key,
                data=event_data(payload),
                receivedtime=now,
            )
        )

    async def _learn(self) -> None:
        """The notifier learns of some of what was published, in order."""
        upto = self._chance.randint(self.learned, len(self.published.events))
        events, self.learned = self.published.events[self.learned : upto], upto
        records = [
            Record("relevo.events", 0, n, f"{one.shop}/{one.key}".encode(), msgspec.json.encode(one))
            for n, one in enumerate(events)
        ]
        if records:
            await update_contacts(records, store=ContactTables(self._pool), clock=self.clock)

    async def _receipt(self) -> None:
        assert await self._goes_out("transactional")

    async def _send(self) -> None:
        goes_out = await self._goes_out("marketing")
        assert not (goes_out and self.stopped and self.certain), "marketing after an acknowledged STOP"

    async def _goes_out(self, purpose: str) -> bool:
        """Whether a message that is begun now would be handed over; the engine knows of consent alone, long ago."""
        self._number += 1
        recipient = customer(phone=self.phone, consent=self.consent)
        item: SendDelivery = delivery(
            self._number,
            id=f"{self.phone}/{self._number}",
            channel="sms",
            key=self.key,
            purpose=purpose,
            recipient=recipient,
            not_after=LATER + timedelta(days=9),
        )
        deliveries, now = Deliveries(self._pool), self.clock.now()
        held = now + 5 * MINUTE
        taken = await deliveries.accept([Incoming(item, msgspec.json.encode(item), False, held)], now)
        [work] = await deliveries.begin(taken, held)
        told = may_send(item, work.contact(), work.suppressed, now, unsubscribed=work.unsubscribed)
        return isinstance(told, MaySend)


@pytest.mark.parametrize("seed", range(12))
async def test_after_an_acknowledged_stop_no_marketing_goes_out(pool: Pool, seed: int) -> None:
    await add_shop(pool)
    chance = random.Random(seed)  # the seed is in the name of the test
    stopped = 0
    for number in range(8):
        story = Story(pool, seed * 100 + number, chance)
        if number % 2:  # whose number it is: theirs, or that of somebody else who has it, too
            async with pool.acquire() as connection:
                story.key, _ = await key_of_number(connection, "acme", story.phone)
        for _ in range(14):
            await story.turn(chance.choices(KINDS, k=chance.choice([1, 1, 2, 3])))
            stopped += story.stopped and story.certain
    assert stopped  # there were turns in which it mattered
