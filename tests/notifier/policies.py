"""A contact policy in service, for tests."""

from typing import Any

import msgspec

from relevo_contracts.policy import Policy, Purpose
from relevo_notifier.adapters import policies
from relevo_notifier.adapters.policies import DeployedPolicy
from relevo_runtime.catalog import EVERY_SHOP
from relevo_runtime.postgres import Pool
from tests.notifier.support import NOON

PURPOSES = {
    "marketing": Purpose(),
    "newsletter": Purpose(covered_by="marketing", priority=40),
    "urgent": Purpose(covered_by="marketing", priority=90),
    "receipt": Purpose(kind="transactional"),
}


def policy(**changes: Any) -> Policy:
    return Policy(**{"version": "v1", "purposes": PURPOSES, **changes})


async def deploy(pool: Pool, given: Policy, *, shop: str = EVERY_SHOP) -> None:
    compiled = msgspec.json.encode(given).decode()
    deployed = DeployedPolicy(shop=shop, version=given.version, source="", compiled=compiled)
    async with pool.acquire() as connection, connection.transaction():
        await policies.deploy(connection, deployed, NOON)
