"""Recommendations on the real database: counted as orders come, the same as counted at once, and sent."""

import math
from collections import defaultdict
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts.envelope import Event
from relevo_contracts.keys import product_key
from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, Item, OrderChanged, ProductChanged
from relevo_engine.adapters import erasure, recommendations, retention
from relevo_engine.core.recommendations import (
    HALF_LIFE,
    TIME_CONSTANT,
    Asked,
    heat_of,
    sold,
    warmer,
)
from relevo_workflow import Recommend
from tests.engine.conftest import CART, MORNING, Engine, deploy, event

MORE = {
    "workflow.yaml": """
workflow: more
title: More
change: ad-hoc
trigger: {event: order.placed}
reentry: once_ended
steps:
  - send: {channel: email, template: more, purpose: transactional, recommend: {of: trigger.items}}
""",
    "templates/more.yaml": """
channel: email
layout: message
items: recommendations
en: {subject: "More", heading: "More", body: ["More"]}
""",
    "layouts/message.mjml": CART["layouts/message.mjml"],
    "layouts/message.txt": CART["layouts/message.txt"],
}


def an_order(name: str, *products: str, days: float = 0, key: str = "") -> Event:
    at = MORNING + timedelta(days=days)
    items = [Item(title=one, product_id=one, categories=["Tea"] if one < "m" else ["Pots"]) for one in products]
    payload = OrderChanged(customer=Buyer(email="ada@example.com"), order_id=name, items=items)
    return event("order.placed", payload, event_id=name, key=key or f"cus_{name}", at=at)


def a_product(name: str, **more: Any) -> Event:
    payload = ProductChanged(
        product_id=name, title=name.upper(), categories=["Tea"] if name < "m" else ["Pots"], **more
    )
    return event("product.updated", payload, event_id=f"told-{name}", key=product_key(name))


async def _offered(engine: Engine, *seeds: str, days: float = 0) -> dict[str, list[tuple[str, float]]]:
    asked = [Asked("e", "sample", Recommend(of=seeds))]
    async with engine.pool.acquire() as connection:
        found = await recommendations.offer(connection, asked, MORNING + timedelta(days=days))
    return {
        source: [(one.product_id, round(one.score, 4)) for one in ranked]
        for source, ranked in found.rankings["e"].items()
    }


async def _messages(engine: Engine) -> list[SendDelivery]:
    rows = await engine.pool.fetch("select value from engine.outbox where topic like '%deliveries' order by number")
    return [msgspec.json.decode(row["value"], type=SendDelivery) for row in rows]


async def test_an_order_is_answered_with_what_others_bought_and_says_why(engine: Engine) -> None:
    await deploy(engine.pool, MORE)
    async with engine.pool.acquire() as connection:
        await engine.definitions.refresh(connection)
    await engine.take(*(a_product(one) for one in "abcz"), a_product("d", in_stock=False))
    await engine.take(
        *(an_order(f"o{n}", "a", "b") for n in range(3)), an_order("o3", "a", "c"), an_order("o4", "a", "d")
    )
    await engine.take(an_order("mine", "a"))
    message = next(one for one in await _messages(engine) if one.key == "cus_mine")
    assert [one["product_id"] for one in message.context["recommendations"]] == ["b", "c"]
    (trace,) = await engine.pool.fetch("select trace::text from engine.decision where input_id = 'mine'")
    (check,) = [one for one in msgspec.json.decode(trace["trace"]) if one["expression"].startswith("recommend")]
    assert check["value"] == ["b", "c"]
    assert check["fields"]["b"].startswith("also_bought 0.")


async def test_similarity_is_the_cosine_shrunk_by_the_orders_of_late(engine: Engine) -> None:
    await deploy(engine.pool, MORE)
    async with engine.pool.acquire() as connection:
        await engine.definitions.refresh(connection)
    await engine.take(*(a_product(one) for one in "abcz"))
    await engine.take(an_order("1", "a", "b"), an_order("2", "a", "b"), an_order("3", "a"), an_order("4", "b", "z"))
    offered = await _offered(engine, "a")
    assert offered["also_bought"] == [("b", round(2 / math.sqrt(3 * 3) * 2 / 7, 4))]
    assert offered["related"] == [("a", 3.0), ("b", 3.0)]
    assert offered["best_sellers"] == [("a", 3.0), ("b", 3.0), ("z", 1.0)]
    later = await _offered(engine, "a", days=HALF_LIFE.days)
    assert later["best_sellers"] == [("a", 1.5), ("b", 1.5), ("z", 0.5)]


