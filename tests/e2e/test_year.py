"""Some weeks of a few customers with all workflows of the library together, on real parts: nothing breaks a rule."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from tests.conftest import SettingsFactory
from tests.e2e.machine import ROOT, surroundings

pytestmark = pytest.mark.timeout(900)


async def test_no_rule_is_broken_in_weeks_on_real_parts(settings: SettingsFactory) -> None:
    own = settings()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.year.real_parts", "--days", "50", "--customers", "2", "--minutes", "5"),
        cwd=ROOT,
        env=surroundings()
        | {
            "RELEVO_KAFKA": own.kafka,
            "RELEVO_POSTGRES": own.dsn,
            "RELEVO_TOPIC_PREFIX": own.topic_prefix,
            "RELEVO_PARTITIONS": str(own.partitions),
        },
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, out.decode() + err.decode()
    assert "0 lost, 0 twice, 0 without an outcome" in out.decode()
    assert "order-status" in out.decode()
