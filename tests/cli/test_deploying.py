"""Deploying as the people at the keyboard see it: plans, rules of who may, runs in flight, history and rollback."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from relevo_control.app.deploying.rules import SignOff, level_of, objection, strictest
from relevo_control.app.errors import OperationError
from relevo_control.app.history import What, choose
from relevo_runtime import catalog
from relevo_runtime.catalog import Approver, Deployed
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.engine.conftest import MORNING, Engine, build_engine, checkout, order

CART = """
workflow: cart
change: LEVEL
key: trigger.checkout_token
trigger: {event: checkout.started}
exit: {event: order.placed, reason: bought}
steps:
  - wait: 4h
    id: pause
  - stop: done
"""
ANN = Approver("*", "ann", MORNING)
BEA = Approver("acme", "bea", MORNING)


class Desk:
    """A person at the keyboard with a workflow folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder / "cart"
        self.folder.mkdir()
        self.environment = environment
        self.write()

    def write(self, *replacements: tuple[str, str], level: str = "ad-hoc") -> None:
        text = CART.replace("LEVEL", level)
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (self.folder / "workflow.yaml").write_text(text)

    async def says(self, *arguments: str, code: int = 0) -> str:
        """What a command prints; it must end with `code`."""
        found, out, err = await relevo(*arguments, **self.environment)
        assert found == code, out + err
        assert "Traceback" not in err
        return out + err

    async def deploys(self, *arguments: str, code: int = 0) -> str:
        return await self.says("deploy", str(self.folder), "--settle", "0", *arguments, code=code)

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self.says(*arguments, "--json"))


@pytest.fixture
def desk(settings: SettingsFactory, tmp_path: Path) -> Desk:
    return Desk(tmp_path, given(settings()))


@pytest.mark.parametrize(
    ("level", "signed", "missing"),
    [
        ("ad-hoc", SignOff(author="ann"), ""),
        ("production", SignOff(author="ann"), "needs a review by somebody else"),
        ("production", SignOff(author="ann", reviewer="Ann"), "is its author and can't review it too"),
        ("production", SignOff(author="ann", reviewer="bea"), ""),
        ("administrative", SignOff(author="ann"), "it needs a named approver"),
        ("administrative", SignOff(author="bea", approver="carl"), "carl is not an approver for every shop"),
        ("administrative", SignOff(author="carl", approver="bea"), "bea is not an approver for every shop"),
        ("administrative", SignOff(author="carl", approver="ann"), ""),
    ],
)
def test_who_may_change_what(level: str, signed: SignOff, missing: str) -> None:
    said = objection("cart", level, signed, [ANN, BEA], "*")
    assert missing in said
    assert bool(said) == bool(missing)


def test_an_approver_of_one_shop_approves_for_that_shop() -> None:
    assert objection("cart", "administrative", SignOff(author="x", approver="bea"), [BEA], "acme") == ""


def test_lowering_the_level_is_a_change_under_the_old_one() -> None:
    assert strictest("ad-hoc", "production") == "production"
    assert strictest("administrative", "ad-hoc") == "administrative"


def deployed(revision: int, version: str) -> Deployed:
    return Deployed(shop="*", workflow="cart", version=version, files={}, revision=revision, active=False)


def test_a_rollback_goes_to_the_version_before_or_to_the_named_revision() -> None:
    drained = [deployed(4, "b"), deployed(3, "b"), deployed(2, "a"), deployed(1, "c")]
    past = [structs.replace(drained[0], active=True), *drained[1:]]
    assert choose(drained, What("cart"), 0).revision == 4
    assert choose(past, What("cart"), 0).revision == 2
    assert choose(past, What("cart"), 1).revision == 1
    with pytest.raises(OperationError, match="no revision 9"):
        choose(past, What("cart"), 9)
    with pytest.raises(OperationError, match="no earlier version"):
        choose(past[:1], What("cart"), 0)


async def test_a_plan_shows_steps_and_files_and_changes_nothing(desk: Desk) -> None:
    assert "cart  new" in await desk.deploys("--plan")
    assert "was ever deployed" in await desk.says("history", "cart", code=2)
    await desk.deploys("--yes")
    desk.write(("wait: 4h", "wait: 9h"), ("stop: done", "stop: over"))
    said = await desk.deploys("--plan")
    assert "cart  changed" in said
    assert "~ step pause: waits: 4h → 9h" in said
    assert "| +  - wait: 9h" in said
    assert len(await desk.json("history", "cart")) == 1


