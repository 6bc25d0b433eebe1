"""Runs in flight move into a new version on the real database, also while the engine works on them."""

import asyncio
from datetime import timedelta

import pytest

from relevo_contracts.staff import Member
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, TaskError, answer_task
from relevo_engine.app.migrate_runs import Moved
from relevo_engine.core.in_flight import RunScope
from relevo_engine.entrypoints.migration import run_migration
from relevo_runtime.clock import ManualClock
from relevo_runtime.postgres import Pool
from relevo_workflow import Definition, load_workflow
from tests.engine.conftest import CART, MORNING, Engine, build_engine, checkout, deploy, order

HOUR = timedelta(hours=1)
WAIT = ("wait: 4h", "id: wait-4h\n    wait: {}")


def version(length: str = "8h", *replacements: tuple[str, str]) -> dict[str, str]:
    text = CART["workflow.yaml"].replace(WAIT[0], WAIT[1].format(length))
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return CART | {"workflow.yaml": text}


async def move(pool: Pool, files: dict[str, str], clock: ManualClock, *, shop: str = "*", page: int = 1000) -> Moved:
    """Deploys `files` and moves the runs in flight."""
    new = load_workflow(files)
    await deploy(pool, files)
    async with pool.acquire() as conn:
        return await run_migration(conn, scope(new, shop), new, page=page).move(clock, 7)


def scope(new: Definition, shop: str = "*") -> RunScope:
    return RunScope(workflow="cart", version=new.version, shop=shop)


async def test_runs_go_on_in_the_new_version_with_its_times(engine: Engine) -> None:
    await engine.take(checkout("a"), checkout("b", key="cus_2"))
    engine.clock.advance(HOUR)
    assert await move(engine.pool, version("8h"), engine.clock) == Moved(runs=2)
    assert {due for _, _, due, _ in (await engine.state())["timers"]} == {MORNING + 8 * HOUR}
    successor = await build_engine(engine.pool, engine.publisher)
    await successor.wake(after=4 * HOUR)
    assert (await engine.state())["outbox"] == []
    await successor.wake(after=4 * HOUR)
    state = await engine.state()
    assert len(state["outbox"]) == 2
    new = load_workflow(version("8h"))
    assert await engine.pool.fetchval("select count(*) from engine.run where version = $1", new.version) == 2


async def test_each_moved_run_says_so_in_its_decisions(engine: Engine) -> None:
    await engine.take(checkout("a"))
    await move(engine.pool, version("8h"), engine.clock)
    row = await engine.pool.fetchrow("select * from engine.decision where kind = 'migrated'")
    assert row is not None
    assert (row["input"], row["input_id"], row["key"]) == ("deployment", "revision-7", "cus_1")
    assert "goes on at wait-4h, until 2026-03-02T16:00:00+00:00" in row["reason"]


async def test_the_engine_that_has_the_old_version_goes_on_with_moved_runs(engine: Engine) -> None:
    """It did not read the catalog again yet: it fetches the version of the run."""
    await engine.take(checkout("a"))
    await move(engine.pool, version("2h"), engine.clock)
    await engine.wake(after=2 * HOUR)
    assert len((await engine.state())["outbox"]) == 1


async def test_the_survey_tells_what_can_not_be_moved_and_changes_nothing(engine: Engine) -> None:
    await engine.take(*(checkout(f"t{n}", key=f"cus_{n}") for n in range(30)))
    before = await engine.state()
    files = version("8h", ("id: wait-4h\n    wait: 8h", "id: pause\n    set: {tags: {add: [seen]}}"))
    new = load_workflow(files)
    async with engine.pool.acquire() as conn:
        preview = await run_migration(conn, scope(new), new).preview()
    assert (preview.runs, preview.refused, len(preview.examples)) == (30, 30, 20)
    assert [(one.step, one.reason) for one in preview.stuck] == [("wait-4h", "the new version has no step 'wait-4h'")]
    assert await engine.state() == before


AGAIN = {
    "workflow.yaml": """
workflow: cart
trigger: {event: checkout.started}
steps:
  - send: {channel: email, template: reminder, purpose: transactional}
  - wait: 4h
    id: rest
"""
}


async def test_only_where_it_was_wanted_is_anything_sent_again(engine: Engine) -> None:
    first = CART | AGAIN
    text = AGAIN["workflow.yaml"]
    mail = text.splitlines()[4]
    second = CART | {"workflow.yaml": text.replace(f"{mail}\n", "").replace("4h", "6h") + f"{mail}\n"}
    await deploy(engine.pool, first)
    serving = await build_engine(engine.pool, engine.publisher)
    await serving.take(checkout("a"))
    new = load_workflow(second)
    await deploy(engine.pool, second)
    async with engine.pool.acquire() as conn:
        preview = await run_migration(conn, scope(new), new).preview()
        [one] = preview.repeating
        assert (one.step, one.place, one.runs) == ("rest", "rest", 1)
        assert one.again == "would be sent 'reminder' (send-reminder) again"
        [run_id] = [row["run_id"] for row in await conn.fetch("select run_id from engine.run")]
        stays = await run_migration(conn, scope(new), new).move(engine.clock, 7)
        assert stays == Moved(runs=0, staying=(run_id,))
        wanted = [(one.version, one.step)]
        assert await run_migration(conn, scope(new), new, repeat=wanted).move(engine.clock, 7) == Moved(runs=1)


async def test_only_runs_of_the_scope_move(engine: Engine) -> None:
    await engine.take(checkout("a"))
    assert await move(engine.pool, version("8h"), engine.clock, shop="another") == Moved()
    new = load_workflow(version("9h"))
    everyone_else = RunScope(workflow="cart", version=new.version, shop="*", leaving_out=("sample",))
    async with engine.pool.acquire() as conn:
        assert (await run_migration(conn, everyone_else, new).preview()).runs == 0


