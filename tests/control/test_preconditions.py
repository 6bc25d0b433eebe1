"""What two people do at once: whoever decides by what they have seen is refused when it is no longer so."""

import asyncio
from pathlib import Path

import httpx
import pytest

from relevo_contracts.staff import Member
from relevo_contracts.topics import INPUTS
from relevo_control.adapters import task_answers
from relevo_control.app.tasks import decide, find_task
from relevo_control.entrypoints.operations import OPERATIONS
from relevo_control.entrypoints.preconditions import names, tag_of
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered
from relevo_runtime.clock import SystemClock
from relevo_runtime.errors import PublishError
from relevo_runtime.outgoing import LARGEST_MESSAGE
from relevo_runtime.postgres import Pool
from tests.cli.test_explain import shop
from tests.conftest import SettingsFactory
from tests.control.conftest import Hire, bearer
from tests.control.test_by_server import DIGEST, Person, write
from tests.control.test_operations_by_server import TASK, busy
from tests.sealed import raw

__all__ = ["busy", "shop"]
PATH = f"/v1/tasks/{TASK}"


async def test_an_answer_to_a_task_that_was_given_to_somebody_else_is_refused(
    busy: dict[str, str], client: httpx.AsyncClient, hire: Hire, pool: Pool
) -> None:
    del busy
    headers = bearer(await hire("Ana", "approver"))
    seen = (await client.get(PATH, headers=headers)).headers["etag"]
    assert (await client.get(PATH, headers=headers)).headers["etag"] == seen
    await pool.execute("update engine.task set assignee = 'Bea'")
    said = {"done": "approved"}
    answer = await client.post(f"{PATH}/decision", headers=headers | {"If-Match": seen}, json=said)
    assert (answer.status_code, answer.json()["type"]) == (412, "urn:relevo:problem:outdated")
    assert "it has changed since you saw it, and nothing was done" in answer.json()["detail"]
    now = (await client.get(PATH, headers=headers)).headers["etag"]
    assert answer.headers["etag"] == now != seen
    given = f'"another", {now}'
    assert (await client.post(f"{PATH}/decision", headers=headers | {"If-Match": given}, json=said)).status_code == 200
    outcomes = await pool.fetch("select outcome from control.audit where action = 'decideTask' order by number")
    assert [row["outcome"] for row in outcomes] == ["begun", "refused: outdated", "begun", "done"]


AT_ONCE = {"decideTask": ("/v1/tasks/{name}", "/v1/tasks/{name}/decision", {"done": "approved"})}
"""For each operation that takes If-Match: what is looked at, where it is done, and what is sent."""


def test_every_operation_that_takes_if_match_is_tried_at_once() -> None:
    assert {one.name for one in OPERATIONS if one.seen is not None} == AT_ONCE.keys()


@pytest.mark.parametrize("operation", AT_ONCE)
async def test_of_those_who_act_at_once_on_what_all_have_seen_one_does_it(
    operation: str, busy: dict[str, str], client: httpx.AsyncClient, hire: Hire, pool: Pool, settings: SettingsFactory
) -> None:
    del busy
    shown, done, said = AT_ONCE[operation]
    names = ("Ana", "Bea", "Cleo")
    headers = [bearer(await hire(name, "approver")) for name in names]
    async with pool.acquire() as connection:
        for name in names:
            await tasks.put_member(connection, Member(shop="sample", name=name, roles=["finance"]))
    for number in range(5):
        task = f"r/approve-1/{10 + number}"
        await pool.execute(
            "insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles,"
            " needed, assignee, opened_at) select shop, $1, run_id, key, workflow, step, title, approval, skill, roles,"
            " needed, assignee, opened_at from engine.task where task_id = $2",
            *(task, TASK),
        )
        seen = await client.get(shown.format(name=task), headers=headers[0])
        match = [one | {"If-Match": seen.headers["etag"]} for one in headers]
        found = await asyncio.gather(*(client.post(done.format(name=task), headers=one, json=said) for one in match))
        assert sorted(one.status_code for one in found) == [200, 412, 412]
        assert len(await raw(settings(), INPUTS)) == 2 * number + 1
        late = next(at for at, one in enumerate(found) if one.status_code == 412)
        assert found[late].json()["type"] == "urn:relevo:problem:outdated"
        anew = await client.get(shown.format(name=task), headers=headers[late])
        assert anew.json()["answers"] == 1
        again = headers[late] | {"If-Match": anew.headers["etag"]}
        assert (await client.post(done.format(name=task), headers=again, json=said)).status_code == 200


