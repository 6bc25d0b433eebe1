"""A check that has become stricter since a workflow was deployed: it runs on, and can't be deployed again."""

from datetime import timedelta

import pytest

from relevo_engine.adapters.definitions import DefinitionCache
from relevo_engine.adapters.stores import postgres_stores
from relevo_engine.app.follow_catalog import CatalogFollower
from relevo_runtime import catalog
from relevo_runtime.postgres import Connection
from relevo_workflow import WorkflowError, compile_workflow, diagnose, load_workflow
from tests.engine.conftest import CART, MORNING, Engine, checkout

LINTED = {
    "a segment that there is not": ("event.total.amount > 0.0", 'event.total.amount > 0.0 || "x" in customer.segments'),
    "a step that no run reaches": ("  - send:", "  - stop: done\n  - send:"),
    "a cycle that nothing ends": ("steps:\n  - wait: 4h\n", "steps:\n  - id: again\n    wait: 4h\n"),
}
GONE = "f" * 16


def refused_today(change: str) -> dict[str, str]:
    """The cart's workflow, as an earlier release let it be deployed."""
    old, new = LINTED[change]
    text = CART["workflow.yaml"].replace(old, new)
    assert text != CART["workflow.yaml"]
    if change == "a cycle that nothing ends":
        lines = text.replace("exit:\n", "").splitlines(keepends=True)
        text = "".join(line for line in lines if "order.placed" not in line) + "  - goto: again\n"
    return CART | {"workflow.yaml": text}


@pytest.mark.parametrize("change", LINTED)
def test_what_a_lint_refuses_can_still_be_compiled(change: str) -> None:
    files = refused_today(change)
    with pytest.raises(WorkflowError) as refusal:
        load_workflow(files)
    assert diagnose(files)[0] is None
    definition = compile_workflow(files)
    findings = [one for one in definition.warnings if one.severity == "error"]
    assert tuple(findings) == refusal.value.diagnostics
    assert definition.program.steps


def test_what_can_not_run_is_refused_for_that_alone() -> None:
    files = refused_today("a step that no run reaches")
    broken = files | {"workflow.yaml": files["workflow.yaml"] + "  - fly: away\n"}
    with pytest.raises(WorkflowError, match="fly") as refusal:
        compile_workflow(broken)
    assert all("reach" not in one.message for one in refusal.value.diagnostics)


async def test_the_engine_runs_it_and_says_that_it_could_not_be_deployed(engine: Engine) -> None:
    files = refused_today("a segment that there is not")
    version = compile_workflow(files).version
    async with engine.pool.acquire() as conn, conn.transaction():
        await catalog.deploy(conn, workflow="cart", version=version, files=files, at=MORNING)
        await engine.definitions.refresh(conn)
    await engine.take(checkout("a"))
    await engine.wake(after=timedelta(hours=4))
    assert await engine.pool.fetchval("select count(*) from engine.outbox where topic = 'relevo.deliveries'") == 1
    assert engine.definitions.unreadable == {}
    assert engine.definitions.refused == {
        version: "cart: workflow.yaml:6:71: error: there is no segment 'x' (help: add it to segments.yaml)"
    }


async def test_what_was_mended_is_told_no_more(engine: Engine) -> None:
    async with engine.pool.acquire() as conn:
        for version, files in ((GONE, refused_today("a step that no run reaches")), ("e" * 16, CART)):
            await catalog.deploy(conn, workflow="cart", version=version, files=files, at=MORNING)
            await engine.definitions.refresh(conn)
            assert set(engine.definitions.refused) == ({GONE} if version == GONE else set())


class CompiledInTransactions(DefinitionCache):
    """Notes whether a transaction is open while definitions are compiled: the server ends one that stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[bool] = []

    async def refresh(self, conn: Connection) -> bool:
        self.noted.append(conn.is_in_transaction())
        changed = await super().refresh(conn)
        self.noted.append(conn.is_in_transaction())
        return changed


async def test_workflows_are_compiled_in_no_transaction_however_many_there_are(engine: Engine) -> None:
    definitions = CompiledInTransactions()
    follower = CatalogFollower[Connection](engine.pool, definitions, stores=postgres_stores())
    await follower.run_once(MORNING)
    assert definitions.shops
    assert definitions.noted == [False, False]