async def test_a_system_that_a_shop_lacks_is_named_with_the_command_that_adds_it(desk: Desk) -> None:
    await desk.says("shops", "add", "acme", "--platform", "custom")
    call = "  - system: {call: accounting.open_items, as: open}\n"
    desk.write(("  - stop: done\n", f"{call}  - stop: done\n"))
    said = " ".join((await desk.deploys("--plan")).split())
    assert "cart: acme has no system that serves accounting" in said
    assert "`relevo systems add acme accounting xero`" in said
    await desk.deploys("--yes")
    assert "cart: acme has no system that serves accounting" in " ".join((await desk.says("doctor", code=1)).split())


async def test_secrets_that_calls_need_are_named_unless_they_are_set(desk: Desk) -> None:
    call = '  - http: {url: "https://erp.example.com/stock", headers: {Authorization: "Bearer ${ERP}"}}\n'
    desk.write(("  - stop: done\n", f"{call}  - stop: done\n"))
    assert "cart: its calls need RELEVO_CALL_SECRET_ERP in the notifier's environment" in await desk.deploys("--plan")
    desk.environment["RELEVO_CALL_SECRET_ERP"] = "s3cret"
    remark = await desk.deploys("--yes")
    assert "RELEVO_CALL_SECRET" not in remark
    assert "s3cret" not in remark


async def test_errors_of_all_folders_are_told_with_their_paths_and_nothing_is_deployed(desk: Desk) -> None:
    second = desk.folder.parent / "second"
    second.mkdir()
    (second / "workflow.yaml").write_text("workflow: second\ntrigger: {event: order.plced}\nsteps: [{wait: 1h}]\n")
    desk.write(("wait: 4h", "wait: 4 hours"))
    said = await desk.says("deploy", str(desk.folder.parent), "--yes", code=2)
    assert f"{desk.folder}/workflow.yaml:8:11: error: '4 hours' is not a duration" in said
    assert f"{second}/workflow.yaml:2:18: error: there is no event 'order.plced'" in said
    desk.write()
    (second / "workflow.yaml").write_text((desk.folder / "workflow.yaml").read_text())
    assert "are both the workflow 'cart'" in await desk.says("deploy", str(desk.folder.parent), "--yes", code=2)
    assert "was ever deployed" in await desk.says("history", "cart", code=2)


async def test_without_a_terminal_nothing_is_deployed_unless_told_so(desk: Desk) -> None:
    assert "say --yes" in await desk.deploys(code=2)
    assert "deployed as revision" in await desk.deploys("--yes")
    assert "is active already" in await desk.deploys()


async def test_a_production_workflow_needs_a_review_and_history_tells_who_did_it(desk: Desk) -> None:
    desk.write(level="production")
    assert "--review-by NAME" in await desk.deploys("--yes", code=2)
    await desk.deploys("--yes", "--author", "ann", "--review-by", "bea", "--note", "first")
    desk.write(level="ad-hoc")
    assert "--review-by NAME" in await desk.deploys("--yes", code=2)
    await desk.deploys("--yes", "--author", "ann", "--review-by", "bea")
    newest, first = await desk.json("history", "cart")
    listed = (await desk.says("history", "cart")).splitlines()
    assert listed[0].startswith(f"* {newest['revision']:>4}  {newest['version']}  20")
    assert listed[1] == f"{'':8}by ann, reviewed by bea"
    assert (first["author"], first["reviewer"], first["note"]) == ("ann", "bea", "first")
    said = await desk.says("history", "cart", "--diff", str(newest["revision"]))
    assert "~ change: production → ad-hoc" in said
    assert "+change: ad-hoc" in said


async def test_a_version_that_this_release_can_not_read_is_replaced_under_its_own_level(desk: Desk, pool: Pool) -> None:
    files = {"workflow.yaml": "workflow: cart\nchange: production\nfuture: true\n"}
    async with pool.acquire() as connection, connection.transaction():
        await catalog.deploy(connection, workflow="cart", version="f" * 16, files=files, at=MORNING)
    assert "cart is a production workflow" in await desk.deploys("--yes", code=2)
    said = await desk.deploys("--yes", "--author", "ann", "--review-by", "bea")
    assert "this release can't read the version before" in said
    assert "deployed as revision" in said
    [now, _] = await desk.json("history", "cart")
    assert "-future: true" in await desk.says("history", "cart", "--diff", str(now["revision"]))


