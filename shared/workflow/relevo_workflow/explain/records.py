"""What the owners of decisions, deliveries and calls recorded of a customer, as `explain` reads it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from relevo_workflow.model.decision import Check, Kind

DeliveryState = Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]
CallState = Literal["queued", "calling", "answered", "failed", "in_doubt"]


class StaffAnswer(Struct, frozen=True, kw_only=True):
    """What one of the staff said to a task, and in which role."""

    by: str
    done: str
    role: str = ""
    note: str = ""


class RecordedDecision(Struct, frozen=True, kw_only=True):
    """A decision as the engine recorded it. `input` is an event type, `timer`, `start`, … or `deployment`.

    `run_key` tells the runs of a workflow apart for people; `said` is the answer to a task that it is about.
    """

    at: datetime
    workflow: str
    version: str
    run_id: str
    input: str
    kind: Kind
    reason: str
    path: list[str] = []
    trace: list[Check] = []
    run_key: str = ""
    said: StaffAnswer | None = None


class Feedback(Struct, frozen=True, kw_only=True):
    """What the provider told of a message after it had taken it; `permanent`: the address will never take anything."""

    kind: Literal["delivered", "bounced", "complained", "unsubscribed"]
    at: datetime
    provider: str = ""
    status: str = ""
    permanent: bool = False
    reason: str = ""


class Engagement(Struct, frozen=True, kw_only=True):
    """Somebody opened a message or followed a link of it to `url`; a `machine`, by what gave it away."""

    kind: Literal["opened", "clicked", "scanned"]
    at: datetime
    url: str = ""
    machine: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of a message; `id` is its effect key `run/step/turn`, `at` when that was known.

    `put_off` are the reasons why it was put off since `accepted_at`, `again_at` when it is looked at again.
    """

    id: str
    channel: str
    state: DeliveryState
    at: datetime
    reason: str = ""
    attempts: int = 0
    accepted_at: datetime | None = None
    put_off: list[str] = []
    again_at: datetime | None = None
    feedback: list[Feedback] = []
    engagement: list[Engagement] = []


class Call(Struct, frozen=True, kw_only=True):
    """What became of an HTTP call; `id` is its effect key, `status` what was answered last (0: nothing)."""

    id: str
    state: CallState
    at: datetime
    status: int = 0
    attempts: int = 0
    reason: str = ""


class RetiredWorkflow(Struct, frozen=True, kw_only=True):
    """A workflow that was taken out of service, what would start it, and who did that, when and why."""

    workflow: str
    events: list[str]
    at: datetime
    by: str = ""
    note: str = ""
