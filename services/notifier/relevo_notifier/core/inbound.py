"""What somebody wrote to a shop, and what follows from it. Pure."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct, structs

from relevo_contracts.consents import MAIL_STOP, STOP
from relevo_contracts.envelope import Event, event_data
from relevo_contracts.keywords import Command, Keyword, keyword_of
from relevo_contracts.messages import caused_hops
from relevo_contracts.payloads import Buyer, ConsentChanged, EventContact, MessageReceived, Payload
from relevo_contracts.sending import Answer, Sent
from relevo_contracts.surveys import ANSWERED, Survey, answered, is_open
from relevo_contracts.text_answers import answers_in_text
from relevo_notifier.core.mail_reading import CustomerMail, is_mail_address

LONGEST_TEXT = 5000
_LONGEST_COMMAND = 40
_WRITTEN = re.compile(r"\+?[\d ().-]{3,24}", re.ASCII)
ANSWERS_WITHIN = timedelta(hours=1)
"""So long after a message of ours a message that comes is counted as its consequence."""
ASKED_WITHIN = timedelta(days=3)
"""So long after a text that asks a survey a number or a label that comes from there answers it."""
_SHORT_CODE = 8
"""Digits up to which a number is a short code, which has no country."""


class Inbound(Struct, frozen=True, kw_only=True):
    """A message that came. `message_id` is the provider's: the same twice is one.

    `address` is who wrote, `own` to which number, both as the provider writes them. `command` is what the provider
    itself took it for. `part` of a longer message is never a keyword. A mail has its `mail`; of the commands it can
    be STOP alone: who asks for help or to start by mail writes to people.
    """

    message_id: str
    channel: Literal["sms", "whatsapp", "email"] = "sms"
    address: str
    own: str
    text: str
    command: Command | None = None
    part: bool = False
    attachments: int = 0
    mail: CustomerMail | None = None

    @property
    def keyword(self) -> Keyword | None:
        """What it is as a command."""
        if self.command is not None:
            return Keyword(self.command, text=self.text[:_LONGEST_COMMAND])
        if self.mail is not None:
            found = keyword_of(self.text or self.mail.subject)
            return found if found is not None and found.command == "stop" else None
        return None if self.part else keyword_of(self.text)


class LastMessage(Struct, frozen=True):
    """The message that was sent to an address last, at that time; `hops` are those of its delivery."""

    key: str
    delivery_id: str
    workflow: str
    step: str
    at: datetime
    hops: int = 0


class Heard(Struct, frozen=True, kw_only=True):
    """A message as it was kept for a shop. `key` is whom it is about, `owner` whose the number is, `at` when it came.

    `told`: workflows hear of it. `is_new`: nobody had the number before. `stops` are the withdrawals that it lifts.
    `asked` is the message there that asked a survey last.
    """

    inbound: Inbound
    shop: str
    address: str
    key: str
    owner: str
    is_new: bool
    command: Command | None
    at: datetime
    told: bool
    last: LastMessage | None = None
    asked: Sent | None = None
    stops: tuple[datetime, ...] = ()


def number_of(written: str) -> str:
    """A number as it is kept: E.164 with its plus sign, a short code by its digits; empty if it is neither."""
    if not _WRITTEN.fullmatch(written.strip()):
        return ""
    digits = re.sub(r"\D", "", written)
    return digits if len(digits) <= _SHORT_CODE else f"+{digits.removeprefix('00')}"


def addresses_of_shops(written: str) -> dict[str, tuple[str, ...]]:
    """The shop of each mail address: `service@acme.example=acme, hello@beta.example=beta`. Raises `ValueError`."""
    found: dict[str, tuple[str, ...]] = {}
    for one in filter(None, (part.strip() for part in written.split(","))):
        address, _, shop = (part.strip() for part in one.partition("="))
        if not is_mail_address(address.lower()) or not shop:
            raise ValueError(f"{one!r} is not an address and its shop: write service@acme.example.com=acme")
        found[address.lower()] = (shop,)
    return found


def shared_numbers(written: str) -> dict[str, tuple[str, ...]]:
    """The shops of each number: `+12025550100=acme, 24365=acme|beta`. Raises `ValueError`."""
    found: dict[str, tuple[str, ...]] = {}
    for one in filter(None, (part.strip() for part in written.split(","))):
        number, _, shops = one.partition("=")
        names = tuple(filter(None, (name.strip() for name in shops.split("|"))))
        if not number_of(number) or not names:
            raise ValueError(f"{one!r} is not a number and its shops: write +12025550100=acme, or 24365=acme|beta")
        found[number_of(number)] = names
    return found


def is_message(inbound: Inbound) -> bool:
    """Whether it is known who wrote to whom, and the message by a name of its own."""
    return bool(inbound.message_id and number_of(inbound.address) and number_of(inbound.own))


class SurveyAnswer(Struct, frozen=True):
    """What a message answers: a survey that `sent` asked."""

    survey: Survey
    sent: Sent
    answers: dict[str, Answer]


def answer_of(heard: Heard, survey: Survey | None) -> SurveyAnswer | None:
    """What a message answers of the `survey` that was asked there last; `None`: nothing, or it is not certain."""
    sent = heard.asked
    if survey is None or sent is None or heard.command is not None or not heard.told or heard.inbound.part:
        return None
    since = heard.at - datetime.fromtimestamp(sent.at, UTC)
    if since < timedelta(seconds=-1) or not is_open(survey, sent, heard.at):
        return None
    if heard.inbound.mail is not None:  # a mail says what it answers
        meant = heard.last is not None and heard.last.delivery_id == sent.delivery
    else:
        meant = since <= ASKED_WITHIN
    if not meant:
        return None
    answers = answers_in_text(survey, heard.inbound.text)
    return None if answers is None else SurveyAnswer(survey, sent, answers)


def events_of_message(heard: Heard, provider: str, now: datetime, survey: Survey | None = None) -> list[Event]:
    """What the rest of the system is told: the message, what it answers of the `survey` that was asked there last,
    what a STOP withdraws, what a START restores.
    """
    answer = answer_of(heard, survey)
    events = [_consent(heard, provider, now, undoes) for undoes in heard.stops] if heard.command == "start" else []
    if heard.command == "stop":
        events.append(_consent(heard, provider, now))
    if heard.told:
        events.append(_message(heard, provider, now, answer.survey.name if answer is not None else ""))
    if answer is not None:
        payload = answered(answer.survey, answer.sent, answer.answers)
        event = _event(heard, provider, (ANSWERED, answer.sent.key, ""), payload, now)
        events.append(structs.replace(event, hops=caused_hops(answer.sent.hops)))
    return events


def _consent(heard: Heard, provider: str, now: datetime, undoes: datetime | None = None) -> Event:
    said = ConsentChanged(
        customer=_buyer(heard),
        channel=heard.inbound.channel,
        state="withdrawn" if undoes is None else "restored",
        source=MAIL_STOP if heard.inbound.channel == "email" else STOP,
        wording=heard.inbound.keyword.text if heard.inbound.keyword is not None else "",  # no signature: it is kept
        undoes=undoes,
    )
    name = "" if undoes is None else undoes.isoformat()
    return _event(heard, provider, ("consent.changed", heard.owner, name), said, now)


def _message(heard: Heard, provider: str, now: datetime, survey: str) -> Event:
    last, inbound, mail = heard.last, heard.inbound, heard.inbound.mail
    payload = MessageReceived(
        customer=_buyer(heard) if heard.is_new and heard.key == heard.owner else Buyer(),
        channel=inbound.channel,
        contact=_contact(heard),
        text=inbound.text[:LONGEST_TEXT],
        keyword=heard.command or "",
        to=number_of(inbound.own) or inbound.own,
        message_id=inbound.message_id,
        provider=provider,
        delivery_id=last.delivery_id if last else "",
        workflow=last.workflow if last else "",
        step=last.step if last else "",
        survey=survey,
        attachments=inbound.attachments,
        subject=mail.subject if mail is not None else "",
        thread=mail.thread if mail is not None else "",
        files=list(mail.attachments) if mail is not None else [],
    )
    event = _event(heard, provider, ("message.received", heard.key, ""), payload, now)
    return structs.replace(event, hops=_hops(last, heard.at))


def _buyer(heard: Heard) -> Buyer:
    """Whoever wrote, as a person."""
    return Buyer(email=heard.address) if heard.inbound.channel == "email" else Buyer(phone=heard.address)


def _contact(heard: Heard) -> EventContact:
    """Where it came from, and an answer goes to."""
    mail = heard.inbound.channel == "email"
    return EventContact(email=heard.address) if mail else EventContact(phone=heard.address)


def _hops(last: LastMessage | None, at: datetime) -> int:
    """What follows soon upon a message is counted as caused by it: the other end may be a machine."""
    return caused_hops(last.hops) if last is not None and at - last.at <= ANSWERS_WITHIN else 0


def _event(heard: Heard, provider: str, named: tuple[str, str, str], payload: Payload, now: datetime) -> Event:
    kind, key, more = named
    digest = hashlib.sha256(msgspec.json.encode([heard.inbound.message_id, more])).hexdigest()[:40]
    return Event(
        id=f"{kind}:{digest}",
        source=f"/providers/{provider}",
        type=kind,
        time=heard.at,
        shop=heard.shop,
        key=key,
        data=event_data(payload),
        receivedtime=now,
    )


class KeywordReply(Struct, frozen=True):
    """What is answered to a message, over the provider and from the number that it came to."""

    shop: str
    provider: str
    message_id: str
    address: str
    own: str
    text: str
