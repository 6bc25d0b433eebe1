"""`relevo tokens` and `relevo audit`, on the database."""

import json

import pytest

from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo


@pytest.fixture
def environment(settings: SettingsFactory) -> dict[str, str]:
    return given(settings())


async def test_a_token_is_printed_once_and_listed_without_its_text(environment: dict[str, str], pool: Pool) -> None:
    code, out, err = await relevo("tokens", "create", "ci", "--role", "author", "--days", "30", **environment)
    assert code == 0, err
    token = out.strip()
    token_id = token.split("_")[1]
    assert f"token {token_id} of ci holds until" in err
    _, out, _ = await relevo("tokens", "list", "--json", **environment)
    [listed] = json.loads(out)
    assert (listed["token_id"], listed["roles"], listed["shop"], listed["state"]) == (
        token_id,
        ["author"],
        "*",
        "valid",
    )
    assert token.split("_")[2] not in out
    assert await pool.fetchval("select count(*) from control.token where hash like '%' || $1 || '%'", token) == 0
    code, _, _ = await relevo("tokens", "revoke", token_id, **environment)
    assert code == 0
    _, out, _ = await relevo("tokens", "list", "--json", **environment)
    assert json.loads(out)[0]["state"] == "revoked"
    code, _, err = await relevo("tokens", "revoke", token_id, **environment)
    assert code == 2
    assert "no token that holds has the id" in err


async def test_a_token_needs_a_role_and_a_shop_that_there_are(environment: dict[str, str]) -> None:
    for arguments, wrong in (
        (["--role", "boss"], "there is no role boss; choose from viewer, author"),
        (["--role", "viewer", "--shop", "nowhere"], "shop 'nowhere' is not known"),
        (["--role", "viewer", "--days", "9999"], "a token holds for 1 to 730 days"),
    ):
        code, _, err = await relevo("tokens", "create", "ci", *arguments, **environment)
        assert code == 2
        assert wrong in " ".join(err.split())


async def test_the_audit_log_is_listed_and_checked(environment: dict[str, str], pool: Pool) -> None:
    await relevo("tokens", "create", "ci", "--role", "author", **environment)
    _, out, _ = await relevo("audit", **environment)
    assert "createToken" in out
    assert "of ci: author  done" in out
    code, out, _ = await relevo("audit", "--check", **environment)
    assert code == 0
    assert "every entry is as it was written" in out
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute("update control.audit set actor = 'eve'")
    code, out, _ = await relevo("audit", "--check", **environment)
    assert code == 1
    assert "entry 1 was changed" in out
