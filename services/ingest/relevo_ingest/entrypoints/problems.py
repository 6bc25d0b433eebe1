"""Answers to what can't be accepted: problem documents (RFC 9457) that say what is wrong and what to do."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relevo_ingest.core.errors import Busy, InvalidPayload, InvalidSignature

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


def unknown_shop(shop: str) -> Problem:
    """404: the path names no shop."""
    detail = f"there is no shop {shop[:80]!r}; make it known with: relevo shops add {shop[:80]} ..."
    return Problem(404, "unknown-shop", "The shop is not known", detail)


def too_large(limit: int) -> Problem:
    """413: more bytes than are read. The connection is closed, as the rest of the body was not used."""
    detail = f"the body is larger than {limit} bytes; send less at once"
    return Problem(413, "body-too-large", "The body is too large", detail, headers={"Connection": "close"}, limit=limit)


def too_slow(seconds: float) -> Problem:
    """408: the body did not arrive in time."""
    detail = f"the body did not arrive within {seconds:g} s"
    return Problem(408, "body-too-slow", "The body came too slowly", detail, headers={"Connection": "close"})


def unsupported(detail: str) -> Problem:
    """415: another content type, character set or content encoding."""
    return Problem(415, "unsupported-media-type", "The content type is not supported", detail)


def of_error(error: Exception, retry_after: int) -> Problem:
    """The problem that a use case's error is for its sender."""
    match error:
        case InvalidPayload():
            return Problem(422, "invalid-payload", "The body is not valid", str(error), where=error.where or "body")
        case InvalidSignature():
            headers = {"WWW-Authenticate": "Bearer"}
            return Problem(401, "not-authentic", "The sender could not be verified", str(error), headers=headers)
        case Busy():
            detail = f"nothing was lost; send it again in {retry_after} s ({error})"
            headers = {"Retry-After": str(retry_after)}
            return Problem(503, "try-again", "It could not be stored in time", detail, headers=headers)
        case _:
            raise error


async def answer(request: Request, error: Exception) -> Response:
    """Starlette's handler for `Problem`."""
    del request
    assert isinstance(error, Problem)
    return error.response()


async def answer_http(request: Request, error: Exception) -> Response:
    """Starlette's own errors (no such path, wrong method) as problem documents."""
    status = getattr(error, "status_code", 500)
    detail = f"{request.method} {request.url.path}: {getattr(error, 'detail', 'failed')}"
    headers = getattr(error, "headers", None)
    kind = {404: "unknown-path", 405: "wrong-method"}.get(status, "failed")
    return Problem(status, kind, getattr(error, "detail", "Failed"), detail, headers=dict(headers or {})).response()


async def answer_bug(request: Request, error: Exception) -> Response:
    """An error of ours: 500, so that the sender tries again; the log has the rest."""
    del error
    detail = f"{request.method} {request.url.path} failed; the log says why. Send it again later"
    return Problem(500, "internal-error", "Something went wrong here", detail).response()
