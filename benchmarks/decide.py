"""How many inputs a second one core decides: the pure core alone, with the whole library of workflows deployed.

`python -m benchmarks.decide` prints one JSON object as its last line. The mix is that of a shop: most events look at
a page or change a cart and concern no run; some start, restart, end or wake one. State is kept in memory, decoded;
events are decoded a batch at a time, as the engine does it, before the clock runs.
Two figures. `inputs_per_s` is the course itself, by the process's own CPU time and with the keeping of timers: the
quietest of twenty laps, since on a machine that others use too the laps differ. `repeated_per_s` is what the code
alone costs: deciding is pure, so inputs of each kind are decided again and again in the state that the course has
led to, and of each the quickest counts, in the shares of the course (`kind_us` has each kind). `cel_us`, one
evaluation of `a > 0.0`, tells how fast the machine was.
"""

import gc
import json
import random
import sys
import time
import timeit
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from statistics import median

import msgspec
from cel_expr_python import cel

from benchmarks.report import python_build
from relevo_cli.workflow_files import load_folders
from relevo_contracts.envelope import Event
from relevo_workflow import (
    ArmTimer,
    CancelTimer,
    Definition,
    Effect,
    EventInput,
    Input,
    Shop,
    Subject,
    TimerInput,
    WorkflowIndex,
    handle,
)
from relevo_workflow.testing import due_wakeup

LIBRARY = Path(__file__).parents[1] / "workflows"
START = datetime(2026, 3, 10, tzinfo=UTC)
SHOP = Shop(id="casa-luna", timezone="Europe/Madrid")
MIX = {
    "page.viewed": 62,
    "cart.updated": 16,
    "checkout.started": 5,
    "checkout.updated": 5,
    "order.placed": 4,
    "order.status_changed": 3,
    "shipment.created": 2,
    "shipment.delivered": 2,
    "customer.updated": 1,
}
CUSTOMERS = 2_000
EVENTS = 60_000
LAP = 3_000
BATCH = 500
PACE = timedelta(seconds=4)
SAMPLES = 40
TO_COME = 6_000
ROUNDS = 120


def library() -> list[Definition]:
    """Every workflow of the library, loaded."""
    return [one.definition for one in load_folders(LIBRARY)]


def events(seed: int) -> list[bytes]:
    """A recorded course of a shop, as it comes from Kafka: the same for the same seed."""
    encode = msgspec.json.Encoder().encode
    draw = random.Random(seed)
    kinds, weights = list(MIX), list(MIX.values())
    course = []
    for number in range(EVENTS + TO_COME):
        kind, customer = draw.choices(kinds, weights)[0], draw.randrange(CUSTOMERS)
        at = START + PACE * number
        event = Event(
            id=f"e{number}",
            source="bench",
            type=kind,
            time=at,
            shop=SHOP.id,
            key=f"c{customer}",
            data=payload(kind, customer, number),
            receivedtime=at,
        )
        course.append(encode(event))
    return course


def payload(kind: str, customer: int, number: int) -> dict[str, object]:
    """The data of an event of this kind."""
    data: dict[str, object] = {"customer": {"id": f"c{customer}", "email": f"c{customer}@example.com"}}
    money = {"amount": "49.00", "currency": "EUR"}
    items = [{"title": "Stoneware mug", "quantity": 2, "variant_id": "v1", "price": money}]
    if kind == "page.viewed":
        data["url"] = "https://casa-luna.example.com/mug"
    elif kind == "cart.updated":
        data |= {"cart_token": f"cart{customer}", "items": items, "total": money}
    elif kind.startswith("checkout."):
        data |= {"checkout_token": f"t{customer}-{number // 20_000}", "items": items, "total": money}
    elif kind.startswith("order."):
        data |= {"order_id": f"o{number}", "checkout_token": f"t{customer}-{number // 20_000}", "total": money}
    elif kind.startswith("shipment."):
        data |= {"shipment_id": f"s{customer}", "order_id": f"o{customer}"}
    else:
        data |= {"tags": ["vip"], "orders_count": 3}
    return data


