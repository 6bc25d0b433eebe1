"""The shop modules in PHP, on their own and against a running ingest: `make test-integrations`. They need php and curl.

What is missing fails the tests; it is never passed over.
"""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import SECRET, Ingest, ingest, tea, tea_shop

__all__ = ["ingest", "tea"]

ROOT = Path(__file__).parents[2]
PHP = Path(__file__).parent / "php"
MODULES = ROOT / "integrations"
EXPECTED = {
    "prestashop": {
        "customer.created", "consent.changed", "cart.updated", "order.placed", "order.paid", "order.status_changed",
        "refund.created", "return.requested",
    },
    "magento": {
        "order.placed", "invoice.created", "invoice.paid", "refund.created", "shipment.created", "customer.created",
        "consent.changed", "cart.updated", "checkout.started", "product.updated",
    },
}  # fmt: skip
"""What the messages of a module's test are at least, in events."""


async def php(*arguments: str) -> str:
    """What php prints. Fails with what to install if it is missing."""
    found = shutil.which("php")
    if found is None:
        pytest.fail("php is missing: install php-cli and php-curl (apt-get install php-cli php-curl), run this again")
    command = [found, "-d", "error_reporting=-1", "-d", "display_errors=stderr", *arguments]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("file", sorted(MODULES.rglob("*.php")), ids=lambda file: str(file.relative_to(MODULES)))
async def test_every_file_is_php(file: Path) -> None:
    assert "No syntax errors" in await php("-l", str(file))


@pytest.mark.parametrize("file", sorted(MODULES.rglob("*.xml")), ids=lambda file: str(file.relative_to(MODULES)))
def test_every_configuration_is_xml(file: Path) -> None:
    assert ElementTree.parse(file).getroot().tag in {"config", "schema"}


def test_both_modules_have_the_same_outbox() -> None:
    ours, theirs = MODULES / "prestashop/relevo/src/Outbox", MODULES / "magento/Model/Outbox"
    files = {path.name: path.read_text() for path in ours.glob("*.php")}
    assert files == {path.name: path.read_text() for path in theirs.glob("*.php")}
    assert "Sender.php" in files


async def test_the_outbox_keeps_what_is_not_taken_and_tries_again() -> None:
    assert "pauses double from a minute to an hour" in await php(str(PHP / "outbox.php"))


@pytest.mark.parametrize("name", EXPECTED)
async def test_what_a_module_posts_becomes_events(name: str, ingest: Ingest, pool: Pool, tmp_path: Path) -> None:
    shop = msgspec.structs.replace(tea_shop(), shop="lumen", platform=name)
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, shop)
    messages = tmp_path / "messages.json"
    assert "without secrets" in await php(str(PHP / f"{name}.php"), str(messages))
    url = f"{str(ingest.client.base_url).rstrip('/')}/hooks/lumen/{name}"
    for _ in range(2):  # sent again, each message is the same delivery
        told = json.loads(await php(str(PHP / "send.php"), str(messages), url, SECRET))
        assert told == {"taken": len(json.loads(messages.read_text())), "left": 0}
    stored = [event for event in await ingest.stored() if event.shop == "lumen"]
    assert EXPECTED[name] <= {event.type for event in stored}
    first = [(event.id, event.type) for event in stored]
    assert len(set(first)) * 2 >= len(first), "the second time tells nothing new"
    assert not {"hash", "passwd", "secure_key", "4242"} & set(str(stored).split("'"))


async def test_a_module_with_a_wrong_secret_keeps_its_messages(ingest: Ingest, pool: Pool, tmp_path: Path) -> None:
    shop = msgspec.structs.replace(tea_shop(), shop="lumen", platform="prestashop")
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, shop)
    messages = tmp_path / "messages.json"
    await php(str(PHP / "prestashop.php"), str(messages))
    url = f"{str(ingest.client.base_url).rstrip('/')}/hooks/lumen/prestashop"
    told = json.loads(await php(str(PHP / "send.php"), str(messages), url, "another-secret"))
    assert told == {"taken": 0, "left": len(json.loads(messages.read_text()))}
    assert await ingest.stored() == []
