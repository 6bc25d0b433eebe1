"""What every step is: where it leads, what it does to a run, and what other rooms ask about it.

A step type is one module beside this one: its class, its fields, what reads it. `registry` lists them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.keys import product_key
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Effect
from relevo_workflow.model.inputs import ResponseInput, TaskInput
from relevo_workflow.model.state import Run, Vote

END = ""
"""The target that is the end of the workflow."""
ANSWER_WITHIN = timedelta(days=1)
"""An HTTP call that was not answered by then counts as failed."""
MAX_HOPS = 20
"""So many workflows may lead to one another (by `start`, `emit`, or what comes of a message) before time passes or
somebody outside acts."""
WORKFLOW_CYCLE = f"{MAX_HOPS} workflows in a row led to one another without a wait: this is a cycle"
"""Why the next one is not started, its event not published, its message not sent."""


class Moment(Protocol):
    """What a step sees of the run that is at it. Read only: a step says what changes by a `Transition`."""

    @property
    def run(self) -> Run:
        """The run so far."""

    @property
    def at(self) -> datetime:
        """The time of what happens."""

    @property
    def hops(self) -> int:
        """How many workflows in a row led here."""

    def scope(self) -> Scope:
        """What expressions see."""

    def zone(self, name: str) -> tzinfo:
        """The zone that `customer`, `shop` or an IANA name means for this customer."""

    def opens_at(self) -> datetime:
        """When the workflow's window is open next: now, if it is open, or if there is none."""


class MovedRun(Moment, Protocol):
    """What a step sees of a run that comes to it from another version of the workflow. `at` is when it was entered."""

    @property
    def now(self) -> datetime:
        """The time of the move."""


class Transition(Struct, frozen=True, gc=False, kw_only=True):
    """What a step makes of a run.

    `next` is the step that follows, and without one the run stays, or ends where `ends` gives a reason. `leaves`: the
    step is left before its time, with the reason for the staff whose task closes. `labels` are the arms taken.
    `reason` says why, or what the run waits for. `ignored`: the step takes no notice, and only `trace` counts.
    `variant` is the arm that results are compared by.
    """

    next: str | None = None
    ends: str | None = None
    leaves: str | None = None
    labels: tuple[str, ...] = ()
    saved: Mapping[str, object] = {}
    timers: Mapping[str, datetime] = {}
    effects: Sequence[Effect] = ()
    trace: Sequence[Check] = ()
    reason: str = ""
    rounds: dict[str, int] | None = None
    early: dict[str, Any] | None = None
    votes: tuple[Vote, ...] | None = None
    waits_since: datetime | None = None
    ignored: bool = False
    variant: str = ""


@dataclass(frozen=True, slots=True)
class EventArm:
    """One event that a step waits for, and where it leads. `early`: what came before the step counts too."""

    label: str
    events: tuple[str, ...]
    where: Expression | None
    save: str
    target: str
    key: Expression | None = None
    early: bool = False

    def concerns(self, scope: Scope, event: Event) -> bool:
        """Whether an event is about whom the arm waits for: the customer, or the product that its `key` names."""
        if self.key is None:
            return event.key == scope.run_state.customer
        since, product_id = scope.run_state.waits_since, self.key.evaluate(scope).value
        fits = isinstance(product_id, str) and product_key(product_id) == event.key
        return fits and (since is None or event.time >= since)


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One step of a program. What is said here holds for a step that does something at once and goes on.

    `noun` is what people call it, `box` the kind of its box in a diagram. `rests`: a run may wait at it. `acts`: it
    does something to the world; `acts_at_once`: and it has done so when the run rests at it. `often_edited`: its
    content says little about which step it is.
    """

    id: str
    next: str
    noun: ClassVar[str] = "step"
    box: ClassVar[str] = "change"
    rests: ClassVar[bool] = False
    acts: ClassVar[bool] = False
    acts_at_once: ClassVar[bool] = False
    often_edited: ClassVar[bool] = False

    # --- where it leads ----------------------------------------------------------------------------------------

    def targets(self) -> list[str]:
        """The steps that may come after it."""
        return [self.next]

    def cycle_targets(self) -> list[str]:
        """Those of the targets that it may lead to for ever."""
        return self.targets()

    def labels(self) -> list[str]:
        """The names of its arms, as paths and coverage have them after the step's id."""
        return []

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """The targets, each with the names that are saved on the path there."""
        return [(target, frozenset()) for target in self.targets()]

    def waits_for_certain(self) -> bool:
        """Whether time passes at it for certain, or somebody has to answer."""
        return False

    def goes_on_forever(self) -> bool:
        """Whether the author has said that a cycle through it is meant to have no end."""
        return False

    def event_arms(self) -> tuple[EventArm, ...]:
        """The events that a run waits for at it."""
        return ()

    def recommends(self) -> bool:
        """Whether its messages recommend products, for which the engine has to count what is bought together."""
        return False

    # --- what it does ------------------------------------------------------------------------------------------

    @abstractmethod
    def enter(self, moment: Moment) -> Transition:
        """What happens when a run comes to it."""

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """What happens when the time of a timer has come that the step has set (`step`: its own end)."""
        del moment, name
        return Transition(next=self.next)

    def on_event(self, moment: Moment, event: Event) -> Transition | None:
        """What an event does; `None` if the step does not wait for it."""
        del moment, event
        return None

    def on_response(self, moment: Moment, answer: ResponseInput) -> Transition | None:
        """What the answer to a call does; `None` if the step has made none."""
        del moment, answer
        return None

    def on_task(self, moment: Moment, answer: TaskInput) -> Transition | None:
        """What the staff's answer does; `None` if the step has asked nobody."""
        del moment, answer
        return None

    def on_leave(self, moment: Moment, reason: str) -> tuple[Effect, ...]:
        """What the world is asked for when a run leaves it before its time."""
        del moment, reason
        return ()

    # --- how it is told apart from others, and told ------------------------------------------------------------

    def content(self) -> tuple[str, ...]:
        """What it is about: two steps with the same content do the same thing to the world. Runs keep this text."""
        return (type(self).__name__, *self.about())

    def about(self) -> tuple[str, ...]:
        """The content without the type."""
        return ()

    def obstacle(self, was: "Step") -> str:
        """Why a run that rests at `was`, a step of the same type, can't rest here; empty if it can."""
        del was
        return ""

    def timers_when_moved(self, was: "Step", moved: MovedRun) -> dict[str, datetime | None]:
        """When the timers of a run are due that rested at `was`, as if it had come here instead; `None`: not wanted."""
        del was
        return {"step": moved.run.timers.get("step") or moved.now + ANSWER_WITHIN}

    def in_words(self) -> str:
        """What it does, in words of a diagram."""
        return self.id

    def paths_in_words(self) -> list[tuple[str, str]]:
        """Where it leads, with the words of each path."""
        return [(self.next, "")]
