"""What a test in virtual time shows is what the engine does: one recorded stream, two ways, every decision equal.

First through the pure core alone (`Simulation`), which records each input that it handled, its own wake-ups among them.
Then through the engine's batch processor on the real database and broker: the same messages, and for each wake-up of
the simulation the timer that the engine has armed in `scheduler.timer`, which must be due at the same instant.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest

from relevo_cli.sample_shop.recording import SHOP, record
from relevo_cli.workflow_files import Loaded, library, load_folders
from relevo_contracts.envelope import Event
from relevo_contracts.messages import (
    CallAnswered,
    EventForwarded,
    RefreshRequested,
    RunInput,
    StartRequested,
    TaskDone,
    WakeUp,
)
from relevo_engine.adapters.definitions import shop_facts
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import EventIds
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.app.ports import IngestDependencies, Message, Outcome, outcome_of
from relevo_ingest.app.receive_webhook import Webhook, receive_webhook
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import DEFAULT_LIMITS, ShopContext
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool
from relevo_workflow import (
    Decision,
    Definition,
    EventInput,
    Input,
    Problems,
    ResponseInput,
    StartInput,
    Subject,
    TaskInput,
    TimerInput,
)
from relevo_workflow.testing import CUSTOMER_KEY, Scenario, Simulation, perform, read_scenarios
from tests.engine.conftest import Engine, build_engine, wakeup

Told = tuple[object, ...]


class Recorded(Simulation):
    """A simulation that remembers what it handled, and when."""

    def __init__(self, definitions: Sequence[Definition], subject: Subject, at: datetime, **more: Any) -> None:
        self.begins = at
        self.handled: list[tuple[datetime, Input]] = []
        super().__init__(definitions, subject, at, **more)

    def deliver(self, event: Event) -> None:
        """An event arrives; one that is delivered again is for the engine's inbox alone."""
        if any(isinstance(known, EventInput) and known.event.id == event.id for _, known in self.handled):
            self.run_before(event.receivedtime)
            self.handled.append((self.now, EventInput(event)))
        else:
            self.give(EventInput(event), event.receivedtime)

    def _handle(self, arrival: Input) -> None:
        self.handled.append((self.now, arrival))
        super()._handle(arrival)

    @property
    def armed(self) -> dict[str, datetime]:
        """The timers that are armed now."""
        return {timer.id: timer.due_at for timer in self._armed.values()}


def told(decision: Decision) -> Told:
    """A decision as it is compared; the engine does not keep what was ignored.

    What is recommended is not compared: the engine counts the orders of the shop, a simulation is told.
    """
    trace = [one for one in msgspec.to_builtins(decision.trace) if not _recommends(one)]
    return (
        decision.at,
        decision.workflow,
        decision.version,
        decision.run.id if decision.run else "",
        decision.kind,
        decision.reason,
        decision.input_id,
        tuple(decision.path),
        msgspec.json.encode(trace, order="sorted"),
    )


def _recommends(check: dict[str, Any]) -> bool:
    return str(check["expression"]).startswith("recommend ")


async def told_by_engine(pool: Pool, shop: str, key: str) -> list[Told]:
    rows = await pool.fetch("select * from engine.decision where shop = $1 and key = $2", shop, key)
    return [
        (
            *(row["at"], row["workflow"], row["version"], row["run_id"], row["kind"], row["reason"], row["input_id"]),
            tuple(row["path"]),
            msgspec.json.encode([one for one in row["trace"] if not _recommends(one)], order="sorted"),
        )
        for row in rows
    ]


def message(arrival: Input, subject: Subject) -> Event | RunInput:
    """What travels to the engine for an input other than a wake-up."""
    where: dict[str, Any] = {"shop": subject.shop, "key": subject.key}
    match arrival:
        case EventInput(event) if event.key == subject.key:
            return event
        case EventInput(event):
            return EventForwarded(id=event.id, event=event, **where)
        case ResponseInput():
            return CallAnswered(**where, **msgspec.structs.asdict(arrival))
        case TaskInput():
            return TaskDone(**where, **msgspec.structs.asdict(arrival))
        case StartInput():
            return StartRequested(**where, **msgspec.structs.asdict(arrival))
        case _:
            raise AssertionError(arrival)


