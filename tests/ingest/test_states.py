"""The last known state of entities: one suite for the database and for the one in memory that tests of rules use."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from relevo_ingest.adapters.states import RETENTION, KnownStates
from relevo_ingest.core.states import UNKNOWN, Entity, StateQuery, StateView
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Pool
from relevo_runtime.retention import purge_expired
from relevo_runtime.supervision import Escaped
from tests.ingest.states import MemoryStates

AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
ORDER = Entity("order", "1")
Observe = Callable[[Sequence[StateQuery]], Awaitable[list[StateView]]]


@pytest.fixture(params=["memory", "database"])
def observe(request: pytest.FixtureRequest) -> Observe:
    if request.param == "memory":
        return MemoryStates().observe
    return KnownStates(request.getfixturevalue("pool"), SystemClock()).observe


def told(delivery: str, minutes: int = 0, entity: Entity = ORDER, shop: str = "tea", **state: Any) -> StateQuery:
    return StateQuery(shop=shop, entity=entity, delivery=delivery, at=AT + timedelta(minutes=minutes), state=state)


def look(entity: Entity = ORDER, shop: str = "tea") -> StateQuery:
    return StateQuery(shop=shop, entity=entity)


async def test_the_first_word_of_a_thing_has_no_before(observe: Observe) -> None:
    assert await observe([look()]) == [UNKNOWN]
    assert await observe([told("a", status="open")]) == [StateView(now={"status": "open"}, fresh=True)]
    [seen] = await observe([look()])
    assert (seen.before, seen.now, seen.fresh) == ({"status": "open"}, {"status": "open"}, False)


async def test_what_is_not_named_keeps_its_value(observe: Observe) -> None:
    await observe([told("a", status="open", number="#1")])
    [seen] = await observe([told("b", 1, status="paid")])
    assert seen == StateView(
        before={"status": "open", "number": "#1"}, now={"status": "paid", "number": "#1"}, fresh=True
    )


async def test_the_same_delivery_again_gets_the_same_answer_even_after_others(observe: Observe) -> None:
    await observe([told("a", status="open")])
    [first] = await observe([told("b", 1, status="paid")])
    for n in range(5):
        await observe([told(f"c{n}", 2 + n, status=f"later-{n}")])
    [again] = await observe([told("b", 1, status="paid")])
    assert (again.before, again.fresh) == (first.before, True) == ({"status": "open"}, True)
    [now] = await observe([look()])
    assert now.now == {"status": "later-4"}


async def test_older_news_changes_nothing_and_adds_what_nobody_told(observe: Observe) -> None:
    await observe([told("a", 5, status="paid")])
    for delivery in ("late", "late"):
        [seen] = await observe([told(delivery, 0, status="open", number="#1")])
        assert (seen.fresh, seen.now) == (False, {"status": "paid", "number": "#1"})


async def test_things_and_shops_are_apart(observe: Observe) -> None:
    await observe([told("a", status="open")])
    others = [look(Entity("refund", "1")), look(Entity("order", "2")), look(shop="coffee")]
    assert await observe(others) == [UNKNOWN] * 3
    assert await observe([]) == []


async def test_messages_that_come_at_once_take_turns(observe: Observe) -> None:
    answers = await asyncio.gather(*(observe([told(f"d{n}", status=n), look(Entity("order", "2"))]) for n in range(20)))
    befores = [seen.before for seen, _ in answers]
    assert befores.count(None) == 1
    assert len({str(before) for before in befores}) == 20, "each sees what the one before it kept"


async def test_two_processes_take_turns(pool: Pool) -> None:
    processes = [KnownStates(pool, SystemClock()) for _ in range(2)]
    entities = [Entity("order", str(n)) for n in range(20)]
    calls = [
        process.observe([told(f"{name}{entity.id}", entity=entity, by=name)])
        for process, name in zip(processes, "ab", strict=True)
        for entity in entities
    ]
    answers = [seen for [seen] in await asyncio.gather(*calls)]
    for one, other in zip(answers[:20], answers[20:], strict=True):
        assert sorted([one.before is None, other.before is None]) == [False, True]


class EscapingPool:
    """A pool whose statement is cancelled from inside, which is no `Exception`, and then works."""

    def __init__(self) -> None:
        self.tries = 0

    async def fetch(self, *_: Any) -> list[dict[str, Any]]:
        self.tries += 1
        if self.tries == 1:
            raise asyncio.CancelledError
        return [{"n": 0, "state": {"status": "open"}, "told": None}]


async def test_whatever_a_statement_raises_reaches_whoever_waits() -> None:
    states = KnownStates(cast(Any, EscapingPool()), SystemClock())
    with pytest.raises(Escaped):
        await asyncio.wait_for(states.observe([look()]), timeout=30)
    assert [seen.now for seen in await states.observe([look()])] == [{"status": "open"}]


async def test_untouched_states_are_purged(pool: Pool) -> None:
    states = KnownStates(pool, SystemClock())
    await states.observe([told("a", x=1)])
    forget = purge_expired(pool, RETENTION, days=180)
    now = SystemClock().now()
    await forget(now + timedelta(days=179))
    assert (await states.observe([look()]))[0].now == {"x": 1}
    await forget(now + timedelta(days=181))
    assert await states.observe([look()]) == [UNKNOWN]