@pytest.mark.parametrize("spelt", ['"change": LEVEL', "change : LEVEL", "? change\n: LEVEL"])
async def test_the_level_counts_however_the_version_before_spells_it(desk: Desk, spelt: str) -> None:
    desk.write(("change: production", spelt.replace("LEVEL", "production")), level="production")
    await desk.deploys("--yes", "--author", "ann", "--review-by", "bea")
    desk.write(level="ad-hoc")
    assert "cart is a production workflow" in await desk.deploys("--yes", code=2)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("workflow: a", "ad-hoc"),
        ("change: 'administrative' # why", "administrative"),
        ("change: other", "production"),
        ("change: [production]", "production"),
        ('"change": administrative', "administrative"),
        ("change : administrative", "administrative"),
        ("{workflow: a, change: administrative}", "administrative"),
        ("\ufeffchange: administrative", "administrative"),
        ("note: |\n  change: production", "ad-hoc"),
        ("change: ad-hoc\nchange: administrative", "production"),
        ("steps: [", "production"),
        ("", "production"),
    ],
)
def test_the_level_of_stored_files_is_known_without_reading_the_rest(text: str, level: str) -> None:
    assert level_of({"workflow.yaml": text}) == level


async def test_an_administrative_workflow_needs_a_named_approver(desk: Desk) -> None:
    desk.write(level="administrative")
    assert "relevo approvers add carl" in await desk.deploys("--yes", "--approve-by", "carl", code=2)
    assert "from now on" in await desk.says("approvers", "add", "carl")
    assert "already" in await desk.says("approvers", "add", "carl")
    await desk.deploys("--yes", "--approve-by", "carl")
    [one] = await desk.json("history", "cart")
    assert one["approver"] == "carl"
    assert [one["name"] for one in await desk.json("approvers", "list")] == ["carl"]
    await desk.says("approvers", "remove", "carl")
    assert await desk.json("approvers", "list") == []


@pytest.fixture
async def busy(desk: Desk, pool: Pool, settings: SettingsFactory, topics: list[str]) -> AsyncIterator[Engine]:
    """An engine with a cart of version one under way."""
    async with pool.acquire() as connection:
        await catalog.add_shop(connection, catalog.Shop(shop="sample", platform="shopify", name="Sample"))
    await desk.deploys("--yes")
    async with Publisher(settings()) as publisher:
        running = await build_engine(pool, publisher)
        await running.take(checkout("a"))
        yield running


async def test_runs_in_flight_migrate(desk: Desk, busy: Engine) -> None:
    desk.write(("wait: 4h", "wait: 9h"))
    said = await desk.deploys("--plan")
    assert "1 run of older versions in flight" in said
    assert "migrate  1 run continues in the new version" in said
    assert "1 run continues in it" in await desk.deploys("--yes", "--in-flight", "migrate")
    rows = await busy.pool.fetch("select version from engine.run")
    [history] = [one for one in await desk.json("history", "cart") if one["active"]]
    assert [row["version"] for row in rows] == [history["version"]]
    assert history["in_flight"] == "migrate"


async def test_pinned_runs_can_be_moved_later(desk: Desk, busy: Engine) -> None:
    desk.write(("wait: 4h", "wait: 9h"))
    assert "continue in it" not in await desk.deploys("--yes")
    assert "is active already; 1 run continues in it" in await desk.deploys("--yes", "--in-flight", "migrate")


async def test_runs_that_can_not_be_mapped_are_named_and_nothing_is_deployed(desk: Desk, busy: Engine) -> None:
    desk.write(("id: pause", "id: rest"))
    said = await desk.deploys("--yes", "--in-flight", "migrate", code=2)
    assert "the new version has no step 'pause'" in said
    assert "of sample/cus_1 at pause" in said
    assert "give the one that takes its place the old id" in said
    assert len(await desk.json("history", "cart")) == 1
    assert "deployed as revision" in await desk.deploys("--yes")


async def test_what_runs_would_do_again_is_told_and_has_to_be_wanted(desk: Desk, busy: Engine) -> None:
    tagged = "  - set: {tags: {add: [seen]}}\n"
    desk.write(("  - stop: done\n", f"{tagged}  - wait: 1d\n    id: rest\n  - stop: done\n"))
    await desk.deploys("--yes", "--in-flight", "migrate")
    await (await build_engine(busy.pool, busy.publisher)).wake(after=timedelta(hours=4))
    desk.write(("  - stop: done\n", f"  - wait: 2d\n    id: rest\n{tagged}  - stop: done\n"))
    said = await desk.deploys("--plan")
    assert "1 run at rest (version" in said
    assert "would do 'set-1' again" in said
    refused = await desk.deploys("--yes", "--in-flight", "migrate", code=2)
    assert "runs in flight would do things again" in refused
    assert "say --repeat if that is wanted" in refused
    assert "1 run continues in it" in await desk.deploys("--yes", "--in-flight", "migrate", "--repeat")


