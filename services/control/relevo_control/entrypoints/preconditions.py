"""What was seen of something, as its ETag: whoever sends it back acts on that alone, or is not sent the same again.

Source: RFC 9110, sections 8.8.3 (ETag), 13.1.1 (If-Match) and 13.1.2 (If-None-Match).
"""

import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relevo_control.entrypoints.calls import Call, Operation
from relevo_control.entrypoints.problems import OUTDATED


def tag_of(body: bytes) -> str:
    """The ETag of a representation."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def names(header: str, tag: str, *, weak: bool = False) -> bool:
    """Whether a list of tags names this one; `weak`: the mark W/ that proxies add makes no difference."""
    given = [one.strip() for one in header.split(",")]
    return "*" in given or tag in given or (weak and f"W/{tag}" in given)


async def seen(operation: Operation, call: Call, request: Request) -> Any:
    """What the request is about, as somebody has seen it; `None` if that makes no difference to them.

    Raises `Problem` (412) if it is no longer so.
    """
    header = request.headers.get("if-match", "")
    if not header or operation.seen is None:
        return None
    found = await operation.seen(call)
    now = tag_of(msgspec.json.encode(found))
    if not names(header, now):
        detail = "it has changed since you saw it, and nothing was done: look at it again, and then decide"
        raise OUTDATED.problem(detail, headers={"ETag": now})
    return found if header.strip() != "*" else None


def shown(request: Request, response: Response) -> Response:
    """The answer with its ETag; 304 without a body for whoever has the same already."""
    tag = tag_of(bytes(response.body))
    if names(request.headers.get("if-none-match", ""), tag, weak=True):
        response = Response(status_code=304, headers={"Cache-Control": response.headers["cache-control"]})
    response.headers["ETag"] = tag
    return response
