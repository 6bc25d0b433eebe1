"""Tasks of the staff: opened, given to somebody, answered, reminded, escalated and closed with the run that asked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Literal

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_contracts import topics
from relevo_contracts.messages import CallAnswered, CallHttp, StartRequested, TaskDone
from relevo_contracts.payloads import Buyer, PrivacyRequested
from relevo_contracts.staff import Member, UnassignedTask, assign
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, TaskRefusedError, UnknownTaskError, answer_task
from relevo_engine.core.tasks import Task
from relevo_engine.entrypoints.tasks_http import make_app
from relevo_runtime import catalog
from tests.engine.conftest import MORNING, Engine, checkout, deploy, event, order

Verdict = Literal["completed", "approved", "rejected"]
HOUR = timedelta(hours=1)
PACK = {
    "workflow.yaml": """
workflow: pack
title: Pack
change: ad-hoc
key: trigger.checkout_token
trigger: {event: checkout.started}
exit: [{event: order.placed, where: event.checkout_token == trigger.checkout_token, reason: bought}]
steps:
  - task: {title: "Pack {{ trigger.checkout_token }}", skill: warehouse, as: packed}
  - set: {attributes: {packed_by: run.packed.by}}
"""
}
CREDIT = {
    "workflow.yaml": """
workflow: credit
title: Credit
change: ad-hoc
key: trigger.checkout_token
trigger: {event: checkout.started}
steps:
  - http: {method: POST, url: "https://erp.example.com/{{ trigger.checkout_token }}", body: {n: 1}, as: erp}
  - approve:
      title: "Credit {{ trigger.total | money }}"
      roles: [finance]
      needed: 2
      reminder: 1h
      deadline: 1d
      escalate: {after: 2h, roles: [lead]}
      approved: [{start: {workflow: thanks, data: {token: trigger.checkout_token}}}]
      rejected: [{stop: rejected}]
      expired: [{stop: expired}]
"""
}
THANKS = {
    "workflow.yaml": """