async def test_a_message_of_a_batch_is_offered_what_it_is_offered_alone_by_the_sources_that_it_asks(
    engine: Engine,
) -> None:
    await engine.take(*(a_product(one) for one in "abcz"))
    orders = [an_order(str(n), *"abcz"[n % 3 : n % 3 + 2], days=-9.0 * n) for n in range(9)]
    wanted = [
        Recommend(of=("a", "b")),
        Recommend(of=("b", "z"), sources=("related", "also_bought")),
        Recommend(of=("unknown",)),
        Recommend(sources=("best_sellers",)),
    ]
    asked = [Asked(f"{shop}-{n}", shop, one) for shop in ("sample", "other") for n, one in enumerate(wanted)]
    async with engine.pool.acquire() as connection:
        await recommendations.add(connection, sold(orders))
        whole = await recommendations.offer(connection, asked, MORNING)
        for one in asked:
            alone = await recommendations.offer(connection, [one], MORNING)
            assert alone.rankings[one.effect] == whole.rankings[one.effect]
            assert alone.products.items() <= whole.products.items()
    assert [set(whole.rankings[f"sample-{n}"]) for n in range(4)] == [
        {"also_bought", "related", "best_sellers"},
        {"also_bought", "related"},
        {"best_sellers"},
        {"best_sellers"},
    ]
    assert not any(whole.rankings[f"other-{n}"] for n in range(4))


async def test_best_sellers_of_categories_that_are_named_and_of_those_that_the_customer_likes(engine: Engine) -> None:
    await engine.take(*(a_product(one) for one in "abyz"))
    orders = [an_order("1", "a", "b", "z"), an_order("2", "b", "z"), an_order("3", "b", "z"), an_order("4", "y", "z")]
    liked = (("Pots", 0.6), ("Tea", 0.4), ("Unknown", 0.0))
    asked = [
        Asked("named", "sample", Recommend(categories=("Tea",), sources=("related",))),
        Asked("both", "sample", Recommend(of=("z",), categories=("Tea",), sources=("related",))),
        Asked("liked", "sample", Recommend(interests=liked, sources=("interest",))),
        Asked("not asked", "sample", Recommend(interests=liked, sources=("best_sellers",))),
        Asked("nothing", "sample", Recommend(sources=("related", "interest"))),
    ]
    async with engine.pool.acquire() as connection:
        await recommendations.add(connection, sold(orders))
        found = await recommendations.offer(connection, asked, MORNING)
    scores = {
        name: [{one.product_id: round(one.score, 4) for one in ranked} for ranked in rankings.values()]
        for name, rankings in found.rankings.items()
    }
    assert scores["named"] == [{"b": 3.0, "a": 1.0}]
    assert scores["both"] == [{"z": 4.0, "b": 3.0, "a": 1.0, "y": 1.0}]
    assert scores["liked"] == [{"z": 0.6, "b": 0.4, "y": 0.15, "a": 0.1333}]
    assert (len(scores["not asked"]), scores["nothing"]) == (1, [])
    assert set(found.products) == {("sample", one) for one in "abyz"}


async def test_an_order_counts_once_and_shops_that_recommend_nothing_count_nothing(engine: Engine) -> None:
    await engine.take(an_order("before", "a", "b"))
    assert await engine.pool.fetchval("select count(*) from engine.sale") == 0
    await deploy(engine.pool, MORE)
    async with engine.pool.acquire() as connection:
        await engine.definitions.refresh(connection)
    again = msgspec.structs.replace(an_order("1", "a", "b"), id="told again")
    test = msgspec.structs.replace(an_order("2", "a", "b"), test=True)
    await engine.take(an_order("1", "a", "b"), again, test)
    await engine.take(an_order("1", "a", "b"))
    rows = await engine.pool.fetch("select product_id, heat from engine.sale where category = '' order by 1")
    assert [(row["product_id"], row["heat"]) for row in rows] == [("a", heat_of(MORNING)), ("b", heat_of(MORNING))]
    assert await engine.pool.fetchval("select count(*) from engine.co_purchase") == 2


