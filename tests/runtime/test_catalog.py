"""The catalog: which shops there are, and what new runs of a workflow start with."""

from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from relevo_runtime import catalog
from relevo_runtime.catalog import DefinitionUnknown, Secret, Shop, hash_token
from relevo_runtime.errors import ShopExists, ShopUnknown
from relevo_runtime.postgres import Pool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Shop(
    shop="acme",
    platform="shopify",
    name="Acme",
    domain="acme.example.com",
    secrets=[Secret("old", NOON), Secret("new")],
    token_hashes=[hash_token("t-1"), hash_token("t-2")],
    task_token_hashes=[hash_token("t-3")],
    email_from="Acme <shop@example.com>",
    locale="es",
    timezone="Europe/Madrid",
    postal_address="Calle Mayor 1, 28013 Madrid",
    quiet_hours="21:00-08:00",
)


async def test_a_shop_is_read_as_it_was_added(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, ACME)
        assert await catalog.shop(connection, "acme") == ACME
        assert await catalog.shops(connection) == [ACME]
        assert await catalog.shop(connection, "other") is None


async def test_a_shop_is_added_once_and_only_a_known_one_is_changed(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, ACME)
        with pytest.raises(ShopExists, match="'acme' exists already"):
            await catalog.add_shop(connection, ACME)
        changed = msgspec.structs.replace(ACME, locale="it")
        await catalog.update_shop(connection, changed)
        assert await catalog.shop(connection, "acme") == changed
        with pytest.raises(ShopUnknown, match="'other' is not known"):
            await catalog.update_shop(connection, msgspec.structs.replace(ACME, shop="other"))


async def test_a_shop_name_that_would_not_fit_a_url_is_refused(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await catalog.add_shop(connection, msgspec.structs.replace(ACME, shop="Acme Ltd/1"))


def test_secrets_rotate_and_never_show() -> None:
    assert ACME.valid_secrets(NOON - timedelta(seconds=1)) == ["old", "new"]
    assert ACME.valid_secrets(NOON) == ["new"]
    assert "old" not in repr(ACME)


def test_any_of_the_tokens_is_accepted_for_its_purpose_alone() -> None:
    assert [token for token in ("t-1", "t-2", "t-3", "t-4", "") if ACME.accepts_token(token, "events")] == [
        "t-1",
        "t-2",
    ]
    assert [token for token in ("t-1", "t-2", "t-3", "t-4", "") if ACME.accepts_token(token, "tasks")] == ["t-3"]


async def test_the_last_deployment_is_active_and_the_history_stays(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        first = await catalog.deploy(
            connection, workflow="welcome", version="v1", files={"a": "1"}, at=NOON, author="Ann"
        )
        second = await catalog.deploy(connection, workflow="welcome", version="v2", files={"a": "2"}, at=NOON)
        [active] = await catalog.active_definitions(connection)
        past = await catalog.history(connection, "welcome")
        assert await catalog.definition_files(connection, "v1") == {"a": "1"}
    assert (active.shop, active.version, active.files, active.active) == ("*", "v2", {"a": "2"}, True)
    assert [(d.version, d.revision, d.author) for d in past] == [("v2", second, ""), ("v1", first, "Ann")]


async def test_a_retired_workflow_starts_nothing_and_can_come_back(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.deploy(connection, workflow="welcome", version="v1", files={}, at=NOON)
        assert await catalog.retire(connection, workflow="welcome", at=NOON, by="Ann", note="a mistake")
        assert not await catalog.retire(connection, workflow="welcome", at=NOON)
        assert await catalog.active_definitions(connection) == []
        await catalog.deploy(connection, workflow="welcome", version="v1", files={}, at=NOON)
        assert len(await catalog.active_definitions(connection)) == 1
        back, gone = await catalog.history(connection, "welcome")
    assert (gone.retired_at, gone.retired_by, gone.retired_note) == (NOON, "Ann", "a mistake")
    assert (back.active, back.retired_at, back.retired_by) == (True, None, "")


async def test_an_unknown_version_says_so(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(DefinitionUnknown, match="'v9'"):
            await catalog.definition_files(connection, "v9")


async def test_every_change_counts_as_a_revision(pool: Pool) -> None:
    async with pool.acquire() as connection:
        seen = [await catalog.revision(connection)]
        await catalog.add_shop(connection, ACME)
        seen.append(await catalog.revision(connection))
        await catalog.update_shop(connection, ACME)
        seen.append(await catalog.revision(connection))
        await catalog.deploy(connection, workflow="welcome", version="v1", files={}, at=NOON)
        seen.append(await catalog.revision(connection))
        await catalog.retire(connection, workflow="welcome", at=NOON)
        seen.append(await catalog.revision(connection))
    assert seen == sorted(set(seen))
