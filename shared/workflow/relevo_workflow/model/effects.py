"""What a decision asks the world to do, as data. `id` is the effect key `run/step/turn`: same effect, same id."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.messages import Purpose, To


class Send(Struct, frozen=True, gc=False, kw_only=True, tag="send", omit_defaults=True):
    """Send one message. After `not_after` it is too late. `context` is what the template may name, plain JSON.

    `templates` has one for each channel of a message that goes by whichever is best when it is sent.
    `topic` is the purpose by the name that the contact policy has for it; empty: it is `purpose` itself.
    `recipient` is the customer as known then, or (`to` is `contact`) the contact of an event, as in `SendDelivery`.
    """

    id: str
    step: str
    channel: Channel
    template: str
    purpose: Purpose
    decided_at: datetime
    not_after: datetime
    context: dict[str, Any]
    recipient: Contact
    to: To = "customer"
    reason: str = ""
    topic: str = ""
    templates: dict[Channel, str] = {}


class ArmTimer(Struct, frozen=True, gc=False, kw_only=True, tag="arm_timer", omit_defaults=True):
    """Wake this run (or, with an empty `run_id`, this customer's triggers) at `due_at`. Replaces a timer of that id."""

    id: str
    name: str
    due_at: datetime
    run_id: str = ""
    turn: int = 0


class CancelTimer(Struct, frozen=True, gc=False, kw_only=True, tag="cancel_timer", omit_defaults=True):
    """A timer is no longer wanted."""

    id: str
    name: str
    run_id: str = ""


class Emit(Struct, frozen=True, gc=False, kw_only=True, tag="emit"):
    """Publish an event of the shop, made by a workflow."""

    id: str
    event: Event


class SetAttributes(Struct, frozen=True, gc=False, kw_only=True, tag="set_attributes", omit_defaults=True):
    """The customer's attributes and tags changed; the facts have it already, other systems may want to know."""

    id: str
    attributes: dict[str, Any] = {}
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


class Http(Struct, frozen=True, gc=False, kw_only=True, tag="http", omit_defaults=True):
    """Call another system. The answer comes back as a `ResponseInput` with `call_id` = `id`."""

    id: str
    step: str
    method: str
    url: str
    timeout_seconds: float
    headers: dict[str, str] = {}
    body: Any = None


class OpenTask(Struct, frozen=True, gc=False, kw_only=True, tag="open_task", omit_defaults=True):
    """Ask the staff for something. `needed` approvals of different people when `approval` is set."""

    id: str
    step: str
    title: str
    approval: bool = False
    skill: str = ""
    roles: tuple[str, ...] = ()
    needed: int = 1
    deadline: datetime | None = None


class RemindTask(Struct, frozen=True, gc=False, kw_only=True, tag="remind_task"):
    """Remind whoever has the task `id`."""

    id: str


class EscalateTask(Struct, frozen=True, gc=False, kw_only=True, tag="escalate_task", omit_defaults=True):
    """Give the task `id` to people of another skill or role."""

    id: str
    skill: str = ""
    roles: tuple[str, ...] = ()


class CloseTask(Struct, frozen=True, gc=False, kw_only=True, tag="close_task"):
    """The task `id` is no longer wanted: its run went on, or ended."""

    id: str
    reason: str


class StartRun(Struct, frozen=True, gc=False, kw_only=True, tag="start_run", omit_defaults=True):
    """Start another workflow for the same customer: becomes a `StartInput` with this id and these `hops`."""

    id: str
    workflow: str
    at: datetime
    data: dict[str, Any] = {}
    hops: int = 0


class Subscribe(Struct, frozen=True, gc=False, kw_only=True, tag="subscribe"):
    """The run waits for events about another key (a product): they have to reach it as an `EventInput`.

    It is level-triggered: one that happened at `since` or later, and is known when the run is written, counts too.
    """

    id: str
    run_id: str
    key: str
    events: tuple[str, ...]
    since: datetime


class Unsubscribe(Struct, frozen=True, gc=False, kw_only=True, tag="unsubscribe"):
    """The run waits no longer for what `Subscribe` with this id asked for."""

    id: str
    run_id: str


Effect = (
    Send
    | ArmTimer
    | CancelTimer
    | Emit
    | SetAttributes
    | Http
    | OpenTask
    | RemindTask
    | EscalateTask
    | CloseTask
    | StartRun
    | Subscribe
    | Unsubscribe
)
"""Everything that a decision may ask for."""
