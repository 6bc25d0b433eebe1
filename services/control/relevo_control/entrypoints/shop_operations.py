"""Operations on shops: what is known of them, runs, imports, results, and why a customer got what they got."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from relevo_control.adapters import listings
from relevo_control.adapters.listings import ImportView, RunView
from relevo_control.app import explanations, results, shops
from relevo_control.app.explanations import CustomerExplanation
from relevo_control.app.pages import Page
from relevo_control.app.results import FoundResults
from relevo_control.app.shops import ShopView
from relevo_control.entrypoints.calls import Call, Operation, listed, of_path, unreadable
from relevo_runtime.pauses import Pause

T = TypeVar("T")


class ExplanationWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which customer: e-mail address, phone number, customer id, order id or key. In a body, as URLs are logged."""

    customer: str
    workflow: str = ""
    since: str = ""


class Resumption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which service shall go on with the shop; empty: all that paused it."""

    service: str = ""


async def _list(call: Call) -> Page[ShopView]:
    after, limit = call.query.get("after", ""), call.limit
    found = [one for one in await shops.shops(call.connection) if call.sees(one.shop) and one.shop > after]
    return _page(found, limit, [one.shop for one in found])


async def _show(call: Call) -> ShopView:
    return await shops.shop(call.connection, call.path["shop"])


async def _resume(call: Call) -> Page[Pause]:
    async with call.connection.transaction():
        return Page(await shops.resume(call.connection, call.path["shop"], call.body.service))


async def _runs(call: Call) -> Page[RunView]:
    await shops.known_shop(call.connection, call.path["shop"])
    limit = call.limit
    found = await listings.runs(
        call.connection,
        call.path["shop"],
        call.query.get("workflow", ""),
        active=call.flag("active"),
        after=call.query.get("after", ""),
        limit=limit + 1,
    )
    return _page(found, limit, [one.run_id for one in found])


async def _imports(call: Call) -> Page[ImportView]:
    await shops.known_shop(call.connection, call.path["shop"])
    limit = call.limit
    found = await listings.imports(call.connection, call.path["shop"], after=_place(call), limit=limit + 1)
    return _page(found, limit, [f"{one.began_at.isoformat()}|{one.digest}" for one in found])


async def _results(call: Call) -> FoundResults:
    asked = results.Asked(shop=call.path["shop"], workflow=call.path["workflow"], since=call.query.get("since", ""))
    return await results.read_results(call.connection, asked, call.clock.now())


async def _explain(call: Call) -> CustomerExplanation:
    wish: ExplanationWish = call.body
    asked = explanations.Asked(shop=call.path["shop"], customer=wish.customer, workflow=wish.workflow, since=wish.since)
    async with call.connection.transaction(isolation="repeatable_read", readonly=True):
        return await explanations.explain_customer(call.connection, asked, call.clock.now())


def _page(found: Sequence[T], limit: int, places: Sequence[str]) -> Page[T]:
    """The first ones, and the place of the last of them if there are more."""
    return Page(list(found[:limit]), places[limit - 1] if len(found) > limit else "")


def _place(call: Call) -> tuple[datetime, str] | None:
    """After which one of a list that goes by time. Raises `Problem` (422)."""
    text = call.query.get("after", "")
    if not text:
        return None
    at, _, name = text.partition("|")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), name
    except (ValueError, OverflowError):
        raise unreadable("after", "give what was `next` of the page before") from None


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
        answer=Page[Pause],
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
