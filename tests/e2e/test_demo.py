"""The demonstration: both flows from HTTP to the sinks on the embedded platform, judged at the sinks."""

import json
from pathlib import Path

import pytest

from relevo_cli.sample_shop.recording import record
from relevo_cli.sample_shop.scenarios import SCENARIOS
from tests.e2e.machine import relevo

SHOPPERS = len(SCENARIOS)
"""Each scenario once."""


@pytest.mark.timeout(170)
async def test_every_expected_message_arrives_once(tmp_path: Path) -> None:
    code, out, err = await relevo(
        "demo", "--json", "--speed", "7200", "--shoppers", str(SHOPPERS), "--data", str(tmp_path / "data")
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
