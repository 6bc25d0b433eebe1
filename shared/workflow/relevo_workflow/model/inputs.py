"""What can happen to a customer's runs. Each input carries its own time; the engine's delay shifts no schedule."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome, WakeUp
from relevo_contracts.payloads import Instant


class EventInput(Struct, frozen=True, gc=False, tag="event"):
    """Something happened in the shop."""

    event: Event

    @property
    def id(self) -> str:
        """The event's own id."""
        return self.event.id

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.time


class TimerInput(Struct, frozen=True, gc=False, tag="timer"):
    """A timer is due."""

    wakeup: WakeUp

    @property
    def id(self) -> str:
        """The wake-up's id, the same however often it is delivered."""
        return self.wakeup.id

    @property
    def at(self) -> datetime:
        """The time that was asked for, however late the wake-up comes."""
        return self.wakeup.due_at


class OutcomeInput(Struct, frozen=True, gc=False, tag="outcome"):
    """What became of a message."""

    outcome: DeliveryOutcome

    @property
    def id(self) -> str:
        """The outcome's id."""
        return self.outcome.id

    @property
    def at(self) -> datetime:
        """When it became so."""
        return self.outcome.at


class ResponseInput(Struct, frozen=True, gc=False, kw_only=True, tag="response", omit_defaults=True):
    """An HTTP call was answered, or given up (`error` says why; `status` is 0 then). `call_id` is its effect key."""

    id: str
    call_id: str
    run_id: str
    at: Instant
    status: int = 0
    body: Any = None
    error: str = ""


class TaskInput(Struct, frozen=True, gc=False, kw_only=True, tag="task", omit_defaults=True):
    """Someone of the staff did something to a task; `task_id` is the effect key that opened it."""

    id: str
    task_id: str
    run_id: str
    at: Instant
    done: Literal["completed", "approved", "rejected"]
    by: str
    role: str = ""
    note: str = ""
    data: dict[str, str] = {}


class StartInput(Struct, frozen=True, gc=False, kw_only=True, tag="start", omit_defaults=True):
    """Someone, a schedule or another workflow starts `workflow` for this customer; `data` is its `trigger.data`.

    `cause` says which trigger that is: `manual`, `schedule`, `date`, `inactivity` or `segment`. `hops` tells how many
    workflows in a row led to it, `traceparent` which trace it is in.
    """

    id: str
    workflow: str
    at: Instant
    cause: Literal["manual", "schedule", "date", "inactivity", "segment"] = "manual"
    name: str = ""
    data: dict[str, Any] = {}
    hops: int = 0
    traceparent: str = ""


Input = EventInput | TimerInput | OutcomeInput | ResponseInput | TaskInput | StartInput
"""Everything that `decide` and `handle` take."""
