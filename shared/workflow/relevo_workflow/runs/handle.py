"""One customer and one input: the facts change, the runs decide, new runs start."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.keys import is_customer
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.definition.workflow_index import WorkflowIndex
from relevo_workflow.model.decision import Decision, Handled
from relevo_workflow.model.effects import Effect, SetAttributes
from relevo_workflow.model.inputs import (
    EventInput,
    Input,
    OutcomeInput,
    ResponseInput,
    StartInput,
    TaskInput,
    TimerInput,
)
from relevo_workflow.model.state import Facts, Run, Shop, Subject
from relevo_workflow.runs.alarms import alarm_of, due_starts, rearm, unchanged
from relevo_workflow.runs.correlation import RunCorrelator
from relevo_workflow.runs.decide import decide
from relevo_workflow.runs.facts import CUSTOMER_REDACTED, fold_event, remember, with_changes, with_end, with_start
from relevo_workflow.runs.redaction import precedes_erasure, redacted
from relevo_workflow.runs.segments import changed_segments
from relevo_workflow.runs.starting import past_name

_NOTHING_KNOWN = Facts()


class MissingVersionError(LookupError):
    """A run's version was not given: the caller has to load the definition that the run is pinned to."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} needs version {run.version} of {run.workflow}: pass it in `pinned`")
        self.run = run


def handle(
    definitions: Sequence[Definition],
    pinned: Mapping[str, Definition],
    subject: Subject,
    arrival: Input,
    now: datetime,
    *,
    shop: Shop | None = None,
) -> Handled:
    """The customer after `arrival`, and every decision that it caused.

    `definitions` are the shop's active versions, which start runs; `pinned` has the versions that runs were started
    with, by version. Decisions that change nothing and concern no trigger are left out. Ended runs leave `subject`.
    What happened before the customer was erased is not heard.

    Raises `MissingVersionError` if a run's version is not in `pinned`, and what `fold` raises for a bad event.
    """
    if isinstance(arrival, EventInput) and _erases(subject, arrival.event):
        return redacted(subject, arrival.event)
    if precedes_erasure(subject.facts, arrival):
        return Handled(subject, (), ())
    index = WorkflowIndex.of(definitions)
    if isinstance(arrival, EventInput):
        return _handle_event(index, pinned, subject, arrival, now=now, shop=shop)
    work = _begin(index, pinned, subject, shop, now)
    caught_up = work.catch_up()
    work.take(arrival)
    return work.handled(caught_up + work.keep_time(arrival))


def _handle_event(
    index: WorkflowIndex,
    pinned: Mapping[str, Definition],
    subject: Subject,
    arrival: EventInput,
    *,
    now: datetime,
    shop: Shop | None,
) -> Handled:
    heard = _heard(index, pinned, subject, arrival.event.type)
    learnt = _learnt(index, subject, arrival.event) if not heard else None
    if learnt is not None:
        return learnt
    work = _begin(index, pinned, subject, shop, now)
    work.known_at = max(now, arrival.event.receivedtime)
    caught_up = work.catch_up()
    work.take_event(arrival, heard=heard)
    return work.handled(caught_up + work.keep_time(arrival))


def rearm_alarms(
    definitions: Sequence[Definition], subject: Subject, now: datetime, *, shop: Shop | None = None
) -> Handled:
    """Arms what triggers that depend on time need for this customer, as after a deployment; starts nothing.

    Whoever had no event yet has nothing to catch up with: their first event finds the workflows as they are.
    """
    work = _begin(WorkflowIndex.of(definitions), {}, subject, shop, now)
    return work.handled(work.catch_up())


