"""The topics, who writes them and who reads them. All have the same number of partitions: one customer, one engine."""

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.messages import (
    CallAnswered,
    CallHttp,
    DeadLetter,
    DeliveryOutcome,
    EventForwarded,
    RefreshRequested,
    SendDelivery,
    StartRequested,
    TaskDone,
    Unrecognised,
    WakeUp,
)

EVENTS = "relevo.events"
WAKEUPS = "relevo.wakeups"
DELIVERIES = "relevo.deliveries"
OUTCOMES = "relevo.outcomes"
CALLS = "relevo.calls"
INPUTS = "relevo.inputs"
UNRECOGNISED = "relevo.unrecognised"
DEAD_LETTERS = "relevo.dead-letters"


class Topic(Struct, frozen=True):
    """A topic's message types, its writers and readers, and how long it is kept. Several types are told by `type`."""

    name: str
    messages: tuple[type[Struct], ...]
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    retention_days: int
    meaning: str


TOPICS = (
    Topic(
        EVENTS,
        (Event,),
        ("ingest", "engine", "notifier"),
        ("engine", "notifier"),
        400,
        "what happened in the shops; replay reads it",
    ),
    Topic(WAKEUPS, (WakeUp,), ("scheduler",), ("engine",), 7, "timers of runs that are due"),
    Topic(DELIVERIES, (SendDelivery,), ("engine", "scheduler"), ("notifier",), 7, "messages to send"),
    Topic(OUTCOMES, (DeliveryOutcome,), ("notifier",), ("engine",), 90, "what became of each delivery"),
    Topic(CALLS, (CallHttp,), ("engine", "scheduler"), ("notifier",), 7, "HTTP calls to make"),
    Topic(
        INPUTS,
        (CallAnswered, TaskDone, StartRequested, EventForwarded, RefreshRequested),
        ("notifier", "engine", "scheduler"),
        ("engine",),
        90,
        "answers to calls, what the staff did, wanted starts, events about other keys, changed workflows",
    ),
    Topic(UNRECOGNISED, (Unrecognised,), ("ingest",), (), 30, "genuine webhooks without a canonical event"),
    Topic(
        DEAD_LETTERS, (DeadLetter,), ("engine", "scheduler", "notifier"), (), 90, "messages that could not be processed"
    ),
)
