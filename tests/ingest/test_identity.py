"""One person, one key, by whatever name an event knows them; on the real database."""

import asyncio
import hashlib
import random
from collections.abc import Coroutine

import pytest

from relevo_contracts.payloads import Buyer, CustomerSeen
from relevo_ingest.adapters.identity import STATEMENTS, Identity
from relevo_ingest.core.aliases import Kind, Lookup, alias, person, product_id_of
from relevo_ingest.core.errors import Busy
from relevo_runtime.postgres import Pool


def who(shop: str = "tea", **names: str) -> Lookup:
    """A lookup: `who(customer="7", order="9")`; names strongest first."""
    given = sorted((Kind[kind.upper()], name) for kind, name in names.items())
    return Lookup(shop, tuple(alias(kind, name) for kind, name in given))


@pytest.fixture
def identity(pool: Pool) -> Identity:
    return Identity(pool)


async def test_every_statement_prepares(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for sql in STATEMENTS.values():
            assert await connection.prepare(sql)


async def test_a_checkout_its_order_and_its_refund_meet(identity: Identity) -> None:
    token = await identity.key(who(checkout="chk", cart="c"))
    named = await identity.key(who(email="a@example.com", checkout="chk", cart="c"))
    order = await identity.key(who(customer="7", email="a@example.com", order="9", checkout="chk"))
    refund = await identity.key(who(order="9"))
    consent = await identity.key(who(customer="7"))
    address_only = await identity.key(who(email="a@example.com"))
    assert len({token, named, order, refund, consent, address_only}) == 1


async def test_a_refund_that_comes_before_its_order(identity: Identity) -> None:
    refund = await identity.key(who(order="9"))
    assert await identity.key(who(customer="7", email="a@example.com", order="9")) == refund
    assert await identity.key(who(customer="7")) == refund


async def test_a_known_customer_takes_their_anonymous_checkout_over(identity: Identity) -> None:
    customer = await identity.key(who(customer="7", email="a@example.com"))
    anonymous = await identity.key(who(checkout="chk"))
    assert anonymous != customer
    assert await identity.key(who(email="a@example.com", checkout="chk")) == customer
    assert await identity.key(who(checkout="chk")) == customer


async def test_shops_do_not_share_persons(identity: Identity) -> None:
    assert await identity.key(who("tea", customer="7")) != await identity.key(who("coffee", customer="7"))


async def test_two_customers_on_one_computer_stay_two(identity: Identity) -> None:
    first = await identity.key(who(customer="1", email="a@example.com", cart="shared"))
    second = await identity.key(who(customer="2", email="b@example.com", cart="shared"))
    assert first != second
    assert await identity.key(who(email="b@example.com")) == second


async def test_two_guests_with_one_phone_stay_two(identity: Identity) -> None:
    first = await identity.key(who(email="a@example.com", phone="+12025550123"))
    second = await identity.key(who(email="b@example.com", phone="+12025550123"))
    assert first != second
    assert await identity.key(who(email="a@example.com")) == first


async def test_a_corrected_address_in_one_checkout_is_one_person(identity: Identity) -> None:
    typo = await identity.key(who(email="a@exmaple.com", checkout="chk"))
    assert await identity.key(who(email="a@example.com", checkout="chk")) == typo


async def test_two_customer_ids_with_one_address_are_two_persons(identity: Identity) -> None:
    first = await identity.key(who(customer="1", email="a@example.com"))
    second = await identity.key(who(customer="2", email="a@example.com"))
    assert first != second
    assert await identity.key(who(customer="1", email="new@example.com")) == first
    assert await identity.key(who(email="a@example.com")) == second


async def test_a_guest_who_registers_is_the_same_person(identity: Identity) -> None:
    guest = await identity.key(who(email="a@example.com", order="1"))
    assert await identity.key(who(customer="1", email="a@example.com")) == guest
    assert await identity.key(who(order="1")) == guest


async def test_an_address_that_got_another_owner_leaves_the_orders_behind(identity: Identity) -> None:
    first = await identity.key(who(customer="201", email="shared@example.com", order="60"))
    second = await identity.key(who(customer="202", email="shared@example.com", order="63"))
    assert await identity.key(who(order="60")) == first
    assert await identity.key(who(email="shared@example.com", order="60")) == first
    assert await identity.key(who(email="shared@example.com")) == second


async def test_the_address_of_an_order_does_not_become_its_buyers(identity: Identity) -> None:
    buyer = await identity.key(who(customer="90", email="owner@example.com", order="61"))
    assert await identity.key(who(email="friend@example.com", phone="+12025550123", order="61")) == buyer
    friend = await identity.key(who(email="friend@example.com"))
    assert friend != buyer
    assert await identity.key(who(phone="+12025550123")) != buyer


async def test_a_guest_goes_on_in_the_checkout_of_somebody_who_was_signed_in(identity: Identity) -> None:
    customer = await identity.key(who(customer="1", email="a@example.com", checkout="chk"))
    guest = await identity.key(who(email="b@example.com", checkout="chk"))
    assert guest != customer
    assert await identity.key(who(checkout="chk")) == guest


@pytest.mark.parametrize("weak", ["phone", "cart", "anonymous"])
async def test_what_is_shared_joins_nobody(identity: Identity, weak: str) -> None:
    shared = {weak: "+12025550123"}
    keys = [
        await identity.key(who(customer="1", email="a@example.com", **shared)),
        await identity.key(who(customer="2", **shared)),
        await identity.key(who(email="c@example.com", **shared)),
        await identity.key(who(customer="4", email="d@example.com", **shared)),
    ]
    assert len(set(keys)) == 4
    assert await identity.key(who(**shared)) == keys[-1]


async def test_a_browser_is_the_customers_once_they_sign_in(identity: Identity) -> None:
    visitor = await identity.key(who(anonymous="browser-1"))
    assert await identity.key(who(customer="1", email="a@example.com", anonymous="browser-1")) == visitor
    assert await identity.key(who(phone="+12025550123", anonymous="browser-1")) != visitor


async def test_an_address_and_its_hash_are_one_name(identity: Identity) -> None:
    address = "ana@example.com"
    hashed = person(CustomerSeen(customer=Buyer(email_hash=hashlib.sha256(address.encode()).hexdigest().upper())))
    assert await identity.key(who(email=address)) == await identity.key(Lookup("tea", hashed.aliases))


def test_what_is_no_hash_names_nobody() -> None:
    assert person(CustomerSeen(customer=Buyer(email_hash="ana@example.com"))).aliases == ()


async def test_a_company_account_is_nobody_of_its_people(identity: Identity) -> None:
    def key(buyer: Buyer) -> Coroutine[None, None, str]:
        return identity.key(Lookup("tea", person(CustomerSeen(customer=buyer)).aliases))

    ann, bob = await key(Buyer(id="1", account_id="acme")), await key(Buyer(id="2", account_id="acme"))
    company = await key(Buyer(account_id="acme"))
    assert len({ann, bob, company}) == 3


async def test_a_sku_finds_its_product_once_it_is_known(identity: Identity) -> None:
    before = await identity.key(who(sku="TEA-1"))
    assert product_id_of(before) == ""
    assert await identity.key(who(product="41", sku="TEA-1")) == "prd_41"
    assert await identity.key(who(sku="TEA-1")) == "prd_41"
    assert await identity.key(who(product="42", sku="TEA-1")) == "prd_42"


async def test_lookups_by_one_address_at_once_are_not_mixed(identity: Identity) -> None:
    """An order of the one who had the address before leads its event, and nobody else's, to them."""
    first = await identity.key(who(customer="1", email="a@example.com", order="1"))
    second = await identity.key(who(customer="2", email="a@example.com"))
    asked = [who(email="a@example.com", phone=f"+1202555{n:04}") for n in range(20)]
    keys = await asyncio.gather(*map(identity.key, [who(email="a@example.com", order="1"), *asked]))
    assert keys == [first, *[second] * 20]


async def test_an_inventory_item_finds_its_product_once_it_is_known(identity: Identity) -> None:
    before = await identity.key(who(inventory="43"))
    assert product_id_of(before) == ""
    assert await identity.key(who(product="41", inventory="43")) == "prd_41"
    assert await identity.key(who(inventory="43")) == "prd_41"


async def test_no_address_is_in_the_table(identity: Identity, pool: Pool) -> None:
    await identity.key(who(email="a@example.com", phone="+12025550123"))
    names = [row["alias"] for row in await pool.fetch("select alias from ingest.alias")]
    assert len(names) == 2
    assert not [name for name in names if "example" in name or "555" in name]


async def test_many_lookups_share_round_trips(identity: Identity) -> None:
    lookups = [who(customer=str(n), email=f"{n}@example.com", order=f"o{n}") for n in range(1000)]
    keys = await asyncio.gather(*map(identity.key, lookups * 3))
    assert keys[:1000] == keys[1000:2000] == keys[2000:]
    assert len(set(keys)) == 1000


async def test_one_customers_many_orders_at_once(identity: Identity) -> None:
    keys = await asyncio.gather(*(identity.key(who(customer="7", order=str(n))) for n in range(500)))
    assert len(set(keys)) == 1


async def test_two_processes_that_meet_a_person_at_the_same_moment_agree(pool: Pool) -> None:
    """Every lookup names the customer or the address: whoever comes first, all get one key."""
    chance = random.Random(7)
    first, second = Identity(pool), Identity(pool)
    for n in range(60):
        lookups = [
            who(customer=f"{n}", email=f"{n}@example.com"),
            who(customer=f"{n}", email=f"{n}@example.com", order=f"o{n}", checkout=f"t{n}"),
            who(email=f"{n}@example.com", checkout=f"t{n}", cart=f"c{n}"),
            who(customer=f"{n}", email=f"{n}@example.com", phone=f"+1202555{n:04}"),
        ]
        chance.shuffle(lookups)
        keys = await asyncio.gather(*((first, second)[i % 2].key(lookup) for i, lookup in enumerate(lookups)))
        assert len(set(keys)) == 1, (n, keys)


async def test_a_lost_database_means_try_again(pool: Pool) -> None:
    identity = Identity(pool)
    await identity.key(who(customer="7"))
    pool.terminate()
    with pytest.raises(Busy):
        await identity.key(who(customer="7"))


async def test_whoever_gave_up_does_not_hold_up_the_others(identity: Identity) -> None:
    gone = asyncio.create_task(identity.key(who(customer="1")))
    stays = asyncio.create_task(identity.key(who(customer="2")))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).startswith("cus_")
