"""Operations on workflows: plans, what becomes of them, the history."""

from datetime import timedelta

from relevo_control.app import plans
from relevo_control.app.deploying.apply_plan import DeploymentResult
from relevo_control.app.history import Deployment, What, changes, list_deployments
from relevo_control.app.pages import Items, Number, Page
from relevo_control.app.plans import Proposal, Wish
from relevo_control.entrypoints.calls import Call, Operation, listed, of_body

BUNDLE_LIMIT = 16 * 1024 * 1024


async def _of_plan(call: Call) -> str | None:
    return (await plans.find(call.connection, call.path["digest"])).shop


async def _propose(call: Call) -> Proposal:
    return await plans.propose(call.connection, call.body, call.principal.name, call.clock.now())


async def _show(call: Call) -> Proposal:
    return await plans.show(call.connection, call.path["digest"])


async def _approve(call: Call) -> Proposal:
    return await plans.approve(call.connection, call.path["digest"], call.principal.name, call.clock.now())


async def _carry_out(call: Call) -> Items[DeploymentResult]:
    settled = timedelta(seconds=call.settings.control_settle)
    return Items(await plans.carry_out(call.connection, call.path["digest"], call.clock, settled=settled))


async def _history(call: Call) -> Page[Deployment]:
    return await _page_of(call, What(call.path["workflow"]))


async def _changes(call: Call) -> Items[str]:
    return await _changes_in(call, What(call.path["workflow"]))


async def _policy_history(call: Call) -> Page[Deployment]:
    return await _page_of(call, What(""))


async def _policy_changes(call: Call) -> Items[str]:
    return await _changes_in(call, What(""))


async def _page_of(call: Call, of: What) -> Page[Deployment]:
    return await list_deployments(call.connection, of, call.among, call.turn(tuple[Number]))


async def _changes_in(call: Call, of: What) -> Items[str]:
    return Items(await changes(call.connection, of, call.number("revision"), call.among))


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/plans",
        name="proposePlan",
        summary="Plan a deployment; nothing is changed until the plan is carried out",
        permission="workflows:deploy",
        shop=of_body,
        handle=_propose,
        body=Wish,
        body_limit=BUNDLE_LIMIT,
        answer=Proposal,
        object="digest",
    ),
    Operation(
        method="GET",
        path="/v1/plans/{digest}",
        name="showPlan",
        summary="A plan as things are now, with who has approved it",
        permission="workflows:read",
        shop=_of_plan,
        handle=_show,
        answer=Proposal,
        recorded=False,
    ),
    Operation(
        method="POST",
        path="/v1/plans/{digest}/approval",
        name="approvePlan",
        summary="Approve a plan of somebody else",
        permission="workflows:approve",
        shop=_of_plan,
        handle=_approve,
        answer=Proposal,
        object="digest",
    ),
    Operation(
        method="POST",
        path="/v1/plans/{digest}/deployment",
        name="carryOutPlan",
        summary="Do what the plan says, and nothing else",
        permission="workflows:deploy",
        shop=_of_plan,
        handle=_carry_out,
        answer=Items[DeploymentResult],
        object="digest",
    ),
    Operation(
        method="GET",
        path="/v1/workflows/{workflow}/history",
        name="listDeployments",
        summary="The deployments of a workflow, newest first",
        permission="workflows:read",
        shop=listed,
        handle=_history,
        answer=Page[Deployment],
        recorded=False,
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/workflows/{workflow}/history/{revision:int}",
        name="showChanges",
        summary="What a revision of a workflow changed, in lines",
        permission="workflows:read",
        shop=listed,
        handle=_changes,
        answer=Items[str],
        recorded=False,
    ),
    Operation(
        method="GET",
        path="/v1/policy/history",
        name="listPolicies",
        summary="The contact policies that were deployed, newest first",
        permission="workflows:read",
        shop=listed,
        handle=_policy_history,
        answer=Page[Deployment],
        recorded=False,
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/policy/history/{revision:int}",
        name="showPolicyChanges",
        summary="What a revision of the contact policy changed, in lines",
        permission="workflows:read",
        shop=listed,
        handle=_policy_changes,
        answer=Items[str],
        recorded=False,
    ),
)
