"""What an operation of the API is, and what it is given. All operations are values in one table (`operations`)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from relevo_control.app.pages import MOST
from relevo_control.core.permissions import EVERY_SHOP, Permission, Principal
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import Clock
from relevo_runtime.http import flag
from relevo_runtime.postgres import Connection
from relevo_runtime.problems import Problem

SMALL_BODY = 64 * 1024
_DEFAULT = 100


class Call(Struct, frozen=True, kw_only=True):
    """A request of somebody who may ask for it. `path` and `query` are its parameters, `body` what was decoded.

    `shops` are those for which they may (`*`: every shop).
    """

    principal: Principal
    shops: frozenset[str]
    connection: Connection
    settings: ControlSettings
    clock: Clock
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    @property
    def limit(self) -> int:
        """How many items a page has. Raises `Problem` (422)."""
        text = self.query.get("limit", str(_DEFAULT))
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
            raise unreadable("limit", f"must be a number from 1 to {MOST}")
        return int(text)

    def number(self, name: str) -> int:
        """A number among the parameters, 0 if it is not given. Raises `Problem` (422)."""
        text = self.query.get(name, "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise unreadable(name, "must be a number")
        return int(text or 0)

    def flag(self, name: str) -> bool:
        """A parameter that is true or false (the default). Raises `Problem` (422)."""
        return flag(self.query, name, default=False)

    def sees(self, shop: str) -> bool:
        """Whether they are shown what belongs to this shop; what is of every shop is shown to all."""
        return shop == EVERY_SHOP or not self.shops.isdisjoint({EVERY_SHOP, shop})


ShopOf = Callable[[Call], Awaitable[str | None]]
"""The shop that a call is about: who asks must act for it. `None`: the handler shows of each list what they may see."""


class Operation(Struct, frozen=True, kw_only=True):
    """One operation. `answer` is the type of what `handle` returns, `body` that of what is sent.

    `recorded` says that it is in the audit log: what changes something, and what shows data about persons.
    """

    method: str
    path: str
    name: str
    summary: str
    permission: Permission
    shop: ShopOf
    handle: Callable[[Call], Awaitable[Any]]
    answer: Any
    body: type[Struct] | None = None
    body_limit: int = SMALL_BODY
    query: Mapping[str, str] = {}
    recorded: bool = True
    paged: bool = False
    object: str = ""
    reads: bool = False

    @property
    def changes(self) -> bool:
        """Whether it may change anything: what is posted does, unless it says that it only `reads`."""
        return self.method != "GET" and not self.reads


async def of_path(call: Call) -> str | None:
    """The shop in the path."""
    return call.path["shop"]


async def of_body(call: Call) -> str | None:
    """The shop in the body."""
    shop: str = call.body.shop
    return shop


async def listed(call: Call) -> str | None:
    """No shop in particular."""
    del call
    return None


async def filtered(call: Call) -> str | None:
    """The shop among the parameters, if one is named."""
    return call.query.get("shop") or None


def unreadable(name: str, problem: str) -> Problem:
    """A parameter that can't be read."""
    return Problem(422, "invalid-parameter", "A parameter is not valid", f"?{name}: {problem}", where=name)
