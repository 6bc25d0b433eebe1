"""Runs a customer in virtual time: months of waits in milliseconds, through the same `handle` as the engine."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from relevo_contracts.messages import WakeUp, wake_up_id
from relevo_contracts.systems import OPERATIONS
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.definition.workflow_index import WorkflowIndex
from relevo_workflow.model.catalogue import Product, with_catalogue
from relevo_workflow.model.decision import Decision
from relevo_workflow.model.effects import (
    ArmTimer,
    CallSystem,
    CancelTimer,
    Effect,
    Emit,
    Http,
    Send,
    StartRun,
    TakeCoupon,
)
from relevo_workflow.model.inputs import EventInput, Input, ResponseInput, StartInput, TimerInput
from relevo_workflow.model.recommendations import Rankings
from relevo_workflow.model.state import Run, Shop, Subject
from relevo_workflow.runs.handle import handle, rearm_alarms
from relevo_workflow.runs.recommendations import recommends, with_recommendations
from relevo_workflow.steps.step import WORKFLOW_CYCLE

MAX_INPUTS = 20_000
"""More inputs than this in one simulation have no end."""


class Answer(Struct, frozen=True):
    """What another system answers to the call of a step."""

    status: int = 200
    body: Any = None
    error: str = ""


class TimedEffect(Struct, frozen=True):
    """An effect at its virtual time. `run` is empty for what concerns the customer's triggers."""

    at: datetime
    effect: Effect
    workflow: str = ""
    run: str = ""


class SimulationError(Exception):
    """The simulation can't go on; the message says why."""