async def test_an_answer_that_was_not_published_is_sent_again_with_the_same_tag(
    busy: dict[str, str], client: httpx.AsyncClient, hire: Hire, settings: SettingsFactory, pool: Pool
) -> None:
    del busy
    headers = bearer(await hire("Ana", "approver"))
    before = len(await raw(settings(), INPUTS))
    too_large = Answered(task_id=TASK, done="approved", by="Ana", note="x" * (LARGEST_MESSAGE + 1))
    for given in (0, 1):  # the first answer has a row of its own, a further one counts on
        tag = (await client.get(PATH, headers=headers)).headers["etag"]
        async with pool.acquire() as connection:
            seen = await find_task(connection, TASK)
            assert seen.answers == given
            with pytest.raises(PublishError):
                await decide(connection, connection, settings(), too_large, SystemClock(), seen=seen)
        assert len(await raw(settings(), INPUTS)) == before + given
        match = headers | {"If-Match": tag}
        assert (await client.post(f"{PATH}/decision", headers=match, json={"done": "approved"})).status_code == 200


async def test_an_answer_is_not_taken_back_after_another_was_counted(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for number in (1, 2):
            assert await task_answers.give(connection, "tea", "t", seen=None, at=SystemClock().now()) == number
        await task_answers.take_back(connection, "tea", "t", 1)
        assert await task_answers.given(connection, "tea", "t") == 2
        await task_answers.take_back(connection, "tea", "t", 2)
        assert await task_answers.given(connection, "tea", "t") == 1


async def test_of_one_plan_that_is_carried_out_twice_at_once_one_is_done(
    url: str, client: httpx.AsyncClient, hire: Hire, tmp_path: Path
) -> None:
    token = await hire("ann", "author")
    _, err = await Person(url, token).says("deploy", str(write(tmp_path)), "--plan")
    found = DIGEST.search(err)
    assert found is not None
    path = f"/v1/plans/{found[1]}/deployment"
    answers = await asyncio.gather(*(client.post(path, headers=bearer(token)) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412]


async def test_what_is_known_already_is_not_sent_again(client: httpx.AsyncClient, hire: Hire) -> None:
    headers = bearer(await hire("ann", "viewer"))
    first = await client.get("/v1/account", headers=headers)
    again = await client.get("/v1/account", headers=headers | {"If-None-Match": f"W/{first.headers['etag']}"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await client.get("/v1/account", headers=headers | {"If-None-Match": '"x"'})).status_code == 200


async def test_of_two_plans_from_the_same_state_one_is_carried_out_and_the_other_is_outdated(
    url: str, client: httpx.AsyncClient, hire: Hire, tmp_path: Path
) -> None:
    tokens = {name: await hire(name, "author") for name in ("ann", "bea")}
    digests = {}
    for name, wait in (("ann", "4h"), ("bea", "9h")):
        (tmp_path / name).mkdir()
        _, err = await Person(url, tokens[name]).says("deploy", str(write(tmp_path / name, wait=wait)), "--plan")
        found = DIGEST.search(err)
        assert found is not None
        digests[name] = found[1]
    first = await client.post(f"/v1/plans/{digests['ann']}/deployment", headers=bearer(tokens["ann"]))
    second = await client.post(f"/v1/plans/{digests['bea']}/deployment", headers=bearer(tokens["bea"]))
    assert (first.status_code, second.status_code) == (200, 412)
    assert "plan it anew and look again" in second.json()["detail"]


def test_only_what_shows_one_thing_has_a_tag() -> None:
    assert {one.name for one in OPERATIONS if one.tagged and one.name.startswith("list")} == set()


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        (tag_of(b"a"), True, True),
        ("*", True, True),
        (f'"x" , {tag_of(b"a")}', True, True),
        (f"W/{tag_of(b'a')}", False, True),
        (tag_of(b"b"), False, False),
        ("", False, False),
    ],
)
def test_tags_are_compared_as_http_has_it(header: str, strong: bool, weak: bool) -> None:
    assert names(header, tag_of(b"a")) is strong
    assert names(header, tag_of(b"a"), weak=True) is weak