class _Work(Struct, kw_only=True):
    """The customer while one input is handled. `before` are the facts that the alarms follow now.

    `known_at` is when the input became known, which may be long after it happened (an import): alarms that would have
    been due in between were missed, and start nothing.
    """

    index: WorkflowIndex
    pinned: Mapping[str, Definition]
    subject: Subject
    shop: Shop
    now: datetime
    known_at: datetime
    before: Facts
    facts: Facts
    runs: list[Run]
    decisions: list[Decision] = []

    def handled(self, effects: tuple[Effect, ...]) -> Handled:
        """What became of the customer."""
        if self.decisions:
            changed = structs.replace(self.subject, facts=self.facts, runs=tuple(self.runs))
            return Handled(changed, tuple(self.decisions), effects)
        if self.facts is self.subject.facts:
            return Handled(self.subject, (), effects)
        return Handled(structs.replace(self.subject, facts=self.facts), (), effects)

    def catch_up(self) -> tuple[Effect, ...]:
        """Alarms and memberships as the workflows of today want them, before anything happens: this starts nothing.

        So that a customer who was in a segment before its workflow was deployed does not join it with their next event.
        """
        index = self.index
        if self.facts.timed_by == index.fingerprint or not is_customer(self.subject.key):
            return ()
        effects: tuple[Effect, ...] = ()
        if self.facts != _NOTHING_KNOWN:
            self.facts, _ = self._segments()
            self.facts, effects = rearm(index, self.subject, self.facts, self.shop, self.known_at)
            self.facts = structs.replace(self.facts, timed_by=index.fingerprint)
            self.before = self.facts
        return effects

    def take_event(self, arrival: EventInput, *, heard: bool) -> None:
        """Folds an event and lets those decide whom it concerns; one about another key is no fact of the customer."""
        event = arrival.event
        own = event.key == self.subject.key
        if own and not event.test:
            self.facts = fold_event(self.facts, event, whole=heard)
        if not heard:
            return
        if own and not event.test and event.type in self.index.exit_types:
            self.facts = remember(self.facts, event)
        self._let_runs_decide(arrival)
        if own and not event.historical:
            for definition in self.index.starts.get(event.type, ()):
                self.start(definition, arrival)

    def take(self, arrival: Input) -> None:
        """Lets the run decide that a timer or an answer is for; starts what an alarm or a person asks for."""
        addressee = _addressee(arrival)
        if addressee:
            self._let_runs_decide(arrival, addressee)
            return
        starts = [arrival] if isinstance(arrival, StartInput) else self._due_starts(arrival)
        for start in starts:
            for definition in self.index.named(start.workflow):
                self.start(definition, start)

    def _due_starts(self, arrival: Input) -> list[StartInput]:
        subject = structs.replace(self.subject, facts=self.facts)
        return due_starts(self.index, subject, arrival, self.now, shop=self.shop)

    def _let_runs_decide(self, arrival: Input, addressee: str = "") -> None:
        """Lets those runs decide that an event may concern, or that have an id."""
        self.runs = []
        correlator = RunCorrelator(arrival.event) if isinstance(arrival, EventInput) else None
        for run in self.subject.runs:
            definition = _version(self.index, self.pinned, run)
            asked = run.id == addressee if correlator is None else correlator.concerns(definition, run)
            if asked and _hears(run, arrival):
                self._run(definition, run, arrival)
            else:
                self.runs.append(run)

    def _run(self, definition: Definition, run: Run, arrival: Input) -> None:
        decision = decide(definition, run, arrival, self.facts, self.now, shop=self.shop, customer=self.subject.key)
        if decision.kind == "ignored" and not decision.effects:
            self.runs.append(run)
            return
        self._take(decision)

    def start(self, definition: Definition, arrival: Input) -> None:
        """Starts a run, or says why not."""
        decision = decide(
            definition,
            None,
            arrival,
            self.facts,
            self.now,
            shop=self.shop,
            customer=self.subject.key,
            active=self.runs,
        )
        if decision.kind == "ignored":
            return
        run = decision.run
        if run is not None:
            name = past_name(run.workflow, run.key, test=run.test)
            forever = definition.reentry.mode == "never"
            self.facts = with_start(
                self.facts, name, run.id, run.started_at, forever=forever, customer=self.subject.key
            )
        self._take(decision)

    def keep_time(self, arrival: Input) -> tuple[Effect, ...]:
        """Starts what segments that changed ask for, and keeps the alarms in step with the facts."""
        index = self.index
        if not index.timed:
            return ()
        alarm, new = alarm_of(arrival), self.facts.timed_by != index.fingerprint
        if alarm is None and not (index.segments or new) and unchanged(index, self.before, self.facts):
            return ()
        if not is_customer(self.subject.key) or self.facts == _NOTHING_KNOWN:
            return ()
        self.facts, starts = self._segments()
        if not (isinstance(arrival, EventInput) and arrival.event.historical):
            for start in starts:
                for definition in index.named(start.workflow):
                    self.start(definition, start)
        self.facts, effects = rearm(index, self.subject, self.facts, self.shop, self.known_at, fired=alarm)
        if new:
            self.facts = structs.replace(self.facts, timed_by=index.fingerprint)
        return effects

    def _segments(self) -> tuple[Facts, list[StartInput]]:
        """Memberships as of when the input became known: whoever has left joins by no event that comes late."""
        known = self.facts.segments_at
        as_of = self.known_at if known is None or known < self.known_at else known
        return changed_segments(
            self.index, self.facts, self.subject.key, self.shop, as_of, happened=min(self.now, as_of)
        )

    def _take(self, decision: Decision) -> None:
        self.decisions.append(decision)
        run = decision.run
        if run is not None and run.state != "ended":
            self.runs.append(run)
        if run is not None and run.ended_at is not None:
            name = past_name(run.workflow, run.key, test=run.test)
            self.facts = with_end(self.facts, name, run.started_at, run.ended_at)
        for effect in decision.effects:
            if isinstance(effect, SetAttributes):
                self.facts = with_changes(self.facts, effect)


