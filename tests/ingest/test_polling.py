"""Shops without webhooks are asked: nothing is missed while it changes, one process a shop, one broken shop alone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_ingest.adapters.polls import PollLeases
from relevo_ingest.app.poll_cursor import Cursor, Pace
from relevo_ingest.app.poll_shops import Lease, LeaseLost, PolledShop, Poller, PollPolicy, poll_shop
from relevo_ingest.connectors.platform_api import ApiFailure, Page, Record
from relevo_ingest.core.errors import Busy
from relevo_runtime.postgres import Pool
from tests.ingest.polled_shop import START, ListApi, MemoryLeases, MemoryShop, Shops, polled, polling

TEA = polled("tea", ListApi())
MINUTE = timedelta(minutes=1)


def lease_of(leases: MemoryLeases) -> Lease:
    return Lease(shop="tea", epoch=1, cursors=leases.cursors.get("tea", {}))


async def poll(shop: MemoryShop, leases: MemoryLeases, one: PolledShop = TEA, **policy: Any) -> ApiFailure | None:
    return await poll_shop(polling(shop, Shops(one), leases, policy=PollPolicy(**policy)), one, lease_of(leases))


async def test_what_changed_arrives_once_and_only_what_changed() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    for name in "abcde":
        shop.change(name)
    assert await poll(shop, leases) is None
    shop.now += MINUTE
    shop.change("b")
    assert await poll(shop, leases) is None
    assert shop.arrived == [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("b", 2)]


@given(
    turns=st.lists(
        st.lists(st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 100)), max_size=3), max_size=4),
        min_size=1,
        max_size=6,
    ),
    most_pages=st.integers(1, 4),
    size=st.integers(1, 3),
)
def test_nothing_is_missed_however_it_changes_while_it_is_read(
    turns: list[list[list[tuple[str, int]]]], most_pages: int, size: int
) -> None:
    """Each turn changes records before each of its pages; some are stored late, with an earlier time."""
    shop, leases = MemoryShop(), MemoryLeases()
    one = polled("tea", ListApi(size=size))

    async def run() -> None:
        for turn in turns:
            changes = iter(turn)

            def between(changes: Any = changes) -> None:
                shop.now += timedelta(seconds=7)
                for name, late in next(changes, ()):
                    shop.change(name, late=timedelta(seconds=late))

            shop.between = between
            assert await poll(shop, leases, one, most_pages=most_pages) is None
        shop.between = lambda: None
        for _ in range(20):
            assert await poll(shop, leases, one, most_pages=most_pages) is None

    asyncio.run(run())
    assert dict(sorted(shop.arrived, key=lambda entry: entry[1])) == shop.latest()


async def test_many_records_of_one_instant_are_read_across_turns() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    for n in range(9):
        shop.change(f"p{n}")
    for _ in range(5):
        assert await poll(shop, leases, most_pages=1) is None
    assert shop.arrived == [(f"p{n}", 1) for n in range(9)]


async def test_a_time_in_the_future_makes_nothing_be_skipped() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    shop.change("wrong clock", late=-timedelta(days=400))
    assert await poll(shop, leases) is None
    shop.now += MINUTE
    shop.change("a")
    assert await poll(shop, leases) is None
    assert shop.arrived == [("wrong clock", 1), ("a", 1)]


async def test_a_failure_keeps_what_was_read_and_holds_up_no_other_list() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    one = polled("tea", ListApi("first", "second"))
    shop.change("a")
    shop.answers = [ApiFailure("HTTP 500")]
    failure = await poll(shop, leases, one)
    assert failure == ApiFailure("first: HTTP 500")
    assert shop.arrived == [("a", 1)]
    assert [request.path for request in shop.asked] == ["/first", "/second"]


async def test_a_shop_that_wants_to_be_left_alone_is_not_asked_for_the_next_list() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    shop.answers = [ApiFailure("HTTP 429", retry_after=MINUTE)]
    assert await poll(shop, leases, polled("tea", ListApi("first", "second"))) is not None
    assert [request.path for request in shop.asked] == ["/first"]


async def test_a_page_that_can_never_be_read_again_makes_the_list_begin_anew() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    for name in "abcde":
        shop.change(name)
    await poll(shop, leases, most_pages=1)
    assert leases.cursors["tea"]["things"].following is not None
    shop.answers = [ApiFailure("HTTP 400", permanent=True)]
    await poll(shop, leases)
    assert leases.cursors["tea"]["things"].following is None
    await poll(shop, leases)
    assert {name for name, _ in shop.arrived} == set("abcde")


async def test_whoever_lost_the_lease_passes_nothing_more_on() -> None:
    shop, leases = MemoryShop(), MemoryLeases()
    for name in "abcd":
        shop.change(name)
    await poll(shop, leases, most_pages=1)
    leases.held = False
    with pytest.raises(LeaseLost):
        await poll(shop, leases)
    assert len(shop.arrived) <= 4
    assert len(leases.cursors["tea"]["things"].seen) == 2


@given(
    failures=st.integers(1, 60),
    jitter=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
    permanent=st.booleans(),
)
def test_pauses_grow_up_to_the_longest_and_are_never_shorter_than_asked(
    failures: int, jitter: float, asked: timedelta | None, *, permanent: bool
) -> None:
    pace = Pace()
    pause = pace.next(failures, asked, jitter, permanent=permanent)
    assert pause >= (asked or timedelta(0))
    assert pace.first_pause / 2 <= pause <= max(pace.longest_pause, asked or timedelta(0))
    assert pause <= pace.next(failures + 1, asked, jitter, permanent=permanent)
    assert pace.next(0, None, jitter) == pace.interval


def test_what_is_kept_of_a_busy_list_is_bounded() -> None:
    records = [Record(topic="t", id=str(n), body=b"{}", updated=START) for n in range(5000)]
    cursor = Cursor(read_to=START).after(Page(records=records), START, MINUTE)
    assert len(cursor.seen) == 1000


# --- turns -------------------------------------------------------------------------------------------------------


class Gate(MemoryShop):
    """Passes records on only once it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def receive(self, shop: PolledShop, records: Sequence[Record]) -> object:
        if shop.context.shop == "slow":
            await self.open.wait()
        if shop.context.shop == "bug":
            raise RuntimeError("a bug")
        if shop.context.shop == "busy":
            raise Busy("no database")
        return await super().receive(shop, records)


