"""The samples in Python of clients/README.md run as they are written; `make test-clients` runs the others."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT

from relevo_runtime.postgres import Pool
from tests.clients.samples import sample, two_runs
from tests.control.conftest import Hire, control_settings, hire, url
from tests.ingest.conftest import TOKEN, Ingest, ingest, tea

__all__ = ["control_settings", "hire", "ingest", "tea", "url"]


async def output(code: str) -> str:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=PIPE, stderr=STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_an_event_is_sent(ingest: Ingest) -> None:
    await output(sample("python", of_control=False, url=str(ingest.client.base_url).rstrip("/"), token=TOKEN))
    assert [(one.id, one.type, one.data["order_id"]) for one in await ingest.stored()] == [
        ("erp#order-1001", "order.placed", "1001")
    ]


async def test_a_list_of_the_control_api_is_read(url: str, hire: Hire, pool: Pool) -> None:
    await two_runs(pool)
    code = sample("python", of_control=True, url=url, token=await hire("olga", "operator"))
    assert await output(f"{code}print(shop.shop, stuck)\n") == "tea ['r-active']\n"