class Simulation:
    """A customer, a virtual clock and its timers.

    `give` hands in what happens; `run_until` lets time pass. `effects`, `decisions` and `runs` (newest state by id)
    are what came of it, `contacts` how the customer could be reached since when. Calls are answered at once from
    `answers` by step (by default 200 without a body, a coupon with a code, a system as in its port's example), the
    first call by the first of several, those after the last by the last; events that workflows emit and workflows that
    they start come back as inputs. What events leave out of their products is filled in from `products`, by id, as in
    the engine; `rankings` is what each message is offered that recommends products.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        subject: Subject,
        at: datetime,
        *,
        shop: Shop | None = None,
        answers: Mapping[str, Answer | Sequence[Answer]] | None = None,
        products: Mapping[str, Product] | None = None,
        rankings: Rankings | None = None,
    ) -> None:
        self.definitions = WorkflowIndex.of(definitions)
        self.shop = shop or Shop(id=subject.shop)
        self.answers = {step: (one,) if isinstance(one, Answer) else one for step, one in (answers or {}).items()}
        self.products = products or {}
        self.rankings: Rankings = rankings or {}
        self._calls: Counter[str] = Counter()
        self.now = at
        self.effects: list[TimedEffect] = []
        self.decisions: list[Decision] = []
        self.runs: dict[str, Run] = {}
        self._versions = {one.version: one for one in definitions}
        self._armed: dict[str, ArmTimer] = {}
        self._heap: list[tuple[datetime, int, ArmTimer]] = []
        self._sequence = 0
        self._given = 0
        armed = rearm_alarms(definitions, subject, at, shop=self.shop)
        self.subject = armed.subject
        self.contacts = [(at, self.subject.facts.contact)]
        self._carry_out(armed.effects, "", "")

    @property
    def active(self) -> list[Run]:
        """The runs whose steps are not over."""
        return [run for run in self.subject.runs if run.state == "active"]

    @property
    def next_due(self) -> datetime | None:
        """When the next timer is due."""
        while self._heap and self._armed.get(self._heap[0][2].id) is not self._heap[0][2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def give(self, arrival: Input, at: datetime | None = None) -> None:
        """Hands in an input at `at` (default: its own time, or now if that is past).

        Timers that are due before fire first; one that is due at the same instant fires after it, so that a customer
        who buys at the very moment of a reminder gets none.
        """
        self.run_before(max(at or arrival.at, self.now))
        self._handle(arrival)

    def run_until(self, at: datetime) -> None:
        """Lets time pass until `at`, firing every timer at its time."""
        while (due := self.next_due) is not None and due <= at:
            self.step()
        self.now = max(self.now, at)

    def run_before(self, at: datetime) -> None:
        """Lets time pass up to `at`, without the timers that are due at that very instant."""
        while (due := self.next_due) is not None and due < at:
            self.step()
        self.now = max(self.now, at)

    def step(self) -> bool:
        """Fires the next timer; false if none is armed."""
        due = self.next_due
        if due is None:
            return False
        timer = heapq.heappop(self._heap)[2]
        del self._armed[timer.id]
        self.now = max(self.now, due)
        self._handle(TimerInput(due_wakeup(timer, self.subject.shop, self.subject.key)))
        return True

    def finish(self, horizon: timedelta = timedelta(days=1100)) -> None:
        """Lets time pass until every run has ended (at least one), no timer is armed, or the horizon is reached."""
        end = self.now + horizon
        while (due := self.next_due) is not None and due <= end and (self.active or not self.runs):
            self.step()

    def _handle(self, arrival: Input) -> None:
        self._given += 1
        if self._given > MAX_INPUTS:
            raise SimulationError(
                f"more than {MAX_INPUTS} things happen: the test has no end; give it one with until: +30d"
            )
        if isinstance(arrival, EventInput):
            arrival = EventInput(with_catalogue(arrival.event, self.products))
        handled = handle(self.definitions, self._versions, self.subject, arrival, self.now, shop=self.shop)
        self.subject = handled.subject
        if self.subject.facts.contact is not self.contacts[-1][1]:
            self.contacts.append((self.now, self.subject.facts.contact))
        decisions = [self._recommended(one) for one in handled.decisions]
        for decision in decisions:
            self.decisions.append(decision)
            if decision.reason == WORKFLOW_CYCLE or any(check.error == WORKFLOW_CYCLE for check in decision.trace):
                raise SimulationError(WORKFLOW_CYCLE)
            if decision.run is not None:
                self.runs[decision.run.id] = decision.run
        # Effects come after the state is complete: an answer may change the run again.
        for decision in decisions:
            self._carry_out(decision.effects, decision.workflow, decision.run.id if decision.run else "")
        self._carry_out(handled.effects, "", "")

    def _recommended(self, decision: Decision) -> Decision:
        """The decision with what its messages recommend."""
        if not recommends(decision):
            return decision
        return with_recommendations(
            decision, {one.id: self.rankings for one in decision.effects if isinstance(one, Send)}, self.products
        )

    def _carry_out(self, effects: Sequence[Effect], workflow: str, run_id: str) -> None:
        for effect in effects:
            self.effects.append(TimedEffect(self.now, effect, workflow, run_id))
            if isinstance(effect, ArmTimer):
                self._sequence += 1
                self._armed[effect.id] = effect
                heapq.heappush(self._heap, (effect.due_at, self._sequence, effect))
            elif isinstance(effect, CancelTimer):
                self._armed.pop(effect.id, None)
        for effect in effects:
            follow = self._comes_back(effect, run_id)
            if follow is not None:
                self._handle(follow)

    def _answer(self, step: str, otherwise: Answer) -> Answer:
        """The answer to the next call of a step."""
        given = self.answers.get(step) or (otherwise,)
        number = min(self._calls[step], len(given) - 1)
        self._calls[step] += 1
        return given[number]

    def _comes_back(self, effect: Effect, run_id: str) -> Input | None:
        """The input that an effect leads to at once."""
        if isinstance(effect, Emit):
            return EventInput(effect.event)
        if isinstance(effect, StartRun):
            return StartInput(id=effect.id, workflow=effect.workflow, at=effect.at, data=effect.data, hops=effect.hops)
        if isinstance(effect, Http | TakeCoupon | CallSystem):
            answer = self._answer(effect.step, _unasked(effect))
            return ResponseInput(
                id=f"{effect.id}@answer",
                call_id=effect.id,
                run_id=run_id,
                at=self.now,
                status=0 if answer.error and answer.status == 200 else answer.status,
                body=answer.body,
                error=answer.error,
            )
        return None


def _unasked(effect: Http | TakeCoupon | CallSystem) -> Answer:
    """What is answered where a test says nothing: a pool has codes left, a system answers as in its port's example."""
    match effect:
        case Http():
            return Answer()
        case TakeCoupon():
            end = (
                effect.valid_until.isoformat() if effect.valid_until else None
            )  # it ends when it has to last no longer
            return Answer(body={"code": f"{effect.pool.upper()}-1", "expires_at": end})
        case CallSystem():
            return Answer(body=msgspec.to_builtins(OPERATIONS[effect.operation].example))
        case _:
            assert_never(effect)


def due_wakeup(timer: ArmTimer, shop: str, key: str) -> WakeUp:
    """What the scheduler publishes of this customer's timer once it is due."""
    return WakeUp(
        id=wake_up_id(timer.id, timer.due_at, timer.turn),
        shop=shop,
        key=key,
        timer_id=timer.id,
        due_at=timer.due_at,
        run_id=timer.run_id,
        turn=timer.turn,
        name=timer.name,
    )
