"""A message that nobody can read, on every topic that a service reads, costs itself alone; it can be sent again."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from relevo_contracts.topics import TOPICS
from relevo_runtime.kafka import Publisher
from relevo_runtime.settings import RuntimeSettings
from tests.e2e.machine import relevo
from tests.e2e.test_up import SECRET, addresses, mail, order_of_now, post, running

pytestmark = pytest.mark.timeout(600)
POISON = [(b"acme/cus_poison", b'{"id": 7')]
READ = [topic.name for topic in TOPICS if topic.read_by]
PUT_ASIDE = {(reader, topic.name) for topic in TOPICS for reader in topic.read_by}
SHOP = ("--platform", "shopify", "--secret", SECRET, "--email-from", "Acme <hello@example.com>")


async def letters(environment: dict[str, str]) -> list[tuple[str, str]]:
    """Which service put what aside, of which topic; a group of a service has a name behind its own."""
    code, out, err = await relevo("dead-letters", "list", "--json", **environment)
    assert code == 0, err
    return [(one["service"].partition("-")[0], one["topic"]) for one in json.loads(out)]


async def test_poison_on_every_topic_is_put_aside_and_holds_up_nothing(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as up:
        environment = addresses(up)
        code, _, err = await relevo("shops", "add", "acme", *SHOP, **environment)
        assert code == 0, err
        settings = RuntimeSettings.model_validate({"kafka": up["kafka"]})
        async with Publisher(settings) as publisher:
            for topic in READ:
                await publisher.publish(topic, POISON)
        while (await post(up, order_of_now())).status_code != 200:
            await asyncio.sleep(0.2)
        [message] = await mail(up, 1)
        assert message["to"] == "shopper002@example.com"
        while set(found := await letters(environment)) < PUT_ASIDE:
            await asyncio.sleep(0.5)
        assert sorted(found) == sorted(PUT_ASIDE)
        code, out, err = await relevo("dead-letters", "redrive", "--all", **environment)
        assert (code, out) == (0, f"{len(PUT_ASIDE)} dead letters were sent to their topics again\n"), err
        async with httpx.AsyncClient(timeout=10) as client:
            ready = [(await client.get(f"{address}/readyz")).status_code for address in up["admin"].values()]
        assert set(ready) == {httpx.codes.OK}
