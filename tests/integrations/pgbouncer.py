"""PgBouncer before PostgreSQL: in session mode it works; in transaction mode a service says at its start why not."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from relevo_embedded.process import accepts, as_user, free_ports
from relevo_runtime.errors import Unreachable
from relevo_runtime.migrations import installed_packages, migrate
from relevo_runtime.postgres import LOOKUPS, NOT_AWAITED, open_pool
from relevo_runtime.timers import ARMED
from relevo_scheduler.adapters.listener import listening

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "pgbouncer"
LET_THROUGH = next(
    line.partition("= ")[2]
    for line in (Path(__file__).parents[2] / "docs" / "security.md").read_text().splitlines()
    if line.startswith("ignore_startup_parameters = ")
)


@contextlib.asynccontextmanager
async def bouncer(dsn: str, folder: Path, mode: str, let_through: str = LET_THROUGH) -> AsyncIterator[str]:
    """The database's URL through a PgBouncer of this mode."""
    parts, [port] = urlsplit(dsn), free_ports(1)
    where, name = parse_qs(parts.query), parts.path.strip("/")
    server = f"host={where['host'][0]} port={where['port'][0]} user={parts.username}"
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "ignore_startup_parameters": let_through,
    }
    settings = folder / "pgbouncer.ini"
    body = "".join(f"{key} = {value}\n" for key, value in lines.items())
    settings.write_text(f"[databases]\n{name} = {server}\n[pgbouncer]\n{body}")
    with (folder / "pgbouncer.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*_command(settings), stdout=log, stderr=log)
    try:
        async with asyncio.timeout(20):
            while not accepts(port):
                assert process.returncode is None, (folder / "pgbouncer.log").read_text()
                await asyncio.sleep(0.05)
        yield f"postgresql://relevo@127.0.0.1:{port}/{name}"
    finally:
        process.kill()
        await process.wait()


def _command(settings: Path) -> list[str]:
    """PgBouncer refuses to run as root, and then is the user that PostgreSQL runs as."""
    user = "nobody" if os.geteuid() == 0 else "-"
    return [*as_user(user, 0, str(os.getpid())), PROGRAM, str(settings)]


async def test_session_mode_works(database: str, tmp_path: Path) -> None:
    async with bouncer(database, tmp_path, "session") as dsn:
        assert await migrate(dsn, installed_packages()) == []
        pool = await open_pool(dsn, application_name="relevo-tests", session=LOOKUPS | NOT_AWAITED)
        heard = asyncio.Event()
        async with listening(dsn, heard.set, lambda error: None):
            async with asyncio.timeout(30):
                while not heard.is_set():
                    await pool.execute("select pg_notify($1, '')", ARMED)
                    await asyncio.sleep(0.1)
        assert await pool.fetchval("select $1::jsonb", {"a": 1}) == {"a": 1}
        pool.terminate()


async def test_transaction_mode_is_refused_at_the_start(database: str, tmp_path: Path) -> None:
    async with bouncer(database, tmp_path, "transaction") as dsn:
        with pytest.raises(Unreachable, match="lends connections by the transaction: name PostgreSQL itself"):
            await open_pool(dsn, application_name="relevo-tests")


async def test_a_pooler_that_lets_no_settings_through_is_told(database: str, tmp_path: Path) -> None:
    async with bouncer(database, tmp_path, "session", let_through="extra_float_digits") as dsn:
        with pytest.raises(Unreachable, match="that is PgBouncer, which refuses what a connection begins with"):
            await open_pool(dsn, application_name="relevo-tests")
