"""What somebody wrote is kept, and withdrawn or answered, in one transaction: whose it is, and what follows from it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from msgspec import Struct, structs

from relevo_contracts.keywords import Command
from relevo_contracts.mailboxes import read_mailbox
from relevo_notifier.app.inbound_ports import InboundMessages, InboundStore, Numbers
from relevo_notifier.core.answers import IN_TIME, answer_to
from relevo_notifier.core.inbound import Heard, Inbound, LastMessage, number_of
from relevo_runtime.catalog import Shop

_log = structlog.get_logger(__name__)


class InboundRules(Struct, frozen=True):
    """`shared` are numbers of shops beside their own senders, `answering` providers that answer keywords themselves.

    A number gets `answers` at most within a day, and workflows hear of `told` of its messages: two machines that answer
    each other end there.
    """

    shared: Mapping[str, Sequence[str]] = {}
    answering: Collection[str] = ()
    answers: int = 3
    told: int = 30


class _Arrival(NamedTuple):
    """A message that came at `now`, and what is known of where it came from."""

    inbound: Inbound
    address: str
    lasts: Mapping[str, LastMessage]
    now: datetime

    @property
    def command(self) -> Command | None:
        return self.inbound.keyword.command if self.inbound.keyword is not None else None


class KeepInbound:
    """The use case: whatever is kept holds when this returns, and the same message twice is kept once."""

    def __init__(self, store: InboundStore, numbers: Numbers, rules: InboundRules) -> None:
        self._store = store
        self._numbers = numbers
        self._rules = rules

    async def __call__(self, provider: str, inbound: Inbound, now: datetime) -> list[Heard]:
        """What it is for which shop: whom it is meant for first, then others for which it withdraws or restores.

        Raises `OSError` if a shop is being moved, and the database's errors.
        """
        await self._numbers.refresh()
        address = number_of(inbound.address) or inbound.address
        async with self._store.transaction(inbound.channel, address) as rows:
            arrival = _Arrival(inbound, address, await _lasts(rows, inbound), now)
            shops = self._shops(arrival)
            known = await rows.known(provider, inbound, [shop.shop for shop in shops])
            if not shops or known:
                return [await _with_what_led(rows, one, arrival.lasts.get(one.shop)) for one in known]
            return await self._new(rows, provider, arrival, shops)

    async def _new(self, rows: InboundMessages, provider: str, arrival: _Arrival, shops: Sequence[Shop]) -> list[Heard]:
        """A message that did not come before. A STOP holds for all shops of the number, known there or not."""
        command, names = arrival.command, [shop.shop for shop in shops]
        wide = [name for name in names[1:] if name in arrival.lasts] if command in ("stop", "start") else []
        heard = [await self._heard(rows, arrival, name) for name in (names[0], *wide)]
        is_new = await rows.withdraw(names, arrival.now) if command == "stop" else {names[0]}
        answer = await self._answer(rows, provider, heard[0], shops[0]) if names[0] in is_new else ""
        for one in heard:
            mine = answer if one is heard[0] else ""
            await rows.keep(provider, one, mine, arrival.now + IN_TIME if mine else None)
        return heard

    def _shops(self, arrival: _Arrival) -> list[Shop]:
        """The shops that the number is of, those that wrote last first; of a number of nobody's, those that wrote."""
        number, lasts = number_of(arrival.inbound.own) or arrival.inbound.own, arrival.lasts
        owners = dict.fromkeys([*self._numbers.senders(number), *self._rules.shared.get(number, ())])
        if not owners:
            _log.warning("number_of_nobody", number=number, advice="set --sms-from or RELEVO_NOTIFIER_SMS_NUMBERS")
        wrote = [one for one in lasts if one in owners or not owners]
        shops = [self._numbers.shop(one) for one in dict.fromkeys([*wrote, *owners])]
        found = [shop for shop in shops if shop is not None and not shop.moved_to]
        if held := next((shop.held for shop in found if shop.held), ""):
            raise OSError(held)
        return found

    async def _heard(self, rows: InboundMessages, arrival: _Arrival, shop: str) -> Heard:
        """The message as it concerns a shop. Workflows hear of a command however often it comes."""
        owner, is_new = await rows.owner(shop)
        received, _ = await rows.counts(shop, arrival.now)
        last = arrival.lasts.get(shop)
        heard = Heard(
            inbound=arrival.inbound,
            shop=shop,
            address=arrival.address,
            key=last.key if last is not None else owner,
            owner=owner,
            is_new=is_new,
            command=arrival.command,
            at=arrival.now,
            told=arrival.command is not None or received < self._rules.told,
        )
        return await _with_what_led(rows, heard, last)

    async def _answer(self, rows: InboundMessages, provider: str, heard: Heard, shop: Shop) -> str:
        """What is answered; nothing where the provider does, nothing to a START that restores nothing."""
        command, keyword = heard.command, heard.inbound.keyword
        unanswered = provider in self._rules.answering or heard.inbound.mail is not None
        if command is None or keyword is None or unanswered:
            return ""
        if command == "start" and not heard.stops:
            return ""
        _, answered = await rows.counts(heard.shop, heard.at)
        if answered >= self._rules.answers:
            return ""
        name = shop.name or shop.domain or shop.shop
        contact = read_mailbox(shop.email_from)[1] or shop.domain or name
        locale = await rows.locale(heard.shop, heard.owner)
        return answer_to(command, name, contact, (keyword.language, locale, shop.locale))


async def _lasts(rows: InboundMessages, inbound: Inbound) -> dict[str, LastMessage]:
    """Which message of each shop it may be an answer to: a mail says so, else it is the last one to the number."""
    if inbound.mail is None:
        return await rows.last_messages()
    return await rows.answered_mails(inbound.mail.references)


async def _with_what_led(rows: InboundMessages, heard: Heard, last: LastMessage | None) -> Heard:
    """With what went there before: the last message, what was asked, and of a START the STOPs that it lifts."""
    stops = await rows.stops(heard.shop) if heard.command == "start" else ()
    asked = await rows.asked(heard.shop) if heard.command is None else None
    return structs.replace(heard, last=last, stops=stops, asked=asked)
