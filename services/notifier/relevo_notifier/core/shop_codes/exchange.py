"""How a code is made in a shop once: asked for, and made only if it is not there. Values and generators, no network.

A second try finds what the first one made, whatever became of its answer.
"""

from collections.abc import Generator, Mapping
from typing import Any, Protocol, TypeAlias

from msgspec import Struct, structs

from relevo_notifier.core.replies import Replied
from relevo_notifier.core.requests import InvalidCall, Request, api_request
from relevo_notifier.core.shop_codes.rule import CodeWanted, CouponRule

_SHOWN = 200


class ShopApi(Struct, frozen=True):
    """Where a shop's API is, and what opens it."""

    base_url: str
    credentials: Mapping[str, str]

    def __repr__(self) -> str:
        return f"ShopApi({self.base_url})"


class ShopRequest(Struct, frozen=True, kw_only=True):
    """A request to a shop's API; `path` begins with `/` and is added to its address."""

    path: str
    method: str = "GET"
    query: Mapping[str, str] = {}
    content: bytes = b""
    media: str = "application/json"


Preparing: TypeAlias = Generator[ShopRequest, Replied, ShopRequest | Replied]
"""What is asked before a code can be made: gives the request that makes it, or why there can be none."""
Exchange: TypeAlias = Generator[Request, Replied, Replied]
"""Requests one after the other; gives what is the answer to the wish for a code."""


class CodeMaker(Protocol):
    """How a platform makes codes."""

    def opened(self, api: ShopApi) -> Mapping[str, str]:
        """The headers that open the API. Raises `KeyError` for a credential that is missing."""
        ...

    def ask(self, wanted: CodeWanted) -> ShopRequest:
        """Whether the code is there."""
        ...

    def has(self, reply: Replied) -> bool:
        """What was answered to `ask`."""
        ...

    def create(self, wanted: CodeWanted) -> Preparing:
        """Makes the code."""
        ...

    def made(self, reply: Replied) -> bool:
        """Whether that is what was answered to the request of `create`."""
        ...

    def read(self, reply: Replied) -> Replied:
        """The answer with its `error`, as this platform tells errors; one that may go well later is a 429 or 5xx."""
        ...

    def problem(self, rule: CouponRule) -> str:
        """Why the platform can't make such codes; empty if it can."""
        ...


def conversation(api: ShopApi, maker: CodeMaker, wanted: CodeWanted, timeout: float) -> Exchange:
    """All that is said to a shop for one code."""
    headers = maker.opened(api)
    inner = _making(maker, wanted)
    try:
        asked = next(inner)
        while True:
            request = api_request(
                asked.method,
                api.base_url,
                asked.path,
                query=asked.query,
                headers=headers,
                content=asked.content,
                media=asked.media,
                timeout=timeout,
            )
            if isinstance(request, InvalidCall):
                return Replied(400, error=request.reason)
            asked = inner.send((yield request))
    except StopIteration as end:
        result: Replied = end.value
        return result


def _making(maker: CodeMaker, wanted: CodeWanted) -> Generator[ShopRequest, Replied, Replied]:
    if problem := maker.problem(wanted.rule):
        return Replied(422, error=problem)
    found = maker.read((yield maker.ask(wanted)))
    if _failed(found):
        return found
    if maker.has(found):
        return given(wanted)
    made = yield from _created(maker, wanted)
    if not _failed(made):
        return given(wanted)
    if made.later:
        return made
    # Perhaps it is there by now: another attempt of the same effect was under way.
    found = maker.read((yield maker.ask(wanted)))
    return given(wanted) if not _failed(found) and maker.has(found) else made


def _created(maker: CodeMaker, wanted: CodeWanted) -> Generator[ShopRequest, Replied, Replied]:
    prepared = yield from maker.create(wanted)
    if isinstance(prepared, Replied):
        return prepared
    made = maker.read((yield prepared))
    return made if _failed(made) or maker.made(made) else not_understood(made)


def given(wanted: CodeWanted) -> Replied:
    """The answer that the step gets."""
    return Replied(200, {"code": wanted.code, "expires_at": wanted.ends_at.isoformat() if wanted.ends_at else None})


def _failed(reply: Replied) -> bool:
    return bool(reply.error) or not 200 <= reply.status < 300


def told(reply: Replied, said: str, meant: Mapping[int, str]) -> Replied:
    """An answer of HTTP with what it means: `said` are the platform's own words, `meant` is advice by status."""
    if 200 <= reply.status < 300 and not said:
        return reply
    if reply.later:
        return structs.replace(reply, body=None)
    words = ": ".join(filter(None, (meant.get(reply.status, ""), said[:_SHOWN])))
    return Replied(reply.status, error=f"the shop answered {reply.status}{': ' if words else ''}{words}")


def not_understood(reply: Replied) -> Replied:
    """An answer in a 200 that is none: a page for people, such as of a shop that is being maintained."""
    return Replied(502, None, reply.wait, "the shop's answer is not that of its API")


def field(body: Any, *path: str | int) -> Any:
    """What an answer has at a place; `None` if it has none."""
    for step in path:
        if isinstance(step, str):
            body = body.get(step) if isinstance(body, dict) else None
        else:
            body = body[step] if isinstance(body, list) and len(body) > step else None
    return body
