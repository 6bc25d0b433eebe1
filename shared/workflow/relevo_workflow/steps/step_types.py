"""What a step can be, compiled: each has a stable id and knows which step comes next.

An empty id as a target means the end of the workflow.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from relevo_contracts.contact import Channel
from relevo_contracts.messages import Purpose
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.values.text_context import TextFields
from relevo_workflow.values.value import LiquidText, Value

END = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits a duration of elapsed time."""

    id: str
    next: str
    length: timedelta


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Waits until a local time: the next `at` (on `weekday`), `at` on `day`, or `moment` moved by `offset`.

    With a `moment` and an `at`, the offset counts calendar days in the zone; without `at`, elapsed time.
    """

    id: str
    next: str
    zone: str
    at: time | None = None
    weekday: int | None = None
    day: date | None = None
    moment: Expression | None = None
    offset: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class EventArm:
    """One event that a `wait_for` waits for, and where it leads. `early`: what came before the step counts too."""

    label: str
    events: tuple[str, ...]
    where: Expression | None
    save: str
    target: str
    key: Expression | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Waits for one of several events, or for a timeout. `key` of an arm names another key than the customer."""

    id: str
    next: str
    arms: tuple[EventArm, ...]
    timeout: timedelta | None
    timeout_target: str


@dataclass(frozen=True, slots=True)
class BranchArm:
    """One way of a branch; no condition means otherwise."""

    label: str
    condition: Expression | None
    target: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Goes the first way whose condition holds; none: goes on."""

    id: str
    next: str
    arms: tuple[BranchArm, ...]


@dataclass(frozen=True, slots=True)
class SplitArm:
    """One variant of a split and its weight."""

    label: str
    weight: int
    target: str


@dataclass(frozen=True, slots=True)
class Split:
    """Shares runs out over variants by weight; the same run key always gets the same variant."""

    id: str
    next: str
    arms: tuple[SplitArm, ...]


@dataclass(frozen=True, slots=True)
class SendStep:
    """Sends a message from a template, whose texts name `fields`. `to` as in `recipients`: empty for the customer."""

    id: str
    next: str
    channel: Channel
    template: str
    purpose: Purpose
    not_after: timedelta
    fields: TextFields
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpStep:
    """Calls another system and waits for its answer."""

    id: str
    next: str
    method: str
    url: LiquidText
    headers: tuple[tuple[str, LiquidText], ...]
    body: Value | None
    timeout: timedelta
    save: str
    stop_on_error: bool


@dataclass(frozen=True, slots=True)
class Escalation:
    """After how long a task goes to whom."""

    after: timedelta
    skill: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskStep:
    """Asks the staff to do something and waits until it is done or its deadline is over."""

    id: str
    next: str
    title: LiquidText
    skill: str
    roles: tuple[str, ...]
    deadline: timedelta | None
    reminder: timedelta | None
    escalation: Escalation | None
    save: str


@dataclass(frozen=True, slots=True)
class ApproveStep:
    """Asks several people for approval: enough say yes, one says no, or the deadline is over."""

    id: str
    next: str
    task: TaskStep
    needed: int
    approved: str
    rejected: str
    expired: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a decision table."""

    label: str
    condition: Expression | None
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class DecideTable:
    """Finds values by rules. `hit`: `first` rule that holds, the `unique` one, or `collect` lists of all."""

    id: str
    next: str
    hit: str
    rules: tuple[Rule, ...]
    save: str


@dataclass(frozen=True, slots=True)
class SetStep:
    """Changes the customer's attributes and tags."""

    id: str
    next: str
    attributes: tuple[tuple[str, Value], ...]
    add_tags: tuple[Value, ...]
    remove_tags: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class EmitStep:
    """Publishes an event."""

    id: str
    next: str
    event: str
    data: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class StartStep:
    """Starts another workflow, once or for each element of a list."""

    id: str
    next: str
    workflow: str
    for_each: Expression | None
    data: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Goto:
    """Goes to a step: `times` times in a row and then on to `after`, or (`None`) always; `forever`: that is meant."""

    id: str
    next: str
    after: str = END
    times: int | None = None
    forever: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Ends the run with a reason."""

    id: str
    next: str
    reason: str


Step = (
    Wait
    | WaitUntil
    | WaitFor
    | Branch
    | Split
    | SendStep
    | HttpStep
    | TaskStep
    | ApproveStep
    | DecideTable
    | SetStep
    | EmitStep
    | StartStep
    | Goto
    | Stop
)
"""Everything that a step can be."""
