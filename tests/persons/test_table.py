"""The table of `docs/persons.md`, row by row: whose an event is, and which address is written to."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from relevo_runtime.postgres import Pool
from tests.persons.shop import World

PAGE = Path(__file__).parents[2] / "docs" / "persons.md"
Sent = list[tuple[str, str]]
ANA, BO, SHARED = "ana@example.com", "bo@example.com", "shared@example.com"
PHONE, OTHER = "+12025550123", "+12025550177"


async def order(world: World, number: str, contact: str, shop: str = "tea", **customer: Any) -> str:
    return await world.tell(
        "order.placed", shop, order_id=number, customer=customer, contact={"email": contact} if contact else None
    )


async def agree(world: World, channel: str = "email", shop: str = "tea", **customer: Any) -> str:
    return await world.tell("consent.changed", shop, customer=customer, channel=channel, state="granted")


async def offer(world: World, shop: str = "tea", **customer: Any) -> str:
    return await world.tell("customer.logged_in", shop, customer=customer)


async def guest(world: World) -> Sent:
    first = await order(world, "1", ANA, email=ANA)
    assert await agree(world, email=ANA) == await offer(world, email=ANA) == first
    return [("news", ANA), ("offer", ANA)]


async def guest_who_registers(world: World) -> Sent:
    first = await order(world, "1", ANA, email=ANA)
    await agree(world, email=ANA)
    assert await offer(world, id="1", email=ANA) == first
    assert await world.tell("refund.created", order_id="1", contact={"email": ANA}) == first
    return [("news", ANA), ("offer", ANA), ("news", ANA)]


async def shared_family_address(world: World) -> Sent:
    one = await order(world, "60", SHARED, id="201", email=SHARED)
    await agree(world, id="201", email=SHARED)
    two = await order(world, "63", SHARED, id="202", email=SHARED)
    assert one != two
    assert await offer(world, email=SHARED) == two
    assert await world.tell("refund.created", order_id="60", contact={"email": SHARED}) == one
    return [("news", SHARED)] * 3


async def changed_address(world: World) -> Sent:
    one = await order(world, "61", ANA, id="201", email=ANA)
    await agree(world, id="201", email=ANA)
    assert await order(world, "62", BO, id="201", email=BO) == one
    await offer(world, id="201")
    await world.tell("refund.created", order_id="61", contact={"email": ANA})
    await agree(world, id="201", email=BO)
    await offer(world, id="201")
    return [("news", ANA), ("news", BO), ("news", ANA), ("offer", BO)]


async def merged_customers(world: World) -> Sent:
    kept = await order(world, "1", ANA, id="1", email=ANA)
    await agree(world, id="1", email=ANA)
    gone = await order(world, "2", BO, id="2", email=BO)
    assert gone != kept
    await world.tell("customer.merged", customer={"id": "1"}, merged=[{"id": "2"}])
    assert await offer(world, id="2") == kept
    assert await world.tell("refund.created", order_id="2", contact={"email": BO}) == kept
    return [("news", ANA), ("news", BO), ("offer", ANA), ("news", BO)]


async def two_shops(world: World) -> Sent:
    await agree(world, id="1", email=ANA)
    await offer(world, "coffee", id="1", email=ANA)
    await order(world, "1", ANA, "coffee", id="1", email=ANA)
    return [("news", ANA)]


async def gift_order(world: World) -> Sent:
    await agree(world, "sms", id="90", email=ANA, phone=PHONE)
    buyer = await world.tell(
        "order.placed",
        customer={"id": "90"},
        order_id="61",
        contact={"email": BO, "phone": OTHER, "company": "Friends", "email_marketing": False},
        shipping_address={"name": "Bo", "phone": OTHER, "country": "FR", "company": "Friends"},
    )
    await offer(world, id="90")
    facts = world.subjects["tea", buyer].facts
    assert (facts.contact.phone, facts.contact.country, facts.company) == (PHONE, "", "")
    await world.tell("refund.created", order_id="61", contact={"email": BO})
    assert await offer(world, email=BO) != buyer
    return [("news", BO), ("sms-offer", PHONE), ("news", BO)]


async def shared_phone(world: World) -> Sent:
    one = await agree(world, "sms", id="1", email=ANA, phone=PHONE)
    two = await order(world, "2", BO, id="2", email=BO, phone=PHONE)
    assert one != two
    await offer(world, id="2")
    await offer(world, id="1")
    return [("news", BO), ("sms-offer", PHONE)]


async def shared_browser(world: World) -> Sent:
    one = await agree(world, id="1", email=ANA, anonymous_id="b")
    two = await order(world, "2", BO, id="2", email=BO, anonymous_id="b")
    assert one != two
    assert await offer(world, anonymous_id="b") == two
    return [("news", BO)]


async def company_account(world: World) -> Sent:
    one = await agree(world, id="1", email=ANA, account_id="acme")
    two = await order(world, "2", BO, id="2", email=BO, account_id="acme")
    company = await offer(world, account_id="acme")
    assert len({one, two, company}) == 3
    await offer(world, id="2")
    return [("news", BO)]


CASES: dict[str, Callable[[World], Awaitable[Sent]]] = {
    "guest": guest,
    "guest who registers": guest_who_registers,
    "shared family address": shared_family_address,
    "changed address": changed_address,
    "merged customers": merged_customers,
    "two shops": two_shops,
    "gift order": gift_order,
    "shared phone": shared_phone,
    "shared browser": shared_browser,
    "company account": company_account,
}


@pytest.mark.parametrize("case", CASES)
async def test_a_case_of_the_table(pool: Pool, case: str) -> None:
    world = World(pool)
    expected = await CASES[case](world)
    assert world.sent == expected


def test_each_row_of_the_table_is_a_case() -> None:
    table = PAGE.read_text().split("## Cases")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z ]+?) \|", table, re.MULTILINE)
    assert [row for row in rows if row != "case"] == list(CASES)
