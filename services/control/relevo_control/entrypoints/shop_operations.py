"""Operations on shops: what is known of them, runs, imports, results, and why a customer got what they got."""

from msgspec import Struct

from relevo_control.adapters.listings import ImportView, RunView
from relevo_control.app import explanations, results, shops
from relevo_control.app.activity import RunFilter, list_imports, list_runs
from relevo_control.app.explanations import CustomerExplanation
from relevo_control.app.pages import Items, Moment, Page
from relevo_control.app.results import FoundResults
from relevo_control.app.shops import ShopView
from relevo_control.entrypoints.calls import Call, Operation, listed, of_path
from relevo_runtime.pauses import Pause


class ExplanationWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which customer: e-mail address, phone number, customer id, order id or key. In a body, as URLs are logged."""

    customer: str
    workflow: str = ""
    since: str = ""


class Resumption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which service shall go on with the shop; empty: all that paused it."""

    service: str = ""


async def _list(call: Call) -> Page[ShopView]:
    return await shops.list_shops(call.connection, call.among, call.turn(tuple[str]))


async def _show(call: Call) -> ShopView:
    return await shops.shop(call.connection, call.path["shop"])


async def _resume(call: Call) -> Items[Pause]:
    async with call.connection.transaction():
        return Items(await shops.resume(call.connection, call.path["shop"], call.body.service))


async def _runs(call: Call) -> Page[RunView]:
    wanted = RunFilter(shop=call.path["shop"], workflow=call.query.get("workflow", ""), active=call.flag("active"))
    return await list_runs(call.connection, wanted, call.turn(tuple[str]))


async def _imports(call: Call) -> Page[ImportView]:
    return await list_imports(call.connection, call.path["shop"], call.turn(tuple[Moment, str]))


async def _results(call: Call) -> FoundResults:
    asked = results.Asked(shop=call.path["shop"], workflow=call.path["workflow"], since=call.query.get("since", ""))
    return await results.read_results(call.connection, asked, call.clock.now())


async def _explain(call: Call) -> CustomerExplanation:
    wish: ExplanationWish = call.body
    asked = explanations.Asked(shop=call.path["shop"], customer=wish.customer, workflow=wish.workflow, since=wish.since)
    async with call.connection.transaction(isolation="repeatable_read", readonly=True):
        return await explanations.explain_customer(call.connection, asked, call.clock.now())


_ACTIVE = {"workflow": "runs of this workflow only", "active": "true: those that have not ended"}

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/shops",
        name="listShops",
        summary="The shops, by name, without their secrets",
        permission="shops:read",
        shop=listed,
        handle=_list,
        answer=Page[ShopView],
        recorded=False,
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/shops/{shop}",
        name="showShop",
        summary="A shop, without its secrets",
        permission="shops:read",
        shop=of_path,
        handle=_show,
        answer=ShopView,
        recorded=False,
    ),
    Operation(
        method="POST",
        path="/v1/shops/{shop}/resumption",
        name="resumeShop",
        summary="Let a shop go on that was paused since too many of its messages failed",
        permission="shops:resume",
        shop=of_path,
        handle=_resume,
        body=Resumption,
        answer=Items[Pause],
    ),
    Operation(
        method="GET",
        path="/v1/shops/{shop}/runs",
        name="listRuns",
        summary="Runs of workflows, in the order of their ids",
        permission="persons:read",
        shop=of_path,
        handle=_runs,
        answer=Page[RunView],
        query=_ACTIVE,
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/shops/{shop}/imports",
        name="listImports",
        summary="How far imports of files have come, the newest first",
        permission="imports:read",
        shop=of_path,
        handle=_imports,
        answer=Page[ImportView],
        recorded=False,
        paged=True,
    ),
    Operation(
        method="GET",
        path="/v1/shops/{shop}/results/{workflow}",
        name="showResults",
        summary="What a workflow has come to: counts of runs, messages, goals and revenue by day",
        permission="results:read",
        shop=of_path,
        handle=_results,
        answer=FoundResults,
        query={"since": "runs that started from then on: 7d, or a date; default: 30d"},
        recorded=False,
    ),
    Operation(
        method="POST",
        path="/v1/shops/{shop}/explanation",
        name="explainCustomer",
        summary="What a customer was sent and why, and what not",
        permission="persons:read",
        shop=of_path,
        handle=_explain,
        body=ExplanationWish,
        answer=CustomerExplanation,
        reads=True,
    ),
)
