"""A customer while one input is handled, as a value: the facts, runs and decisions so far.

Nothing here changes: runs that decide and runs that start give the update after it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct, structs

from relevo_workflow.definition.workflow import Definition
from relevo_workflow.definition.workflow_index import WorkflowIndex
from relevo_workflow.model.decision import Decision, Handled
from relevo_workflow.model.effects import Effect
from relevo_workflow.model.inputs import EventInput, Input, StartInput
from relevo_workflow.model.state import Facts, Run, Shop, Subject
from relevo_workflow.runs.correlation import RunCorrelator
from relevo_workflow.runs.decide import decide
from relevo_workflow.runs.facts import with_effects, with_end, with_start
from relevo_workflow.runs.starting import past_name, start


class MissingVersionError(LookupError):
    """A run's version was not given: the caller has to load the definition that the run is pinned to."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.id} needs version {run.version} of {run.workflow}: pass it in `pinned`")
        self.run = run


class SubjectUpdate(Struct, frozen=True, gc=False, kw_only=True):
    """The customer while one input is handled.

    `subject` is what was stored; `facts`, `runs`, `decisions` and `effects` are what has come of it so far. `timed` are
    the facts that the alarms follow now. `known_at` is when the input became known, which may be long after it happened
    (an import): alarms that would have been due in between were missed, and start nothing.
    """

    index: WorkflowIndex
    pinned: Mapping[str, Definition]
    subject: Subject
    shop: Shop
    now: datetime
    known_at: datetime
    timed: Facts
    facts: Facts
    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...] = ()
    effects: tuple[Effect, ...] = ()

    def handled(self) -> Handled:
        """What became of the customer."""
        if self.facts is self.subject.facts and not self.decisions:
            return Handled(self.subject, (), self.effects)
        changed = structs.replace(self.subject, facts=self.facts, runs=self.runs)
        return Handled(changed, self.decisions, self.effects)


def begin_update(
    index: WorkflowIndex,
    pinned: Mapping[str, Definition],
    subject: Subject,
    shop: Shop | None,
    *,
    now: datetime,
    known_at: datetime,
) -> SubjectUpdate:
    """The update before anything has happened."""
    return SubjectUpdate(
        index=index,
        pinned=pinned,
        subject=subject,
        shop=shop or Shop(id=subject.shop),
        now=now,
        known_at=known_at,
        timed=subject.facts,
        facts=subject.facts,
        runs=subject.runs,
    )


def version_of(index: WorkflowIndex, pinned: Mapping[str, Definition], run: Run) -> Definition:
    """The definition that a run is pinned to. Raises `MissingVersionError`."""
    definition = pinned.get(run.version) or index.by_version.get(run.version)
    if definition is None:
        raise MissingVersionError(run)
    return definition


def ask_runs(update: SubjectUpdate, arrival: Input, addressee: str = "") -> SubjectUpdate:
    """Lets those runs decide that an event may concern, or that have an id."""
    if not update.subject.runs:
        return update
    correlator = RunCorrelator(arrival.event) if isinstance(arrival, EventInput) else None
    facts = update.facts
    runs: list[Run] = []
    decisions: list[Decision] = []
    for run in update.subject.runs:
        definition = version_of(update.index, update.pinned, run)
        asked = run.id == addressee if correlator is None else correlator.concerns(definition, run)
        decision = _decision(update, definition, run, arrival, facts) if asked and _hears(run, arrival) else None
        if decision is None:
            runs.append(run)
        else:
            facts = _facts_after(facts, decision)
            runs.extend(_going_on(decision))
            decisions.append(decision)
    if not decisions:
        return update
    return structs.replace(update, facts=facts, runs=tuple(runs), decisions=(*update.decisions, *decisions))


def _hears(run: Run, arrival: Input) -> bool:
    """Whether a run takes notice of an input: of a test order only a rehearsal does."""
    return run.test or not (isinstance(arrival, EventInput) and arrival.event.test)


def _decision(update: SubjectUpdate, definition: Definition, run: Run, arrival: Input, facts: Facts) -> Decision | None:
    """What the input does to a run; `None` if that is nothing."""
    decision = decide(definition, run, arrival, facts, update.now, shop=update.shop, customer=update.subject.key)
    return None if decision.kind == "ignored" and not decision.effects else decision


def start_runs(update: SubjectUpdate, starts: Iterable[StartInput]) -> SubjectUpdate:
    """Starts what is asked for."""
    for wanted in starts:
        for definition in update.index.named(wanted.workflow):
            update = start_run(update, definition, wanted)
    return update


def start_run(update: SubjectUpdate, definition: Definition, arrival: Input) -> SubjectUpdate:
    """Starts a run, or says why not."""
    customer, facts = update.subject.key, update.facts
    decision = start(definition, arrival, facts, shop=update.shop, customer=customer, active=update.runs)
    if decision.kind == "ignored":
        return update
    run = decision.run
    if run is not None:
        name, forever = past_name(run.workflow, run.key, test=run.test), definition.reentry.mode == "never"
        facts = with_start(facts, name, run.id, run.started_at, forever=forever, customer=customer)
    return structs.replace(
        update,
        facts=_facts_after(facts, decision),
        runs=(*update.runs, *_going_on(decision)),
        decisions=(*update.decisions, decision),
    )


def _going_on(decision: Decision) -> tuple[Run, ...]:
    """The run of a decision, unless it has ended or never started."""
    return (decision.run,) if decision.run is not None and decision.run.state != "ended" else ()


def _facts_after(facts: Facts, decision: Decision) -> Facts:
    """The facts with the end of the run, and with what its steps have set."""
    run = decision.run
    if run is not None and run.ended_at is not None:
        name = past_name(run.workflow, run.key, test=run.test)
        facts = with_end(facts, name, run.started_at, run.ended_at)
    return with_effects(facts, decision.effects)