class Core:
    """The customers and their timers, driven as the engine drives them."""

    def __init__(self, definitions: list[Definition]) -> None:
        self.definitions = WorkflowIndex.of(definitions)
        self.versions = {one.version: one for one in definitions}
        self.subjects = {f"c{number}": Subject(shop=SHOP.id, key=f"c{number}") for number in range(CUSTOMERS)}
        self.timers: dict[str, ArmTimer] = {}
        self.heap: list[tuple[datetime, int, str, str, ArmTimer]] = []
        self.kinds: Counter[str] = Counter()
        self.inputs = 0
        self.rates: list[float] = []
        self.decoder = msgspec.json.Decoder(Event)

    def give(self, key: str, arrival: Input, now: datetime) -> None:
        """One input, and what it asks of timers."""
        handled = handle(self.definitions, self.versions, self.subjects[key], arrival, now, shop=SHOP)
        self.inputs += 1
        self.subjects[key] = handled.subject
        for decision in handled.decisions:
            self.kinds[decision.kind] += 1
            self._keep(key, decision.effects)
        self._keep(key, handled.effects)

    def _keep(self, key: str, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, ArmTimer):
                self.timers[effect.id] = effect
                heappush(self.heap, (effect.due_at, self.inputs, key, effect.id, effect))
            elif isinstance(effect, CancelTimer):
                self.timers.pop(effect.id, None)

    def wake(self, now: datetime) -> None:
        """Fires what is due."""
        while self.heap and self.heap[0][0] <= now:
            _, _, key, _, timer = heappop(self.heap)
            if self.timers.get(timer.id) is timer:
                del self.timers[timer.id]
                self.give(key, TimerInput(due_wakeup(timer, SHOP.id, key)), now)

    def lap(self, course: Sequence[bytes]) -> None:
        """Gives a part of the course, and notes its rate."""
        before, seconds = self.inputs, 0.0
        for start in range(0, len(course), BATCH):
            batch = [self.decoder.decode(value) for value in course[start : start + BATCH]]
            began = time.process_time()
            for event in batch:
                self.wake(event.time)
                self.give(event.key, EventInput(event), event.time)
            seconds += time.process_time() - began
        self.rates.append((self.inputs - before) / seconds)

    def quickest(self, course: Sequence[bytes]) -> dict[str, float]:
        """Microseconds for an input of each kind: inputs and timers to come, each the quickest of many."""
        samples: dict[str, list[tuple[str, Input, datetime]]] = {kind: [] for kind in MIX}
        for event in map(self.decoder.decode, course):
            if len(samples[event.type]) < SAMPLES:
                samples[event.type].append((event.key, EventInput(event), event.time))
        armed = sorted(self.heap)[: SAMPLES * 4]
        alive = [(key, timer) for _, _, key, _, timer in armed if self.timers.get(timer.id) is timer]
        samples["timers"] = [(key, TimerInput(due_wakeup(timer, SHOP.id, key)), timer.due_at) for key, timer in alive]
        best = {(kind, at): float("inf") for kind, sample in samples.items() for at in range(len(sample))}
        for _ in range(ROUNDS):
            for kind, sample in samples.items():
                for at, (key, arrival, now) in enumerate(sample):
                    began = time.perf_counter()
                    handle(self.definitions, self.versions, self.subjects[key], arrival, now, shop=SHOP)
                    best[kind, at] = min(best[kind, at], time.perf_counter() - began)
        return {
            kind: sum(best[kind, at] for at in range(len(sample))) / len(sample) * 1e6
            for kind, sample in samples.items()
        }


def cel_microseconds() -> float:
    """The CPU time of one evaluation of the smallest expression, in the quietest of ten rounds."""
    program = cel.NewEnv(variables={"a": cel.Type.DOUBLE}).compile("a > 0.0")
    rounds = timeit.repeat(lambda: program.eval(data={"a": 1.0}), timer=time.process_time, number=2_000, repeat=10)
    return min(rounds) / 2_000 * 1e6


def main() -> None:
    """Measures and prints."""
    loaded = time.perf_counter()
    definitions = library()
    loaded = time.perf_counter() - loaded
    course = events(seed=7)
    core = Core(definitions)
    gc.freeze()
    for start in range(0, EVENTS, LAP):
        core.lap(course[start : start + LAP])
    mix = {**MIX, "timers": (core.inputs - EVENTS) / EVENTS * sum(MIX.values())}
    quickest = core.quickest(course[EVENTS:])
    microseconds = sum(quickest[kind] * share for kind, share in mix.items()) / sum(mix.values())
    result = {
        "inputs_per_s": round(max(core.rates)),
        "median_lap": round(median(core.rates)),
        "repeated_per_s": round(1e6 / microseconds),
        "kind_us": {kind: round(quickest[kind], 1) for kind in mix},
        "cel_us": round(cel_microseconds(), 1),
        "inputs": core.inputs,
        "workflows": len(definitions),
        "load_seconds": round(loaded, 2),
        "decisions": dict(core.kinds),
        "mix": {kind: round(share, 1) for kind, share in mix.items()},
        "python": python_build(),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
