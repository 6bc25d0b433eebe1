"""Payloads of events about messages that were sent."""

from typing import Literal, TypeAlias

from msgspec import Struct

from relevo_contracts.parts import Buyer, Count, EventContact, Instant


class Sent(Struct, frozen=True, array_like=True, omit_defaults=True):
    """Which message it is: enough for an event about it. `at` is when it was handed over, in seconds since 1970.

    `delivery` is the effect `run/step/turn`; `step` is the step's name by now, empty if it is that. `hops` are
    those of the run that sent it.
    """

    shop: str
    key: str
    delivery: str
    workflow: str
    version: str
    template: str
    purpose: str
    channel: Literal["email", "sms", "whatsapp", "push"]
    at: int
    step: str = ""
    hops: int = 0


Answer: TypeAlias = int | bool | str | list[str]
"""One answer: a number, yes or no, what was chosen or written, or all that was chosen."""


class MessageChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`message.delivered`, `.bounced` and `.complained`: what a provider told of a message after it had taken it.

    `delivery_id` is the effect that sent it. `permanent`: the address will never take anything, and gets nothing any
    more. `status` is the enhanced status code (RFC 3463) or the provider's own, `reason` its words.
    """

    customer: Buyer
    delivery_id: str
    channel: Literal["email", "sms", "whatsapp", "push"] = "email"
    provider: str = ""
    permanent: bool = False
    status: str = ""
    reason: str = ""


class MessageReceived(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`message.received`: somebody wrote to a number or an address of the shop.

    `contact` is the number or address that it came from, and to which an answer goes. The event is about whom the shop
    wrote to there last, or whose it is as far as one knows; of somebody unknown `customer` gives it too. `to` is the
    shop's, `message_id` the provider's name of the message. `keyword` is what it means as a command (STOP, and what
    means the same, is `stop`), which was done already. `delivery_id`, `workflow` and `step` are of the last message
    that was sent there: what it may be an answer to. `survey` is the one that it answered, as `survey.answered` tells
    too; empty: none, or not for certain. `attachments` is how many came with it; they are not kept. A mail has a
    `subject`, the name of the first mail of its conversation as `thread`, and the names of its attachments as `files`.
    """

    customer: Buyer
    channel: Literal["email", "sms", "whatsapp"] = "sms"
    contact: EventContact = EventContact()
    text: str = ""
    keyword: Literal["", "stop", "start", "help"] = ""
    to: str = ""
    message_id: str = ""
    provider: str = ""
    delivery_id: str = ""
    workflow: str = ""
    step: str = ""
    survey: str = ""
    attachments: Count = 0
    subject: str = ""
    thread: str = ""
    files: list[str] = []


class MessageEngagement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`message.opened`, `.clicked`: a person opened a message, or followed one of its links. `message.scanned`: a
    machine did, a mail scanner or a browser that fetches in advance; it is a type of its own, so that no workflow takes
    it for a person.

    `delivery_id` is the effect that sent the message; `run_id`, `workflow`, `version` and `step` say which run did, so
    that `where: event.run_id == run.id` is about the messages of the run at hand. `purpose` is the one that the
    workflow names. `url` is where the link leads, empty for an opening. `machine` says what gave a machine away,
    `action` what it did; both are empty for a person.
    """

    customer: Buyer
    delivery_id: str
    run_id: str = ""
    workflow: str = ""
    version: str = ""
    step: str = ""
    template: str = ""
    channel: Literal["email", "sms", "whatsapp", "push"] = "email"
    purpose: str = ""
    sent_at: Instant | None = None
    url: str = ""
    action: Literal["", "opened", "clicked"] = ""
    machine: str = ""


class SurveyAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`survey.answered`: somebody answered a survey that a message asked them to, or answered it anew.

    `delivery_id` is the effect that sent the message; `run_id`, `workflow`, `version` and `step` say which run did, so
    that `where: event.run_id == run.id` is about the surveys of the run at hand. `answers` are by question: a number
    of a rating, true or false, the name of what was chosen (or a list of names), or text. In a workflow that has
    surveys of its own each has the type of its question.
    """

    customer: Buyer
    survey: str
    delivery_id: str
    run_id: str = ""
    workflow: str = ""
    version: str = ""
    step: str = ""
    template: str = ""
    channel: Literal["email", "sms", "whatsapp", "push"] = "email"
    sent_at: Instant | None = None
    answers: dict[str, Answer] = {}
