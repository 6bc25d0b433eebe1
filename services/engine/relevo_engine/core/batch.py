"""What a batch of inputs changes, decided by the workflow core one after the other. Pure: same inputs, same changes."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import WakeUp
from relevo_engine.core.calendar import fire, is_entry
from relevo_engine.core.catalogue import CatalogueChanges, check_product
from relevo_engine.core.erasure import DATA_REQUESTED, is_erasure
from relevo_engine.core.inputs import IncomingMessage, RefreshInput, Rejected
from relevo_engine.core.keys import KeyChanges
from relevo_engine.core.merging import Merge, SubjectKey, addressed, merges_of, with_merge
from relevo_engine.core.messages import MESSAGE_EFFECTS, outgoing
from relevo_engine.core.tasks import TaskChanges
from relevo_runtime.outgoing import Outgoing, Timer
from relevo_workflow import (
    ArmTimer,
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
    OpenTask,
    RemindTask,
    Run,
    Send,
    SetAttributes,
    Shop,
    StartRun,
    Subject,
    Subscribe,
    TimerInput,
    Unsubscribe,
    WorkflowIndex,
    handle,
    merge_customers,
    precedes_shop_erasure,
    rearm_alarms,
)


class Definitions(Struct, frozen=True):
    """What a shop runs: the active definitions start runs; every version that a run still uses is in `by_version`."""

    active: WorkflowIndex
    by_version: Mapping[str, Definition]
    shop: Shop


class DecisionRow(Struct, frozen=True):
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
        self.outbox = [message for message in self.outbox if (message.shop, message.key) not in gone]
        self.keys.erase(gone)

    @classmethod
    def none(cls) -> "Changes":
        """Nothing is changed yet."""
        return cls({}, {}, {}, [], [], [], [], TaskChanges(), KeyChanges(), {}, [], CatalogueChanges())

    def merge(self, merges: Sequence[Merge], joined: Handled, subjects: dict[SubjectKey, Subject]) -> None:
        """The merged customers are nobody from here on, and what their runs wait for wakes the kept one."""
        if not merges:
            return
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
        changes.rejected.append(Rejected(arrived.record, _explain(error)))
    if isinstance(arrived.input, TimerInput):
        # Rejected or not: a timer that comes back for ever would fill the dead letters.
        changes.fired.append(arrived.input.wakeup)


def _decide_one(
    subjects: dict[SubjectKey, Subject], arrived: IncomingMessage, definitions: Definitions, changes: Changes
) -> None:
    key = (arrived.shop, arrived.key)
    before = subjects[key]
    shop = subjects.get((arrived.shop, SHOP_KEY))
    if shop is not None and precedes_shop_erasure(shop.facts, arrived.input.at):
        return
    merges = merges_of(arrived)
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
    erased = is_erasure(arrived, before.facts)
    event = arrived.input.event if isinstance(arrived.input, EventInput) else None
    if erased and event is not None:
        changes.erase(key, event)
        subject = structs.replace(subject, facts=Facts(redacted_at=arrived.input.at))
    subjects[key] = subject
    changes.outbox.extend(messages)
    if subject.facts is not before.facts:
        changes.customers[key] = (subject.facts, arrived.input.at)
    changes.merge(merges, joined, subjects)
    changes.keys.happened(arrived)
    changes.catalogue.happened(arrived)
    kind = event.type if event is not None else arrived.input.__struct_config__.tag
    if event is not None and kind == DATA_REQUESTED and event.key == arrived.key and not event.test:
        changes.data_requests.append(event)
    for decision in handled.decisions:
        if decision.run is not None:
            if not erased:  # the rows of an erased customer's runs are deleted
                changes.runs[(arrived.shop, decision.run.id)] = (arrived.key, decision.run)
            changes.keys.follow(arrived, decision.run)
        if decision.kind != "ignored":
            changes.decisions.append(DecisionRow(arrived.shop, arrived.key, str(kind), decision))
        _carry_out(decision.effects, decision, arrived, changes)
        # After the effects: the reason of an effect that closes a task is the better one.
        changes.tasks.follow(arrived, before, decision, definitions.by_version)
    _carry_out(handled.effects, None, arrived, changes)


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
        made += [outgoing(one, decision, arrived) for one in decision.effects if isinstance(one, MESSAGE_EFFECTS)]
    made += [outgoing(one, None, arrived) for one in handled.effects if isinstance(one, MESSAGE_EFFECTS)]
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
            case Send() | Emit() | Http() | StartRun():
                pass  # messages, which are in the outbox
            case SetAttributes():
                pass  # in the facts
            case _:
                assert_never(effect)


def _explain(error: Exception) -> str:
    """The reason for a dead letter, with the place in the code: a defect is found without the process that met it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
    return f"the workflow core failed on it: {type(error).__name__}: {error} ({place})"
