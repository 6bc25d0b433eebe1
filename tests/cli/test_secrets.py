"""`relevo secrets`: what the catalog has of secrets before and after, and that webhooks pass meanwhile."""

import base64
import os

import pytest

from relevo_runtime import catalog
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import SystemClock
from relevo_runtime.connections import ShopConnection, connect, connection
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys
from tests.cli.test_commands import ADD, given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo

NOW = SystemClock().now()


def key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


async def shop_of(pool: Pool) -> Shop:
    async with pool.acquire() as database:
        shop = await catalog.shop(database, "acme")
    assert shop is not None
    return shop


async def test_secrets_are_sealed_rotated_and_put_back(
    environment: dict[str, str], pool: Pool, settings: SettingsFactory
) -> None:
    old, new = key(), key()
    await relevo(*ADD, **environment)
    clear = {"key": "ck_clear"}
    async with pool.acquire() as database:
        made = SecretKeys(settings()).sealed_credentials("acme", clear)
        await connect(
            database,
            ShopConnection(shop="acme", platform="shopify", base_url="https://a", credentials=made, connected_at=NOW),
        )
    code, out, err = await relevo("secrets", "rotate", **environment, RELEVO_SECRETS_KEY=old)
    assert (code, out) == (0, "2 secrets are sealed with the first key\n"), err
    everything = str(await pool.fetch("select secrets::text from catalog.shop"))
    everything += str(await pool.fetch("select credentials::text from catalog.connection"))
    assert "a long secret" not in everything
    assert "ck_clear" not in everything
    code, _, err = await relevo("secrets", "rotate", **environment, RELEVO_SECRETS_KEY=f"{new},{old}")
    assert code == 0, err
    keys = SecretKeys(settings(secrets_key=new))
    opened, faults = keys.opened_shop(await shop_of(pool))
    assert (opened.valid_secrets(NOW), faults) == (["a long secret"], [])
    async with pool.acquire() as database:
        kept = await connection(database, "acme")
    assert kept is not None
    assert keys.opened_credentials("acme", kept.credentials) == clear
    code, out, err = await relevo("secrets", "rotate", "--in-clear", **environment, RELEVO_SECRETS_KEY=new)
    assert (code, out) == (0, "2 secrets are kept in clear\n"), err
    assert (await shop_of(pool)).valid_secrets(NOW) == ["a long secret"]


async def test_what_is_written_with_a_key_is_sealed(
    environment: dict[str, str], pool: Pool, settings: SettingsFactory
) -> None:
    own = key()
    environment = {**environment, "RELEVO_SECRETS_KEY": own}
    await relevo(*ADD, **environment)
    code, _, err = await relevo("shops", "rotate-secret", "acme", "--secret", "a newer one", **environment)
    assert code == 0, err
    code, _, err = await relevo("shops", "update", "acme", "--title", "Acme!", **environment)
    assert code == 0, err
    shop = await shop_of(pool)
    assert [one.sealed for one in shop.secrets] == [True, True]
    opened, _ = SecretKeys(settings(secrets_key=own)).opened_shop(shop)
    assert opened.valid_secrets(NOW) == ["a newer one", "a long secret"]


async def test_without_a_key_there_is_nothing_to_rotate_to_and_a_lost_one_is_named(
    environment: dict[str, str],
) -> None:
    code, _, err = await relevo("secrets", "rotate", **environment)
    assert code == 2
    assert "RELEVO_SECRETS_KEY is not set" in err
    await relevo(*ADD, **environment, RELEVO_SECRETS_KEY=key())
    code, out, err = await relevo("secrets", "rotate", **environment, RELEVO_SECRETS_KEY=key())
    assert (code, out) == (1, "0 secrets are sealed with the first key\n")
    assert "acme: webhook stays as it is" in err
    code, _, err = await relevo("secrets", "rotate", **environment, RELEVO_SECRETS_KEY="short")
    assert code == 2
    assert "32 bytes" in err
