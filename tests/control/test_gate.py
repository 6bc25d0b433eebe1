"""Who may what: every role at every route, tokens that don't hold, other shops, and what the audit log says of it."""

import io
import json
import logging
import re
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_control.adapters import audit, tokens
from relevo_control.core.audit import anchors_in
from relevo_control.core.permissions import GRANTS, PERMISSIONS, ROLES, Permission, Principal, Role
from relevo_control.entrypoints.calls import Operation
from relevo_control.entrypoints.operations import OPERATIONS
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.telemetry import configure_logging
from tests.control.conftest import Hire, bearer

NOWHERE = {"digest": "0" * 64, "workflow": "nothing", "revision": "1", "shop": "nowhere", "id": "r1/approve/1"}


def path_of(operation: Operation) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: NOWHERE[found[1]], operation.path)


async def ask(client: httpx.AsyncClient, operation: Operation, headers: dict[str, str], **more: Any) -> httpx.Response:
    content = b"{}" if operation.body is not None else b""
    return await client.request(operation.method, path_of(operation), headers=headers, content=content, **more)


def test_every_route_has_a_permission_that_some_role_has() -> None:
    wanted = {one.permission for one in OPERATIONS}
    assert wanted <= set(PERMISSIONS)
    assert all(any(one in granted for granted in GRANTS.values()) for one in wanted)
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)


def test_what_changes_something_is_recorded_and_reading_by_get_changes_nothing() -> None:
    assert all(one.recorded for one in OPERATIONS if one.method != "GET")
    assert {one.method for one in OPERATIONS} <= {"GET", "POST"}


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_gets_through_where_it_may_and_nowhere_else(
    role: Role, client: httpx.AsyncClient, hire: Hire, topics: list[str]
) -> None:
    assert topics
    headers = bearer(await hire("ann", role))
    allowed = {one.name: (await ask(client, one, headers)).status_code != 403 for one in OPERATIONS}
    assert allowed == {one.name: one.permission in GRANTS[role] for one in OPERATIONS}


async def test_nobody_gets_through_without_a_token_that_holds(
    client: httpx.AsyncClient, hire: Hire, pool: Pool
) -> None:
    expired = await hire("ann", "admin", days=1e-9)
    revoked = await hire("bea", "admin")
    async with pool.acquire() as connection:
        await tokens.revoke(connection, revoked.split("_")[1], SystemClock().now())
    stranger = revoked[:-1] + ("A" if revoked[-1] != "A" else "B")
    for headers in ({}, bearer(expired), bearer(revoked), bearer(stranger), {"Authorization": "Basic YTpi"}):
        answer = await ask(client, OPERATIONS[0], headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await ask(client, OPERATIONS[0], {})).status_code == 401


async def test_every_route_asks_who_is_there(client: httpx.AsyncClient) -> None:
    assert {(await ask(client, one, {})).status_code for one in OPERATIONS} == {401}


