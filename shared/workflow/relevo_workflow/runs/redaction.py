"""A customer's right to be forgotten: every run ends, every fact goes, and nothing that is older comes back."""

from datetime import datetime

from msgspec import structs

from relevo_contracts.envelope import Event
from relevo_workflow.model.decision import Decision, Handled
from relevo_workflow.model.effects import CancelTimer, Effect, Unsubscribe
from relevo_workflow.model.inputs import EventInput, Input
from relevo_workflow.model.state import Facts, Run, Subject
from relevo_workflow.runs.coupons import cancelled_ends

REASON = "the customer was redacted"


def redacted(subject: Subject, event: Event) -> Handled:
    """The subject without facts and runs. Timers are cancelled; the ended runs keep nothing of the person."""
    if precedes_erasure(subject.facts, EventInput(event)):
        return Handled(subject, (), ())
    alarms = tuple(CancelTimer(id=f"{subject.key}/{name}", name=name) for name in subject.facts.alarms)
    decisions = tuple(end_redacted(run, event.time, event.id) for run in subject.runs)
    return Handled(
        structs.replace(subject, facts=Facts(redacted_at=event.time), runs=()),
        decisions,
        (*alarms, *cancelled_ends(subject.facts, subject.key)),
    )


def precedes_erasure(facts: Facts, arrival: Input) -> bool:
    """Whether the customer was erased since: a late webhook or a redriven dead letter must not bring them back.

    What happened at the very moment is void too, so that an erasure that is told twice counts once.
    """
    return facts.redacted_at is not None and arrival.at <= facts.redacted_at


def precedes_shop_erasure(shop: Facts, at: datetime) -> bool:
    """Whether the shop was erased after `at`: nothing from before brings any customer of it back.

    Unlike with `precedes_erasure`, what happened at the very moment is heard: each customer of the shop is erased by an
    event of that time.
    """
    return shop.redacted_at is not None and at < shop.redacted_at


def end_redacted(run: Run, at: datetime, input_id: str) -> Decision:
    """The end of a run whose customer was erased: it keeps nothing of the person."""
    effects: tuple[Effect, ...] = tuple(
        CancelTimer(id=f"{run.id}/{name}", name=name, run_id=run.id) for name in run.timers
    )
    ended = structs.replace(
        run,
        state="ended",
        step="",
        timers={},
        trigger={},
        saved={},
        early={},
        votes=(),
        waits_since=None,
        ended_at=at,
        end_reason=REASON,
    )
    if run.waits_since is not None:
        effects = (*effects, Unsubscribe(id=run.effect_key, run_id=run.id))
    return Decision(
        workflow=run.workflow,
        version=run.version,
        kind="exited",
        reason=REASON,
        at=at,
        run=ended,
        effects=effects,
        input_id=input_id,
    )
