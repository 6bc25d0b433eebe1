"""Whom a name means: what erases takes only names that mean one person for certain."""

import pytest

from relevo_cli.commands.privacy import known_key, person_to_erase
from relevo_cli.errors import CommandError
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.lookup import NamedPerson
from relevo_ingest.core.aliases import Alias, Kind, Lookup, alias
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool


async def key_of(pool: Pool, *names: Alias) -> str:
    return await Identity(pool).key(Lookup("tea", names))


@pytest.fixture
async def ana(pool: Pool, tea: catalog.Shop) -> str:
    assert tea
    names = (Kind.CUSTOMER, "7"), (Kind.EMAIL, "ana@example.org"), (Kind.PHONE, "+34600111222"), (Kind.ORDER, "1001")
    others = (Kind.SUBSCRIPTION, "1002"), (Kind.CHECKOUT, "1003")
    return await key_of(pool, *(alias(kind, name) for kind, name in (*names, *others)))


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("7", "customer id"),
        (" ANA@example.org ", "e-mail address"),
        ("+34 600 111 222", "phone number"),
        ("order:1001", "order"),
    ],
)
async def test_erasing_takes_names_that_mean_one_person(pool: Pool, ana: str, name: str, by: str) -> None:
    async with pool.acquire() as connection:
        assert await person_to_erase(connection, "tea", name) == NamedPerson(ana, by)
        assert await person_to_erase(connection, "tea", ana) == NamedPerson(ana, "key")


@pytest.mark.parametrize("name", ["1001", "1002", "1003", "customer:7", "ana", "", "+", "@", "order:7", "cus_mistyped"])
async def test_erasing_guesses_nothing(pool: Pool, ana: str, name: str) -> None:
    assert ana
    async with pool.acquire() as connection:
        with pytest.raises(CommandError, match="in tea"):
            await person_to_erase(connection, "tea", name)


async def test_the_key_of_a_merged_customer_means_the_kept_one(pool: Pool, ana: str) -> None:
    await pool.execute("insert into engine.merged (shop, key, into_key, at) values ('tea', 'cus_old', $1, now())", ana)
    async with pool.acquire() as connection:
        assert (await person_to_erase(connection, "tea", "cus_old")).key == ana
        assert await known_key(connection, "tea", "cus_old") == ana