async def replay(engine: Engine, simulations: Iterable[Recorded]) -> None:
    """Hands over what the simulations handled, in order of time; in one batch as much as no customer has twice."""
    stream = [
        (now, number, one.subject, arrival) for one in simulations for number, (now, arrival) in enumerate(one.handled)
    ]
    batch: list[tuple[datetime, Subject, Input]] = []
    for now, _, subject, arrival in sorted(stream, key=lambda item: item[:2]):
        if any(subject.shop == other.shop and subject.key == other.key for _, other, _ in batch):
            await hand_over(engine, batch)
            batch = []
        batch.append((now, subject, arrival))
    await hand_over(engine, batch)


async def hand_over(engine: Engine, batch: Sequence[tuple[datetime, Subject, Input]]) -> None:
    if batch:
        engine.clock.set(max(now for now, _, _ in batch))
        wanted = [arrival.wakeup for _, _, arrival in batch if isinstance(arrival, TimerInput)]
        fired = await wakeups(engine.pool, wanted)
        await engine.take(
            *(
                fired[(arrival.wakeup.shop, arrival.wakeup.timer_id)]
                if isinstance(arrival, TimerInput)
                else message(arrival, subject)
                for _, subject, arrival in batch
            )
        )


async def wakeups(pool: Pool, wanted: Sequence[WakeUp]) -> dict[tuple[str, str], WakeUp]:
    """The wake-ups of the timers that the engine has armed, which must be those that are wanted."""
    rows = await pool.fetch(
        """
        select t.* from scheduler.timer t
        join unnest($1::text[], $2::text[]) as w (shop, timer_id) using (shop, timer_id)
        """,
        [one.shop for one in wanted],
        [one.timer_id for one in wanted],
    )
    found = {(row["shop"], row["timer_id"]): wakeup(row) for row in rows}
    for one in wanted:
        armed = found.get((one.shop, one.timer_id))
        assert armed is not None, f"the engine has not armed {one.timer_id} for {one.due_at}"
        assert (armed.due_at, armed.turn, armed.run_id) == (one.due_at, one.turn, one.run_id)
    return found


async def assert_same(pool: Pool, simulation: Recorded) -> int:
    """Every decision and every timer that is still armed is the same; returns how many decisions there are."""
    subject = simulation.subject
    expected = sorted((told(one) for one in simulation.decisions if one.kind != "ignored"), key=repr)
    assert sorted(await told_by_engine(pool, subject.shop, subject.key), key=repr) == expected
    rows = await pool.fetch(
        "select timer_id, due_at from scheduler.timer where shop = $1 and key = $2", subject.shop, subject.key
    )
    assert {row["timer_id"]: row["due_at"] for row in rows} == simulation.armed
    return len(expected)


@pytest.fixture(scope="module")
def flows() -> list[Loaded]:
    """The workflows of the library."""
    return load_folders(library())


async def started(pool: Pool, publisher: Publisher, flows: Sequence[Loaded], at: datetime) -> Engine:
    """An engine with all workflows deployed for every shop."""
    async with pool.acquire() as connection, connection.transaction():
        for flow in flows:
            name, version = flow.definition.name, flow.definition.version
            await catalog.deploy(connection, workflow=name, version=version, files=flow.files, at=at)
    return await build_engine(pool, publisher)


class Kept:
    """Keeps what ingest stores, in place of Kafka."""

    def __init__(self) -> None:
        self.found: list[Event] = []

    async def events(self, messages: Sequence[Message]) -> None:
        self.found += [msgspec.json.decode(value, type=Event) for _, value in messages]

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        return [await outcome_of(self.events(group)) for group in groups]

    async def unrecognised(self, message: Message) -> None:
        pass