async def test_one_slow_or_broken_shop_holds_up_no_other() -> None:
    shop, leases = Gate(), MemoryLeases()
    shop.change("a")
    shops = Shops(*(polled(name, ListApi()) for name in ("slow", "bug", "busy", "well")))
    used = polling(shop, shops, leases)
    poller = Poller(used)
    await poller.run_once(START)
    while len(leases.ended) < 3:
        await asyncio.sleep(0)
    assert {shop: error for shop, _, _, error in leases.ended} == {
        "bug": "asking failed: RuntimeError",
        "busy": "no database",
        "well": "",
    }
    await poller.run_once(START)  # the slow one is not begun a second time
    shop.open.set()
    await poller.finish()
    assert [shop for shop, _, _, _ in leases.ended].count("slow") == 1


async def test_a_turn_whose_lease_is_lost_is_cut_off() -> None:
    shop, leases = Gate(), MemoryLeases()
    shop.change("a")
    policy = PollPolicy(renew_seconds=0.01)
    poller = Poller(polling(shop, Shops(polled("slow", ListApi())), leases, policy=policy))
    await poller.run_once(START)
    leases.held = False
    await poller.finish()
    assert shop.arrived == []
    assert leases.ended == []


# --- leases in the database --------------------------------------------------------------------------------------

HELD = timedelta(hours=1)
AT_ONCE = timedelta(0)


async def claimed(leases: PollLeases, *shops: str) -> Sequence[Lease]:
    return await leases.claim(shops or ("tea",), 10)


async def test_one_process_asks_a_shop_at_a_time(pool: Pool) -> None:
    first, second = PollLeases(pool, HELD), PollLeases(pool, HELD)
    [lease] = await claimed(first)
    assert await claimed(second) == []
    assert await first.renew(lease)
    assert await first.end(lease, AT_ONCE, 0, "")
    [next_one] = await claimed(second)
    assert next_one.epoch == lease.epoch + 1


async def test_whoever_asks_at_the_same_time_gets_different_shops(pool: Pool) -> None:
    names = [f"shop{n}" for n in range(20)]
    found = await asyncio.gather(*(PollLeases(pool, HELD).claim(names, 7) for _ in range(4)))
    taken = [lease.shop for leases in found for lease in leases]
    assert len(taken) == len(set(taken))


async def test_a_paused_process_that_wakes_up_moves_nothing(pool: Pool) -> None:
    asleep, awake = PollLeases(pool, AT_ONCE), PollLeases(pool, HELD)
    [old] = await claimed(asleep)
    assert await asleep.move(old, "orders", Cursor(read_to=START))
    [new] = await claimed(awake)
    assert new.cursors == {"orders": Cursor(read_to=START)}
    assert not await asleep.move(old, "orders", Cursor(read_to=START + HELD))
    assert not await asleep.renew(old)
    assert not await asleep.end(old, AT_ONCE, 3, "late")
    assert await awake.move(new, "carts", Cursor(read_to=START))
    assert await awake.end(new, AT_ONCE, 0, "")
    assert not await awake.move(new, "orders", Cursor(read_to=START + HELD))
    [last] = await claimed(awake)
    assert last.cursors == {"orders": Cursor(read_to=START), "carts": Cursor(read_to=START)}
    assert last.failures == 0


async def test_a_cursor_comes_back_as_it_was_kept(pool: Pool) -> None:
    leases = PollLeases(pool, HELD)
    page = Page(
        records=[Record(topic="t", id='ä"1', body=b"{}", updated=START)],
        following=ListApi().changed("things", START, START + MINUTE),
    )
    cursor = Cursor(read_to=START).after(page, START, MINUTE)
    [lease] = await claimed(leases)
    await leases.move(lease, "things", cursor)
    await leases.end(lease, AT_ONCE, 2, "HTTP 500")
    [again] = await claimed(leases)
    assert msgspec.to_builtins(again.cursors["things"]) == msgspec.to_builtins(cursor)
    assert again.failures == 2


async def test_a_shop_is_not_asked_before_it_is_due(pool: Pool) -> None:
    leases = PollLeases(pool, HELD)
    [lease] = await claimed(leases)
    await leases.end(lease, HELD, 1, "HTTP 503")
    assert await claimed(leases) == []
    assert set(await leases.lags(["tea", "unknown"])) == {"tea"}
