"""Answers to HTTP requests that can't be accepted: problem documents (RFC 9457), which say what to do."""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that is answered with a problem document. `more` are extension members, `headers` extra headers."""

    def __init__(
        self, status: int, kind: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = headers or {}
        self.more = more

    def response(self) -> Response:
        """The answer. `type` is a URN: it names the kind of problem and leads nowhere."""
        document = {
            "type": f"urn:relevo:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        body = msgspec.json.encode(document | self.more)
        return Response(body, self.status, self.headers, media_type=PROBLEM_JSON)


class Kind(Struct, frozen=True):
    """A kind of problem, which is raised by the code and described by the documents as one value."""

    status: int
    name: str
    title: str

    def problem(self, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> Problem:
        """One of this kind."""
        return Problem(self.status, self.name, self.title, detail, headers=headers, **more)


BODY_TOO_LARGE = Kind(413, "body-too-large", "The body is too large")
BODY_TOO_SLOW = Kind(408, "body-too-slow", "The body came too slowly")
INVALID_PARAMETER = Kind(422, "invalid-parameter", "A parameter is not valid")
NOT_AUTHENTIC = Kind(401, "not-authentic", "The sender could not be verified")
NOT_STORED = Kind(503, "try-again", "It could not be stored in time")
UNKNOWN_PATH = Kind(404, "unknown-path", "Not Found")


def too_large(limit: int) -> Problem:
    """More bytes than are read. The connection is closed, as the rest of the body was not used."""
    detail = f"the body is larger than {limit} bytes; send less at once"
    return BODY_TOO_LARGE.problem(detail, headers={"Connection": "close"}, limit=limit)


def invalid_parameter(name: str, detail: str) -> Problem:
    """A parameter behind the question mark that can't be read."""
    return INVALID_PARAMETER.problem(detail, where=name)


async def answer(request: Request, error: Exception) -> Response:
    """Starlette's handler for `Problem`."""
    del request
    assert isinstance(error, Problem)
    return error.response()


async def answer_http(request: Request, error: Exception) -> Response:
    """Starlette's own errors (no such path, wrong method) as problem documents."""
    status = getattr(error, "status_code", 500)
    title = getattr(error, "detail", "Failed")
    headers = dict(getattr(error, "headers", None) or {})
    detail = f"{request.method} {request.url.path}: {title}"
    if status == 404:
        detail = f"there is nothing at {request.url.path}; GET /openapi.json tells what there is"
    elif status == 405:
        # Starlette names the methods of one route alone, though another may have the same path.
        methods = _methods(request)
        headers = headers if request.method in methods else {"Allow": ", ".join(sorted(methods))}
        detail = f"{request.url.path} takes {headers.get('Allow', 'other methods')}, not {request.method}"
    kind = {404: "unknown-path", 405: "wrong-method"}.get(status, "failed")
    return Problem(status, kind, title, detail, headers=headers).response()


def _methods(request: Request) -> set[str]:
    """The methods of every route that has the path of the request."""
    found = (one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE)
    return {method for route in found for method in getattr(route, "methods", None) or ()}


async def answer_bug(request: Request, error: Exception) -> Response:
    """An error of ours: 500, so that the sender tries again; the log has the rest."""
    del error
    detail = f"{request.method} {request.url.path} failed; the log says why. Send it again later"
    return Problem(500, "internal-error", "Something went wrong here", detail).response()