workflow: thanks
title: Thanks
change: ad-hoc
trigger: {manual: true}
steps: [{wait: 1h}]
"""
}
STAFF = (
    Member(shop="sample", name="Ana", roles=["finance"]),
    Member(shop="sample", name="Ben", roles=["finance"], skills=["warehouse"]),
    Member(shop="sample", name="Cai", skills=["warehouse"]),
    Member(shop="sample", name="Dora", roles=["lead"]),
    Member(shop="sample", name="Eve", roles=["finance"], active=False),
)


@pytest.fixture
async def staffed(engine: Engine) -> AsyncIterator[Engine]:
    async with engine.pool.acquire() as conn:
        for member in STAFF:
            await tasks.put_member(conn, member)
    yield engine


async def give(engine: Engine, *workflows: dict[str, str]) -> None:
    for files in workflows:
        await deploy(engine.pool, files)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)


async def all_tasks(engine: Engine, **options: Any) -> list[Task]:
    async with engine.pool.acquire() as conn:
        return await tasks.list_tasks(conn, **options)


async def answer(engine: Engine, task: Task, done: Verdict, by: str) -> TaskDone:
    """What the staff says, published and taken by the engine."""
    async with engine.pool.acquire() as conn:
        said = await answer_task(
            conn, tasks, engine.publisher, Answered(task_id=task.task_id, done=done, by=by), engine.clock
        )
    await engine.take(said)
    return said


async def sent(engine: Engine, topic: str, kind: type[Any]) -> list[Any]:
    rows = await engine.pool.fetch("select value from engine.outbox where topic = $1 order by number", topic)
    return [msgspec.json.decode(row["value"], type=kind) for row in rows]


async def test_new_tasks_go_to_whoever_can_and_has_the_least_to_do(staffed: Engine) -> None:
    await give(staffed, PACK)
    await staffed.take(*(checkout(f"t{n}", key=f"cus_{n}") for n in range(3)))
    assert sorted(task.assignee for task in await all_tasks(staffed)) == ["Ben", "Ben", "Cai"]
    await staffed.take(checkout("t3", key="cus_3"))
    found = await all_tasks(staffed)
    assert sorted(task.assignee for task in found) == ["Ben", "Ben", "Cai", "Cai"]
    assert {task.title for task in found} == {f"Pack t{n}" for n in range(4)}


async def test_nobody_fits_and_the_task_waits_for_nobody(engine: Engine) -> None:
    await give(engine, PACK)
    await engine.take(checkout("t"))
    [task] = await all_tasks(engine)
    assert (task.assignee, task.status) == ("", "open")


async def test_a_task_of_nobody_is_given_to_whoever_fits_later(engine: Engine) -> None:
    await give(engine, PACK)
    await engine.take(*(checkout(f"t{n}", key=f"cus_{n}") for n in range(3)))
    away = Member(shop="sample", name="Ben", skills=["warehouse"], active=False)
    given_to: list[int] = []
    for member in (
        Member(shop="sample", name="Ana", skills=["phone"]),
        Member(shop="elsewhere", name="Zoe", skills=["warehouse"]),
        away,
        msgspec.structs.replace(away, active=True),
        Member(shop="sample", name="Cai", skills=["warehouse"]),
    ):
        async with engine.pool.acquire() as conn, conn.transaction():
            given_to.append(await tasks.put_member(conn, member))
    assert given_to == [0, 0, 0, 3, 0]
    assert {task.assignee for task in await all_tasks(engine)} == {"Ben"}


async def test_tasks_of_nobody_are_given_page_by_page_and_those_that_nobody_fits_hide_none(engine: Engine) -> None:
    await give(engine, PACK)
    await engine.take(*(checkout(f"t{n}", key=f"cus_{n}") for n in range(7)))
    await engine.pool.execute("update engine.task set skill = 'phone' where key in ('cus_0', 'cus_1')")
    async with engine.pool.acquire() as conn, conn.transaction():
        await tasks.put_member(conn, Member(shop="sample", name="Ana", skills=["lifting"]))
        await conn.execute("update engine.staff set skills = '{warehouse}'")
        assert await tasks.give_unassigned(conn, "elsewhere", page=2) == 0
        assert await tasks.give_unassigned(conn, "sample", page=2) == 5
        assert await tasks.give_unassigned(conn, "sample", page=2) == 0
    assert {task.key for task in await all_tasks(engine) if not task.assignee} == {"cus_0", "cus_1"}


async def test_a_completed_task_moves_its_run_and_is_done(staffed: Engine) -> None:
    await give(staffed, PACK)
    await staffed.take(checkout("t"))
    [task] = await all_tasks(staffed)
    said = await answer(staffed, task, "completed", "Ben")
    await staffed.take(said)  # and again
    [task] = await all_tasks(staffed)
    assert (task.status, task.close_reason, [one.by for one in task.votes]) == ("done", "completed by Ben", ["Ben"])
    facts = await staffed.pool.fetchval("select facts->'attributes'->>'packed_by' from engine.customer")
    assert facts == "Ben"


async def test_a_task_closes_with_the_run_that_wanted_it(staffed: Engine) -> None:
    await give(staffed, PACK)
    await staffed.take(checkout("t"), order("t"))  # opened and overtaken in one batch
    [task] = await all_tasks(staffed)
    assert (task.status, task.close_reason, task.assignee) == ("closed", "bought", "")
    assert await all_tasks(staffed, only_open=True) == []


async def test_two_approvals_by_role_after_a_call_and_another_workflow_starts(staffed: Engine) -> None:
    await give(staffed, CREDIT, THANKS)
    await staffed.take(checkout("t"))
    [call] = await sent(staffed, topics.CALLS, CallHttp)
    assert (call.url, call.method, call.body, call.step) == ("https://erp.example.com/t", "POST", {"n": 1}, "http-1")
    reply = CallAnswered(
        id=f"{call.id}/answer",
        shop="sample",
        key="cus_1",
        run_id=call.run_id,
        call_id=call.id,
        at=MORNING,
        status=200,
        body={"ok": True},
    )
    await staffed.take(reply, reply)
    [task] = await all_tasks(staffed)
    assert (task.approval, task.needed, task.assignee, task.roles) == (True, 2, "Ana", ["finance"])
    assert task.deadline == MORNING + timedelta(days=1)
    await answer(staffed, task, "approved", "Ana")
    [task] = await all_tasks(staffed)
    assert (task.status, [(one.by, one.role) for one in task.votes]) == ("open", [("Ana", "finance")])
    await answer(staffed, task, "approved", "Ben")
    [task] = await all_tasks(staffed)
    assert (task.status, task.close_reason, len(task.votes)) == ("done", "approved by Ben", 2)
    [wanted] = await sent(staffed, topics.INPUTS, StartRequested)
    assert (wanted.workflow, wanted.key, wanted.data) == ("thanks", "cus_1", {"token": "t"})
    await staffed.take(wanted, wanted)
    runs = await staffed.pool.fetch("select workflow, step from engine.run where ended_at is null")
    assert ("thanks", "wait-1h") in [tuple(row) for row in runs]


async def opened_credit(engine: Engine) -> Task:
    await give(engine, CREDIT)
    await engine.take(checkout("t"))
    [call] = await sent(engine, topics.CALLS, CallHttp)
    await engine.take(
        CallAnswered(
            id="a", shop="sample", key="cus_1", run_id=call.run_id, call_id=call.id, at=MORNING, error="no answer"
        )
    )
    [task] = await all_tasks(engine)
    return task


async def test_a_reminder_an_escalation_and_the_deadline_are_on_the_task(staffed: Engine) -> None:
    await opened_credit(staffed)
    await staffed.wake(after=HOUR)
    [task] = await all_tasks(staffed)
    assert (task.reminded_at, task.assignee) == (MORNING + HOUR, "Ana")
    await staffed.wake(after=HOUR)
    [task] = await all_tasks(staffed)
    assert (task.escalated_at, task.assignee, task.roles) == (MORNING + 2 * HOUR, "Dora", ["finance", "lead"])
    await answer(staffed, task, "approved", "Dora")
    await staffed.wake(after=timedelta(days=1))
    [task] = await all_tasks(staffed)
    assert (task.status, task.close_reason) == ("closed", "the deadline is over")
    assert await staffed.pool.fetchval("select end_reason from engine.run where workflow = 'credit'") == "expired"


@pytest.mark.parametrize(
    ("by", "done", "reason"),
    [
        ("Nobody", "approved", "Nobody is not on the staff of sample"),
        ("Eve", "approved", "Eve is not on the staff"),
        ("Cai", "approved", "Cai has none of the roles finance"),
        ("Ana", "completed", "approve or reject it"),
    ],
)
async def test_who_may_not_answer_is_told_why(staffed: Engine, by: str, done: Verdict, reason: str) -> None:
    task = await opened_credit(staffed)
    with pytest.raises(TaskRefusedError, match=reason):
        await answer(staffed, task, done, by)


async def test_one_person_one_vote_and_none_when_it_is_over(staffed: Engine) -> None:
    task = await opened_credit(staffed)
    assert [one.task_id for one in await all_tasks(staffed, mine="Ben", only_open=True)] == [task.task_id]
    assert await all_tasks(staffed, mine="Cai") == []
    await answer(staffed, task, "approved", "Ben")
    assert await all_tasks(staffed, mine="Ben") == []
    with pytest.raises(TaskRefusedError, match="Ben has voted already"):
        await answer(staffed, task, "rejected", "Ben")
    await answer(staffed, task, "rejected", "Ana")
    with pytest.raises(TaskRefusedError, match=r"the task is done already \(rejected by Ana\)"):
        await answer(staffed, task, "approved", "Ben")
    with pytest.raises(UnknownTaskError, match="relevo tasks list"):
        await answer(staffed, msgspec.structs.replace(task, task_id="x"), "approved", "Ben")


async def test_a_redacted_customer_leaves_nothing_personal_in_tasks(staffed: Engine) -> None:
    await give(staffed, PACK)
    await staffed.take(checkout("t"), checkout("u", key="cus_2"))
    await staffed.take(event("customer.redacted", PrivacyRequested(customer=Buyer()), event_id="r", at=MORNING + HOUR))
    found = {task.key: task for task in await all_tasks(staffed)}
    assert (found["cus_1"].title, found["cus_1"].status) == ("", "closed")
    assert (found["cus_2"].title, found["cus_2"].status) == ("Pack u", "open")


async def test_crashing_anywhere_and_coming_again_opens_one_task(staffed: Engine) -> None:
    await give(staffed, PACK)
    for _ in range(3):
        await staffed.take(checkout("t"), checkout("t"))
    assert len(await all_tasks(staffed)) == 1


NAMES = st.sampled_from(["Ana", "Ben", "Cai"])
SKILLS = st.sampled_from(["", "warehouse", "phone"])


@given(
    st.lists(SKILLS, max_size=30),
    st.dictionaries(NAMES, st.sets(st.sampled_from(["warehouse", "phone"]))),
    st.dictionaries(NAMES, st.integers(0, 5)),
)
def test_assignment_is_fair_and_only_to_who_fits(
    wanted: list[str], skills: dict[str, set[str]], loads: dict[str, int]
) -> None:
    staff = [Member(shop="s", name=name, skills=sorted(has)) for name, has in skills.items()]
    before = {("s", name): load for name, load in loads.items()}
    works = [UnassignedTask(("s", str(number)), skill, ()) for number, skill in enumerate(wanted)]
    chosen = assign(works, staff, before)
    assert chosen == assign(works, list(reversed(staff)), before)
    counts = dict(loads)
    for work in works:
        fitting = [name for name, has in skills.items() if not work.skill or work.skill in has]
        name = chosen[work.ref]
        assert (name in fitting) if fitting else (name == "")
        if name:
            assert counts.get(name, 0) == min(counts.get(one, 0) for one in fitting)
            counts[name] = counts.get(name, 0) + 1


@pytest.fixture
async def client(staffed: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with staffed.pool.acquire() as conn:
        shop = await catalog.shop(conn, "sample")
        assert shop is not None
        tokens = {
            "task_token_hashes": [catalog.hash_token("let me in")],
            "token_hashes": [catalog.hash_token("events")],
        }
        await catalog.update_shop(conn, msgspec.structs.replace(shop, **tokens))
    transport = httpx.ASGITransport(make_app(staffed.pool, staffed.publisher, staffed.clock))
    headers = {"Authorization": "Bearer let me in"}
    async with httpx.AsyncClient(transport=transport, base_url="http://engine", headers=headers) as opened:
        yield opened


async def test_tasks_are_listed_and_answered_over_http(staffed: Engine, client: httpx.AsyncClient) -> None:
    task = await opened_credit(staffed)
    [listed] = (await client.get("/tasks/sample", params={"mine": "Ben"})).json()
    assert (listed["task_id"], listed["status"]) == (task.task_id, "open")
    shown = await client.get(f"/tasks/sample/{task.task_id}")
    assert shown.json()["title"] == task.title
    posted = await client.post(f"/tasks/sample/{task.task_id}/reject", json={"by": "Ben", "note": "too much"})
    assert posted.status_code == 202
    await staffed.take(msgspec.convert(posted.json(), TaskDone))
    assert (await client.get("/tasks/sample")).json() == []
    [listed] = (await client.get("/tasks/sample", params={"all": "1"})).json()
    assert (listed["status"], listed["votes"][0]["note"]) == ("done", "too much")


async def test_tasks_of_a_shop_that_is_held_are_neither_shown_nor_answered(
    staffed: Engine, client: httpx.AsyncClient
) -> None:
    task = await opened_credit(staffed)
    async with staffed.pool.acquire() as conn:
        await catalog.hold_shop(conn, "sample", MORNING)
    for method, path in (("GET", ""), ("GET", f"/{task.task_id}"), ("POST", f"/{task.task_id}/reject")):
        answer = await client.request(method, f"/tasks/sample{path}", json={"by": "Ben"})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:relevo:problem:shop-held")
        assert int(answer.headers["retry-after"]) > 0
    assert (await client.get("/tasks/sample", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_the_openapi_document_is_served(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    assert "/tasks/{shop}/{id}/approve" in answer.json()["paths"]


async def test_everything_that_is_wrong_with_an_answer_is_told_at_once(
    staffed: Engine, client: httpx.AsyncClient
) -> None:
    path = f"/tasks/sample/{(await opened_credit(staffed)).task_id}/approve"
    answer = await client.post(path, json={"By": "Ana", "note": 5, "data": {"discount": 10}})
    assert answer.status_code == 422
    told = {one["where"]: one["problem"] for one in answer.json()["errors"]}
    assert told == {
        "By": "is not a field here",
        "by": "is missing",
        "note": "must be text, not a number",
        "data.discount": "must be text, not a number",
    }
    assert '"data": {NAME: TEXT}' in answer.json()["detail"]
    for body, problem in ((b"", "is empty"), (b"by=Ana", "is not JSON"), (b"[]", "must be an object, not a list")):
        found = (await client.post(path, content=body)).json()
        assert (found["where"], found["errors"][0]["where"]) == ("body", "body")
        assert problem in found["errors"][0]["problem"]


async def test_a_parameter_that_means_nothing_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/tasks/sample", params={"all": "maybe"})
    assert (answer.status_code, answer.json()["where"]) == (422, "all")


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "kind"),
    [
        ("approve", {"by": "Ana"}, {"Authorization": "Bearer other"}, 401, "not-authentic"),
        ("approve", {"by": "Ana"}, {"Authorization": ""}, 401, "not-authentic"),
        ("approve", {"by": "Ana"}, {"Authorization": "Bearer events"}, 401, "not-authentic"),
        ("approve", {"by": "Cai"}, {}, 409, "task-refused"),
        ("approve", {"who": "Ana"}, {}, 422, "invalid-payload"),
        ("approve", {"by": ""}, {}, 422, "invalid-payload"),
        ("approve", {"by": "A" * 70_000}, {}, 413, "body-too-large"),
        ("elsewhere/approve", {"by": "Ana"}, {}, 404, "unknown-task"),
    ],
)
async def test_what_is_refused_over_http_is_a_problem_document(
    staffed: Engine,
    client: httpx.AsyncClient,
    path: str,
    body: dict[str, str],
    headers: dict[str, str],
    status: int,
    kind: str,
) -> None:
    task = await opened_credit(staffed)
    response = await client.post(f"/tasks/sample/{task.task_id}/{path}", json=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:relevo:problem:{kind}"
