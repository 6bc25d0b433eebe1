"""One customer and one input: the facts change, the runs decide, new runs start."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_contracts.keys import is_customer
from relevo_workflow.alarms import alarm_of, due_starts, rearm, unchanged
from relevo_workflow.decide import decide
from relevo_workflow.decision import Decision, Handled
from relevo_workflow.definition import Definition
from relevo_workflow.deployment import Deployment
from relevo_workflow.effects import Effect, SetAttributes
from relevo_workflow.facts import REDACTED, fold, remember, with_changes, with_end, with_start
from relevo_workflow.inputs import EventInput, Input, OutcomeInput, StartInput, TimerInput
from relevo_workflow.redaction import redacted
from relevo_workflow.segments import changed_segments
from relevo_workflow.starting import past_name
from relevo_workflow.state import Facts, Run, Shop, Subject

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

    Raises `MissingVersionError` if a run's version is not in `pinned`, and what `fold` raises for a bad event.
    """
    place = shop or Shop(id=subject.shop)
    if isinstance(arrival, EventInput) and arrival.event.type == REDACTED and arrival.event.key == subject.key:
        return redacted(subject, arrival.event)
    deployment = Deployment.of(definitions)
    work = _Work(subject, place, now)
    caught_up = work.catch_up(deployment)
    if isinstance(arrival, EventInput):
        work.facts = _fold_event(deployment, subject.key, work.facts, arrival.event)
    work.let_runs_decide(deployment, pinned, arrival)
    for start, candidates in work.asked(deployment, arrival):
        for definition in candidates:
            work.start(definition, start)
    effects = caught_up + (work.keep_time(deployment, arrival) if deployment.timed else ())
    if work.facts is subject.facts and not work.decisions and not effects:
        return Handled(subject)
    changed = structs.replace(subject, facts=work.facts, runs=tuple(work.runs))
    return Handled(changed, tuple(work.decisions), effects)


def refresh(definitions: Sequence[Definition], subject: Subject, now: datetime, *, shop: Shop | None = None) -> Handled:
    """Arms what triggers that depend on time need for this customer, as after a deployment; starts nothing.

    Whoever had no event yet has nothing to catch up with: their first event finds the workflows as they are.
    """
    work = _Work(subject, shop or Shop(id=subject.shop), now)
    effects = work.catch_up(Deployment.of(definitions))
    if work.facts is subject.facts:
        return Handled(subject)
    return Handled(structs.replace(subject, facts=work.facts), (), effects)


class _Work:
    """The customer while one input is handled."""

    __slots__ = ("before", "decisions", "facts", "now", "runs", "shop", "subject")

    def __init__(self, subject: Subject, shop: Shop, now: datetime) -> None:
        self.subject = subject
        self.shop = shop
        self.now = now
        self.facts = subject.facts
        self.before = subject.facts
        self.runs: list[Run] = []
        self.decisions: list[Decision] = []

    def catch_up(self, deployment: Deployment) -> tuple[Effect, ...]:
        """Alarms and memberships as the workflows of today want them, before anything happens: this starts nothing.

        So that a customer who was in a segment before its workflow was deployed does not join it with their next event.
        """
        if self.facts.timed_by == deployment.fingerprint or not is_customer(self.subject.key):
            return ()
        effects: tuple[Effect, ...] = ()
        if self.facts != _NOTHING_KNOWN:
            self.facts, _ = changed_segments(deployment, self.facts, self.subject.key, self.shop, self.now)
            self.facts, effects = rearm(deployment, self.subject, self.facts, self.shop, self.now)
            self.facts = structs.replace(self.facts, timed_by=deployment.fingerprint)
            self.before = self.facts
        return effects

    def asked(self, deployment: Deployment, arrival: Input) -> Iterable[tuple[Input, Sequence[Definition]]]:
        """What may start runs, and of which definitions."""
        if isinstance(arrival, EventInput):
            event = arrival.event
            candidates = deployment.starts.get(event.type)
            if candidates and not event.historical and event.key == self.subject.key:
                return [(arrival, candidates)]
            return ()
        if isinstance(arrival, StartInput):
            starts = [arrival]
        else:
            subject = structs.replace(self.subject, facts=self.facts)
            starts = due_starts(deployment, subject, arrival, self.now, shop=self.shop)
        return [(start, deployment.named(start.workflow)) for start in starts]

    def let_runs_decide(self, deployment: Deployment, pinned: Mapping[str, Definition], arrival: Input) -> None:
        """Lets those runs decide that the input can concern at all."""
        heard, addressee = _addressed(arrival)
        for run in self.subject.runs:
            definition = pinned.get(run.version) or _version(deployment, run)
            if heard in definition.event_types or run.id == addressee:
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
            name = past_name(run.workflow, run.key)
            forever = definition.reentry.mode == "never"
            self.facts = with_start(self.facts, name, run.id, run.started_at, forever=forever)
        self._take(decision)

    def keep_time(self, deployment: Deployment, arrival: Input) -> tuple[Effect, ...]:
        """Starts what segments that changed ask for, and keeps the alarms in step with the facts."""
        alarm, new = alarm_of(arrival), self.facts.timed_by != deployment.fingerprint
        if not (deployment.segments or new) and alarm is None and unchanged(deployment, self.before, self.facts):
            return ()
        if not is_customer(self.subject.key) or self.facts == _NOTHING_KNOWN:
            return ()
        self.facts, starts = changed_segments(deployment, self.facts, self.subject.key, self.shop, self.now)
        if not (isinstance(arrival, EventInput) and arrival.event.historical):
            for start in starts:
                for definition in deployment.named(start.workflow):
                    self.start(definition, start)
        fired = alarm[0] if alarm is not None else ""
        self.facts, effects = rearm(deployment, self.subject, self.facts, self.shop, self.now, fired=fired)
        if new:
            self.facts = structs.replace(self.facts, timed_by=deployment.fingerprint)
        return effects

    def _take(self, decision: Decision) -> None:
        self.decisions.append(decision)
        run = decision.run
        if run is not None and run.state != "ended":
            self.runs.append(run)
        if run is not None and run.ended_at is not None:
            self.facts = with_end(self.facts, past_name(run.workflow, run.key), run.started_at, run.ended_at)
        for effect in decision.effects:
            if isinstance(effect, SetAttributes):
                self.facts = with_changes(self.facts, effect)


def _fold_event(deployment: Deployment, customer: str, known: Facts, event: Event) -> Facts:
    """The facts after the event. An event about another key (a product) says nothing of the customer."""
    if event.key != customer:
        return known
    facts = fold(known, event)
    return remember(facts, event) if event.type in deployment.exit_types else facts


def _version(deployment: Deployment, run: Run) -> Definition:
    for definition in deployment:
        if definition.version == run.version:
            return definition
    raise MissingVersionError(run)


def _addressed(arrival: Input) -> tuple[str, str]:
    """Whom an input can concern: the runs that listen to a type of event, or one run by its id."""
    match arrival:
        case EventInput():
            return arrival.event.type, ""
        case TimerInput():
            return "", arrival.wakeup.run_id
        case OutcomeInput():
            return "", arrival.outcome.run_id
        case StartInput():
            return "", ""
        case _:
            return "", arrival.run_id
