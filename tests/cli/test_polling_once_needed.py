"""`relevo up` starts the poller as soon as a shop is connected that has to be asked, be it long after its start."""

import asyncio
from pathlib import Path

import pytest

from relevo_cli import addresses
from relevo_cli.child import Spec
from relevo_cli.processes import POLLER, choose_ports
from relevo_cli.supervisor import Supervisor
from relevo_cli.system import ServicePlan, polling_once_needed
from relevo_runtime import catalog
from relevo_runtime.connections import ShopConnection, connect
from relevo_runtime.postgres import Pool
from tests.conftest import SettingsFactory
from tests.engine.conftest import MORNING


class Started(Supervisor):
    """Notes what is added."""

    def __init__(self) -> None:
        super().__init__([], print)
        self.added: asyncio.Queue[Spec] = asyncio.Queue()

    async def add(self, spec: Spec) -> None:
        await self.added.put(spec)


async def connected(pool: Pool, platform: str) -> None:
    async with pool.acquire() as database, database.transaction():
        await catalog.add_shop(database, catalog.Shop(shop=platform, platform=platform))
        made = ShopConnection(
            shop=platform, platform=platform, base_url="https://x.example", credentials={}, connected_at=MORNING
        )
        await connect(database, made)


@pytest.mark.parametrize("system", ["magento", "bigcommerce"])
async def test_the_poller_starts_once_a_shop_has_to_be_asked(
    settings: SettingsFactory, pool: Pool, tmp_path: Path, system: str
) -> None:
    supervisor, plan, ports = Started(), ServicePlan(data=tmp_path, workflows=[]), choose_ports(0)
    async with polling_once_needed(settings(), settings(), plan, ports, supervisor, look_every=0.02):
        await connected(pool, "woocommerce")
        await asyncio.sleep(0.2)
        assert supervisor.added.empty(), "its webhooks say all"
        await connected(pool, system)
        spec = await supervisor.added.get()
        while (running := addresses.running(tmp_path)) is None:
            await asyncio.sleep(0.02)
    assert spec.name == POLLER
    assert POLLER in running.admin, "doctor and overview see it, too"
