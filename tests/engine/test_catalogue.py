"""The catalogue on the real database: it follows the events, once, and orders are read with what it knows."""

from datetime import timedelta

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.keys import product_key
from relevo_contracts.payloads import Buyer, Item, Money, OrderChanged, ProductChanged, StockChanged
from relevo_engine.adapters import catalogue, erasure
from relevo_workflow import Facts, Product
from tests.engine.conftest import MORNING, Engine, event


def _product(title: str, *, hours: int = 0, number: str = "p1", historical: bool = False) -> Event:
    payload = ProductChanged(product_id=number, title=title, categories=["Tea"], price=Money("4.00", "EUR"))
    at = MORNING + timedelta(hours=hours)
    told = event("product.updated", payload, event_id=f"{title}-{hours}", key=product_key(number), at=at)
    return msgspec.structs.replace(told, historical=historical)


def _order(*products: str, order_id: str = "o1") -> Event:
    items = [Item(title=f"Line {number}", product_id=number, vendor="Leaf") for number in products]
    payload = OrderChanged(customer=Buyer(email="ada@example.com"), order_id=order_id, items=items)
    return event("order.placed", payload, event_id=order_id)


async def _known(engine: Engine, number: str = "p1") -> Product | None:
    async with engine.pool.acquire() as connection:
        return await catalogue.product_of(connection, "sample", number)


async def test_products_follow_their_events_and_late_ones_change_nothing(engine: Engine) -> None:
    await engine.take(_product("New", hours=2, historical=True))
    await engine.take(_product("Old", hours=1))
    sold_out = StockChanged(product_id="p1", available=0)
    await engine.take(event("product.stock_changed", sold_out, event_id="s", key=product_key("p1"), at=MORNING))
    product = await _known(engine)
    assert product is not None
    assert (product.title, product.price, product.in_stock) == ("New", Money("4.00", "EUR"), False)


async def test_an_order_is_read_with_what_the_catalogue_knows(engine: Engine) -> None:
    await engine.take(_product("Green tea"))
    await engine.take(_order("p1", "p9"))
    body = await engine.pool.fetchval("select facts::text from engine.customer where key = 'cus_1'")
    (order,) = msgspec.json.decode(body, type=Facts).orders
    assert [(line.product, line.categories) for line in order.lines] == [("p1", ("Tea",)), ("p9", ())]


async def test_an_order_tells_of_products_that_nothing_else_told_of_and_of_no_others(engine: Engine) -> None:
    await engine.take(_product("Green tea"))
    await engine.take(_order("p1", "p2"))
    known, new = await _known(engine), await _known(engine, "p2")
    assert known is not None
    assert new is not None
    assert (known.title, new.title, new.vendor, new.told_at) == ("Green tea", "Line p2", "Leaf", None)
    await engine.take(_product("Black tea", number="p2"))
    new = await _known(engine, "p2")
    assert new is not None
    assert (new.title, new.vendor) == ("Black tea", "Leaf")


async def test_the_same_batch_again_and_one_that_cant_be_read_change_nothing(engine: Engine) -> None:
    odd = msgspec.structs.replace(_product("Odd", number="p3"), data={"product_id": 5})
    await engine.take(_product("Green tea"), odd, _order("p1"))
    before = await engine.pool.fetch("select product::text, updated_at from engine.product order by 1")
    await engine.take(_product("Green tea"), _order("p1"))
    assert await engine.pool.fetch("select product::text, updated_at from engine.product order by 1") == before
    assert len(before) == 1


async def test_the_products_of_an_erased_shop_go(engine: Engine) -> None:
    await engine.take(_product("Green tea"))
    async with engine.pool.acquire() as connection:
        assert [one.title for one in await catalogue.products_of(connection, "sample", "green", "", 10)] == [
            "Green tea"
        ]
        assert await catalogue.products_of(connection, "sample", "coffee", "", 10) == []
        await erasure.erase_rest(connection, "sample", MORNING)
    assert await _known(engine) is None
