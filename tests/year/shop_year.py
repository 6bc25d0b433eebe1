"""Runs lives through the whole library in virtual time, with the contact policy, and gathers what came of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from relevo_cli.authoring.sources import shipped_library
from relevo_cli.workflow_files import load_folders
from relevo_contracts.envelope import Event
from relevo_contracts.policy import Policy
from relevo_workflow import (
    Definition,
    Emit,
    EventInput,
    OpenTask,
    Run,
    Send,
    Shop,
    Subject,
    TakeCoupon,
    TaskInput,
    diagnose_policy,
)
from relevo_workflow.testing import Simulation, contacted
from tests.year.life import BEGINNING, END, Life, life

SHOP = Shop(id="tea", name="Tea", domain="shop.example.com", locale="en-GB", timezone="Europe/Madrid", currency="EUR")
NOT_OF_CUSTOMERS = ("low-stock", "warehouse-levels", "warehouse-transfer")
"""They are a product's, not a customer's."""
_MOST_ROUNDS = 5
_AFTER = timedelta(days=400)
"""So long after the year everything that began in it has ended."""


class Message(Struct, frozen=True):
    """A message that went out: when, when its workflow decided so, and which it is."""

    sent: datetime
    decided: datetime
    workflow: str
    run: str
    template: str
    marketing: bool


class Year(Struct, frozen=True):
    """A customer's year as it came out; `withdrawn` are the times at which a workflow ended their consent.

    `cut_short` says when runs ended before their last step, or by their goal after it, by their ids.
    """

    life: Life
    messages: list[Message]
    skipped: dict[str, int]
    coupons: list[datetime]
    withdrawn: list[datetime]
    runs: list[Run]
    cut_short: dict[str, datetime] = {}


def library() -> tuple[list[Definition], Policy]:
    """All workflows of customers, and the contact policy."""
    folder = shipped_library()
    loaded = [one.definition for one in load_folders(folder) if one.definition.name not in NOT_OF_CUSTOMERS]
    policy, found = diagnose_policy({"policy.yaml": (folder / "policy.yaml").read_text()})
    assert policy is not None, found
    return loaded, policy


def years(seed: int, population: int) -> Iterable[Year]:
    """The year of each customer of a population."""
    definitions, policy = library()
    for number in range(population):
        yield lived(definitions, policy, life(seed, number))


def lived(definitions: Sequence[Definition], policy: Policy, one: Life) -> Year:
    """A life, run through the workflows."""
    key = f"customer-{one.number}"
    simulation = Simulation(definitions, Subject(shop=SHOP.id, key=key), BEGINNING - timedelta(days=1), shop=SHOP)
    for number, happening in enumerate(one.happenings):
        event = Event(
            id=f"{happening.event}-{number}",
            source="year",
            type=happening.event,
            time=happening.at,
            shop=SHOP.id,
            key=happening.key or key,
            data=happening.data,
            receivedtime=happening.at,
        )
        simulation.give(EventInput(event), happening.at)
    simulation.run_until(END + _AFTER)
    _catch_up(simulation)
    return _gathered(one, policy, simulation)


def _catch_up(simulation: Simulation) -> None:
    """In the end the staff does what is still to be done, and whatever waits for it goes on."""
    for _ in range(_MOST_ROUNDS):
        waiting = {run.id: run.step for run in simulation.active}
        opened = [(one.run, one.effect) for one in simulation.effects if isinstance(one.effect, OpenTask)]
        todo = {run: task for run, task in opened if waiting.get(run) == task.step}
        for run, task in todo.items():
            done: Literal["approved", "completed"] = "approved" if task.approval else "completed"
            answer = TaskInput(
                id=f"{task.id}@done", task_id=task.id, run_id=run, at=simulation.now, done=done, by="bea"
            )
            simulation.give(answer)
        if not todo:
            return
        simulation.run_until(simulation.now + _AFTER)


def _gathered(one: Life, policy: Policy, simulation: Simulation) -> Year:
    fates = contacted(policy, simulation)
    messages, skipped, coupons, withdrawn = list[Message](), dict[str, int](), list[datetime](), list[datetime]()
    for timed in simulation.effects:
        effect = timed.effect
        if isinstance(effect, TakeCoupon):
            coupons.append(timed.at)
        if isinstance(effect, Emit) and effect.event.type == "consent.changed":
            withdrawn.append(timed.at)
        if not isinstance(effect, Send):
            continue
        fate = fates[effect.id]
        if fate.sent is None:
            skipped[fate.skipped] = skipped.get(fate.skipped, 0) + 1
        else:
            marketing = effect.purpose == "marketing"
            messages.append(Message(fate.sent, timed.at, timed.workflow, timed.run, effect.template, marketing))
    messages.sort(key=lambda message: message.sent)
    runs = [run for run in simulation.runs.values() if run.started_at < END]
    return Year(one, messages, skipped, coupons, withdrawn, runs, _cut_short(simulation))


def _cut_short(simulation: Simulation) -> dict[str, datetime]:
    ended: dict[str, datetime] = {}
    for one in simulation.decisions:
        reached = one.kind == "ended" and one.reason.startswith("the goal was reached")
        if one.run is not None and (one.kind == "exited" or reached):
            ended.setdefault(one.run.id, one.at)
    return ended