async def test_a_day_of_the_sample_shop_through_the_core_and_through_the_engine(
    pool: Pool, settings: Any, topics: list[str], flows: list[Loaded]
) -> None:
    day, kept = record(shoppers=40), Kept()
    place = catalog.Shop(shop=SHOP, platform="shopify", name="Casa Lumen", locale="es", timezone="Europe/Madrid")
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, place)
    deps = IngestDependencies(
        keys=Identity(pool),
        states=KnownStates(pool, SystemClock()),
        log=kept,
        erasures=PendingErasures(pool, kept.events),
        ids=EventIds(pool),
        notifications=KeptNotifications(pool),
        counters=MetricCounters(Metrics("ingest")),
        limits=DEFAULT_LIMITS,
        budget=60.0,
    )
    for hook in day.webhooks:
        webhook = Webhook(
            connector=CONNECTORS["shopify"],
            headers={
                "x-shopify-topic": hook.topic,
                "x-shopify-webhook-id": hook.webhook_id,
                "x-shopify-triggered-at": hook.triggered_at.isoformat(),
            },
            body=hook.body,
            received=hook.at,
        )
        await receive_webhook(deps, ShopContext(shop=SHOP, currency="EUR", region="ES"), webhook)

    simulations: dict[str, Recorded] = {}
    definitions = [flow.definition for flow in flows]
    for event in kept.found:
        subject = Subject(shop=SHOP, key=event.key)
        simulation = simulations.get(event.key)
        if simulation is None:
            simulation = Recorded(definitions, subject, event.receivedtime, shop=shop_facts(place))
            simulations[event.key] = simulation
        simulation.deliver(event)
    for simulation in simulations.values():
        simulation.run_until(day.ends)

    async with Publisher(settings()) as publisher:
        engine = await started(pool, publisher, flows, day.begins)
        await replay(engine, simulations.values())
        decisions = [await assert_same(pool, simulation) for simulation in simulations.values()]
    assert sum(decisions) > 150


def scenarios(flows: Sequence[Loaded]) -> list[tuple[str, Scenario]]:
    """Every test beside every workflow, each in a shop of its own."""
    found: list[tuple[str, Scenario]] = []
    for flow in flows:
        for path in sorted((flow.folder / "tests").glob("*.yaml")):
            problems = Problems()
            found += [
                (flow.definition.name, one)
                for one in read_scenarios(path.name, path.read_text(), problems, flow.definition.types)
            ]
            assert not problems.errors
    return found


def simulated(definitions: Sequence[Definition], workflow: str, scenario: Scenario, place: catalog.Shop) -> Recorded:
    """A scenario with all workflows deployed, in the order of the engine; shares fall as they do for this customer."""
    # A start by hand is of the first. Else one workflow may read the attributes that another sets at the same event.
    by_hand = any(entry.manual for entry in scenario.events)
    ordered = sorted(definitions, key=lambda one: (by_hand and one.name != workflow, one.name))
    subject = Subject(shop=place.shop, key=CUSTOMER_KEY, facts=scenario.facts)
    simulation = Recorded(ordered, subject, scenario.start, shop=shop_facts(place), answers=scenario.answers)
    for number, entry in enumerate(scenario.events):
        perform(simulation, entry, number)
    simulation.run_until(scenario.until or simulation.now)
    simulation.finish()
    return simulation


PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
async def test_the_tests_of_all_workflows_through_the_core_and_through_the_engine(
    pool: Pool, settings: Any, topics: list[str], flows: list[Loaded], part: int
) -> None:
    definitions = [flow.definition for flow in flows]
    simulations: list[Recorded] = []
    async with pool.acquire() as connection:
        for number, (workflow, scenario) in enumerate(scenarios(flows)[part::PARTS]):
            told_shop = msgspec.structs.asdict(scenario.shop) | {"platform": "shopify", "shop": f"shop-{number}"}
            told_shop.pop("id")
            place = catalog.Shop(**told_shop)
            await catalog.add_shop(connection, place)
            simulations.append(simulated(definitions, workflow, scenario, place))
            subject = Subject(shop=place.shop, key=CUSTOMER_KEY, facts=scenario.facts)
            await connection.execute(
                "insert into engine.customer (shop, key, facts, updated_at) values ($1, $2, $3, $4)",
                *(subject.shop, subject.key, msgspec.json.encode(subject.facts), scenario.start),
            )
    async with Publisher(settings()) as publisher:
        engine = await started(pool, publisher, flows, min(one.begins for one in simulations))
        await engine.take(
            *(
                RefreshRequested(id="deployed", shop=one.subject.shop, key=CUSTOMER_KEY, at=one.begins)
                for one in simulations
            )
        )
        await replay(engine, simulations)
        decisions = [await assert_same(pool, simulation) for simulation in simulations]
    assert sum(decisions) > 200
    decided = {one.workflow for simulation in simulations for one in simulation.decisions if one.kind == "started"}
    # A part may lack the workflows that have few tests.
    assert len({flow.definition.name for flow in flows} - decided) <= 2