def _erases(subject: Subject, event: Event) -> bool:
    return event.type == CUSTOMER_REDACTED and event.key == subject.key and not event.test


def _hears(run: Run, arrival: Input) -> bool:
    """Whether a run takes notice of an input: of a test order only a rehearsal does."""
    return run.test or not (isinstance(arrival, EventInput) and arrival.event.test)


def _heard(index: WorkflowIndex, pinned: Mapping[str, Definition], subject: Subject, event_type: str) -> bool:
    """Whether an event of a type can start or end anything, or a run of the customer listens to it."""
    if event_type in index.starts or event_type in index.exit_types:
        return True
    for run in subject.runs:  # noqa: SIM110 - every event comes by here, and a loop costs the least
        if event_type in _version(index, pinned, run).event_types:
            return True
    return False


def _version(index: WorkflowIndex, pinned: Mapping[str, Definition], run: Run) -> Definition:
    definition = pinned.get(run.version) or index.by_version.get(run.version)
    if definition is None:
        raise MissingVersionError(run)
    return definition


def _learnt(index: WorkflowIndex, subject: Subject, event: Event) -> Handled | None:
    """The customer after an event that nobody listens to; `None` if what changed has to do with time."""
    known = event.key != subject.key or event.test  # nothing is learnt from it
    facts = subject.facts if known else fold_event(subject.facts, event, whole=False)
    if index.timed and (
        index.segments or facts.timed_by != index.fingerprint or not unchanged(index, subject.facts, facts)
    ):
        return None
    return Handled(structs.replace(subject, facts=facts) if facts is not subject.facts else subject)


def _begin(
    index: WorkflowIndex, pinned: Mapping[str, Definition], subject: Subject, shop: Shop | None, now: datetime
) -> _Work:
    return _Work(
        index=index,
        pinned=pinned,
        subject=subject,
        shop=shop or Shop(id=subject.shop),
        now=now,
        known_at=now,
        before=subject.facts,
        facts=subject.facts,
        runs=list(subject.runs),
    )


def _addressee(arrival: Input) -> str:
    """The id of the run that an input is for, if it is for one."""
    match arrival:
        case TimerInput():
            return arrival.wakeup.run_id
        case OutcomeInput():
            return arrival.outcome.run_id
        case ResponseInput() | TaskInput():
            return arrival.run_id
        case _:
            return ""
