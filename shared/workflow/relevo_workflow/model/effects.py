"""What a decision asks the world to do, as data. `id` is the effect key `run/step/turn`: same effect, same id."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.messages import Purpose, To
from relevo_workflow.model.recommendations import Recommend
from relevo_workflow.model.state import HeldCoupon


def run_of(effect_id: str) -> str:
    """The id of the run that an effect comes of."""
    return effect_id.rsplit("/", 2)[0]


class Send(Struct, frozen=True, gc=False, kw_only=True, tag="send", omit_defaults=True):
    """Send one message. After `not_after` it is too late. `context` is what the template may name, plain JSON.

    `templates` has one for each channel of a message that goes by whichever is best when it is sent.
    `topic` is the purpose by the name that the contact policy has for it; empty: it is `purpose` itself.
    `recipient` is the customer as known then, or (`to` is `contact`) the contact of an event, as in `SendDelivery`.
    `hops` tells how many workflows in a row led to it. `recommend`: the message waits for its recommendations, which
    are put into `context` (`runs.recommendations`) before it leaves.
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
    hops: int = 0
    recommend: Recommend | None = None


class Recall(Struct, frozen=True, gc=False, kw_only=True, tag="recall"):
    """The run has ended before its time: what still waits of these messages (their effect keys) is not to be sent."""

    id: str
    deliveries: tuple[str, ...]
    reason: str


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


class TakeCoupon(Struct, frozen=True, gc=False, kw_only=True, tag="take_coupon", omit_defaults=True):
    """Take a code from a pool, the same one each time for the same `id`; valid until `valid_until`, if that is given.

    `email` and `customer_id` (the shop's) say whose it is, as far as they are known.

    The answer comes back as a `ResponseInput` with `call_id` = `id`: 200 with `code` and `expires_at` as its body.
    """

    id: str
    step: str
    pool: str
    valid_until: datetime | None = None
    email: str = ""
    customer_id: str = ""


class KeepCoupon(Struct, frozen=True, gc=False, kw_only=True, tag="keep_coupon"):
    """The customer has this code from now on; the facts have it already."""

    id: str
    coupon: HeldCoupon


class CallSystem(Struct, frozen=True, gc=False, kw_only=True, tag="call_system"):
    """Have the shop's system of a port do something (`relevo_contracts.systems`). `given` fits the operation's type.

    The answer comes back as a `ResponseInput` with `call_id` = `id`: 200 with what the operation answers.
    """

    id: str
    step: str
    operation: str
    given: dict[str, Any]
    timeout_seconds: float


class OpenTask(Struct, frozen=True, gc=False, kw_only=True, tag="open_task", omit_defaults=True):
    """Ask the staff for something. `needed` approvals of different people when `approval` is set.

    `level` is the least of the skill (0: any). `urgent`: who is asked hears of it out of hours too. At `reassign_at` it
    goes to somebody else, if it is still open.
    """

    id: str
    step: str
    title: str
    approval: bool = False
    skill: str = ""
    roles: tuple[str, ...] = ()
    needed: int = 1
    deadline: datetime | None = None
    level: int = 0
    urgent: bool = False
    reassign_at: datetime | None = None


class RemindTask(Struct, frozen=True, gc=False, kw_only=True, tag="remind_task"):
    """Remind whoever has the task `id`."""

    id: str


class EscalateTask(Struct, frozen=True, gc=False, kw_only=True, tag="escalate_task", omit_defaults=True):
    """Give the task `id` to people of another skill or role."""

    id: str
    skill: str = ""
    roles: tuple[str, ...] = ()
    level: int = 0


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
    | Recall
    | ArmTimer
    | CancelTimer
    | Emit
    | SetAttributes
    | Http
    | TakeCoupon
    | KeepCoupon
    | CallSystem
    | OpenTask
    | RemindTask
    | EscalateTask
    | CloseTask
    | StartRun
    | Subscribe
    | Unsubscribe
)
"""Everything that a decision may ask for."""
