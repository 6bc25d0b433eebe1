"""The Python client of the control API against a running one."""

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeVar

import pytest

from relevo_client import RelevoProblem
from relevo_client.control import connect, done, each
from relevo_client.control.generated import AuthenticatedClient
from relevo_client.control.generated.api.account import show_account
from relevo_client.control.generated.api.plans import carry_out_plan, propose_plan
from relevo_client.control.generated.api.shops import list_shops, show_shop
from relevo_client.control.generated.api.workflows import list_deployments
from relevo_client.control.generated.models import Bundle, BundleWorkflowsItem, Wish
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from tests.cli.test_deploying import CART
from tests.control.conftest import Hire, control_settings, hire, url

__all__ = ["control_settings", "hire", "url"]
T = TypeVar("T")


async def by(address: str, token: str, use: Callable[[AuthenticatedClient], T]) -> T:
    """What somebody gets who uses the client as in a script, beside the server that runs here."""

    def script() -> T:
        with connect(address, token) as control:
            return use(control)

    return await asyncio.to_thread(script)


async def test_a_workflow_is_planned_and_deployed_by_the_client(url: str, hire: Hire) -> None:
    files = BundleWorkflowsItem.from_dict({"workflow.yaml": CART.replace("LEVEL", "ad-hoc")})
    wish = Wish(bundle=Bundle(workflows=[files]), note="by the client")

    def deploy(control: AuthenticatedClient) -> tuple[Any, Any, list[Any]]:
        plan = done(propose_plan.sync_detailed(client=control, body=wish, idempotency_key="1"))
        again = done(propose_plan.sync_detailed(client=control, body=wish, idempotency_key="1"))
        assert again.digest == plan.digest
        deployed = done(carry_out_plan.sync_detailed(plan.digest, client=control))
        return plan, deployed, list(each(list_deployments.sync_detailed, "cart", client=control))

    plan, deployed, past = await by(url, await hire("ann", "author"), deploy)
    assert (plan.author, [one.workflow for one in deployed.items]) == ("ann", ["cart"])
    assert [(one.author, one.note, one.deployed_at.tzinfo) for one in past] == [("ann", "by the client", UTC)]


async def test_lists_are_read_from_end_to_end(url: str, hire: Hire, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for number in range(5):
            await catalog.add_shop(connection, catalog.Shop(shop=f"s{number}", platform="custom"))
    found = await by(
        url, await hire("ann", "viewer"), lambda control: list(each(list_shops.sync_detailed, client=control, limit=2))
    )
    assert [one.shop for one in found] == ["s0", "s1", "s2", "s3", "s4"]


async def test_a_refusal_is_raised_with_what_it_says(url: str, hire: Hire) -> None:
    token = await hire("ann", "viewer")
    with pytest.raises(RelevoProblem, match="shop 'nowhere' is not known") as refused:
        await by(url, token, lambda control: done(show_shop.sync_detailed("nowhere", client=control)))
    assert (refused.value.status, refused.value.kind) == (404, "not-known")
    with pytest.raises(RelevoProblem, match="send a token that holds"):
        await by(url, token + "x", lambda control: done(show_account.sync_detailed(client=control)))
    with pytest.raises(ValueError, match="must begin with https://"):
        connect("http://relevo.example.com", token)


async def test_the_client_may_wait_without_a_thread(url: str, hire: Hire) -> None:
    async with connect(url, await hire("ann", "author")) as control:
        account = done(await show_account.asyncio_detailed(client=control))
    assert [(one.role, one.shop) for one in account.grants] == [("author", "*")]
