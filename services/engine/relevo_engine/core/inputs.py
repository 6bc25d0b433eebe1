"""From Kafka records to the inputs of the pure core, each with the digest that the inbox knows it by."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import assert_never

import msgspec
from msgspec import Struct

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import (
    CallAnswered,
    DeliveryOutcome,
    EventForwarded,
    RefreshRequested,
    RunInput,
    StartRequested,
    TaskDone,
    WakeUp,
)
from relevo_runtime.errors import described
from relevo_runtime.records import Poison, Record
from relevo_runtime.records import read as read_record
from relevo_workflow import EventInput, Input, OutcomeInput, ResponseInput, StartInput, TaskInput, TimerInput


class RefreshInput(Struct, frozen=True, tag="refresh"):
    """Workflows changed: nothing happened to the customer, but their alarms and memberships have to follow."""

    id: str
    at: datetime


class IncomingMessage(Struct, frozen=True, gc=False):
    """One message that asks for decisions: whose it is, what it says, its inbox id, and which trace it is in.

    A wake-up of a run has none (it is empty): the run itself knows which timers it waits for, and takes each once.
    """

    inbox_id: bytes
    shop: str
    key: str
    input: Input | RefreshInput
    record: Record
    traceparent: str = ""


class Rejected(Struct, frozen=True):
    """A record that can never be processed, with the reason for its dead letter, and the error if that is our bug."""

    record: Record
    reason: str
    error: Exception | None = None


_event = msgspec.json.Decoder(Event)
_wakeup = msgspec.json.Decoder(WakeUp)
_outcome = msgspec.json.Decoder(DeliveryOutcome)
_run_input: msgspec.json.Decoder[RunInput] = msgspec.json.Decoder(RunInput)


def read(records: Iterable[Record]) -> tuple[list[IncomingMessage], list[Rejected]]:
    """Decodes each record on its own, so that one bad message costs only itself."""
    arrived: list[IncomingMessage] = []
    rejected: list[Rejected] = []
    for record in records:
        try:
            arrived.append(_read_one(record))
        except Exception as error:  # noqa: BLE001 - whatever it is, this record alone is at fault
            rejected.append(Rejected(record, error.reason if isinstance(error, Poison) else described(error)))
    return arrived, rejected


def _read_one(record: Record) -> IncomingMessage:
    if record.topic == topics.EVENTS:
        event = read_record(_event, record)
        digest = _digest("event", event.shop, event.source, event.id)
        return IncomingMessage(digest, event.shop, event.key, EventInput(event), record, event.traceparent)
    if record.topic == topics.WAKEUPS:
        wakeup = read_record(_wakeup, record)
        digest = b"" if wakeup.run_id else _digest("wakeup", wakeup.shop, wakeup.id)
        return IncomingMessage(digest, wakeup.shop, wakeup.key, TimerInput(wakeup), record)
    if record.topic == topics.INPUTS:
        message = read_record(_run_input, record)
        digest = _digest(str(message.__struct_config__.tag), message.shop, message.id)
        given = run_input(message)
        return IncomingMessage(digest, message.shop, message.key, given, record, _traceparent(message))
    outcome = read_record(_outcome, record)
    digest = _digest("outcome", outcome.shop, outcome.id)
    return IncomingMessage(digest, outcome.shop, outcome.key, OutcomeInput(outcome), record)


def _traceparent(message: RunInput) -> str:
    match message:
        case StartRequested():
            return message.traceparent
        case EventForwarded():
            return message.event.traceparent
        case _:
            return ""


def run_input(message: RunInput) -> Input | RefreshInput:
    """What a message of `relevo.inputs` is for the core."""
    match message:
        case CallAnswered():
            return msgspec.convert(message, ResponseInput, from_attributes=True)
        case TaskDone():
            return msgspec.convert(message, TaskInput, from_attributes=True)
        case StartRequested():
            return msgspec.convert(message, StartInput, from_attributes=True)
        case EventForwarded():
            return EventInput(message.event)
        case RefreshRequested():
            return RefreshInput(message.id, message.at)
        case _:
            assert_never(message)


def _digest(*parts: str) -> bytes:
    # 128 bits: two of 10^12 messages meet with a probability of 10^-15.
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()
