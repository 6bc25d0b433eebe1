"""The demonstration: the flows from HTTP to the sinks, judged at the sinks.

It runs on the Kafka and PostgreSQL of the other tests, given by their addresses; `tests/chaos` and `make run` let the
command start its own.
"""

import json
import re
from pathlib import Path

import pytest

from relevo_cli.sample_shop.recording import record
from relevo_cli.sample_shop.scenarios import SCENARIOS
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo_from_nothing

SHOPPERS = len(SCENARIOS)
"""Each scenario once."""


@pytest.mark.timeout(600)
async def test_every_expected_message_arrives_once(tmp_path: Path, settings: SettingsFactory) -> None:
    own = settings()
    code, out, err = await relevo_from_nothing(
        *("demo", "--json", "--speed", "7200", "--shoppers", str(SHOPPERS), "--data", str(tmp_path / "data")),
        RELEVO_KAFKA=own.kafka,
        RELEVO_POSTGRES=own.dsn,
        RELEVO_TOPIC_PREFIX=own.topic_prefix,
        RELEVO_PARTITIONS=str(own.partitions),
    )
    assert code == 0, err
    result = json.loads(out.splitlines()[-1])
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
