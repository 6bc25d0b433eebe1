"""What a batch of inputs changes, decided by the workflow core one after the other. Pure: same inputs, same changes."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.event_types import ERASURES
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import WakeUp
from relevo_contracts.zones import zone_of
from relevo_engine.core.calendar import fire, is_entry
from relevo_engine.core.catalogue import CatalogueChanges, check_product
from relevo_engine.core.erasure import DATA_REQUESTED, is_erasure
from relevo_engine.core.inputs import IncomingMessage, RefreshInput, Rejected
from relevo_engine.core.keys import KeyChanges
from relevo_engine.core.merging import Merge, SubjectKey, addressed, merges_of, with_merge
from relevo_engine.core.messages import MESSAGE_EFFECTS, outgoing
from relevo_engine.core.results import ResultChanges
from relevo_engine.core.shop_figures import COUNTED_OF_SHOP, shop_counts
from relevo_engine.core.tasks import TaskChanges
from relevo_runtime.outgoing import Outgoing, Timer
from relevo_workflow import (
    CUSTOMER_MERGED,
    ArmTimer,
    CallSystem,
    CancelTimer,
    CloseTask,
    Decision,
    Definition,
    Effect,
    Emit,
    EscalateTask,
    EventInput,
    Facts,
    Handled,
    Http,
    Input,
    KeepCoupon,
    OpenTask,
    Recall,
    RemindTask,
    Run,
    Send,
    SetAttributes,
    Shop,
    StartRun,
    Subject,
    Subscribe,
    TakeCoupon,
    TimerInput,
    Unsubscribe,
    WorkflowIndex,
    handle,
    merge_customers,
    precedes_shop_erasure,
    rearm_alarms,
    recommends,
    was_placed,
)

_OF_TIMERS = (ArmTimer, CancelTimer)


class Definitions(Struct, frozen=True):
    """What a shop runs: the active definitions start runs; every version that a run still uses is in `by_version`."""

    active: WorkflowIndex
    by_version: Mapping[str, Definition]
    shop: Shop

    def asking(self, version: str, workflow: str) -> Definition | None:
        """The definition by which a message of this version asked; the active one where that is not known any more."""
        return self.by_version.get(version) or next((one for one in self.active if one.name == workflow), None)


class DecisionRow(Struct, frozen=True, gc=False):
    """A decision with the input that caused it."""

    shop: str
    key: str
    input: str
    decision: Decision


class Changes(Struct):
    """What one batch changes, ready to be written set by set."""

    customers: dict[SubjectKey, tuple[Facts, datetime]]
    runs: dict[tuple[str, str], tuple[str, Run]]  # (shop, run id) -> (customer key, run)
    timers: dict[tuple[str, str], Timer | None]
    fired: list[WakeUp]
    decisions: list[DecisionRow]
    outbox: list[Outgoing]
    rejected: list[Rejected]
    tasks: TaskChanges
    keys: KeyChanges
    erased: dict[SubjectKey, Event]  # by each key that the erased one had when it happened
    data_requests: list[Event]
    catalogue: CatalogueChanges
    results: ResultChanges
    recommending: list[tuple[DecisionRow, IncomingMessage]] = []  # whose messages wait for recommendations
    merged: dict[SubjectKey, str] = {}  # whoever turned out to be somebody else -> the key that stands for them
    moved_timers: dict[tuple[str, str], str] = {}  # (shop, timer id) -> the customer that it wakes

    def erase(self, key: SubjectKey, event: Event) -> None:
        """Drops what this batch has decided, sends and waits for, for the customer and whoever was merged into them.

        The rows of them all are deleted before those of the batch are written. Facts, timers and new tasks stay with
        the caller: the customer's facts become the time of the erasure, the ends of the runs cancel the timers, and
        the tasks are written without a word of the person.
        """
        gone = {key} | {one for one, into in self.merged.items() if (one[0], into) == key}
        self.erased |= dict.fromkeys(gone, event)
        self.tasks.redacted |= gone
        self.runs = {ref: row for ref, row in self.runs.items() if (ref[0], row[0]) not in gone}
        self.decisions = [row for row in self.decisions if (row.shop, row.key) not in gone]
        self.recommending = [one for one in self.recommending if (one[0].shop, one[0].key) not in gone]
        self.outbox = [message for message in self.outbox if (message.shop, message.key) not in gone]
        self.keys.erase(gone)

    @classmethod
    def none(cls) -> "Changes":
        """Nothing is changed yet."""
        return cls({}, {}, {}, [], [], [], [], TaskChanges(), KeyChanges(), {}, [], CatalogueChanges(), ResultChanges())

    def merge(self, merges: Sequence[Merge], joined: Handled, subjects: dict[SubjectKey, Subject]) -> None:
        """The merged customers are nobody from here on, and what their runs wait for wakes the kept one."""
        for one in merges:
            key = (one.shop, one.key)
            self.merged = with_merge(self.merged, one)
            self.customers.pop(key, None)
            subjects[key] = Subject(shop=one.shop, key=one.key)
        for run in (decision.run for decision in joined.decisions):
            if run is not None:
                self.moved_timers |= {(joined.subject.shop, f"{run.id}/{name}"): run.customer for name in run.timers}


def decide_into(
    changes: Changes,
    subjects: dict[SubjectKey, Subject],
    arrived: IncomingMessage,
    definitions: Mapping[str, Definitions],
    now: datetime | None = None,
) -> None:
    """What one further input does, added to `changes`. One that the core can't take is rejected alone.

    `subjects` is updated in place; it has an entry for the key of the input, and `definitions` one for its shop. `now`
    is the clock's time: a calendar that was due while nobody looked goes on from there.
    """
    if changes.merged:
        arrived = addressed(arrived, changes.merged) or arrived
    try:
        if isinstance(arrived.input, TimerInput) and is_entry(arrived.input.wakeup):
            _fire(arrived.input.wakeup, definitions[arrived.shop], now or arrived.input.at, changes)
        else:
            _decide_one(subjects, arrived, definitions[arrived.shop], changes)
    except Exception as error:  # noqa: BLE001 - a defect in one message's path must not hold the whole partition
        changes.rejected.append(Rejected(arrived.record, _explain(error), error))
    if isinstance(arrived.input, TimerInput):
        # Rejected or not: a timer that comes back for ever would fill the dead letters.
        changes.fired.append(arrived.input.wakeup)


def _decide_one(
    subjects: dict[SubjectKey, Subject], arrived: IncomingMessage, definitions: Definitions, changes: Changes
) -> None:
    key, at = (arrived.shop, arrived.key), arrived.input.at
    event = arrived.input.event if isinstance(arrived.input, EventInput) else None
    before = subjects[key]
    shop = subjects.get((arrived.shop, SHOP_KEY))
    if shop is not None and precedes_shop_erasure(shop.facts, at):
        return
    merges = merges_of(arrived) if event is not None and event.type == CUSTOMER_MERGED else ()
    if merges:
        others = [subjects[(one.shop, one.key)] for one in merges]
        before, joined = _join(before, others, arrived, definitions)
        handled = _handle(definitions, joined.subject, arrived.input)
        handled = Handled(handled.subject, joined.decisions + handled.decisions, joined.effects + handled.effects)
    else:
        joined = handled = _handle(definitions, before, arrived.input)
    subject = handled.subject
    messages = _messages(handled, arrived)
    check_product(arrived)
    # What may fail is behind us: from here on the input counts as a whole.
    erased = event is not None and event.type in ERASURES and is_erasure(arrived, before.facts)
    if erased and event is not None:
        changes.erase(key, event)
        subject = structs.replace(subject, facts=Facts(redacted_at=at))
    subjects[key] = subject
    changes.outbox.extend(messages)
    if subject.facts is not before.facts:
        changes.customers[key] = (subject.facts, at)
    if merges:
        changes.merge(merges, joined, subjects)
    changes.keys.happened(arrived)
    changes.catalogue.happened(arrived)
    changes.results.happened(arrived, before, changes.runs, definitions.asking)
    if event is None or event.type in COUNTED_OF_SHOP:
        _count_of_shop(arrived, _new_orders(event, before.facts, subject.facts), definitions, changes)
    if event is not None and event.type == DATA_REQUESTED and event.key == arrived.key and not event.test:
        changes.data_requests.append(event)
    if handled.decisions:
        _keep(handled.decisions, before, arrived, definitions, changes, erased=erased)
    if handled.effects:
        _carry_out(handled.effects, None, arrived, changes)


def _keep(
    decisions: Iterable[Decision],
    before: Subject,
    arrived: IncomingMessage,
    definitions: Definitions,
    changes: Changes,
    *,
    erased: bool,
) -> None:
    """Notes what was decided of the customer `before`, what it comes to for their runs, and what it asks for."""
    given = arrived.input
    kind = given.event.type if isinstance(given, EventInput) else given.__struct_config__.tag
    for decision in decisions:
        if decision.run is not None:
            if not erased:  # the rows of an erased customer's runs are deleted
                changes.runs[(arrived.shop, decision.run.id)] = (arrived.key, decision.run)
            if decision.run.waits_since is not None:
                changes.keys.follow(arrived, decision.run)
        if decision.kind != "ignored":
            _note(DecisionRow(arrived.shop, arrived.key, str(kind), decision), arrived, changes)
        if decision.effects:
            _carry_out(decision.effects, decision, arrived, changes)
        if before.runs:  # after the effects: the reason of an effect that closes a task is the better one
            changes.tasks.follow(arrived, before, decision, definitions.by_version)
        changes.results.follow(arrived, before, decision, definitions.by_version)


def _note(row: DecisionRow, arrived: IncomingMessage, changes: Changes) -> None:
    """Keeps a decision; one with messages that recommend is finished when the batch is decided."""
    changes.decisions.append(row)
    if recommends(row.decision):
        changes.recommending.append((row, arrived))


def _count_of_shop(
    arrived: IncomingMessage, orders: Sequence[Event], definitions: Definitions, changes: Changes
) -> None:
    """Counts what happened to the shop as a whole."""
    if definitions.active.recommends:
        changes.catalogue.sold += orders
    for place, worth in shop_counts(arrived, zone_of(definitions.shop.timezone), orders):
        changes.results.add(place, worth)


def _new_orders(event: Event | None, before: Facts, after: Facts) -> list[Event]:
    """The order that became known by this event: told twice it counts once, and one that can't be read not at all."""
    if event is None or event.type != "order.placed" or event.test or after is before:
        return []
    order_id = event.data.get("order_id", "")
    return [event] if was_placed(after, order_id) and not was_placed(before, order_id) else []


