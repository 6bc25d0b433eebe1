"""Operations on who uses the API: who asks and what they may, and what was done by whom."""

from datetime import datetime

from msgspec import Struct

from relevo_control.adapters import audit
from relevo_control.app.pages import Number, Page
from relevo_control.app.status import Release, release
from relevo_control.core.audit import Chained
from relevo_control.core.permissions import EVERY_SHOP, Role
from relevo_control.entrypoints.calls import Call, Operation, filtered, listed, own_shop


class Grant(Struct, frozen=True):
    """A role, for one shop or (`*`) for every shop."""

    role: Role
    shop: str


class Account(Struct, frozen=True, kw_only=True):
    """Who asks: `means` is the token or log-in by which they are known, which holds until `until`."""

    name: str
    means: str
    until: datetime | None
    grants: list[Grant]
    server: Release


async def _show(call: Call) -> Account:
    who = call.principal
    return Account(
        name=who.name,
        means=who.means,
        until=who.until,
        grants=[Grant(role, shop) for role, shop in sorted(who.grants)],
        server=await release(call.connection),
    )


async def _audit(call: Call) -> Page[Chained]:
    turn = call.turn(tuple[Number])
    before = turn.after[0] if turn.after else 0
    found = await audit.newest(call.connection, own_shop(call) or EVERY_SHOP, before=before, limit=turn.limit + 1)
    return turn.page(found, lambda one: (one.number,))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/account",
        name="showAccount",
        summary="Who asks, what they may, and which release serves them: for `relevo doctor`",
        permission="shops:read",
        shop=listed,
        handle=_show,
        answer=Account,
        recorded=False,
    ),
    Operation(
        method="GET",
        path="/v1/audit",
        name="listAudit",
        summary="The audit log of a shop, or of what concerns all, the newest first",
        permission="audit:read",
        shop=filtered,
        handle=_audit,
        answer=Page[Chained],
        query={"shop": "what concerned this shop; default: what concerned all, and log-ins"},
        recorded=False,
        paged=True,
    ),
)