async def test_a_run_whose_steps_are_over_and_whose_goal_is_open_is_kept_and_moves(engine: Engine) -> None:
    goal = ("steps:", "goal: {event: order.placed, within: 7d}\nsteps:")
    await deploy(engine.pool, version("4h", goal))
    watching = await build_engine(engine.pool, engine.publisher)
    await watching.take(checkout("a"))
    await watching.wake(after=4 * HOUR)
    assert [(step, ended) for _, _, step, ended, _, _ in (await engine.state())["runs"]] == [("", None)]
    assert await move(engine.pool, version("4h", (goal[0], goal[1].replace("7d", "3d"))), watching.clock) == Moved(
        runs=1
    )
    assert [due for _, _, due, _ in (await engine.state())["timers"]] == [MORNING + 72 * HOUR]


APPROVE = """
workflow: cart
title: Cart
change: ad-hoc
trigger: {event: checkout.started}
steps:
  - id: decision
    approve:
      title: Credit
      roles: [finance]
      needed: 2
      deadline: 3d
      reminder: 1d
      escalate: {after: 2d, roles: [boss]}
"""


async def test_an_open_task_asks_for_what_the_new_version_asks_for(engine: Engine) -> None:
    old = {"workflow.yaml": APPROVE}
    new = {
        "workflow.yaml": APPROVE.replace("[finance]", "[sales]")
        .replace("needed: 2", "needed: 1")
        .replace("deadline: 3d", "deadline: 30d")
        .replace("title: Credit", "title: Loan")
    }
    await deploy(engine.pool, old)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
        for name, role in (("Ana", "finance"), ("Sam", "sales"), ("Bo", "boss")):
            await tasks.put_member(conn, Member(shop="sample", name=name, roles=[role]))
    await engine.take(checkout("a"))
    await engine.wake(after=49 * HOUR)
    await engine.take(checkout("b", key="cus_2"))
    await move(engine.pool, new, engine.clock)
    async with engine.pool.acquire() as conn:
        first, second = await tasks.list_tasks(conn)
        assert (first.title, first.needed, first.roles, first.deadline) == (
            *("Credit", 1, ["sales", "boss"]),
            MORNING + timedelta(days=30),
        )
        assert (second.roles, second.assignee) == (["sales"], "Sam")
        with pytest.raises(TaskError, match="Ana has none of the roles sales"):
            await answer_task(
                conn, tasks, engine.publisher, Answered(task_id=second.task_id, done="approved", by="Ana"), engine.clock
            )
        said = await answer_task(
            conn, tasks, engine.publisher, Answered(task_id=second.task_id, done="approved", by="Sam"), engine.clock
        )
        await engine.definitions.refresh(conn)
        await engine.take(said)
        [left] = await tasks.list_tasks(conn, only_open=True)
    assert left.task_id == first.task_id


async def test_an_open_task_leaves_who_is_gone_and_others_of_nobody_stay_as_they_are(engine: Engine) -> None:
    await deploy(engine.pool, {"workflow.yaml": APPROVE})
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
        await tasks.put_member(conn, Member(shop="sample", name="Ana", roles=["finance"]))
    await engine.take(checkout("a"), checkout("b", key="cus_2"))
    async with engine.pool.acquire() as conn:
        await tasks.put_member(conn, Member(shop="sample", name="Sam", roles=["finance"]))
        await conn.execute("update engine.staff set active = name = 'Sam'")
        # as if it was asked by another workflow
        await conn.execute("update engine.task set assignee = '', task_id = 'another' where key = 'cus_2'")
    await move(engine.pool, {"workflow.yaml": APPROVE.replace("needed: 2", "needed: 1")}, engine.clock)
    async with engine.pool.acquire() as conn:
        assert {one.key: one.assignee for one in await tasks.list_tasks(conn)} == {"cus_1": "Sam", "cus_2": ""}


async def test_a_skill_that_the_run_found_stays(engine: Engine) -> None:
    flow = APPROVE.replace("roles: [finance]", 'skill: "pay-{{ trigger.checkout_token }}"')
    await deploy(engine.pool, {"workflow.yaml": flow})
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
    await engine.take(checkout("a"))
    await move(engine.pool, {"workflow.yaml": flow.replace("deadline: 3d", "deadline: 5d")}, engine.clock)
    async with engine.pool.acquire() as conn:
        [task] = await tasks.list_tasks(conn)
    assert (task.skill, task.deadline) == ("pay-a", MORNING + timedelta(days=5))


@pytest.mark.parametrize("page", [1, 7])
async def test_engine_and_migration_never_overwrite_each_other(engine: Engine, page: int) -> None:
    """Half of the customers buy while all runs move: each ends with its reason or goes on, none is lost or doubled."""
    keys = [f"cus_{n}" for n in range(60)]
    await engine.take(*(checkout(f"t-{key}", key=key) for key in keys))

    async def buys() -> None:
        for key in keys[::2]:
            await engine.take(order(f"t-{key}", key=key))

    engine.clock.advance(HOUR)
    await asyncio.gather(buys(), move(engine.pool, version("8h"), engine.clock, page=page))
    new = load_workflow(version("8h")).version
    rows = await engine.pool.fetch("select key, version, ended_at, end_reason from engine.run")
    bought = {row["key"] for row in rows if row["end_reason"] == "bought"}
    assert bought == set(keys[::2])
    assert {row["version"] for row in rows if row["ended_at"] is None} == {new}
    timers = await engine.pool.fetch("select key, due_at from scheduler.timer")
    assert {row["key"]: row["due_at"] for row in timers} == dict.fromkeys(keys[1::2], MORNING + 8 * HOUR)