def _join(
    kept: Subject, others: Sequence[Subject], arrived: IncomingMessage, definitions: Definitions
) -> tuple[Subject, Handled]:
    """The kept customer with all the runs that there were, and joined with those whom a message says to be the same."""
    whole = structs.replace(kept, runs=kept.runs + tuple(run for other in others for run in other.runs))
    return whole, merge_customers(kept, others, definitions.by_version, arrived.input.at, arrived.input.id)


def _handle(definitions: Definitions, subject: Subject, arrival: Input | RefreshInput) -> Handled:
    if isinstance(arrival, RefreshInput):
        return rearm_alarms(definitions.active, subject, arrival.at, shop=definitions.shop)
    return handle(definitions.active, definitions.by_version, subject, arrival, arrival.at, shop=definitions.shop)


def _fire(wakeup: WakeUp, definitions: Definitions, now: datetime, changes: Changes) -> None:
    """An entry of the shop's calendar is due."""
    due = fire(definitions.active, definitions.shop, wakeup, now)
    if due is not None:
        fanout, following = due
        changes.keys.begin(fanout)
        if following is not None:
            changes.timers[(wakeup.shop, wakeup.timer_id)] = following


def _messages(handled: Handled, arrived: IncomingMessage) -> list[Outgoing]:
    """What leaves the engine. Raises `EffectError` for an effect that can't travel."""
    made: list[Outgoing] = []
    for decision in handled.decisions:
        for one in decision.effects:
            if not isinstance(one, _OF_TIMERS) and isinstance(one, MESSAGE_EFFECTS):
                message = outgoing(one, decision, arrived)
                if not (isinstance(one, Send) and one.recommend is not None):  # it leaves with its recommendations
                    made.append(message)
    for one in handled.effects:
        if isinstance(one, MESSAGE_EFFECTS):
            made.append(outgoing(one, None, arrived))  # noqa: PERF401 - most have none, and a list costs more
    return made


