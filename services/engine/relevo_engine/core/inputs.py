"""From Kafka records to the inputs of the pure core, each with the digest that the inbox knows it by."""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import Struct

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome, WakeUp
from relevo_runtime.kafka import Record
from relevo_workflow.inputs import EventInput, Input, OutcomeInput, TimerInput


class Arrived(Struct, frozen=True):
    """One message that asks for decisions: whose it is, what it says, and its inbox id."""

    inbox_id: UUID
    shop: str
    key: str
    input: Input
    record: Record


class Rejected(Struct, frozen=True):
    """A record that can never be processed, with the reason for its dead letter."""

    record: Record
    reason: str


_event = msgspec.json.Decoder(Event)
_wakeup = msgspec.json.Decoder(WakeUp)
_outcome = msgspec.json.Decoder(DeliveryOutcome)


def read(records: Iterable[Record]) -> tuple[list[Arrived], list[Rejected]]:
    """Decodes each record on its own, so that one bad message costs only itself."""
    arrived: list[Arrived] = []
    rejected: list[Rejected] = []
    for record in records:
        try:
            arrived.append(_read_one(record))
        except msgspec.DecodeError as error:
            rejected.append(Rejected(record, f"the value is no {record.topic} message: {error}"))
    return arrived, rejected


def _read_one(record: Record) -> Arrived:
    if record.topic == topics.EVENTS:
        event = _event.decode(record.value)
        digest = _digest("event", event.shop, event.source, event.id)
        return Arrived(digest, event.shop, event.key, EventInput(event), record)
    if record.topic == topics.WAKEUPS:
        wakeup = _wakeup.decode(record.value)
        digest = _digest("wakeup", wakeup.shop, wakeup.id)
        return Arrived(digest, wakeup.shop, wakeup.key, TimerInput(wakeup), record)
    outcome = _outcome.decode(record.value)
    digest = _digest("outcome", outcome.shop, outcome.id)
    return Arrived(digest, outcome.shop, outcome.key, OutcomeInput(outcome), record)


def _digest(*parts: str) -> UUID:
    # 128 bits: two of 10^12 messages meet with a probability of 10^-15.
    return UUID(bytes=blake2b("\0".join(parts).encode(), digest_size=16).digest())
