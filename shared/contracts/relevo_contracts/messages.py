"""The messages between the services other than shop events. Commands are imperative, outcomes past tense."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from relevo_contracts.contact import Channel, Contact
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Count, Instant

Purpose = Literal["marketing", "transactional"]
To = Literal["customer", "contact", "staff"]
Webhook = Literal["", "slack", "teams"]
OutcomeStatus = Literal["sent", "failed", "skipped", "in_doubt"]


class RecallWanted(Struct, frozen=True, kw_only=True):
    """The run of these deliveries has ended before its time, for `reason`: what has not begun of them is not sent."""

    deliveries: tuple[str, ...]
    reason: str


class SendDelivery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Send one message to one person, once.

    `id` is the effect key `run/step/turn`: the Message-ID and the provider's idempotency key are made from it.
    `template` names a template inside the definition `definition` (its content hash).
    `to` says who gets it. `customer`: `recipient` is what the engine knew of the customer, and whoever sends it uses
    the customer's newest own address. `contact`: it is news of one order, parcel …, for `recipient` and nobody else.
    `staff`: it tells `recipient`, one of the shop's staff, of a task (or of their day), so that no contact policy, no
    consent and no tracking concerns it; `key` is the customer of the task, or the shop's.
    `context` holds what the template may name (`trigger`, `run`, `customer`, `shop`), plain JSON.
    `templates` has a template for each channel of a message that goes by whichever is best at the moment of sending;
    `channel` and `template` are one of them then.
    `topic` is the purpose by the name that the contact policy has for it (`newsletter`); empty: it is `purpose` itself.
    `decided_at` is the input's time; after `not_after` it is too late to send and the outcome says so.
    `hops` tells how many workflows in a row led to it; an event that the message causes carries `caused_hops`.
    `traceparent` is the context of the trace that it is in (see `Event`).

    With `recall` nothing is sent: it takes back earlier deliveries. It is made by `recall_delivery`, so that a notifier
    that does not know of it has nobody to send it to.
    """

    id: str
    shop: str
    key: str
    run_id: str
    workflow: str
    definition: str
    step: str
    channel: Channel
    purpose: Purpose
    template: str
    recipient: Contact
    context: dict[str, Any]
    decided_at: Instant
    not_after: Instant
    reason: str = ""
    to: To = "customer"
    topic: str = ""
    templates: dict[Channel, str] = {}
    hops: Count = 0
    recall: RecallWanted | None = None
    traceparent: str = ""


def recall_delivery(id_: str, shop: str, key: str, recall: RecallWanted, at: datetime) -> SendDelivery:
    """The message that takes back deliveries of a customer. It is of no run: what is reported of it counts nowhere."""
    return SendDelivery(
        id=id_,
        shop=shop,
        key=key,
        run_id="",
        workflow="",
        definition="",
        step="",
        channel="email",
        purpose="marketing",
        template="",
        recipient=Contact(),
        to="contact",
        context={},
        decided_at=at,
        not_after=at,
        recall=recall,
    )


def caused_hops(hops: int) -> int:
    """The `hops` of an event that a message with `hops` causes: a workflow that it starts is one more in the row."""
    return hops + 1


class DeliveryOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a delivery. `reason` is for people; `detail` carries the provider's own words and ids."""

    id: str
    delivery_id: str
    shop: str
    key: str
    run_id: str
    workflow: str
    step: str
    channel: Channel
    status: OutcomeStatus
    at: Instant
    reason: str = ""
    detail: dict[str, str] = {}