def _carry_out(
    effects: Iterable[Effect], decision: Decision | None, arrived: IncomingMessage, changes: Changes
) -> None:
    """Notes the effects that are rows of the engine's own transaction."""
    for effect in effects:
        match effect:
            case ArmTimer():
                changes.timers[(arrived.shop, effect.id)] = Timer(
                    shop=arrived.shop,
                    key=arrived.key,
                    timer_id=effect.id,
                    due_at=effect.due_at,
                    run_id=effect.run_id,
                    turn=effect.turn,
                    name=effect.name,
                )
            case CancelTimer():
                changes.timers[(arrived.shop, effect.id)] = None
            case OpenTask() | RemindTask() | EscalateTask() | CloseTask():
                if decision is not None:
                    changes.tasks.carry_out(effect, arrived, decision)
            case Subscribe() | Unsubscribe():
                changes.keys.carry_out(effect, arrived)
            case Send() | Recall() | Emit() | Http() | TakeCoupon() | CallSystem() | StartRun():
                pass  # messages, which are in the outbox
            case SetAttributes() | KeepCoupon():
                pass  # in the facts
            case _:
                assert_never(effect)


def _explain(error: Exception) -> str:
    """The reason for a dead letter, with the place in the code: a defect is found without the process that met it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
    return f"the workflow core failed on it: {type(error).__name__}: {error} ({place})"
