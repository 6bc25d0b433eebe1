"""`relevo tokens` and `relevo audit`, on the database."""

import json
from pathlib import Path

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
    await past_the_trigger(pool, "update control.audit set actor = 'eve'")
    code, out, _ = await relevo("audit", "--check", **environment)
    assert code == 1
    assert "entry 1 was changed" in out


async def past_the_trigger(pool: Pool, statement: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(statement)


async def test_entries_that_were_cut_off_are_missed_by_what_was_kept_elsewhere(
    environment: dict[str, str], pool: Pool, tmp_path: Path
) -> None:
    for name in ("ann", "bea"):
        await relevo("tokens", "create", name, "--role", "author", **environment)
    kept = tmp_path / "kept.json"
    kept.write_text((await relevo("audit", "--check", "--json", **environment))[1])
    code, out, err = await relevo("audit", "--check", "--anchor", str(kept), **environment)
    assert (code, "1 anchor is among them" in out) == (0, True), err
    await past_the_trigger(pool, "delete from control.audit where number = 2")
    assert (await relevo("audit", "--check", **environment))[0] == 0  # by itself the chain doesn't tell
    code, out, _ = await relevo("audit", "--check", "--anchor", str(kept), **environment)
    assert (code, "*: entry 2 was written and is gone: the chain was cut off" in out) == (1, True)
    await relevo("tokens", "create", "eve", "--role", "author", **environment)
    code, out, _ = await relevo("audit", "--check", "--anchor", str(kept), **environment)
    assert (code, "entry 2 is another one than was written" in out) == (1, True)
    other = tmp_path / "other.txt"
    other.write_text('{"message": "nothing"}\n')
    for file, wrong in ((other, "it has no entry of the audit log"), (tmp_path / "nowhere", "can't be read")):
        code, _, err = await relevo("audit", "--check", "--anchor", str(file), **environment)
        assert (code, wrong in err) == (2, True), err
