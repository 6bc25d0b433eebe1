"""Two customers turn out to be one: the facts of the merged one become the kept one's, its runs go on there.

A merge starts nothing and repeats nothing. Runs keep their ids, and with them the keys of their effects; what a
workflow has done for either counts for re-entry; a run ends where the kept customer is on its way in the same workflow.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import structs

from relevo_contracts.contact import join as join_contacts
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.decision import Decision, Handled
from relevo_workflow.model.effects import CancelTimer, Effect, Unsubscribe
from relevo_workflow.model.interests import join_views
from relevo_workflow.model.order_history import merge_orders
from relevo_workflow.model.state import Facts, Past, Run, Subject
from relevo_workflow.runs.coupons import cancelled_ends, join_coupons, moved_ends
from relevo_workflow.runs.facts import KEPT_IMPORTS, KEPT_ORDERS, KEPT_STARTS, bounded_attributes
from relevo_workflow.runs.recalls import recall
from relevo_workflow.runs.redaction import end_redacted
from relevo_workflow.runs.starting import past_name

CUSTOMER_MERGED = "customer.merged"
REASON = "the customer was merged with one who is in this workflow already"


def merge_customers(
    subject: Subject, merged: Sequence[Subject], pinned: Mapping[str, Definition], at: datetime, input_id: str
) -> Handled:
    """The kept customer `subject` with all that is known of the `merged` ones.

    Alarms and memberships are left to be found anew (`timed_by` is empty), which starts nothing. A run that goes on is
    told by a decision that is `ignored`.

    A merge that is older than the kept customer's erasure, and comes after it, brings nothing back: whoever is merged
    was erased with them.
    """
    erased = _erased_since(subject.facts, at)
    facts, runs, decisions = subject.facts, list(subject.runs), list[Decision]()
    alarms: list[Effect] = []
    for other in merged:
        if erased is None or (other.facts.first_seen_at or erased) > erased:
            facts = merge_facts(facts, other.facts, other.key, subject.key)
            alarms += moved_ends(other.facts, subject.key)
        alarms += [CancelTimer(id=f"{other.key}/{name}", name=name) for name in other.facts.alarms]
        alarms += cancelled_ends(other.facts, other.key)
        for run in other.runs:
            if erased is not None and run.started_at <= erased:
                decision = end_redacted(structs.replace(run, customer=subject.key), at, input_id)
            else:
                decision = _moved(run, subject.key, runs, pinned.get(run.version), at=at, input_id=input_id)
            decisions.append(decision)
            if decision.run is not None and decision.run.state != "ended":
                runs.append(decision.run)
    return Handled(structs.replace(subject, facts=facts, runs=tuple(runs)), tuple(decisions), tuple(alarms))


def _erased_since(facts: Facts, at: datetime) -> datetime | None:
    return facts.redacted_at if facts.redacted_at is not None and at <= facts.redacted_at else None


def _moved(
    run: Run, key: str, runs: list[Run], definition: Definition | None, *, at: datetime, input_id: str
) -> Decision:
    """A run as the kept customer's, or its end."""
    moved = structs.replace(run, customer=key, key=key if run.key == run.customer else run.key)
    several = definition is not None and definition.reentry.mode == "several"
    twice = not several and any(_meet(moved, one) for one in runs)
    effects: tuple[Effect, ...] = ()
    if twice:
        effects = tuple(CancelTimer(id=f"{run.id}/{name}", name=name, run_id=run.id) for name in run.timers)
        if run.waits_since is not None:
            effects = (*effects, Unsubscribe(id=run.effect_key, run_id=run.id))
        effects = (*effects, *recall(run, at, REASON))
        moved = structs.replace(moved, state="ended", step="", timers={}, recallable={}, ended_at=at, end_reason=REASON)
    return Decision(
        workflow=run.workflow,
        version=run.version,
        kind="exited" if twice else "ignored",
        reason=REASON if twice else "it goes on with the customer that was kept",
        at=at,
        run=moved,
        effects=effects,
        input_id=input_id,
    )


def _meet(run: Run, other: Run) -> bool:
    same = (run.workflow, run.key, run.test) == (other.workflow, other.key, other.test)
    return same and run.state == "active" and other.state == "active"


def merge_facts(kept: Facts, other: Facts, other_key: str, key: str) -> Facts:
    """What is known of two customers as one; where both say something, `kept` is right."""
    orders = tuple(dict.fromkeys((*other.order_ids, *kept.order_ids)))
    known_twice = len(kept.order_ids) + len(other.order_ids) - len(orders)
    return structs.replace(
        kept,
        contact=join_contacts(kept.contact, other.contact),
        group=kept.group or other.group,
        company=kept.company or other.company,
        tags=list(dict.fromkeys((*kept.tags, *other.tags))),
        attributes=bounded_attributes(other.attributes, kept.attributes),
        birthday=kept.birthday or other.birthday,
        orders_count=kept.orders_count + other.orders_count - known_twice,
        **_spent(kept, other),
        first_order_at=_first(kept.first_order_at, other.first_order_at),
        last_order_at=_last(kept.last_order_at, other.last_order_at),
        first_seen_at=_first(kept.first_seen_at, other.first_seen_at),
        last_seen_at=_last(kept.last_seen_at, other.last_seen_at),
        last_heard_at=_last(kept.last_heard_at, other.last_heard_at),
        order_ids=orders[-KEPT_ORDERS:],
        **merge_orders(kept, other),
        latest=_latest(kept, other),
        past=_past(kept, other, other_key, key),
        once=tuple(dict.fromkeys((*other.once, *kept.once))),
        segments={name: min(at, kept.segments.get(name, at)) for name, at in other.segments.items()}
        | {name: at for name, at in kept.segments.items() if name not in other.segments},
        segments_at=_last(kept.segments_at, other.segments_at),
        timed_by="",
        redacted_at=_last(kept.redacted_at, other.redacted_at),
        profiles_imported=tuple(dict.fromkeys((*other.profiles_imported, *kept.profiles_imported)))[-KEPT_IMPORTS:],
        coupons=join_coupons(kept, other),
        viewed=join_views(other.viewed, kept.viewed),
    )


def _spent(kept: Facts, other: Facts) -> dict[str, str]:
    """The sum, if the currency is the same; else what was spent in the kept customer's."""
    if not other.currency or (kept.currency and kept.currency != other.currency):
        return {}
    return {
        "total_spent": format(Decimal(kept.total_spent) + Decimal(other.total_spent), "f"),
        "currency": other.currency,
    }


def _latest(kept: Facts, other: Facts) -> dict[str, Any]:
    newest = dict(other.latest)
    for name, one in kept.latest.items():
        known = newest.get(name)
        newest[name] = one if known is None or (known.at, known.id) < (one.at, one.id) else known
    return newest


def _past(kept: Facts, other: Facts, other_key: str, key: str) -> dict[str, Past]:
    past = dict(kept.past)
    for name, one in other.past.items():
        workflow, _, run_key = name.partition("/")
        mine = past_name(workflow, key if run_key == other_key else run_key)
        known = past.get(mine)
        past[mine] = one if known is None else _both(known, one)
    return past


def _both(one: Past, other: Past) -> Past:
    early, late = (one, other) if one.started_at <= other.started_at else (other, one)
    return Past(
        started_at=late.started_at,
        run_ids=tuple(dict.fromkeys((*early.run_ids, *late.run_ids)))[-KEPT_STARTS:],
        spans=tuple(sorted({*one.spans, *other.spans}))[-KEPT_STARTS:],
        forever=one.forever or other.forever,
    )


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one is not None and other is not None else one or other


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one is not None and other is not None else one or other