async def test_too_many_failures_are_refused_unseen_with_a_time_to_come_again(
    client: httpx.AsyncClient, hire: Hire
) -> None:
    valid = bearer(await hire("ann", "admin"))
    statuses = [(await ask(client, OPERATIONS[0], bearer(f"guess-{n}"))).status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    answer = await ask(client, OPERATIONS[0], valid)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61


async def test_a_token_of_one_shop_opens_no_other(client: httpx.AsyncClient, hire: Hire, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for name in ("tea", "mug"):
            await catalog.add_shop(connection, catalog.Shop(shop=name, platform="custom"))
    headers = bearer(await hire("ann", "author", shop="tea"))
    wish: dict[str, Any] = {"bundle": {"workflows": []}}
    statuses = {}
    for shop in ("tea", "mug", "*", "unknown"):
        answer = await client.post("/v1/plans", headers=headers, json={**wish, "shop": shop})
        statuses[shop] = answer.status_code
    assert statuses == {"tea": 200, "mug": 403, "*": 403, "unknown": 403}


async def test_the_audit_log_has_who_did_what_and_neither_token_nor_content(
    client: httpx.AsyncClient, hire: Hire, pool: Pool
) -> None:
    token = await hire("ann", "author")
    note = "for paula.private@example.com"
    answer = await client.post("/v1/plans", headers=bearer(token), json={"bundle": {}, "note": note})
    assert answer.status_code == 200
    await client.post(f"/v1/plans/{answer.json()['digest']}/approval", headers=bearer(token))
    async with pool.acquire() as connection:
        found = await audit.newest(connection, "*")
    said = [(one.actor, one.action, one.outcome) for one in reversed(found)]
    assert said == [
        ("root", "createToken", "done"),
        ("ann", "proposePlan", "begun"),
        ("ann", "proposePlan", "done"),
        ("ann", "approvePlan", "refused: no workflows:approve"),
    ]
    assert found[0].address == "127.0.0.1"
    assert [one.object for one in reversed(found)][2:] == [answer.json()["digest"]] * 2
    everything = json.dumps([str(one) for one in found])
    assert token not in everything
    assert token.split("_")[2] not in everything
    assert "paula" not in everything


async def test_the_audit_log_can_only_grow(client: httpx.AsyncClient, hire: Hire, pool: Pool) -> None:
    await hire("ann", "author")
    for statement in (
        "update control.audit set actor = 'eve'",
        "delete from control.audit",
        "truncate control.audit",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await pool.execute(statement)


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("update control.audit set outcome = 'refused' where number = 2", "entry 2 was changed"),
        ("delete from control.audit where number = 2", "entry 2 is missing"),
        ("delete from control.audit where number in (1, 2)", "entries 1 to 2 are missing"),
        ("update control.audit set at = at + interval '1 second' where number = 3", "entry 3 was changed"),
    ],
)
async def test_whoever_gets_past_the_trigger_is_found_by_the_chain(
    statement: str, wrong: str, hire: Hire, pool: Pool
) -> None:
    for name in ("ann", "bea", "carl"):
        await hire(name, "viewer")
    async with pool.acquire() as connection:
        assert (await audit.check(connection)).faults == []
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(statement)
        found = (await audit.check(connection)).faults
        await transaction.rollback()
    assert wrong in found[0]


async def test_each_entry_is_in_the_log_of_the_process_too_as_an_anchor(
    client: httpx.AsyncClient, hire: Hire, pool: Pool
) -> None:
    token = await hire("ann", "author")
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging(RuntimeSettings(), "control", stream)
    try:
        await client.post("/v1/plans", headers=bearer(token), json={"bundle": {}})
    finally:
        logging.getLogger().handlers[:] = before[0]
        logging.getLogger().setLevel(before[1])
    anchors = anchors_in(f"a line of something else\n{stream.getvalue()}")
    assert [(one.shop, one.number) for one in anchors] == [("*", 2), ("*", 3)]
    async with pool.acquire() as connection:
        assert (await audit.check(connection, anchors)).faults == []
        gone = [structs.replace(anchors[-1], number=4)]
        assert (await audit.check(connection, gone)).faults == [
            "*: entry 4 was written and is gone: the chain was cut off"
        ]


async def test_who_asks_is_shown_what_they_may_and_which_release_serves_them(
    client: httpx.AsyncClient, hire: Hire
) -> None:
    found = (await client.get("/v1/account", headers=bearer(await hire("ann", "author", "viewer")))).json()
    assert (found["name"], found["server"]["migrations"]) == ("ann", [])
    assert found["grants"] == [{"role": "author", "shop": "*"}, {"role": "viewer", "shop": "*"}]
    assert found["until"] > SystemClock().now().isoformat()


async def test_a_post_with_a_key_is_done_once(client: httpx.AsyncClient, hire: Hire, pool: Pool) -> None:
    headers = bearer(await hire("ann", "author")) | {"Idempotency-Key": "deploy-1"}
    first = await client.post("/v1/plans", headers=headers, json={"bundle": {}, "note": "one"})
    again = await client.post("/v1/plans", headers=headers, json={"bundle": {}, "note": "one"})
    other = await client.post("/v1/plans", headers=headers, json={"bundle": {}, "note": "two"})
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert first.content == again.content
    assert await pool.fetchval("select count(*) from control.audit where outcome = 'begun'") == 1
    failing = headers | {"Idempotency-Key": "deploy-2"}
    for _ in range(2):
        assert (await client.post("/v1/plans", headers=failing, json={})).status_code == 422


async def test_a_body_is_bounded_by_its_operation_and_read_after_the_token(
    client: httpx.AsyncClient, hire: Hire
) -> None:
    headers = bearer(await hire("ann", "admin"))
    for operation in (one for one in OPERATIONS if one.body is not None):
        large = b'{"note": "' + b"x" * operation.body_limit + b'"}'
        answer = await client.request(operation.method, path_of(operation), headers=headers, content=large)
        assert (operation.name, answer.status_code, answer.json()["limit"]) == (
            operation.name,
            413,
            operation.body_limit,
        )
        assert (await client.request(operation.method, path_of(operation), content=large)).status_code == 401


async def test_bodies_that_are_not_right_say_where(client: httpx.AsyncClient, hire: Hire) -> None:
    headers = bearer(await hire("ann", "author"))
    for content, where in (
        (b"", "body"),
        (b"{", "body"),
        (b'{"shop": 1}', "shop"),
        (b'{"in_flight": "never"}', "in_flight"),
        (b'{"surprise": 1}', "surprise"),
        (b"\xff", "body"),
    ):
        answer = await client.post("/v1/plans", headers=headers, content=content)
        assert answer.status_code == 422
        assert answer.json()["where"] == where
    broken = {"workflow.yaml": "workflow: cart\ntrigger: {event: order.plced}\nsteps: [{wait: 1h}]\n"}
    answer = await client.post("/v1/plans", headers=headers, json={"bundle": {"workflows": [broken]}})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:relevo:problem:invalid-workflow")
    assert answer.json()["where"] == "workflow.yaml:2:18"


grants = st.frozensets(st.tuples(st.sampled_from(ROLES), st.sampled_from(["*", "tea", "mug"])))
SHOPS = ("*", "tea", "mug", "any")


@given(grants, grants)
def test_another_grant_takes_nothing_away(some: frozenset[tuple[Role, str]], more: frozenset[tuple[Role, str]]) -> None:
    one = Principal(name="ann", grants=some, means="token 1")
    two = Principal(name="ann", grants=some | more, means="token 1")
    allowed = [(permission, shop) for permission in PERMISSIONS for shop in SHOPS if one.may(permission, shop)]
    assert all(two.may(permission, shop) for permission, shop in allowed)


@given(grants, st.sampled_from(PERMISSIONS))
def test_a_role_counts_for_its_shop_alone(some: frozenset[tuple[Role, str]], permission: Permission) -> None:
    one = Principal(name="ann", grants=some, means="token 1")
    everywhere = any(shop == "*" and permission in GRANTS[role] for role, shop in some)
    for shop in SHOPS:
        here = any(of == shop and permission in GRANTS[role] for role, of in some)
        assert one.may(permission, shop) == (everywhere or here)