async def test_counted_as_they_come_is_counted_at_once(engine: Engine) -> None:
    orders = [an_order(str(n), *"abcdefz"[n % 5 : n % 5 + 3], days=-40.0 * n) for n in range(12)]
    async with engine.pool.acquire() as connection:
        for one in reversed(orders):
            await recommendations.add(connection, sold([one]))
        rows = await connection.fetch("select * from engine.co_purchase")
        sales = await connection.fetch("select * from engine.sale")
    at_once = sold(orders)
    assert {(r["shop"], r["product_id"], r["other_id"]): r["heat"] for r in rows} == pytest.approx(at_once.pairs)
    assert {(r["shop"], r["category"], r["product_id"]): r["heat"] for r in sales} == pytest.approx(at_once.sales)


async def test_what_faded_goes_and_what_an_erased_shop_has(engine: Engine) -> None:
    async with engine.pool.acquire() as connection:
        await recommendations.add(connection, sold([an_order("1", "a", "b"), an_order("2", "c", "d", days=-10)]))
        for name in ("purge_sales", "purge_pairs"):
            await connection.execute(retention.STATEMENTS[name], MORNING - timedelta(days=5), 100)
        assert [r["product_id"] for r in await connection.fetch("select * from engine.co_purchase order by 2")] == [
            "a",
            "b",
        ]
        assert await connection.fetchval("select count(*) from engine.sale") == 4
        await erasure.erase_rest(connection, "sample", MORNING)
        assert await connection.fetchval("select count(*) from engine.sale") == 0
        assert await connection.fetchval("select count(*) from engine.co_purchase") == 0


async def test_of_each_product_the_others_that_it_goes_with_most_stay(engine: Engine) -> None:
    async with engine.pool.acquire() as connection:
        await recommendations.add(
            connection, sold([an_order(str(n), "a", f"b{n:03}", days=n / 100) for n in range(203)])
        )
        await connection.execute(retention.STATEMENTS["purge_pairs"], MORNING - timedelta(days=5), 1000)
        others = await connection.fetch("select other_id from engine.co_purchase where product_id = 'a' order by 1")
    assert [row["other_id"] for row in others] == [f"b{n:03}" for n in range(3, 203)]


@given(
    st.lists(st.tuples(st.floats(-4000, 4000), st.sets(st.sampled_from("abcd"), max_size=4)), max_size=8), st.randoms()
)
def test_the_heat_is_the_sum_of_the_orders_weights_in_any_order(orders: list[tuple[float, set[str]]], mix: Any) -> None:
    told = [an_order(str(n), *sorted(names), days=days) for n, (days, names) in enumerate(orders)]
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for one, (_, names) in zip(told, orders, strict=True):
        for pair in permutations(sorted(names), 2):
            weights[pair] += math.exp((one.time - MORNING).total_seconds() / TIME_CONSTANT)
    mix.shuffle(told)
    found = {(one, other): math.exp(heat - heat_of(MORNING)) for (_, one, other), heat in sold(told).pairs.items()}
    assert found == pytest.approx(dict(weights), rel=1e-6)


def test_the_time_constant_of_the_statements_is_that_of_the_code() -> None:
    seconds = 7_776_000
    assert seconds == HALF_LIFE.total_seconds()
    assert f"ln(2) / {seconds}" in retention.STATEMENTS["purge_pairs"]
    assert warmer(heat_of(MORNING), -1e9) == heat_of(MORNING)


def test_a_time_to_come_counts_as_now() -> None:
    ahead = msgspec.structs.replace(an_order("1", "a"), time=MORNING + timedelta(days=3650), receivedtime=MORNING)
    assert sold([ahead]).sales["sample", "", "a"] == heat_of(MORNING)
