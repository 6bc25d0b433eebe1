"""The demonstration: the flows from HTTP to the sinks, judged at the sinks.

It runs on the Kafka and PostgreSQL of the other tests, given by their addresses; `tests/chaos` and `make run` let the
command start its own.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from relevo_cli.sample_shop.days.registry import PLATFORMS
from relevo_cli.sample_shop.days.scenarios import SCENARIOS as DAY_SCENARIOS
from relevo_cli.sample_shop.recording import OPENS, record
from relevo_cli.sample_shop.scenarios import SCENARIOS
from relevo_runtime.settings import RuntimeSettings
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo, relevo_from_nothing

SHOPPERS = len(SCENARIOS)
"""Each scenario once."""
OTHERS = [name for name in PLATFORMS if name != "shopify"]
pytestmark = pytest.mark.timeout(600)


async def performed(data: Path, own: RuntimeSettings, *options: str) -> tuple[dict[str, Any], str]:
    """The result of a demonstration in which every expected message arrived, and what it showed."""
    code, out, err = await relevo_from_nothing(
        *("demo", "--json", *options, "--data", str(data)),
        RELEVO_KAFKA=own.kafka,
        RELEVO_POSTGRES=own.dsn,
        RELEVO_TOPIC_PREFIX=own.topic_prefix,
        RELEVO_PARTITIONS=str(own.partitions),
    )
    assert code == 0, err
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    return result, err


async def test_every_expected_message_arrives_once(tmp_path: Path, settings: SettingsFactory) -> None:
    options = ("--speed", "7200", "--shoppers", str(SHOPPERS))
    result, err = await performed(tmp_path / "data", settings(), *options)
    day = record(shoppers=SHOPPERS)
    emails = sum(message.channel == "email" for message in day.expected)
    assert result["webhooks"] == len(day.webhooks)
    assert (result["emails"], result["sms"]) == (emails, len(day.expected) - emails)
    assert (result["lost"], result["duplicates"], result["unexpected"], result["early"]) == (0, 0, 0, 0)
    assert result["runs_started"] >= result["runs_ended"] > 0
    assert len(list((tmp_path / "data" / "mail").glob("*.eml"))) == emails
    assert "shopper000@example.com" in err
    # 28 hours, unless that is at night: when the shop's day begins depends on how fast the services start.
    assert re.search(
        r"abandoned-cart: \d+ h (\d+ min )?after checkout.(started|updated), customer.orders_count == 0", err
    )
    assert not (tmp_path / "data" / "kafka").exists()


@pytest.mark.parametrize("name", OTHERS)
async def test_a_day_of_each_platform_ends_at_the_sinks(name: str, tmp_path: Path, settings: SettingsFactory) -> None:
    options = ("--platform", name, "--speed", "14400", "--shoppers", str(len(DAY_SCENARIOS)))
    result, err = await performed(tmp_path / "data", settings(), *options)
    day = PLATFORMS[name].day("casa-lumen", 1, len(DAY_SCENARIOS), OPENS)
    emails = sum(message.channel == "email" for message in day.expected)
    assert result["webhooks"] == len(day.counted)
    assert (result["emails"], result["sms"]) == (emails, len(day.expected) - emails)
    assert (result["lost"], result["duplicates"], result["unexpected"], result["early"]) == (0, 0, 0, 0)
    assert len(list((tmp_path / "data" / "mail").glob("*.eml"))) == emails
    assert all(remark in err for remark in PLATFORMS[name].remarks)


async def test_a_platform_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    code, out, err = await relevo("demo", "--platform", "magneto", "--data", str(tmp_path / "data"))
    assert (code, out) == (2, "")
    assert "there is no platform 'magneto'; the sample shop runs on shopify, woocommerce" in err
    assert not (tmp_path / "data").exists()
