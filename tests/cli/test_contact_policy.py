"""The contact policy as the people at the keyboard see it: checked, tested and deployed with workflows."""

import json
from pathlib import Path

import pytest

from relevo_cli.workflow_files import load_folder
from relevo_notifier.adapters import policies
from relevo_runtime import catalog
from relevo_runtime.catalog import Shop
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.cli.test_deploying import Desk
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo

POLICY = "purposes: {newsletter: {kind: consent}}\ncaps: {most: 2, per: 7d}\n"
CASES = "tests: [{name: noon, at: 2026-03-10 12:00, consents: {marketing: granted}, expect: sent}]\n"


@pytest.fixture
def desk(settings: SettingsFactory, tmp_path: Path) -> Desk:
    return Desk(tmp_path, given(settings()))


async def test_it_is_deployed_with_the_workflows_beside_it(desk: Desk, pool: Pool) -> None:
    file = desk.folder.parent / "policy.yaml"
    file.write_text(POLICY)
    assert "contact policy  new" in await desk.deploys("--plan")
    async with pool.acquire() as connection:
        assert await policies.newest(connection, "*") is None
    assert "deployed" in await desk.deploys("--yes", "--note", "at last")
    async with pool.acquire() as connection:
        first = await policies.newest(connection, "*")
        active = await policies.active(connection)
    assert first is not None
    assert (first.source, first.note) == (POLICY, "at last")
    assert active["*"].caps[0].most == 2
    assert "contact policy" not in await desk.deploys("--yes")
    file.write_text(POLICY.replace("2", "3"))
    told = await desk.deploys("--plan")
    assert f"contact policy  changed  {first.version} →" in told
    assert "+caps: {most: 3, per: 7d}" in told
    await desk.deploys("--yes")
    async with pool.acquire() as connection:
        assert (await policies.active(connection))["*"].caps[0].most == 3
        assert await connection.fetchval("select count(*) from notifier.policy") == 2


async def test_an_earlier_one_comes_back(desk: Desk, pool: Pool) -> None:
    file = desk.folder.parent / "policy.yaml"
    assert "no contact policy was ever deployed here" in await desk.says("history", "--policy", code=2)
    file.write_text(POLICY)
    await desk.deploys("--yes", "--note", "at last")
    assert "the contact policy has no earlier version" in await desk.says("rollback", "--policy", "--yes", code=2)
    file.write_text(POLICY.replace("2", "3"))
    await desk.deploys("--yes")
    plan = await desk.says("rollback", "--policy", "--plan")
    assert "contact policy  changed" in plan
    assert "+caps: {most: 2, per: 7d}" in plan
    [three, two] = await desk.json("history", "--policy")
    assert (three["active"], two["active"], two["note"]) == (True, False, "at last")
    assert "deployed" in await desk.says("rollback", "--policy", "--yes")
    async with pool.acquire() as connection:
        assert (await policies.active(connection))["*"].caps[0].most == 2
    [back, *_] = await desk.json("history", "--policy")
    assert (back["active"], back["version"], back["note"]) == (
        True,
        two["version"],
        f"rollback to revision {two['revision']}",
    )
    told = await desk.says("history", "--policy", "--diff", str(back["revision"]))
    assert "-caps: {most: 3, per: 7d}" in told
    assert "* in service" in await desk.says("history", "--policy")
    await desk.says("rollback", "--policy", "--to", str(three["revision"]), "--yes")
    async with pool.acquire() as connection:
        assert (await policies.active(connection))["*"].caps[0].most == 3


async def test_a_shop_has_a_history_of_its_own(desk: Desk, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, Shop(shop="acme", platform="shopify"))
    file = desk.folder.parent / "policy.yaml"
    file.write_text(POLICY)
    await desk.deploys("--yes")
    for most in ("4", "5"):
        file.write_text(POLICY.replace("2", most))
        await desk.deploys("--shop", "acme", "--yes")
    await desk.says("rollback", "--policy", "--shop", "acme", "--yes")
    async with pool.acquire() as connection:
        active = await policies.active(connection)
    assert (active["*"].caps[0].most, active["acme"].caps[0].most) == (2, 4)
    assert "for acme" in await desk.says("history", "--policy")


@pytest.mark.parametrize("said", [("history",), ("rollback",), ("history", "cart", "--policy")])
async def test_a_history_is_of_one_thing(desk: Desk, said: tuple[str, ...]) -> None:
    assert "name a workflow, or say --policy" in await desk.says(*said, code=2)


async def test_mistakes_are_told_with_their_place_and_deploy_nothing(desk: Desk, pool: Pool) -> None:
    file = desk.folder.parent / "policy.yaml"
    file.write_text("caps: {most: none, per: 7d}\n")
    for code, *command in ((1, "check", str(desk.folder.parent)), (2, "deploy", str(desk.folder), "--yes")):
        told = await desk.says(*command, code=code)
        assert f"{file}:1:14: error: 'most' must be a whole number" in told
    async with pool.acquire() as connection:
        assert await policies.newest(connection, "*") is None


async def test_its_tests_are_run_with_those_of_the_workflows(desk: Desk) -> None:
    library = desk.folder.parent
    (library / "policy.yaml").write_text(POLICY)
    (library / "policy.tests.yaml").write_text(CASES)
    _, out, _ = await relevo("test", str(library), "--json", **desk.environment)
    suites = [json.loads(line) for line in out.splitlines()]
    [suite] = [one for one in suites if one.get("workflow") == "policy"]
    assert [one["name"] for one in suite["results"]] == ["noon"]
    (library / "policy.tests.yaml").write_text(CASES.replace("sent", "{skipped: late}"))
    code, out, _ = await relevo("test", str(library), **desk.environment)
    assert code == 1
    assert f"{library}/policy.tests.yaml:1:" in out
    (library / "policy.yaml").unlink()
    code, out, _ = await relevo("test", str(library), **desk.environment)
    assert (code, "there are tests of a policy, and no policy.yaml" in out) == (1, True)


async def test_editors_get_its_schema(desk: Desk) -> None:
    assert json.loads(await desk.says("check", "--policy-schema"))["title"] == "A contact policy of Relevo"


def test_a_workflow_keeps_the_policy_whose_purposes_it_names(desk: Desk) -> None:
    (desk.folder.parent / "policy.yaml").write_text(POLICY)
    assert "policy.yaml" not in load_folder(desk.folder).files
    before = load_folder(desk.folder).definition.version
    (desk.folder / "templates").mkdir()
    (desk.folder / "templates" / "news.yaml").write_text("channel: sms\nen: {text: Hello}\n")
    desk.write(("- stop: done", "- send: {channel: sms, template: news, purpose: newsletter}"))
    one = load_folder(desk.folder)
    assert one.files["policy.yaml"] == POLICY
    assert one.definition.version != before
    (desk.folder.parent / "policy.yaml").write_text(POLICY + "spread: 1h\n")
    assert load_folder(desk.folder).definition.version == one.definition.version
