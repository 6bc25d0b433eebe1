"""Secrets at rest: sealed with a key of the settings, bound to their shop and name, readable while keys change."""

import base64
import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.clock import SystemClock
from relevo_runtime.connections import ShopConnection, connect, connection, connections, disconnect
from relevo_runtime.errors import SecretsSealed
from relevo_runtime.master_keys import Damaged, SealingError
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import WEBHOOK, SecretKeys
from relevo_runtime.settings import RuntimeSettings

NOW = SystemClock().now()


def key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def keys(*given: str) -> SecretKeys:
    return SecretKeys(RuntimeSettings(secrets_key=",".join(given)))  # type: ignore[arg-type]  # pydantic reads a text


@given(st.text(max_size=200), st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_what_is_sealed_is_opened_at_its_place_alone(value: str, shop: str, name: str) -> None:
    one = keys(key())
    sealed = one.sealed(Secret(value), shop=shop, name=name)
    assert one.opened(sealed, shop=shop, name=name) == Secret(value)
    assert one.sealed(sealed, shop=shop, name=name) == sealed
    for other in ({"shop": shop + "x", "name": name}, {"shop": shop, "name": name + "x"}):
        with pytest.raises(Damaged):
            one.opened(sealed, **other)


@given(st.data())
def test_no_changed_character_opens(data: st.DataObject) -> None:
    one = keys(key())
    sealed = one.sealed(Secret("a long secret"), shop="tea", name=WEBHOOK)
    # The last character of base64 before `==` carries bits that count for nothing.
    at = data.draw(st.integers(0, len(sealed.value) - 4))
    # What is drawn must not depend on the sealed text, which another run makes anew: of two characters one differs.
    one_way, another = data.draw(st.permutations("ABCdef019+/=é "))[:2]
    other = one_way if one_way != sealed.value[at] else another
    changed = replace(sealed, value=sealed.value[:at] + other + sealed.value[at + 1 :])
    with pytest.raises((Damaged, SealingError)):
        one.opened(changed, shop="tea", name=WEBHOOK)


def test_without_a_key_secrets_are_as_earlier_releases_read_them() -> None:
    secret = Secret("a long secret", NOW)
    assert not keys().seal
    assert keys().sealed(secret, shop="tea", name=WEBHOOK) == secret
    assert keys(key()).opened(secret, shop="tea", name=WEBHOOK) == secret


def test_the_first_key_seals_and_all_open() -> None:
    old, new = key(), key()
    sealed = keys(old).sealed(Secret("s" * 8), shop="tea", name=WEBHOOK)
    both = keys(new, old)
    assert both.opened(sealed, shop="tea", name=WEBHOOK).value == "s" * 8
    anew = both.sealed(both.opened(sealed, shop="tea", name=WEBHOOK), shop="tea", name=WEBHOOK)
    assert keys(new).opened(anew, shop="tea", name=WEBHOOK).value == "s" * 8
    for lacking in (keys(new), keys()):
        with pytest.raises(SealingError, match="RELEVO_SECRETS_KEY does not hold"):
            lacking.opened(sealed, shop="tea", name=WEBHOOK)


def test_what_can_not_be_opened_costs_itself_only() -> None:
    mine = keys(key())
    good = mine.sealed(Secret("the good one"), shop="tea", name=WEBHOOK)
    foreign = keys(key()).sealed(Secret("another key's"), shop="tea", name=WEBHOOK)
    shop, faults = mine.opened_shop(Shop(shop="tea", platform="shopify", secrets=[foreign, good]))
    assert (len(faults), shop.valid_secrets(NOW)) == (1, ["the good one"])
    alone, _ = mine.opened_shop(Shop(shop="tea", platform="shopify", secrets=[foreign]))
    with pytest.raises(SecretsSealed, match="'tea'"):
        alone.valid_secrets(NOW)
    assert Shop(shop="tea", platform="custom").valid_secrets(NOW) == []


def test_no_repr_shows_a_secret() -> None:
    made = ShopConnection(
        shop="tea",
        platform="p",
        base_url="https://tea.example",
        credentials={"key": Secret("hidden")},
        connected_at=NOW,
    )
    assert "hidden" not in repr(made)


@pytest.mark.parametrize("sealing", [keys, lambda: keys(key())], ids=["in clear", "sealed"])
async def test_a_connection_is_read_as_it_was_made(pool: Pool, sealing: Callable[[], SecretKeys]) -> None:
    own = sealing()
    made = ShopConnection(
        shop="tea",
        platform="woocommerce",
        base_url="https://tea.example",
        credentials=own.sealed_credentials("tea", {"key": "ck_1", "secret": "cs_1"}),
        settings={"store": "de"},
        registered={"order.created": "7"},
        connected_at=NOW,
    )
    async with pool.acquire() as database:
        before = await catalog.revision(database)
        await connect(database, made)
        await connect(database, made)
        found = await connection(database, "tea")
        assert found == made
        assert await connections(database) == [made]
        assert own.opened_credentials("tea", found.credentials) == {"key": "ck_1", "secret": "cs_1"}
        assert await catalog.revision(database) > before
        assert await disconnect(database, "tea")
        assert not await disconnect(database, "tea")
        assert await connection(database, "tea") is None
