"""Deploying workflows that start one another: refused where they would not fit together."""

from relevo_control.app.deploying.starts import StartReferences
from relevo_runtime.catalog import Deployed
from relevo_workflow import Definition, load_workflow
from tests.cli.test_deploying import Desk, desk  # noqa: F401  # the fixture

STARTER = "workflow: order\ntrigger: {event: order.placed}\nsteps: [{start: {workflow: review}}]\n"
MANUAL = "workflow: review\ntrigger: {manual: }\nsteps: [{wait: 7d}]\n"
ALONE = "workflow: review\ntrigger: {event: order.paid}\nsteps: [{wait: 7d}]\n"


def made(text: str) -> Definition:
    return load_workflow({"workflow.yaml": text})


def active(text: str, shop: str = "*") -> Deployed:
    name = made(text).name
    return Deployed(shop=shop, workflow=name, version="v", files={"workflow.yaml": text}, revision=1, active=True)


def objection(text: str, *there: Deployed, shop: str = "*", old: str = "", also: str = "") -> str:
    wanted = [made(one) for one in (text, also) if one]
    return StartReferences(wanted, there, shop).objection(wanted[0], made(old) if old else None)


def test_what_is_started_must_be_deployed_or_be_deployed_too() -> None:
    missing = "order: there is no workflow 'review' (deploy it before, or both at once)"
    assert objection(STARTER) == missing
    assert objection(STARTER, active(MANUAL, shop="acme")) == missing
    assert objection(STARTER, active(MANUAL.replace("review", "reviews"))).endswith("(did you mean 'reviews'?)")
    assert objection(STARTER, active(MANUAL)) == ""
    assert objection(STARTER, also=MANUAL) == ""
    assert objection(STARTER, active(MANUAL, shop="acme"), shop="acme") == ""


def test_what_is_started_must_have_a_manual_trigger() -> None:
    cannot = "order: 'review' can't be started by a step (add {manual: } to the trigger of 'review')"
    assert objection(STARTER, active(ALONE)) == cannot
    assert objection(STARTER, active(MANUAL), also=ALONE) == cannot
    assert objection(STARTER, active(ALONE), also=MANUAL) == ""
    assert objection(STARTER, active(MANUAL), active(ALONE, shop="acme"), shop="acme") == cannot


def test_who_is_started_by_others_keeps_the_trigger_for_it() -> None:
    assert objection(ALONE, active(STARTER), old=MANUAL) == "order starts review, which would have no manual trigger"
    assert objection(ALONE, active(STARTER), old=ALONE) == ""
    assert (
        objection(ALONE, active(STARTER), old=MANUAL, also=STARTER.replace("start: {workflow: review}", "wait: 1d"))
        == ""
    )


def test_what_this_release_cannot_read_is_no_reason_against_it() -> None:
    strange = Deployed(shop="*", workflow="review", version="v", files={"workflow.yaml": "?"}, revision=1, active=True)
    assert objection(STARTER, strange) == ""


async def test_the_command_refuses_and_changes_nothing(desk: Desk) -> None:  # noqa: F811
    (desk.folder / "workflow.yaml").write_text(STARTER)
    assert "nothing was deployed: order: there is no workflow 'review'" in await desk.deploys("--yes", code=2)
    assert "not yet: order: there is no workflow 'review'" in await desk.deploys("--plan")
    other = desk.folder.parent / "review"
    other.mkdir()
    (other / "workflow.yaml").write_text(MANUAL)
    assert "deployed as revision" in await desk.says("deploy", str(desk.folder.parent), "--settle", "0", "--yes")
    (other / "workflow.yaml").write_text(ALONE)
    refused = await desk.says("deploy", str(other), "--settle", "0", "--yes", code=2)
    assert "order starts review, which would have no manual trigger" in refused