async def test_a_goal_that_is_watched_holds_up_no_drain(desk: Desk, busy: Engine) -> None:
    goal = ("exit:", "goal: {event: order.placed, within: 30d}\nexit:")
    desk.write(goal)
    await desk.deploys("--yes", "--in-flight", "migrate")
    watching = await build_engine(busy.pool, busy.publisher)
    await watching.take(checkout("b", key="cus_2"))
    await watching.wake(after=timedelta(hours=4))
    desk.write(goal, ("wait: 4h", "wait: 9h"))
    assert "no run has to end first" in await desk.deploys("--plan")
    assert "deployed as revision" in await desk.deploys("--yes", "--in-flight", "drain")
    await (await build_engine(busy.pool, busy.publisher)).take(order("b", key="cus_2"))
    reasons = await busy.pool.fetch("select reason from engine.decision where input = 'order.placed' and key = 'cus_2'")
    assert [row["reason"] for row in reasons] == ["the goal was reached: order.placed"]


async def test_a_drain_lets_nobody_in_until_the_old_runs_have_ended(desk: Desk, busy: Engine) -> None:
    desk.write(("wait: 4h", "wait: 9h"))
    assert "is not deployed yet: nobody comes in, and 1 run" in await desk.deploys("--yes", "--in-flight", "drain")
    draining = await build_engine(busy.pool, busy.publisher)
    await draining.take(checkout("b", key="cus_2"))
    assert await busy.pool.fetchval("select count(*) from engine.run") == 1
    await draining.take(order("a"))
    assert "deployed as revision" in await desk.deploys("--yes", "--in-flight", "drain")
    after = await build_engine(busy.pool, busy.publisher)
    await after.take(checkout("c", key="cus_3"))
    assert await busy.pool.fetchval("select count(*) from engine.run where ended_at is null") == 1


async def test_history_tells_of_a_drain_and_a_rollback_ends_it(desk: Desk, busy: Engine) -> None:
    [first] = await desk.json("history", "cart")
    desk.write(("wait: 4h", "wait: 9h"))
    await desk.deploys("--yes", "--in-flight", "drain", "--author", "bea", "--note", "must not overlap")
    [drained] = await desk.json("history", "cart")
    assert (drained["active"], drained["retired_by"], drained["retired_note"]) == (False, "bea", "must not overlap")
    assert re.search(r"taken out of service 20.* UTC by bea: must not overlap", await desk.says("history", "cart"))
    said = await desk.says("rollback", "cart", "--yes", "--settle", "0")
    assert f"cart  comes back into service  {first['version']}  (ad-hoc)" in said
    assert "its last version was taken out of service" in said
    back, _ = await desk.json("history", "cart")
    assert (back["active"], back["note"]) == (True, f"revision {first['revision']} back in service")
    running = await build_engine(busy.pool, busy.publisher)
    await running.take(checkout("b", key="cus_2"))
    assert await busy.pool.fetchval("select count(*) from engine.run where ended_at is null") == 2


async def test_a_rollback_ends_a_drain_from_before_its_time_was_kept(desk: Desk, busy: Engine, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("update catalog.deployment set active = false where workflow = 'cart'")
    [out] = await desk.json("history", "cart")
    assert (out["active"], out["retired_at"]) == (False, None)
    await desk.says("rollback", "cart", "--yes", "--settle", "0")
    [back, _] = await desk.json("history", "cart")
    assert (back["version"], back["note"]) == (out["version"], f"revision {out['revision']} back in service")


async def test_a_rollback_deploys_the_version_before_with_its_runs(desk: Desk, busy: Engine) -> None:
    desk.write(("wait: 4h", "wait: 9h"))
    await desk.deploys("--yes", "--in-flight", "migrate")
    said = await desk.says("rollback", "cart", "--plan")
    assert "~ step pause: waits: 9h → 4h" in said
    said = await desk.says("rollback", "cart", "--yes", "--in-flight", "migrate", "--settle", "0")
    assert "1 run continues in it" in said
    newest, _, first = await desk.json("history", "cart")
    assert newest["version"] == first["version"]
    assert newest["note"] == f"rollback to revision {first['revision']}"


async def test_a_shop_that_nobody_knows_and_a_drain_of_one_shop_alone_are_refused(desk: Desk, busy: Engine) -> None:
    desk.write(("wait: 4h", "wait: 9h"))
    assert "shop 'nowhere' is not known" in await desk.deploys("--shop", "nowhere", code=2)
    assert "can't be drained for sample alone" in await desk.deploys(
        "--shop", "sample", "--yes", "--in-flight", "drain", code=2
    )
