"""What an operation of the API is, and what it is given. All operations are values in one table (`operations`)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from relevo_control.app.errors import OperationError
from relevo_control.app.pages import MOST, P, Turn, place_of
from relevo_control.core.permissions import EVERY_SHOP, Permission, Principal
from relevo_control.entrypoints.problems import NOT_KNOWN
from relevo_control.settings import ControlSettings
from relevo_runtime.clock import Clock
from relevo_runtime.http import flag
from relevo_runtime.postgres import Connection
from relevo_runtime.problems import Problem, invalid_parameter

SMALL_BODY = 64 * 1024
_DEFAULT = 100
_DIGITS = 18
"""Of a number that PostgreSQL keeps in a bigint, whatever its digits are."""


class Call(Struct, frozen=True, kw_only=True):
    """A request of somebody who may ask for it. `path` and `query` are its parameters, `body` what was decoded.

    `shops` are those for which they may (`*`: every shop), `seen` what the operation changes, if they do it to that
    alone (`If-Match`): a handler refuses it in the statement that writes, when somebody else was first.
    """

    operation: str
    principal: Principal
    shops: frozenset[str]
    connection: Connection
    settings: ControlSettings
    clock: Clock
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    seen: Any = None

    def turn(self, kind: type[P]) -> Turn[P]:
        """Which page of the list is wanted, whose places are of this kind. Raises `Problem` (422)."""
        limit, after = self.query.get("limit", str(_DEFAULT)), self.query.get("cursor", "")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST):
            raise unreadable("limit", f"must be a number from 1 to {MOST}")
        try:
            place = place_of(after, self.operation, kind) if after else None
        except OperationError as error:
            raise unreadable("cursor", str(error)) from error
        return Turn(listed=self.operation, limit=int(limit), after=place)

    def flag(self, name: str) -> bool:
        """A parameter that is true or false (the default). Raises `Problem` (422)."""
        return flag(self.query, name, default=False)

    def number(self, name: str) -> int:
        """A number in the path. Raises `Problem` (404) for a text that is not a number, or too large for one."""
        text = self.path[name]
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
            raise NOT_KNOWN.problem(f"there is no {name} {text[:60]}")
        return int(text)

    @property
    def among(self) -> frozenset[str] | None:
        """The shops of which they are shown what there is; `None`: all of them."""
        return None if EVERY_SHOP in self.shops else self.shops


ShopOf = Callable[[Call], Awaitable[str | None]]
"""The shop that a call is about: who asks must act for it. `None`: the handler shows of each list what they may see."""


class Operation(Struct, frozen=True, kw_only=True):
    """One operation. `answer` is the type of what `handle` returns, `body` that of what is sent.

    `recorded` says that it is in the audit log: what changes something, and what shows data about persons. `seen` is
    what is shown of what it changes: whoever sends `If-Match` does it to what they have seen alone.
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
    seen: Callable[[Call], Awaitable[Any]] | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """What may stand behind the question mark: a misspelled filter would show everything."""
        return frozenset(self.query) | (frozenset({"limit", "cursor"}) if self.paged else frozenset())

    @property
    def tag(self) -> str:
        """What it is about: the first name of its path."""
        return self.path.split("/")[2]

    @property
    def tagged(self) -> bool:
        """Whether what it shows has an ETag: one thing, no page of many."""
        return self.method == "GET" and not self.paged

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


def own_shop(call: Call) -> str:
    """The shop that a list is about; empty for who sees every shop. Raises `Problem` (422) if that is not clear."""
    shop = call.query.get("shop", "")
    if shop or EVERY_SHOP in call.shops:
        return shop
    if len(call.shops) != 1:
        raise unreadable("shop", "say which shop")
    [own] = call.shops
    return own


def unreadable(name: str, problem: str) -> Problem:
    """A parameter that can't be read."""
    return invalid_parameter(name, f"?{name}: {problem}")