class WakeUp(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A timer is due. `due_at` is the time that was asked for: the run reckons with it, not with the delay.

    `id` is made by `wake_up_id`, so that the same timer published twice is one wake-up, and one that was armed anew for
    the same instant is another. `traceparent` is the context in which it was published (see `Event`): that of the run
    is in the run.
    """

    id: str
    shop: str
    key: str
    timer_id: str
    due_at: Instant
    run_id: str = ""
    turn: int = 0
    name: str = ""
    traceparent: str = ""


def wake_up_id(timer_id: str, due_at: datetime, turn: int) -> str:
    """What tells one wake-up from another: which timer, for when, and armed in which turn of its run."""
    return f"{timer_id}@{due_at.isoformat()}#{turn}"


class CouponWanted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code of this pool is wanted that is valid until `valid_until` at least, if that is given.

    `email` and `customer_id` (the shop's) say who alone may use it, where the shop makes it by its API.
    """

    pool: str
    valid_until: Instant | None = None
    email: str = ""
    customer_id: str = ""


class SystemWanted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The system that serves the port is to do this. `given` is plain JSON that fits the operation's type.

    `operation` is a name of `relevo_contracts.systems`: `helpdesk.create_ticket`.
    """

    operation: str
    given: dict[str, Any]


class CallHttp(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Call another system, once as far as it can be known.

    `id` is the effect key and travels as the `Idempotency-Key` header. `body` is plain JSON. In a value of `headers`,
    `${NAME}` is the secret that the notifier has as `RELEVO_CALL_SECRET_NAME` (upper-case letters, digits, `_`), and
    `$$` is a dollar sign. Whoever writes such a message doubles every dollar sign that came with data, so that no data
    can name a secret. The answer comes back as `CallAnswered`.

    With `webhook` it goes to an incoming webhook of that service: `url` names the secret (`${NAME}`) that is its whole
    address, and an answer other than success is a failure, put into words.

    With `coupon` the notifier takes a code of the pool, or has the shop make one: the same one each time for the same
    `id`. The answer is 200 with `code` and `expires_at`, or 404 if the pool has none left.

    With `system` the shop's system of that port does it, in as many requests as it takes. The answer is 200 with what
    the operation answers; else `error` says why, and `status` what kind of failure it is: 404 if the system does not
    know what was named, 429 if it was too busy at every try, another of 400 to 499 if it refuses, 0 or 500 and above if
    nobody could be reached.

    `traceparent` is the context of the trace that it is in (see `Event`).
    """

    id: str
    shop: str
    key: str
    run_id: str
    workflow: str
    step: str
    method: str
    url: str
    timeout_seconds: float
    headers: dict[str, str] = {}
    body: Any = None
    decided_at: Instant
    webhook: Webhook = ""
    coupon: CouponWanted | None = None
    system: SystemWanted | None = None
    traceparent: str = ""


class CallAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="call_answered"):
    """An HTTP call was answered, or given up: then `error` says why. `body` is JSON, size-limited.

    `status` is what was answered last, 0 if nothing was.
    """

    id: str
    shop: str
    key: str
    run_id: str
    call_id: str
    at: Instant
    status: int = 0
    body: Any = None
    error: str = ""


class TaskDone(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="task_done"):
    """Someone of the staff completed, approved or rejected the task that the effect `task_id` opened."""

    id: str
    shop: str
    key: str
    run_id: str
    task_id: str
    at: Instant
    done: Literal["completed", "approved", "rejected"]
    by: str
    role: str = ""
    note: str = ""
    data: dict[str, str] = {}


class StartRequested(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="start_requested"):
    """`workflow` is wanted for a customer: by hand, a schedule or another workflow. `data` is its `trigger.data`.

    `hops` tells how many workflows in a row led to it, without time that passed or somebody outside who acted.
    `traceparent` is the context of the trace that it is in (see `Event`).
    """

    id: str
    shop: str
    key: str
    workflow: str
    at: Instant
    cause: Literal["manual", "schedule", "date", "inactivity", "segment"] = "manual"
    name: str = ""
    data: dict[str, Any] = {}
    hops: Count = 0
    traceparent: str = ""


class EventForwarded(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="event_forwarded"):
    """An event about another key (a product) for a customer whose run waits for it."""

    id: str
    shop: str
    key: str
    event: Event


class RefreshRequested(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="refresh_requested"
):
    """Workflows changed: what their triggers need for this customer (alarms, memberships) has to be found anew."""

    id: str
    shop: str
    key: str
    at: Instant


RunInput = CallAnswered | TaskDone | StartRequested | EventForwarded | RefreshRequested
"""What else concerns the runs of a customer, besides events, wake-ups and outcomes."""


class DeadLetter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that could not be processed, with its origin: enough to look at it and to send it again."""

    id: str
    service: str
    topic: str
    partition: int
    offset: int
    reason: str
    at: Instant
    key: str = ""
    value: bytes = b""


UnrecognisedKind = Literal["no_event", "no_topic", "invalid", "mismatch", "too_large", "not_fetched", "bug"]
"""Why a genuine message has no event: none is made of its topic; it names no topic; its body can't be read, is not what
its topic says or makes an event that is too large; what it names can't be fetched from the platform's API; the
connector has a bug."""


class Unrecognised(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A genuine message that has no canonical event: kept with the reason, with personal secrets removed.

    It holds what a later reading needs: `id` and `receivedtime` are those of the delivery, `headers` what the sender
    said beside the body (names in lower case). `where` is the path of what could not be read. `body` is the JSON value,
    or, if `is_text`, the body's text, which is not JSON; of one that is `cut` only the beginning is kept.
    """

    id: str
    shop: str
    platform: str
    topic: str
    reason: str
    receivedtime: Instant
    body: dict[str, Any] | list[Any] | str = ""
    kind: UnrecognisedKind = "no_event"
    where: str = ""
    headers: dict[str, str] = {}
    is_text: bool = False
    cut: bool = False
