"""Health, loops and the ceiling of dead letters: the small rules that keep a service honest."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from relevo_runtime.clock import ManualClock
from relevo_runtime.dead_letters import Ceiling
from relevo_runtime.health import Health
from relevo_runtime.loops import Loop
from relevo_runtime.metrics import Metrics

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUSY = ["acme", "bolt", "cups", "deli"] * 250


async def test_a_service_is_ready_when_all_its_parts_are() -> None:
    health = Health()
    assert (await health.report()).ready
    health.set("consumer", True, "4 partitions")
    health.beat("consumer")
    assert (await health.report()).ready
    health.set("sender", False, "the mail server is away")
    report = await health.report()
    assert not report.ready
    assert report.parts["sender"] == {"ok": False, "why": "the mail server is away"}
    assert report.parts["consumer"]["ok"] is True


async def test_a_part_that_fell_silent_is_bad() -> None:
    health = Health()
    health.expect("loop", within=3600)
    assert (await health.report()).ready
    health.expect("loop", within=0)
    await asyncio.sleep(0.01)
    report = await health.report()
    assert not report.ready
    assert str(report.parts["loop"]["why"]).startswith("nothing done for")


async def test_a_probe_is_asked_each_time() -> None:
    health = Health()
    answers = iter([None, ConnectionError("away"), None])

    async def look() -> None:
        answer = next(answers)
        if answer:
            raise answer

    health.probe("database", look)
    assert [(await health.report()).ready for _ in range(3)] == [True, False, True]


class Work:
    """A loop's work that returns or raises what it is told, and stops the loop after that."""

    def __init__(self, *results: datetime | Exception | None) -> None:
        self.results = list(results)
        self.turns: list[datetime] = []
        self.stopping = asyncio.Event()

    async def __call__(self, now: datetime) -> datetime | None:
        self.turns.append(now)
        result = self.results.pop(0)
        if not self.results:
            self.stopping.set()
        if isinstance(result, Exception):
            raise result
        return result


async def run(work: Work, clock: ManualClock, health: Health | None = None, longest_pause: float = 30) -> None:
    loop = Loop(
        "work", work, clock=clock, health=health or Health(), metrics=Metrics("test"), longest_pause=longest_pause
    )
    async with asyncio.timeout(20):
        await loop.run(work.stopping)


async def test_what_is_due_already_is_done_at_once() -> None:
    work = Work(NOON, NOON - timedelta(days=1), None)
    await run(work, ManualClock(NOON))
    assert work.turns == [NOON] * 3


@pytest.mark.parametrize(
    ("error", "do"),
    [
        (
            asyncpg.UndefinedTableError('relation "catalog.shop" does not exist'),
            "; the database is not of this release: run `relevo migrate`",
        ),
        (
            asyncpg.InsufficientPrivilegeError("permission denied for table run"),
            "; the user of RELEVO_POSTGRES lacks that right: `relevo migrate --roles`",
        ),
    ],
)
async def test_a_database_that_does_not_fit_is_told_with_what_to_do(
    error: Exception, do: str, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health()
    await run(Work(error), ManualClock(NOON), health)
    assert do in str((await health.report()).parts["work"]["why"])
    [said] = [record for record in caplog.records if record.name == "relevo_runtime.loops"]
    assert (said.levelname, said.exc_info) == ("WARNING", None)
    assert do in said.getMessage()


async def test_a_loop_survives_failures_and_health_says_why() -> None:
    health = Health()
    work = Work(ValueError("broken"), None)
    await run(work, ManualClock(NOON), health)
    assert (await health.report()).ready
    failing = Work(ValueError("broken"))
    await run(failing, ManualClock(NOON), health)
    assert (await health.report()).parts["work"]["why"] == "ValueError: broken"


async def test_waking_ends_the_pause() -> None:
    work = Work(None, None)
    loop = Loop("work", work, clock=ManualClock(NOON), health=Health(), metrics=Metrics("test"), longest_pause=3600)
    running = asyncio.create_task(loop.run(work.stopping))
    while not work.turns:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    loop.wake()
    await asyncio.wait_for(running, 120)
    assert len(work.turns) == 2


async def test_a_wake_up_during_a_turn_is_not_lost() -> None:
    turns = 0
    stopping = asyncio.Event()

    async def work(_: datetime) -> None:
        nonlocal turns
        turns += 1
        loop.wake()
        if turns == 3:
            stopping.set()

    loop = Loop("work", work, clock=ManualClock(NOON), health=Health(), metrics=Metrics("test"), longest_pause=3600)
    await asyncio.wait_for(loop.run(stopping), 120)
    assert turns == 3


def gathering(work: Work) -> Loop:
    return Loop("work", work, clock=ManualClock(NOON), health=Health(), metrics=Metrics("test"), gather=3600)


async def test_wakes_while_a_loop_gathers_make_no_turns_of_their_own() -> None:
    work = Work(None, None)
    loop = gathering(work)
    running = asyncio.create_task(loop.run(work.stopping))
    for _ in range(20):
        loop.wake()
        await asyncio.sleep(0.005)
    assert work.turns == [NOON]
    work.stopping.set()  # which no gathering holds up
    await asyncio.wait_for(running, 20)


async def test_what_is_due_already_does_not_wait_for_others() -> None:
    work = Work(NOON, NOON, None)
    await asyncio.wait_for(gathering(work).run(work.stopping), 20)
    assert work.turns == [NOON] * 3


def failing(ceiling: Ceiling, times: int, *shops: str) -> list[bool]:
    return [ceiling.fail(shop, "why") for _ in range(times) for shop in shops]


def test_a_few_dead_letters_are_never_too_many() -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(BUSY[:20])
    assert not any(failing(ceiling, 20, "acme", "bolt", "cups"))
    assert failing(ceiling, 1, "acme", "bolt", "cups")[-1]


@pytest.mark.parametrize(("times", "too_many"), [(30, False), (50, True)])
def test_the_share_of_dead_letters_decides(times: int, too_many: bool) -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(BUSY)
    assert max(failing(ceiling, times, "acme", "bolt", "cups")) is too_many


def test_one_shop_is_over_the_ceiling_alone_and_for_its_cause() -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(BUSY)
    assert not any(failing(ceiling, 900, "acme"))
    assert (ceiling.over("acme", "why"), ceiling.over("acme", "other"), ceiling.over("bolt", "why")) == (
        True,
        False,
        False,
    )


def test_a_shop_of_which_a_small_share_fails_is_not_over_the_ceiling() -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(["acme"] * 1000)
    failing(ceiling, 100, "acme")
    assert not ceiling.over("acme", "why")
    failing(ceiling, 1, "acme")
    assert ceiling.over("acme", "why")


def test_a_shop_that_goes_on_again_starts_anew() -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(BUSY)
    failing(ceiling, 200, "acme", "bolt")
    ceiling.forget("acme")
    failing(ceiling, 1, "acme")
    assert (ceiling.over("acme", "why"), ceiling.over("bolt", "why")) == (False, True)


def test_old_failures_are_forgotten() -> None:
    ceiling = Ceiling(0.1)
    ceiling.count(BUSY)
    failing(ceiling, 30, "acme", "bolt", "cups")
    for _ in range(3):
        ceiling.count(BUSY)
    assert ceiling.failed == 0
    assert not any(failing(ceiling, 20, "acme", "bolt", "cups"))
