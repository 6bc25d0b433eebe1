"""`relevo start`: by hand, for one customer, and only where the workflow allows it."""

from datetime import UTC, datetime

import msgspec
import pytest

from relevo_contracts.messages import StartRequested
from relevo_contracts.topics import INPUTS
from relevo_ingest.core.aliases import Kind, alias
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_workflow import load_workflow
from tests.cli.test_commands import WORKFLOW, given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.scheduler.reading import read_topic

BY_HAND = WORKFLOW.replace("{event: order.placed}", "{manual: }").replace("key: trigger.order_id\n", "")


@pytest.fixture
async def environment(settings: SettingsFactory, topics: list[str], pool: Pool) -> dict[str, str]:
    assert topics
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, catalog.Shop(shop="acme", platform="shopify"))
        for text in (BY_HAND, WORKFLOW.replace("workflow: thanks", "workflow: other")):
            files = {"workflow.yaml": text}
            definition = load_workflow(files)
            at = datetime(2026, 3, 2, tzinfo=UTC)
            await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=files, at=at)
        insert = "insert into ingest.alias (shop, alias, kind, key) values ('acme', $1, $2, 'cus_7')"
        for kind, name in ((Kind.EMAIL, "ada@example.com"), (Kind.CUSTOMER, "77")):
            await conn.execute(insert, alias(kind, name).name, int(kind))
    return given(settings())


async def test_a_customer_is_named_by_address_id_or_key(environment: dict[str, str], settings: SettingsFactory) -> None:
    for name in ("Ada@Example.com", "77", "cus_7"):
        code, out, err = await relevo(
            "start", "thanks", "--shop", "acme", "--customer", name, "--data", "why=a=b", **environment
        )
        assert (code, out) == (0, "thanks is asked to start for cus_7 of acme\n"), err
    published = await read_topic(settings(), INPUTS)
    asked = [msgspec.json.decode(value, type=StartRequested) for _, value in published]
    assert {key for key, _ in published} == {b"acme/cus_7"}
    assert [(one.workflow, one.cause, one.data) for one in asked] == [("thanks", "manual", {"why": "a=b"})] * 3
    assert len({one.id for one in asked}) == 3


@pytest.mark.parametrize(
    ("workflow", "shop", "customer", "said"),
    [
        ("thanks", "nowhere", "cus_7", "shop 'nowhere' is not known"),
        ("unknown", "acme", "cus_7", "no workflow 'unknown' is deployed for acme"),
        ("other", "acme", "cus_7", "other is not started by hand"),
        ("thanks", "acme", "bob@example.com", "acme has had no event of a customer 'bob@example.com'"),
    ],
)
async def test_what_can_not_be_started_is_said(
    environment: dict[str, str], workflow: str, shop: str, customer: str, said: str
) -> None:
    code, _, err = await relevo("start", workflow, "--shop", shop, "--customer", customer, **environment)
    assert code == 2
    assert said in " ".join(err.split())
