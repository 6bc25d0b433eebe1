"""A control server on a real database, and people with tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest

from relevo_control.app.tokens import NewToken, create
from relevo_control.entrypoints.http import make_app
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import SystemClock
from relevo_runtime.http import serve
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory

Hire = Callable[..., Awaitable[str]]


@pytest.fixture
def hire(pool: Pool) -> Hire:
    """Makes somebody's token: `await hire("ann", "author", shop="tea")`."""

    async def make(name: str, *roles: str, shop: str = "*", days: float = 1) -> str:
        wanted = NewToken(name=name, roles=roles, shop=shop, holds=timedelta(days=days))
        async with pool.acquire() as connection, connection.transaction():
            _, text = await create(connection, wanted, SystemClock().now(), by="root")
        return text

    return make


@pytest.fixture
def control_settings(settings: SettingsFactory) -> ControlSettings:
    return settings(ControlSettings, control_settle=0.0, control_failed_logins=5)


@pytest.fixture
async def url(pool: Pool, control_settings: ControlSettings) -> AsyncIterator[str]:
    """Where a control server listens."""
    async with AsyncExitStack() as stack:
        app = make_app(pool, control_settings, SystemClock())
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0, stop_timeout=1))
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
