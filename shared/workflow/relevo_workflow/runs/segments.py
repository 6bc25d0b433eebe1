"""Who is in which segment: looked at again when the customer's facts change, or when a time limit runs out."""

from datetime import datetime

from msgspec import structs

from relevo_workflow.definition.workflow import Segment
from relevo_workflow.definition.workflow_index import WatchedSegment, WorkflowIndex
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.inputs import StartInput
from relevo_workflow.model.order_history import next_departure
from relevo_workflow.model.state import Facts, Run, Shop

SEGMENT_ALARM = "segment"


def is_member(segment: Segment, facts: Facts, customer: str, shop: Shop, now: datetime) -> bool:
    """Whether the customer is in the segment at `now`."""
    nobody = Run(id="", workflow="", version="", key=customer, customer=customer, started_at=now, at=now)
    run = structs.replace(nobody, trigger_type="manual")
    return segment.rule.evaluate(Scope(run_state=run, facts=facts, shop_state=shop, now=now)).value is True


def changed_segments(
    index: WorkflowIndex, facts: Facts, customer: str, shop: Shop, now: datetime, *, happened: datetime
) -> tuple[Facts, list[StartInput]]:
    """The facts with the memberships as they are `now`, and the starts that joining and leaving asks for.

    Runs start when it `happened`, as those do that an event starts: what follows it concerns them, however late both
    become known.
    """
    members = dict(facts.segments)
    starts: list[StartInput] = []
    for watched in index.segments:
        name = watched.segment.name
        inside = is_member(watched.segment, facts, customer, shop, now)
        if inside != (name in facts.segments):
            starts.extend(_starts(watched, "joined" if inside else "left", now, happened))
        if inside:
            members.setdefault(name, now)
        else:
            members.pop(name, None)
    if members == facts.segments:
        return facts, []
    return structs.replace(facts, segments=members, segments_at=now), starts


def _starts(watched: WatchedSegment, change: str, now: datetime, happened: datetime) -> list[StartInput]:
    """One start of the workflow for each of its triggers that the change fits."""
    return [
        StartInput(
            id=f"{watched.workflow}/segment-{index}/{now.isoformat()}",
            workflow=watched.workflow,
            at=happened,
            cause="segment",
            name=f"segment-{index}",
            data={"segment": watched.segment.name, "change": change},
        )
        for index, wanted in watched.triggers
        if wanted == change
    ]


def next_recheck(segment: Segment, facts: Facts, after: datetime) -> datetime | None:
    """When the next of the rule's time limits runs out for this customer."""
    limits = [
        since + length
        for field, length in segment.ages
        if (since := getattr(facts, field)) is not None and since + length > after
    ]
    leaving = (next_departure(facts, window, after) for window in segment.windows)
    limits += [at for at in leaving if at is not None]
    return min(limits, default=None)
