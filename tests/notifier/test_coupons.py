"""Codes of a pool: each goes to one effect, an effect has one, and what a file may say of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.messages import CallHttp, CouponWanted
from relevo_contracts.topics import EVENTS
from relevo_notifier.adapters import coupons, shop_codes
from relevo_notifier.adapters.calls import Calls
from relevo_notifier.adapters.coupons import Coupons
from relevo_notifier.app.watch_pools import WatchPools
from relevo_notifier.core.coupons import Coupon, WrongLine, event_of_pool, read_codes
from relevo_notifier.core.shop_codes.rule import CouponRule
from relevo_notifier.core.work import Incoming
from relevo_notifier.entrypoints.wiring import Notifier
from tests.notifier.conftest import Post
from tests.notifier.support import NOON
from tests.notifier.test_calls import answers, publish
from tests.notifier.test_requests import call as plain_call

WELCOME = CouponWanted(pool="welcome")
DAY = timedelta(days=1)


def wish(number: int, wanted: CouponWanted = WELCOME) -> CallHttp:
    """The wish of the run of that number for a code."""
    values: dict[str, Any] = {"id": f"run{number}/coupon/1", "run_id": f"run{number}", "key": f"customer-{number}"}
    return plain_call(**values, method="", url="", coupon=wanted)


async def fill(post: Post, *codes: Coupon, shop: str = "", pool: str = "welcome") -> int:
    async with post.pool.acquire() as connection:
        return await coupons.add(connection, shop or wish(1).shop, pool, codes, NOON)


async def take(post: Post, call: CallHttp, now: datetime = NOON) -> str:
    assert call.coupon is not None
    found = await Coupons(post.pool).take(call.shop, call.id, call.coupon, now)
    return found.code if found is not None else ""


async def test_every_run_gets_a_code_of_its_own_until_there_is_none(post: Post) -> None:
    await fill(post, Coupon("HELLO-1", NOON + DAY), Coupon("HELLO-2"))
    async with post.notifier(), post.notifier():
        await publish(post, wish(1), wish(2), wish(3), wish(1), wish(2))
        found = await answers(post, 3)
    assert sorted(one.body["code"] for one in found if one.status == 200) == ["HELLO-1", "HELLO-2"]
    [none_left] = [one for one in found if one.status != 200]
    assert (none_left.status, none_left.body) == (404, None)
    assert none_left.error == "the pool welcome has no code left that is valid for long enough"
    ends = {one.body["code"]: one.body["expires_at"] for one in found if one.status == 200}
    assert ends == {"HELLO-1": (NOON + DAY).isoformat(), "HELLO-2": None}


async def test_an_attempt_that_was_interrupted_gets_the_same_code(post: Post) -> None:
    """What an instance leaves that was killed between taking the code and the commit of its answer."""
    left = wish(1)
    await fill(post, Coupon("HELLO-1"), Coupon("HELLO-2"))
    await Calls(post.pool).accept([Incoming(left, msgspec.json.encode(left), True, NOON + timedelta(minutes=2))], NOON)
    before = await take(post, left)
    post.clock.advance(timedelta(minutes=5))
    async with post.notifier():
        [answer] = await answers(post, 1)
    assert (answer.status, answer.body["code"]) == (200, before)


async def test_many_at_once_never_share_a_code_and_one_asked_at_once_has_one(post: Post) -> None:
    await fill(post, *(Coupon(f"HELLO-{number}") for number in range(20)))
    calls = [wish(number % 15) for number in range(45)]
    taken = await asyncio.gather(*(take(post, one) for one in calls))
    by_run: dict[str, set[str]] = {}
    for one, code in zip(calls, taken, strict=True):
        by_run.setdefault(one.run_id, set()).add(code)
    assert all(len(codes) == 1 for codes in by_run.values())
    assert len(set.union(*by_run.values())) == 15


async def test_the_code_that_ends_first_goes_first_if_it_is_valid_for_long_enough(post: Post) -> None:
    codes = [Coupon("NEVER"), Coupon("LATE", NOON + 20 * DAY), Coupon("SOON", NOON + 2 * DAY), Coupon("OVER", NOON)]
    await fill(post, *codes)
    assert await take(post, wish(1, CouponWanted(pool="welcome", valid_until=NOON + 14 * DAY))) == "LATE"
    assert [await take(post, wish(number)) for number in (2, 3, 4)] == ["SOON", "NEVER", ""]


async def test_a_shop_has_a_code_once_and_pools_and_shops_are_apart(post: Post) -> None:
    assert await fill(post, Coupon("HELLO-1"), Coupon("HELLO-2")) == 2
    assert await fill(post, Coupon("hello-1"), Coupon("OTHER"), pool="birthday") == 1
    assert await fill(post, Coupon("HELLO-1"), shop="another") == 1
    assert [await take(post, wish(number, CouponWanted(pool="birthday"))) for number in (1, 2)] == ["OTHER", ""]
    assert await take(post, wish(3)) == "HELLO-1"


async def test_what_is_left_and_what_was_taken_is_counted_and_the_rest_can_be_ended(post: Post) -> None:
    shop = wish(1).shop
    await fill(post, *(Coupon(f"HELLO-{number}", NOON + number * DAY) for number in range(5)))
    await take(post, wish(1))
    async with post.pool.acquire() as connection:
        [found] = await coupons.pools(connection, shop, NOON)
        assert (found.left, found.taken, found.expired, found.next_end) == (3, 1, 1, NOON + 2 * DAY)
        assert await coupons.expire(connection, shop, "welcome", ["hello-2"], NOON) == 1
        assert await coupons.left(connection, shop, "welcome", NOON) == 2
        assert await coupons.expire(connection, shop, "welcome", [], NOON) == 2
        assert await coupons.left(connection, shop, "welcome", NOON) == 0
    assert await take(post, wish(1)) == "HELLO-1", "what was taken stays"
    assert await take(post, wish(2)) == ""


async def look(post: Post, notifier: Notifier) -> None:
    """A turn of the loop, a minute and more after the one before."""
    post.clock.advance(timedelta(minutes=2))
    await WatchPools(Coupons(post.pool), notifier.publisher, post.clock).run_once(post.clock.now())


async def pools_told(post: Post, count: int) -> list[tuple[str, str, int, int]]:
    events = await post.read(EVENTS, Event, count)
    assert len({(one.source, one.id) for one in events}) == len(events)
    assert {(one.shop, one.key) for one in events} == {(wish(1).shop, SHOP_KEY)}
    return [(one.type, *(one.data[name] for name in ("pool", "left", "warn_below"))) for one in events]


async def warn(post: Post, below: int | None, pool: str = "welcome") -> bool:
    async with post.pool.acquire() as connection:
        return await coupons.warn_below(connection, wish(1).shop, pool, below)


async def test_a_pool_that_runs_low_is_told_of_once_and_again_after_it_was_filled(post: Post) -> None:
    async with post.notifier() as notifier:
        await fill(post, *(Coupon(f"HELLO-{number}") for number in range(25)))
        for number in range(22):
            await take(post, wish(number))
        await look(post, notifier)
        for number in range(22, 30):
            await take(post, wish(number))
            await look(post, notifier)
        assert await pools_told(post, 1) == [("coupons.low", "welcome", 2, 3)]
        await fill(post, *(Coupon(f"AGAIN-{number}") for number in range(7)))
        await look(post, notifier)
        await look(post, notifier)
        await warn(post, 8)
        await look(post, notifier)
        told = await pools_told(post, 3)
    assert told[1:] == [("coupons.refilled", "welcome", 7, 1), ("coupons.low", "welcome", 7, 8)]


async def test_a_notifier_that_died_before_noting_it_tells_the_same_event_again(post: Post) -> None:
    pools = Coupons(post.pool)
    await fill(post, Coupon("HELLO-1"))
    await warn(post, 5)
    later = NOON + timedelta(minutes=2)
    [first] = await pools.look(NOON, NOON - timedelta(minutes=1), 10)
    assert await pools.look(NOON, NOON - timedelta(minutes=1), 10) == [], "another notifier has looked just now"
    [again] = await pools.look(later, NOON + timedelta(minutes=1), 10)
    assert (event_of_pool(first, NOON).id, first.left) == (event_of_pool(again, later).id, 1)
    await pools.told(first, NOON)
    await pools.told(again, later)
    async with post.pool.acquire() as connection:
        [pool] = await coupons.pools(connection, wish(1).shop, NOON)
        lows = await connection.fetchval("select lows from notifier.coupon_pool")
    assert (pool.warn_below, pool.low_since, lows) == (5, NOON, 1)


async def test_codes_that_end_make_a_pool_low_and_a_shop_that_makes_codes_has_enough(post: Post) -> None:
    shop, pools, minute = wish(1).shop, Coupons(post.pool), timedelta(minutes=1)
    await fill(post, *(Coupon(f"HELLO-{number}", NOON + DAY) for number in range(3)))
    assert await pools.look(NOON, NOON - minute, 10) == []
    [low] = await pools.look(NOON + DAY, NOON, 10)
    assert (low.low, low.left, low.warn_below) == (True, 0, 1)
    await pools.told(low, NOON + DAY)
    async with post.pool.acquire() as connection:
        await shop_codes.set_rule(connection, shop, "welcome", CouponRule(percent="10"), NOON)
    [refilled] = await pools.look(NOON + 2 * DAY, NOON + DAY, 10)
    assert (refilled.low, event_of_pool(refilled, NOON).type) == (False, "coupons.refilled")


async def test_a_pool_is_low_by_what_it_was_filled_with_unless_somebody_says_otherwise(post: Post) -> None:
    async def limit(pool: str) -> int:
        async with post.pool.acquire() as connection:
            return {one.pool: one.warn_below for one in await coupons.pools(connection, wish(1).shop, NOON)}[pool]

    assert not await warn(post, 5), "there is no such pool yet"
    await fill(post, *(Coupon(f"HELLO-{number}") for number in range(45)))
    await fill(post, *(Coupon(f"MANY-{number}") for number in range(1500)), pool="many")
    assert (await limit("welcome"), await limit("many")) == (5, 100)
    assert await warn(post, 40)
    assert await limit("welcome") == 40
    assert await warn(post, 0)
    assert await limit("welcome") == 0
    assert await warn(post, None)
    assert await limit("welcome") == 5


def test_a_file_names_its_columns_or_not() -> None:
    plain = list(read_codes(["HELLO-1\n", "\n", " HELLO-2 ,2026-04-30\n", "hello-1\n"]))
    assert plain == [Coupon("HELLO-1"), Coupon("HELLO-2", datetime(2026, 4, 30, tzinfo=UTC))]
    named = list(read_codes(["expires_at,Value,Code\n", "2026-04-30T22:00:00+02:00,10%,HELLO-3\n", ",,CODE\n"]))
    assert named == [Coupon("HELLO-3", datetime(2026, 4, 30, 20, tzinfo=UTC)), Coupon("CODE")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",2026-04-30", "it has no code"),
        ("TWO WORDS", "the code has spaces, or characters that nobody can type"),
        ("HEL\x00LO", "the code has spaces, or characters that nobody can type"),
        ("X" * 256, "the code has 256 characters, 255 at most"),
        ("HELLO,30/04/2026", "'30/04/2026' is not a date like 2026-04-30 or 2026-04-30T22:00:00Z"),
        ('"HELLO', "it is not a line of CSV"),
        ("HELLO,2026-04-30,10%", "it has more columns than code and expires_at"),
    ],
)
def test_a_wrong_line_costs_itself_only(line: str, problem: str) -> None:
    assert list(read_codes(["GOOD\n", f"{line}\n", "FINE\n"])) == [
        Coupon("GOOD"),
        WrongLine(2, problem),
        Coupon("FINE"),
    ]


@given(st.lists(st.text()))
def test_whatever_a_file_says_its_codes_are_usable_and_differ(lines: list[str]) -> None:
    codes = [one.code for one in read_codes(f"{line}\n" for line in lines) if isinstance(one, Coupon)]
    assert all(code and code.isprintable() and not any(map(str.isspace, code)) for code in codes)
    assert len({code.lower() for code in codes}) == len(codes)
